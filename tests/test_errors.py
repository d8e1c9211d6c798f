"""What an error says: PyTorch's sentence, and below it, as notes, the call that it came from and what would help."""

import re
import threading

import catalogue
import pytest
from support import run

import adjoint as torch


def notes(error):
    return getattr(error, "__notes__", [])


def raised(f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except Exception as error:
        return error
    return None


def test_the_call_and_its_line_stand_below_the_message():
    x, w = torch.zeros(2, 3), torch.zeros(2, 3)
    with pytest.raises(RuntimeError) as caught:
        _ = x @ w
    assert str(caught.value) == "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"
    first, second = notes(caught.value)
    assert re.fullmatch(r"in matmul\(float32\[2, 3\], float32\[2, 3\]\), at .*test_errors\.py:\d+   _ = x @ w", first)
    assert second == "the inner sizes must agree: they are 3 and 2; the second one transposed (.mT) would fit"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: torch.add(x, torch.zeros(4)), "add(float32[2, 3], float32[4])"),
        (lambda x: x.add(torch.zeros(4), alpha=2), "add(float32[2, 3], float32[4], alpha=2)"),
        (lambda x: x.add_(torch.zeros(4)), "add_(float32[2, 3], float32[4])"),
        (lambda x: x + torch.zeros(4), "add(float32[2, 3], float32[4])"),
        (lambda x: x.sum(7), "sum(float32[2, 3], 7)"),
        (lambda x: torch.cat([x, torch.zeros(4)], dim=-1), "cat([float32[2, 3], float32[4]], dim=-1)"),
        (lambda x: x.sum("dimension " * 20), f"sum(float32[2, 3], '{('dimension ' * 20)[:39]}...)"),
        (lambda x: torch.stack([x] * 9 + [1]), "stack([" + "float32[2, 3], " * 8 + "...])"),
        (lambda x: x.reshape(10**30), "reshape(float32[2, 3], a large int)"),
        (lambda x: x.expand((2, (3, (4, (5,))))), "expand(float32[2, 3], (2, (3, tuple)))"),
        (lambda x: x.to(torch.float16, bad=object()), "to(float32[2, 3], torch.float16, bad=object)"),
        (lambda x: x[5], "__getitem__(float32[2, 3], 5)"),
        (lambda x: x.__setitem__(5, 1), "__setitem__(float32[2, 3], 5, 1)"),
        (lambda x: x.__delitem__(5), "__delitem__(float32[2, 3], 5)"),
        (lambda x: ~x, "bitwise_not(float32[2, 3])"),
        (lambda x: x < torch.zeros(4), "lt(float32[2, 3], float32[4])"),
        (lambda x: torch.einsum("ij,k->l", x, x), "einsum('ij,k->l', (float32[2, 3], float32[2, 3]))"),
    ],
)
def test_arguments_are_told_by_type_and_shape(call, text):
    error = raised(call, torch.zeros(2, 3))
    assert notes(error)[0].startswith(f"in {text}, at "), notes(error)


def test_nothing_of_the_users_runs_to_tell_of_an_argument():
    class Loud:
        def __repr__(self):
            raise AssertionError("asked for its text")

    error = raised(torch.exp, Loud())
    assert type(error) is TypeError and "exp(Loud)" in notes(error)[0]


def test_an_exception_of_a_users_hook_is_told_where_it_came_from_and_stays_itself():
    class Refused(Exception):
        pass

    def pack(x):
        raise Refused

    x = torch.zeros(2, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x), pytest.raises(Refused) as caught:
        torch.exp(x)
    assert notes(caught.value)[0].startswith("in exp(")


