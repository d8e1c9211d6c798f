"""adjoint.safetensors: what is written comes back, without a copy; damaged files are refused; `safetensors.torch` itself
works where torch is Adjoint."""

import json
import os
import subprocess
import sys

import pytest

import adjoint as torch
from adjoint import nn

package = pytest.importorskip("safetensors")
from adjoint import safetensors as st


def tensors():
    types = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64".split()
    found = {t: torch.arange(6).reshape(2, 3).to(getattr(torch, t)) for t in types}
    return found | {"empty": torch.empty(0, 3), "scalar": torch.tensor(2.5), "α": torch.ones(1)}


def same(a, b):
    assert set(a) == set(b)
    for name, t in a.items():
        assert t.dtype == b[name].dtype and t.shape == b[name].shape and torch.equal(t, b[name]), name


@pytest.mark.parametrize("backend", ["mmap", "pread"])
def test_what_is_written_comes_back(tmp_path, backend):
    st.save_file(tensors(), tmp_path / "x.safetensors", {"format": "pt"})
    same(tensors(), st.load_file(tmp_path / "x.safetensors", backend=backend))
    with package.safe_open(tmp_path / "x.safetensors", framework="numpy") as f:
        assert f.metadata() == {"format": "pt"}
    same(tensors(), st.load(st.save(tensors())))


def test_tensors_lie_in_the_mapped_file_and_changes_stay_here(tmp_path):
    st.save_file({"a": torch.zeros(4), "b": torch.ones(4)}, tmp_path / "x.safetensors")
    found = st.load_file(tmp_path / "x.safetensors")
    assert found["b"].data_ptr() - found["a"].data_ptr() == 16  # as in the file
    torch.save(found, tmp_path / "x.pt")  # each has a memory of its own
    found["a"].fill_(7)
    assert st.load_file(tmp_path / "x.safetensors")["a"].tolist() == [0, 0, 0, 0] and found["b"].tolist() == [
        1,
        1,
        1,
        1,
    ]


def test_elements_at_an_odd_place_are_copied(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode() + b" "
    header += b" " * (-len(header) % 2 + 1)
    data = torch.tensor([1.5, -2.0]).numpy().tobytes()
    (tmp_path / "odd").write_bytes(len(header).to_bytes(8, "little") + header + data)
    assert len(header) % 4
    assert st.load_file(tmp_path / "odd")["a"].tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"a": torch.ones(2, 3).T}, ValueError),
        ({"a": 1}, ValueError),
        ([torch.ones(2)], ValueError),
        ({"a": torch.ones(1, dtype=torch.complex128)}, ValueError),
    ],
)
def test_what_the_format_does_not_take(wrong, error):
    with pytest.raises(error):
        st.save(wrong)


def test_memory_that_is_shared():
    x = torch.ones(4)
    with pytest.raises(RuntimeError, match=r"\['a', 'b'\]"):
        st.save({"a": x, "b": x})
    st.save({"a": x[:2], "b": x[2:]})  # halves of one memory do not overlap


def test_models_with_tied_weights(tmp_path):
    def make():
        net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        net[1].weight = net[0].weight
        return net

    torch.manual_seed(0)
    one, two = make(), make()
    st.save_model(one, tmp_path / "m")
    assert st.load_model(two, tmp_path / "m") == (set(), [])
    assert torch.equal(one[0].weight, two[0].weight) and two[1].weight is two[0].weight
    st.save_file({"0.bias": torch.ones(3), "0.weight": torch.ones(3, 3)}, tmp_path / "part")
    with pytest.raises(RuntimeError, match=r'Missing key.*"1\.bias"'):
        st.load_model(two, tmp_path / "part")
    missing, _ = st.load_model(two, tmp_path / "part", strict=False)
    assert missing == {"1.bias"}


@pytest.mark.parametrize("cut", [0, 5, 30, -3])
def test_damaged_files_are_refused(tmp_path, cut):
    data = st.save({"a": torch.ones(3)})
    (tmp_path / "x").write_bytes(data[:cut])
    with pytest.raises((package.SafetensorError, ValueError, OSError)):
        st.load_file(tmp_path / "x")


def test_a_type_that_is_not_here(tmp_path):
    header = json.dumps({"w": {"dtype": "U16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + b"ab")
    with pytest.raises(TypeError, match="'w' is of type U16"):
        st.load_file(tmp_path / "x")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x"
    st.save_file({"a": torch.ones(1)}, path)
    with pytest.raises(TypeError):
        st.save_file({"a": torch.zeros(1)}, path, {"not": 3})
    assert st.load_file(path)["a"].item() == 1 and os.listdir(tmp_path) == ["x"]


PROGRAM = """
import torch, sys
from safetensors.torch import load, load_file, save, save_file
from safetensors import safe_open
d = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16), "c": torch.empty(0)}
save_file(d, sys.argv[1])
for e in (load_file(sys.argv[1]), load(save(d))):
    assert all(torch.equal(d[k], e[k]) and d[k].dtype == e[k].dtype for k in d)
with safe_open(sys.argv[1], framework="pt") as f:
    assert f.get_slice("a")[1:, :2].tolist() == [[3, 4]]
print("fine")
"""


def test_safetensors_torch_itself(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [sys.executable, "-m", "adjoint", "run", str(tmp_path / "program.py"), str(tmp_path / "x.safetensors")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "fine\n", done.stderr
