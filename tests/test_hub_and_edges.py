"""torch.hub on folders and files, torch.onnx's refusal, SummaryWriter, collect_env."""

import hashlib
import zipfile

import pytest

import adjoint as torch
from adjoint import hub

CONF = """
dependencies = ["math"]


def linear(features, out=2):
    "A linear layer."
    import torch
    from helper import SCALE

    layer = torch.nn.Linear(features, out)
    torch.nn.init.constant_(layer.weight, SCALE)
    return layer


def _private():
    pass
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hubconf.py").write_text(CONF)
    (tmp_path / "helper.py").write_text("SCALE = 3.0")
    return str(tmp_path)


@pytest.fixture
def home(tmp_path):
    before = hub._dir
    hub.set_dir(tmp_path / "hub")
    yield tmp_path
    hub._dir = before


def test_models_of_a_folder(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    assert hub.list(folder, source="local") == ["linear"]
    assert hub.help(folder, "linear", source="local") == "A linear layer."
    with torch.as_torch():
        assert hub.load(folder, "linear", 4, source="local", out=3).weight.tolist() == [[3.0] * 4] * 3
    with pytest.raises(RuntimeError, match="Cannot find callable conv"):
        hub.load(folder, "conv", source="local")


def test_programs_from_elsewhere_want_trust(home):
    with pytest.raises(ValueError, match="trust_repo=True"):
        hub.load("someone/models", "net")
    for wrong in ("no-slash", "a/../b", "a/b:c d"):
        with pytest.raises(ValueError, match="owner/name"):
            hub.load(wrong, "net", trust_repo=True)
    with pytest.raises(ValueError, match="Unknown source"):
        hub.load(".", "net", source="moon")


def test_missing_dependencies(tmp_path):
    (tmp_path / "hubconf.py").write_text("dependencies = ['not_here']\ndef f(): pass\n")
    with pytest.raises(RuntimeError, match="Missing dependencies: not_here"):
        hub.load(str(tmp_path), "f", source="local")


def test_archives_stay_in_their_folder(home):
    (home / "hub").mkdir()
    with zipfile.ZipFile(home / "bad.zip", "w") as file:
        file.writestr("../../outside", "x")
    with pytest.raises(RuntimeError, match="outside of itself"):
        hub._unpack(str(home / "bad.zip"), str(home / "hub" / "x"))
    with zipfile.ZipFile(home / "good.zip", "w") as file:
        file.writestr("name-1234/hubconf.py", "def f(): return 7")
    hub._unpack(str(home / "good.zip"), str(home / "hub" / "a_b_main"))
    assert hub.load("a/b", "f") == 7  # it is there already


def test_checkpoints_by_url_and_hash(home):
    torch.save({"w": torch.ones(2)}, home / "model.pth")
    digest = hashlib.sha256((home / "model.pth").read_bytes()).hexdigest()
    named = home / f"model-{digest[:8]}.pth"
    (home / "model.pth").rename(named)
    for _ in range(2):  # the second time it is there
        found = hub.load_state_dict_from_url(named.as_uri(), check_hash=True, progress=False)
        assert found["w"].tolist() == [1, 1]
    wrong = home / "model-00000000.pth"
    wrong.write_bytes(named.read_bytes())
    with pytest.raises(RuntimeError, match="invalid hash value"):
        hub.load_state_dict_from_url(wrong.as_uri(), check_hash=True, progress=False)
    assert not (home / "hub" / "checkpoints" / wrong.name).exists()


def test_the_folder(monkeypatch):
    monkeypatch.setattr(hub, "_dir", None)
    monkeypatch.setenv("TORCH_HOME", "/somewhere")
    assert hub.get_dir() == "/somewhere/hub"


def test_onnx_says_what_to_do():
    with pytest.raises(NotImplementedError, match="state_dict"):
        torch.onnx.export(None, (), "x.onnx")
    assert not torch.onnx.is_in_onnx_export()


def test_collect_env():
    from adjoint.utils import collect_env

    assert "processor" in collect_env.get_pretty_env_info()


def test_summary_writer(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from adjoint.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path / "run") as writer:
        for step in range(3):
            writer.add_scalar("loss", torch.tensor(1.0 / (step + 1)), step)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 0)
        writer.add_histogram("weights", torch.linspace(-1, 1, 101), 5)
        writer.add_image("picture", torch.rand(3, 4, 5), 1)
        writer.add_images("pictures", torch.zeros(9, 1, 2, 2, dtype=torch.uint8))
        writer.add_text("note", "**hello**")
        writer.add_audio("sound", torch.zeros(1, 100), sample_rate=8000)
        writer.add_hparams({"lr": 0.1, "name": "x"}, {"accuracy": torch.tensor(0.9)}, run_name="h")
        with pytest.raises(ValueError, match="one element"):
            writer.add_scalar("loss", torch.ones(2), 0)
    events = EventAccumulator(str(tmp_path / "run")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    histogram = events.Histograms("weights")[0]
    assert histogram.step == 5 and histogram.histogram_value.num == 101 and sum(histogram.histogram_value.bucket) == 101
    image = events.Images("picture")[0]
    assert (image.width, image.height) == (5, 4) and image.encoded_image_string.startswith(b"\x89PNG")
    assert (events.Images("pictures")[0].width, events.Images("pictures")[0].height) == (16, 4)
    assert events.Audio("sound")[0].sample_rate == 8000
    assert sorted(p.name for p in (tmp_path / "run").iterdir() if p.is_dir()) == ["both_a", "both_b", "h"]
