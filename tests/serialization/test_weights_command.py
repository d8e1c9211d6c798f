"""`adjoint weights`: lists and converts checkpoints, runs nothing of them."""

import os

import numpy as np
import pytest

import adjoint as torch
from adjoint import nn
from adjoint.cli import main


class Pickled:
    def __reduce__(self):
        return os.system, ("touch executed",)


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = {"model": nn.Linear(3, 2).state_dict(), "epoch": 3, "moments": [torch.zeros(2, dtype=torch.bfloat16)]}
    torch.save(state, "model.pt")


@pytest.mark.usefixtures("checkpoint")
def test_lists(capsys):
    assert main(["weights", "model.pt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model.weight", "float32", "2×3"]
    assert lines[2].split() == ["moments.0", "bfloat16", "2"]
    assert lines[3] == "3 tensors, 10 elements, 36 bytes"


@pytest.mark.usefixtures("checkpoint")
def test_converts(capsys):
    assert main(["weights", "model.pt", "-o", "model.npz", "--only", "model"]) == 0
    arrays, weight = np.load("model.npz"), torch.load("model.pt")["model"]["weight"]
    assert sorted(arrays) == ["model.bias", "model.weight"]
    assert np.array_equal(arrays["model.weight"], weight.numpy())
    pytest.importorskip("safetensors")
    assert main(["weights", "model.pt", "--out", "model.safetensors"]) == 0
    assert main(["weights", "model.safetensors", "-o", "again.pt"]) == 0
    again = torch.load("again.pt")
    assert torch.equal(again["model.weight"], weight) and again["moments.0"].dtype == torch.bfloat16


@pytest.mark.usefixtures("checkpoint")
def test_runs_nothing(capsys):
    torch.save({"w": torch.ones(2), "x": Pickled()}, "bad.pt")
    assert main(["weights", "bad.pt"]) == 0
    assert "w" in capsys.readouterr().out and not os.path.exists("executed")


@pytest.mark.usefixtures("checkpoint")
@pytest.mark.parametrize(
    "words, status, text",
    [
        (["none.pt"], 1, "there is no file"),
        (["model.pt", "-o", "model.xyz"], 2, "no format that is known"),
        (["model.pt", "--only", "encoder"], 1, "no tensor of model.pt has 'encoder'"),
        (["broken.pt"], 1, "cannot be read"),
    ],
)
def test_complaints(capsys, words, status, text):
    with open("broken.pt", "wb") as f:
        f.write(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(SystemExit) as stopped:
        main(["weights", *words])
    assert stopped.value.code == status and text in capsys.readouterr().err