def test_overridden_calls_are_the_users_own():
    class Mine(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            raise ValueError("mine")

    error = raised(torch.exp, torch.zeros(2).as_subclass(Mine))
    assert type(error) is ValueError and notes(error) == []


@pytest.mark.parametrize(
    ("call", "cls", "text", "help"),
    [
        (
            lambda x: x.index_select(1, torch.tensor([5])),
            IndexError,
            "index out of range in self",
            "index 5 is out of bounds for dimension 1 with size 3",
        ),
        (
            lambda x: x.index_fill(0, torch.tensor([-1]), 0.0),
            None,
            None,
            None,
        ),
        (lambda x: x[5], IndexError, "index 5 is out of bounds for dimension 0 with size 2", None),
        (lambda x: x[:, 5], IndexError, "index 5 is out of bounds for dimension 1 with size 3", None),
        (
            lambda x: x[torch.tensor([0, -3])],
            IndexError,
            "index -3 is out of bounds for dimension 0 with size 2",
            None,
        ),
        (
            lambda x: x.gather(1, torch.tensor([[4]])),
            RuntimeError,
            "index 4 is out of bounds for dimension 1 with size 3",
            None,
        ),
        (
            lambda x: x.topk(4),
            RuntimeError,
            "selected index k out of range",
            "k is 4, dimension 1 has size 3",
        ),
        (
            lambda x: x.take(torch.tensor([6])),
            IndexError,
            "out of range: tried to access index 6 on a tensor of 6 elements.",
            None,
        ),
        (
            lambda x: x + torch.zeros(2),
            RuntimeError,
            "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1",
            "shapes [2, 3] and [2] do not broadcast: sizes, counted from the right, must be equal or 1",
        ),
        (
            lambda x: torch.bmm(x[None], x.mT[None].repeat(1, 2, 1)),
            RuntimeError,
            "Expected size for first two dimensions of batch2 tensor to be: [1, 3] but got: [1, 6].",
            "the inner sizes must agree: they are 3 and 6; in the other order they would fit",
        ),
        (
            lambda x: torch.mv(x, torch.zeros(2)),
            RuntimeError,
            "size mismatch, got input (2), mat (2x3), vec (2)",
            "the inner sizes must agree: they are 3 and 2; the first one transposed (.mT) would fit",
        ),
        (
            lambda x: torch.addmm(x, torch.zeros(2, 3), torch.zeros(4, 2)),
            RuntimeError,
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x2)",
            "the inner sizes must agree: they are 3 and 4; in the other order they would fit",
        ),
    ],
)
def test_what_would_help(call, cls, text, help):
    error = raised(call, torch.zeros(2, 3))
    assert type(error) is (cls or type(None))
    assert error is None or (str(error) == text and notes(error)[1:] == ([help] if help else []))


# --- every operation ---


def wrong(args, kwargs):
    """Arguments that no operation takes, and some that only few take."""
    tensors = [i for i, a in enumerate(args) if isinstance(a, torch.Tensor)]
    for i in tensors:
        for value in (
            "text",
            torch.zeros(2, 1, 7, 3, 5),
            torch.zeros(0, 13, dtype=torch.bool),
            torch.zeros(3, dtype=torch.complex64),
        ):
            yield (*args[:i], value, *args[i + 1 :]), kwargs
    yield args, {**kwargs, "no_such_argument": 1}
    yield (*args, *[object()] * 8), kwargs
    yield (), {}
    if "dim" in kwargs:
        yield args, {**kwargs, "dim": 77}


# The core's; what functions of the package call tells for them.
OPERATIONS = [n for n in catalogue.names() if hasattr(catalogue.resolve(torch, n), "_records")]


def nameless(name):
    """The errors of an operation's wrong calls that do not name it; None if none of them is an error."""
    f, found, raises = catalogue.resolve(torch, name), [], False
    args, kwargs = catalogue.samples(torch, name, torch.float64)[0]
    for bad_args, bad_kwargs in wrong(args, kwargs):
        if error := raised(f, *bad_args, **bad_kwargs):
            raises = True
            if not (notes(error) or [""])[0].startswith(f"in {re.sub('^_(?!_)', '', name.rpartition('.')[2])}("):
                found.append(f"{error!r}: {notes(error)}")
    return found if raises else None


def test_every_error_names_its_operation():
    assert len(OPERATIONS) > 400
    assert {name: found for name in OPERATIONS if (found := nameless(name)) != []} == {}


# --- nothing of C++ ---

FOREIGN = re.compile(r"std::|vector::|basic_string|bad_|_M_|length_error|what\(\)|terminate|Eigen|c10::Error")


def test_memory_that_cannot_be_had_is_told_in_words():
    error = raised(torch.zeros, 2**59)
    assert type(error) is RuntimeError and not FOREIGN.search(str(error))


@pytest.mark.parametrize("count", [2**40, 2**61])
def test_lists_that_cannot_be_so_long_are_refused_in_words(count):
    x = torch.zeros(1)
    for call in (
        lambda: x.expand(count).unbind(0),
        lambda: x.expand(count).split(1),
        lambda: x.expand(count).chunk(count),
        lambda: x.expand(count).tensor_split(count),
        lambda: x.expand(count).tolist(),
    ):
        error = raised(call)
        assert isinstance(error, (RuntimeError, MemoryError)) and not FOREIGN.search(str(error)), repr(error)


def test_memory_that_runs_out_in_a_worker_is_told_as_elsewhere():
    code = """
import resource, sys
x = torch.ones(64, 1 << 14)
index = torch.arange(1 << 14)
torch.set_num_threads(4)
x.sort(1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (8 << 20), resource.RLIM_INFINITY))
kept = []
try:
    while True:
        kept.append(x.sort(1))
except (RuntimeError, MemoryError) as error:
    kept.clear()
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(type(error).__name__, "|", error)
"""
    (line,) = run(code)
    assert not FOREIGN.search(line) and ("memory" in line or "MemoryError" in line), line


def test_errors_in_threads_carry_their_own_notes():
    found = {}

    def work(n):
        found[n] = raised(torch.add, torch.zeros(n), torch.zeros(n + 1))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2, 8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for n, error in found.items():
        assert notes(error)[0].startswith(f"in add(float32[{n}], float32[{n + 1}])")
