"""Hostile arguments: sizes that fit no memory, lists without end, objects that lie, capsules that are none, and threads
that take a tensor's memory away. Each ends at once in an error that says what was wrong."""

import ctypes
import threading

import pytest
from support import error_of, run, torch

B = 2**40
x = torch.ones(3)
m = torch.ones(3, 3)
t = torch.tensor

ABSURD = {
    "mvlgamma": lambda: torch.mvlgamma(x, 2**31),
    "mvlgamma of 2^62": lambda: torch.mvlgamma(x + 1, 2**62),
    "tril_indices": lambda: torch.tril_indices(B, B),
    "triu_indices": lambda: torch.triu_indices(B, B),
    "tril_indices far": lambda: torch.tril_indices(2**62, 2**62, 2**62),
    "zeros": lambda: torch.zeros(2**62),
    "ones": lambda: torch.ones(B),
    "eye": lambda: torch.eye(B),
    "combinations": lambda: torch.combinations(x, 2**40, with_replacement=True),
    "repeat": lambda: x.repeat(2**62),
    "repeat to nothing": lambda: torch.ones(B, 0).repeat(B, 1),
    "repeat_interleave": lambda: torch.repeat_interleave(t([2**62] * 4)),
    "tile": lambda: x.tile(B),
    "pad": lambda: torch.nn.functional.pad(x, (B, B)),
    "pad round": lambda: torch.nn.functional.pad(x, (2**63 - 1, 2**63 - 1)),
    "replicate round": lambda: torch.nn.functional.pad(torch.ones(1, 1, 3), (2**63 - 1, 2**63 - 1), mode="replicate"),
    "expand": lambda: x.expand(2**62, 3),
    "as_strided": lambda: x.as_strided((2**40, 2**40), (0, 0)),
    "as_strided of an empty shape": lambda: x.as_strided((B, B, 0), (1, 1, 1)),
    "broadcast_to": lambda: torch.broadcast_to(x[:1], (B, B)),
    "broadcast_tensors": lambda: torch.broadcast_tensors(x[:1].expand(B)[:, None], x[:1].expand(B)),
    "empty of an empty shape": lambda: torch.empty(0, B, B),
    "empty_strided": lambda: torch.empty_strided((B, B), (0, 0)),
    "new_empty": lambda: x.new_empty((B, B, 0)),
    "reshape": lambda: torch.ones(0).reshape(B, B, 0),
    "view": lambda: torch.ones(0).view(B, B, 0),
    "unfold": lambda: x[:1].expand(2**62).unfold(0, 2**61, 1),
    "out=": lambda: torch.add(x[:1].expand(2**62), 1, out=torch.empty(0)),
    "exp of an expanded number": lambda: x[:1].expand(2**62).exp(),
    "sum of two": lambda: x[:1].expand(B)[:, None] + x[:1].expand(B),
    "outer": lambda: torch.outer(x[:1].expand(2**62), x[:1].expand(2**62)),
    "cat": lambda: torch.cat([x[:1].expand(2**62)] * 3),
    "stack": lambda: torch.stack([x[:1].expand(2**62)] * 3),
    "diag_embed": lambda: x[:1].expand(2**62).diag_embed(),
    "meshgrid": lambda: torch.meshgrid(x[:1].expand(2**62), x[:1].expand(2**62), indexing="ij"),
    "resize_ to an empty shape": lambda: torch.ones(3).resize_(0, B, B),
    "unbind": lambda: torch.ones(2**62, 0).unbind(0),
    "unbind of 2^40": lambda: torch.ones(B, 0).unbind(0),
    "tensor_split": lambda: torch.tensor_split(x, 2**62),
    "split": lambda: torch.ones(B, 0).split(1),
    "bincount": lambda: torch.bincount(t([B])),
    "resize_": lambda: torch.ones(3).resize_(2**62),
    "nested lists": lambda: torch.tensor(doubled(60)),
}


def doubled(n):
    """n lists in lists: 2^n numbers in the memory of n."""
    a = [1.0, 2.0]
    for _ in range(n - 1):
        a = [a, a]
    return a


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_sizes_are_refused_at_once(name):
    text = error_of(ABSURD[name], RuntimeError, MemoryError, ValueError)
    assert text and not any(word in text for word in ("vector", "bad_alloc", "basic_string", "std::", "stoi")), text


