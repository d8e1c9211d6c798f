"""Objects no caller should pass, and numbers at every limit.

Programs that reproduce a finding import this module: `from fuzzing.oddities import *`.
"""

import functools
import math
from collections import namedtuple
from decimal import Decimal  # noqa: F401  (the texts below name it)
from fractions import Fraction  # noqa: F401

import numpy as np  # noqa: F401

import adjoint as torch

inf, nan = math.inf, math.nan


class OddError(Exception):
    """What the objects here raise; a call that gets one may pass it on."""


def _raises(*_, **__):
    raise OddError("raised on purpose")


fail = _raises
_DUNDERS = (
    "bool int float complex index len iter next getitem setitem contains hash eq ne lt le gt ge add radd sub rsub mul rmul "
    "truediv rtruediv floordiv mod pow rpow matmul rmatmul and or xor neg abs call enter exit array array_interface "
    "torch_function dlpack dlpack_device cuda_array_interface length_hint reversed getattr str repr format fspath"
).split()
# Raises in everything that can be asked of an object, once it exists.
Raises = type("Raises", (), {f"__{name}__": _raises for name in _DUNDERS})
RaisingTensor = type(
    "RaisingTensor",
    (torch.Tensor,),
    {f"__{name}__": _raises for name in ("bool", "len", "iter", "getitem", "eq", "index")},
)


class Liar:
    """Claims to be a sequence, a number and an array, and is none."""

    def __len__(self):
        return 2**62

    def __getitem__(self, index):
        raise IndexError(index)

    def __index__(self):
        return "one"

    def __float__(self):
        return "1.0"

    def __bool__(self):
        return 2

    def __array__(self, *_):
        return 5

    def __dlpack__(self, **_):
        return object()

    def __dlpack_device__(self):
        return (1, 2, 3)


class Shrinks(list):
    """Says it is longer than it is."""

    def __len__(self):
        return 5


class ClearsItself(list):
    """A list whose elements empty it while they are read."""

    class _Element:
        def __init__(self, owner):
            self.owner = owner

        def __index__(self):
            self.owner.clear()
            return 1

        __int__ = __float__ = __bool__ = __index__

    def __init__(self):
        super().__init__()
        self.extend(self._Element(self) for _ in range(4))


class Answers:
    """An object that takes part in calls without being a tensor."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return 7


class Declines:
    """Takes part in calls and never answers."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented


class Plain(torch.Tensor):
    """A subclass that changes nothing."""


class Passes(torch.Tensor):
    """A subclass that sees each call and passes it on."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})


class Refuses(torch.Tensor):
    """A subclass that raises at each call."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise OddError("raised on purpose")


class Unwraps(torch.Tensor):
    """A subclass whose calls have plain results, out of a disabled override."""

    __torch_function__ = torch._core._disabled_torch_function_impl


class Whole(int):
    """An integer with a class of its own."""


class Text(str):
    """A string with a class of its own."""


Pair = namedtuple("Pair", "x y")


def endless():
    """A list that contains itself."""
    items = [1]
    items.append(items)
    return items


@functools.cache
def _deep(levels, kind):
    item = 1
    for _ in range(levels):
        item = kind([item])
    return item


def deep(levels, kind=list):
    """[[[…1…]]]; the outermost is new each time, as a call may change it."""
    return kind([_deep(levels - 1, kind)])


def generator():
    """An iterator that raises after one element."""
    yield 1
    raise OddError("raised on purpose")


def method(owner, name, *args, **kwargs):
    """What an object's method gives, by its name."""
    found = getattr(owner, name)
    return found(*args, **kwargs) if callable(found) else found


def swept(leaf, result, twice):
    """The gradient of whatever came out, and the gradient of that."""
    outputs = [r for r in (result if isinstance(result, (tuple, list)) else [result]) if r.requires_grad]
    ones = [torch.ones_like(r) for r in outputs]
    (grad,) = torch.autograd.grad(outputs, [leaf], ones, create_graph=twice, allow_unused=True)
    if twice and grad is not None and grad.requires_grad:
        return torch.autograd.grad(grad, [leaf], torch.ones_like(grad), allow_unused=True)
    return grad


