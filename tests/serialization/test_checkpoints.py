"""save and load: what comes back, sharing, places, atomic writing; files of PyTorch's are in test_files_of_pytorch.py."""

import collections
import io
import os
import pickle
import stat

import pytest
from support import torch

nn = torch.nn


def again(obj, **options):
    out = io.BytesIO()
    torch.save(obj, out)
    out.seek(0)
    return torch.load(out, **options)


def same(a, b):
    return (
        type(a) is type(b)
        and a.dtype == b.dtype
        and a.shape == b.shape
        and a.stride() == b.stride()
        and a.storage_offset() == b.storage_offset()
        and a.requires_grad == b.requires_grad
        and torch.equal(a, b)
    )


TENSORS = {
    "plain": lambda: torch.arange(6.0).view(2, 3),
    "transposed": lambda: torch.ones(2, 3).t(),
    "part": lambda: torch.arange(10)[2:8:2],
    "expanded": lambda: torch.ones(1).expand(4),
    "empty": lambda: torch.empty(0, 3),
    "number": lambda: torch.tensor(3.0),
    "wants its gradient": lambda: torch.ones(2, requires_grad=True),
    "parameter": lambda: nn.Parameter(torch.ones(2), requires_grad=False),
    **{
        t: lambda t=t: torch.tensor([1, 0]).to(getattr(torch, t))
        for t in "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
    },
}


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("name", TENSORS)
def test_tensors(name, safe):
    x = TENSORS[name]()
    assert same(again(x, weights_only=safe), x)


@pytest.mark.parametrize("safe", [True, False])
def test_other_things(safe):
    things = {
        "numbers": [1, -5, 2**40, 2**100, -(2**70), 2.5, float("inf"), True, None, 1j],
        "text": ["é", "a" * 300, b"ab", bytearray(b"c")],
        "nested": (1, (2, [3, {4: 5}])),
        "set": {1, 2},
        "ordered": collections.OrderedDict(b=1, a=2),
        "counts": collections.Counter("aab"),
        "torch": [torch.float16, torch.Size([1, 2]), torch.device("cpu")],
    }
    back = again(things, weights_only=safe)
    assert back == things
    assert type(back["ordered"]) is collections.OrderedDict and type(back["torch"][1]) is torch.Size


def test_shared_memory_is_shared_again():
    x = torch.arange(10.0)
    a, b, c = again([x, x[2:], x])
    a[3] = 50
    assert b[1] == 50 and a is c
    layer = nn.Linear(2, 2)
    layer.tied = layer.weight
    w = again(layer.state_dict())
    assert w["weight"].data_ptr() == w["tied"].data_ptr()


def test_two_dtypes_over_one_storage_are_refused():
    x = torch.ones(2)
    with pytest.raises(RuntimeError, match="different types"):
        again([x, x.view(torch.int32)])


def test_state_of_a_module_keeps_its_metadata():
    state = again(nn.Sequential(nn.Linear(2, 3), nn.Tanh()).state_dict())
    assert type(state) is collections.OrderedDict and state._metadata["0"] == {"version": 1}


def test_whole_modules_only_where_the_file_is_trusted():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    back = again(net, weights_only=False)
    assert repr(back) == repr(net) and torch.equal(back(torch.ones(1, 2)), net(torch.ones(1, 2)))
    with pytest.raises(pickle.UnpicklingError) as caught:
        again(net)
    for word in ("container.Sequential", "linear.Linear", "activation.Tanh", "add_safe_globals", "unknown='record'"):
        assert word in str(caught.value)
    record = again(net, unknown="record")
    assert isinstance(record, torch.serialization.Record) and "Sequential" in record.name


class Mine:
    def __init__(self, x):
        self.x = x


def test_classes_that_are_allowed():
    thing = {"mine": Mine(torch.ones(2)), "n": 3}
    with pytest.raises(pickle.UnpicklingError, match="Mine"):
        again(thing)
    with torch.serialization.safe_globals([Mine]):
        back = again(thing)
    assert type(back["mine"]) is Mine and back["mine"].x.tolist() == [1, 1]
    assert torch.serialization.get_safe_globals() == []
    with torch.serialization.safe_globals([os.system, (eval, "builtins.eval")]):
        assert torch.serialization.get_safe_globals()
        with pytest.raises(pickle.UnpicklingError):
            again(Evil())


class Evil:
    def __reduce__(self):
        return os.system, ("echo executed > /tmp/never",)


def test_no_code_runs():
    with pytest.raises(pickle.UnpicklingError, match="system"):
        again([1, Evil()])
    record = again([1, Evil()], unknown="record")[1]
    assert record.args == ("echo executed > /tmp/never",)


def test_attributes_of_tensors():
    x = torch.ones(2)
    x.note = [1]
    p = nn.Parameter(torch.zeros(1))
    p.tag = "kept"
    assert again(x).note == [1] and again(p).tag == "kept" and type(again(p)) is nn.Parameter


def test_meta_tensors_have_no_bytes():
    x = again(torch.empty(2, 3, device="meta"))
    assert x.is_meta and x.shape == (2, 3)


@pytest.mark.parametrize(
    "where", ["cpu", torch.device("cpu"), {"cpu": "cpu"}, lambda storage, name: storage, lambda s, n: None]
)
def test_map_location(where):
    assert again(torch.ones(2), map_location=where).tolist() == [1, 1]


def test_to_meta_and_to_a_device_that_is_not_here():
    assert again(torch.ones(2), map_location="meta").is_meta
    with pytest.raises(RuntimeError, match="cuda.is_available.. is False"):
        again(torch.ones(2), map_location="cuda")


def test_paths_and_mapping(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"w": torch.arange(1000.0)}, path)
    for f in (path, str(path)):
        assert torch.load(f)["w"][7] == 7
    mapped = torch.load(path, mmap=True)["w"]
    mapped[0] = 5
    assert mapped[7] == 7 and torch.load(path)["w"][0] == 0
    with pytest.raises(ValueError, match="file path"):
        torch.load(io.BytesIO(path.read_bytes()), mmap=True)


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "none.pt")
    with pytest.raises(AttributeError):
        torch.load(3)
    with pytest.raises(TypeError, match="rb"):
        torch.load(io.StringIO("text"))
    (tmp_path / "empty.pt").touch()
    with pytest.raises(EOFError):
        torch.load(tmp_path / "empty.pt")
    with pytest.raises(RuntimeError, match="Parent directory"):
        torch.save(1, tmp_path / "no" / "folder.pt")


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    torch.save([1], path)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        torch.save([torch.ones(3), lambda: 0], path)
    assert torch.load(path) == [1] and os.listdir(tmp_path) == ["model.pt"]


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "model.pt"
    torch.save([1], path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal = pytest.importorskip("signal")
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError):
            torch.save(torch.ones(100000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert torch.load(path) == [1] and os.listdir(tmp_path) == ["model.pt"]


def test_a_saved_file_keeps_its_mode_and_its_link(tmp_path):
    path, link = tmp_path / "model.pt", tmp_path / "latest.pt"
    torch.save([1], path)
    os.chmod(path, 0o640)
    link.symlink_to(path)
    torch.save([2], link)
    assert link.is_symlink() and torch.load(path) == [2] and stat.S_IMODE(path.stat().st_mode) == 0o640


def test_generator_states_and_optimizers_resume():
    torch.manual_seed(3)
    state = again(torch.get_rng_state())
    a = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(a, torch.rand(3))