@pytest.mark.parametrize("shape", [(B, B), (0, B, B), (B, B, 0), (2**62,), (-1,)])
def test_a_refused_shape_changes_nothing(shape):
    y = torch.ones(3)
    error_of(lambda: y.resize_(shape), RuntimeError)
    assert y.shape == (3,) and y.stride() == (1,) and y.tolist() == [1, 1, 1] and y._version == 0


def test_large_arguments_that_have_an_answer():
    for r in (B, 2**31, 64):  # more elements than there are to pick from
        assert torch.combinations(torch.zeros(30), r).shape == (0, r)
    assert torch.combinations(torch.zeros(0), B, with_replacement=True).shape == (0, B)
    assert torch.combinations(torch.ones(1), 100, with_replacement=True).shape == (1, 100)
    assert torch.ones(1).expand(B, 2**23 - 1).numel() == B * (2**23 - 1)
    assert torch.ones(0).reshape(B, 0, B).shape == (B, 0, B)
    assert torch.tril_indices(B, 0).shape == (2, 0)
    assert torch.tril_indices(B, 1, 5 - B).tolist() == [[B - 5, B - 4, B - 3, B - 2, B - 1], [0] * 5]
    assert torch.triu_indices(5, 5, -(2**63)).shape == (2, 25)
    assert torch.tril_indices(5, 5, 2**63 - 1).shape == (2, 25)
    assert torch.tril_indices(5, 5, -(2**63)).shape == torch.triu_indices(5, 5, 2**63 - 1).shape == (2, 0)
    for rows, cols in ((3, 5), (5, 3), (0, 4), (4, 0), (1, 1)):
        for offset in range(-6, 7):
            every = [(r, c) for r in range(rows) for c in range(cols)]
            lower = [p for p in every if p[1] <= p[0] + offset]
            upper = [p for p in every if p[1] >= p[0] + offset]
            assert torch.tril_indices(rows, cols, offset).T.tolist() == [list(p) for p in lower]
            assert torch.triu_indices(rows, cols, offset).T.tolist() == [list(p) for p in upper]
    assert torch.roll(x, 2**62, 0).tolist() == [1, 1, 1]
    assert torch.mvlgamma(t(1e6), 2).isfinite()


def test_a_tensor_without_dimensions_is_not_rolled():
    error_of(lambda: torch.roll(t(1.0), 0, 0), IndexError)
    error_of(lambda: torch.roll(t(1.0), (1, 1), (0, -1)), IndexError)
    assert torch.roll(t(1.0), 1).item() == 1
    assert torch.roll(torch.ones(0, 3), 1, 0).shape == (0, 3)


def test_in_place_functions_of_numbers_are_refused():
    for f in (torch.xlogy_, torch.exp_):
        error_of(lambda f=f: f(*(1, 2)[: 2 if f is torch.xlogy_ else 1]), TypeError)


# --- lists without end ---

ENDLESS = """
class Sub(torch.Tensor):
    pass
def deep(inner, kind=list, n=300000):
    for _ in range(n):
        inner = kind([inner])
    return inner
own = []
own.append(own)
def attempt(f):
    try:
        f()
    except (TypeError, ValueError, RuntimeError, IndexError, RecursionError):
        pass
import warnings
warnings.simplefilter("ignore")
x, sub = torch.ones(3), Sub(torch.ones(3))
for data in (own, deep(1), deep(1, tuple), deep([]), deep(x), deep(sub)):
    for f in (torch.tensor, torch.as_tensor, torch.asarray, torch.cat, torch.stack, torch.zeros, x.new_tensor, x.index_put_,
              x.__getitem__, sub.__getitem__, lambda d: x.__setitem__(d, 1), lambda d: sub.__setitem__(d, 1), lambda d: x[d, d],
              lambda d: torch.add(sub, d), lambda d: torch.add(d, d, out=sub), lambda d: torch.cat([sub, d]),
              lambda d: torch.cat((sub, x), d), lambda d: torch.overrides.has_torch_function(d),
              lambda d: torch.overrides.has_torch_function((d, d)),
              lambda d: Sub.__torch_function__(lambda *a: d, (Sub,), ()), x.reshape, x.permute, x.expand, x.repeat, x.sum):
        attempt(lambda: f(data))
print("alive")
del data
"""


def test_lists_that_hold_themselves_or_are_very_deep():
    assert run(ENDLESS) == ["alive"]