def hooked(leaf, result, hook, where):
    """A backward pass with a hook at some place."""
    if where == "post":
        leaf.register_post_accumulate_grad_hook(hook)
    elif where in ("node", "prehook"):
        (result.grad_fn.register_prehook if where == "prehook" else result.grad_fn.register_hook)(hook)
    else:
        (leaf if where == "leaf" else result).register_hook(hook)
    result.backward(torch.ones_like(result))
    return leaf.grad


def packed(pack, unpack, which, leaf):
    """A backward pass over saved tensors that went through hooks."""
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        result = (leaf.exp, lambda: leaf * leaf, lambda: leaf.sum().sin(), lambda: leaf.prod())[which]()
    result.backward(torch.ones_like(result))
    return leaf.grad


def applied(forward, backward, *args):
    """An autograd.Function of two functions: applied, and run backward."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    results = type("Custom", (torch.autograd.Function,), members).apply(*args)
    for result in results if isinstance(results, (list, tuple)) else [results]:
        if isinstance(result, torch.Tensor) and result.requires_grad:
            result.backward(torch.ones_like(result), retain_graph=True)
    return results


# Sizes between "small" and "more than the machine has" are left out: they would only make the run slow.
WILD_INTS = [
    "2**31 - 1", "2**31", "-2**31", "2**32", "2**32 + 1", "2**40", "-2**40", "2**53 + 1", "2**62", "2**63 - 1", "-2**63",
    "-2**63 + 1", "2**63", "2**64", "2**64 - 1", "2**70", "-2**70", "10**400",
]  # fmt: skip
WILD_FLOATS = ["nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "3.5e38", "-0.0", "1e18", "9.3e18", "1e20", "0.1"]
WILD_NUMBERS = [
    *WILD_INTS, *WILD_FLOATS, "True", "False", "1j", "complex(nan, inf)", "np.float32(1.5)", "np.int64(-3)", "np.uint8(7)",
    "np.bool_(True)", "np.float64(nan)", "np.complex64(1j)", "np.uint64(2**64 - 1)", "Fraction(1, 3)", "Decimal('0.1')", "Whole(2)",
]  # fmt: skip
ODD_OBJECTS = [
    "None", "''", "'sum'", "'mean'", "'ij,jk->ik'", "'...'", "'cpu'", "'cpu:99'", "'nonsense'", "'\\ud800'", "'\\0'", "'x' * 5000",
    "Text('sum')", "b'ab'", "bytearray(8)", "object()", "type", "int", "float", "print", "...", "NotImplemented", "slice(None)",
    "slice(2**70, None, -1)", "slice(0, 3, 0)", "slice('a')", "[]", "()", "{}", "set()", "[1, 2]", "(0, -1)", "[[1], [2]]",
    "[[1], 2]", "[[1, 2], [3]]", "[None]", "[True]", "[nan]", "['a']", "[2**70]", "[-1, -1]", "(1,) * 70", "[0] * 70", "[1] * 3000",
    "range(3)", "iter([1])", "generator()", "Raises()", "[Raises()]", "(Raises(),)", "{'a': Raises()}", "Liar()", "[Liar()]", "Shrinks()",
    "ClearsItself()", "[ClearsItself()]", "Answers()", "[Answers()]", "Declines()", "endless()", "[endless()]", "deep(70)", "deep(3000)",
    "deep(70, tuple)", "Pair(1, 2)", "np.zeros(2)", "np.array([object()])", "np.array(['a'])", "np.zeros((2, 3))[:, ::-1]",
    "np.zeros(3, 'datetime64[s]')", "np.zeros(2, 'i4,f4')", "np.zeros(())", "np.arange(3)", "np.array([True, False])", "np.float32",
    "np.dtype('f8')", "np.zeros(2, '>f4')", "torch.float32", "torch.int64", "torch.bool", "torch.bfloat16", "torch.complex64", "torch.strided",
    "torch.preserve_format", "torch.channels_last", "torch.contiguous_format", "torch.device('cpu')", "torch.Size([2])", "torch.Size([])",
    "torch.Generator()", "torch.default_generator", "torch", "torch.Tensor", "torch.add", "torch.Tensor.add", "torch.zeros(2).storage()",
    "memoryview(b'abcd')", "lambda *a, **k: None", "lambda *a, **k: fail()", "lambda x: x", "lambda x: x[:0]",
]  # fmt: skip
SLOW_OBJECTS = ["deep(300_000)", "[deep(300_000)]", "deep(300_000, tuple)"]
NAMESPACE = {name: value for name, value in globals().items() if not name.startswith("_")}