def test_overrides_are_still_found_in_lists_and_indices():
    class Sub(torch.Tensor):
        seen = []  # noqa: RUF012

        @classmethod
        def __torch_function__(cls, f, types, args=(), kwargs=None):
            cls.seen.append(f.__name__)
            return super().__torch_function__(f, types, args, kwargs or {})

    s = Sub(torch.ones(3))
    assert type(torch.cat([s, torch.ones(3)])) is Sub
    assert type(torch.stack((torch.ones(3), s))) is Sub
    assert Sub.seen == ["cat", "stack"]


# --- objects that lie ---


class Lies:
    def __init__(self, length, item):
        self.length, self.item = length, item

    def __len__(self):
        return self.length() if callable(self.length) else self.length

    def __getitem__(self, i):
        return self.item(i)


def test_sequences_that_lie_about_their_length():
    assert torch.tensor(Lies(3, lambda i: i)).tolist() == [0, 1, 2]  # it would go on for ever
    error_of(lambda: torch.tensor(Lies(3, lambda i: [1] * (i + 1))), ValueError)
    error_of(lambda: torch.tensor(Lies(3, lambda i: [1, 2][i])), ValueError)
    error_of(lambda: torch.tensor(Lies(2**62, lambda i: 1)), RuntimeError)
    error_of(lambda: torch.tensor(Lies(-1, lambda i: 1)), ValueError)
    lengths = iter(range(3, 100))
    error_of(lambda: torch.tensor(Lies(lambda: next(lengths), lambda i: 1)), ValueError)


def test_lists_that_shrink_while_they_are_read():
    for cls, method in ((float, "__float__"), (int, "__index__"), (object, "__float__"), (object, "__array__")):
        data = [[1.0, 2.0], [3.0, 4.0]]

        def shrink(self, *args, data=data):
            del data[:]
            return 1.0 if method == "__float__" else 1

        Odd = type("Odd", (cls,), {method: shrink})
        data[1] = [Odd(), Odd()]
        for f in (torch.tensor, torch.zeros, x.__getitem__):
            try:
                f(data)
            except (RuntimeError, TypeError, ValueError, IndexError, UserWarning):
                pass


def test_an_index_that_takes_the_tensor_away():
    class Index:
        def __init__(self, act):
            self.act = act

        def __index__(self):
            self.act()
            return 1

    for use in (
        lambda y, i: y[i],
        lambda y, i: y[i:2],
        lambda y, i: y[0:2, i],
        lambda y, i: y.__setitem__(slice(i, 3), 5.0),
        lambda y, i: y[[i, 1]],
    ):
        for act in (
            lambda y: y.resize_(0),
            lambda y: y.set_(torch.ones(0)),
            lambda y: setattr(y, "data", torch.ones(())),
        ):
            y = torch.ones(3, 3)
            try:
                use(y, Index(lambda: act(y)))
            except (IndexError, RuntimeError, TypeError):
                pass


# --- DLPack ---


def test_dlpack_takes_what_the_standard_names():
    for version in (None, (0, 8), (1, 0), (1, 5), (2**70, 0), (-1, 0)):
        name = "dltensor_versioned" if version and version[0] >= 1 else "dltensor"
        assert f'"{name}"' in repr(x.__dlpack__(max_version=version))
    x.__dlpack__(stream=None, dl_device=(1, 0), copy=False)
    x.__dlpack__(stream=-1)
    for version in (5, (), (1,), (1, 0, 0), [1, 0], ("a", "b"), "10", (1.0, 0)):
        error_of(lambda v=version: x.__dlpack__(max_version=v), TypeError)
    for device in (5, (), (1,), ("a", 0), [1, 0], (1, None)):
        error_of(lambda d=device: x.__dlpack__(dl_device=d), TypeError)
    for device in ((2, 0), (1, 5), (2**70, 0)):
        error_of(lambda d=device: x.__dlpack__(dl_device=d), BufferError)
    for copy in (5, "a", 1, 0):
        error_of(lambda c=copy: x.__dlpack__(copy=c), TypeError)
    for stream in ("a", 1.5, True):
        error_of(lambda s=stream: x.__dlpack__(stream=s), TypeError)
    error_of(lambda: x.__dlpack__(stream=5), AssertionError)


def test_from_dlpack_checks_its_arguments():
    error_of(lambda: torch.from_dlpack(x, copy=5), TypeError)
    error_of(lambda: torch.from_dlpack(x, device=object()), AssertionError)
    error_of(lambda: torch.from_dlpack(x, device="meta"), ValueError)
    error_of(lambda: torch.from_dlpack(x.__dlpack__(), copy=True), AssertionError)
    error_of(lambda: torch.from_dlpack(5), AttributeError)
    assert torch.from_dlpack(x, device="cpu", copy=True).tolist() == [1, 1, 1]


def capsule(pointer, name):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(pointer, name, None)


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    ]


def test_hostile_capsules():
    used = x.__dlpack__()
    torch.from_dlpack(used)
    error_of(lambda: torch.from_dlpack(used), RuntimeError)
    for name in (b"foo", None, b"used_dltensor", b""):
        error_of(lambda n=name: torch.from_dlpack(capsule(1, n)), RuntimeError)
    memory = (ctypes.c_float * 16)()
    Ints = ctypes.c_int64 * 2

    def make(**changes):
        given = {
            "data": ctypes.addressof(memory),
            "device_type": 1,
            "ndim": 2,
            "code": 2,
            "bits": 32,
            "lanes": 1,
            "shape": Ints(2, 3),
            "strides": None,
        }
        return DLTensor(**{**given, **changes})

    good = make()
    assert torch.from_dlpack(capsule(ctypes.addressof(good), b"dltensor")).shape == (2, 3)
    hostile = [
        {"ndim": -1},
        {"ndim": 65},
        {"ndim": 2**31 - 1},
        {"shape": None},
        {"shape": Ints(-1, 2)},
        {"shape": Ints(2**40, 2**40)},
    ]
    hostile += [
        {"strides": Ints(2**62, 2**62)},
        {"strides": Ints(-1, 1)},
        {"data": None},
        {"device_type": 2},
        {"lanes": 4},
    ]
    hostile += [{"code": 9}, {"bits": 7}, {"shape": Ints(2**61, 1), "strides": Ints(1, 1)}]
    for changes in hostile:
        bad = make(**changes)
        error_of(lambda bad=bad: torch.from_dlpack(capsule(ctypes.addressof(bad), b"dltensor")), RuntimeError)

    class Gives:
        def __init__(self, what):
            self.what = what

        def __dlpack__(self, **kwargs):
            if isinstance(self.what, Exception):
                raise self.what
            return self.what

        def __dlpack_device__(self):
            return (1, 0)

    error_of(lambda: torch.from_dlpack(Gives(5)), RuntimeError)
    error_of(lambda: torch.from_dlpack(Gives(KeyError("q"))), KeyError)


# --- threads ---

CHANGES = """
import sys, threading, time
sys.setswitchinterval(1e-5)
n = 300_000
shared = torch.ones(n)
stop = False
def change():
    k = 0
    while not stop:
        k += 1
        shared.resize_(n if k % 2 else 10)
        shared.set_(torch.ones(n if k % 3 else 5))
        shared.data = torch.ones(n if k % 2 else 7)
        shared.resize_(4 * n)
        shared.unsqueeze_(0)
        shared.squeeze_(0)
def compute(f):
    while not stop:
        try:
            f(shared)
        except (RuntimeError, IndexError):
            pass
work = [lambda t: t.sin().sum(), lambda t: t.clone(), lambda t: t.sort(), lambda t: t.mul_(1.0), lambda t: t[::2].cumsum(0), lambda t: t.double().std()]
threads = [threading.Thread(target=compute, args=(f,)) for f in work] + [threading.Thread(target=change) for _ in range(2)]
for thread in threads:
    thread.start()
time.sleep(2.5)
stop = True
for thread in threads:
    thread.join(30)
    assert not thread.is_alive()
print("alive")
"""


def test_a_tensor_changes_its_memory_while_other_threads_compute_with_it():
    assert run(CHANGES, head="import adjoint as torch\ntorch.set_num_threads(2)\n") == ["alive"]


def test_a_change_waits_for_a_kernel_and_not_for_ever():
    """Kernels of other threads hold nobody up for longer than they run."""
    big = torch.ones(1_000_000)
    small = torch.ones(3)
    done = threading.Event()

    def compute():
        while not done.is_set():
            big.sin()

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        for k in range(50):
            small.resize_(3 + k)
    finally:
        done.set()
        thread.join(30)
    assert small.shape == (52,) and not thread.is_alive()
