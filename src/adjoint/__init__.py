"""Adjoint: PyTorch's automatic differentiation, rebuilt small.

>>> import adjoint as torch
>>> x = torch.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])

Names, signatures, defaults and results are PyTorch's. What is not here raises an AttributeError that names it.
"""

# ruff: noqa: E402, F401  (names are here for the users of the package)
from math import e, inf, nan, pi

from . import _core
from ._core import __version__ as __version__

globals().update({name: value for name, value in vars(_core).items() if not name.startswith("_")})

from . import _tensor
from .functional import *  # noqa: F403

_tensor.install(_core.Tensor)
for _f in (nonzero, unique, unique_consecutive):  # noqa: F405
    setattr(_core.Tensor, _f.__name__, _f)

from . import autograd
from .autograd import enable_grad, inference_mode, no_grad, set_grad_enabled

newaxis = None

_MODULES = frozenset(
    "backends cli compiler cuda explain fft func functional linalg nn optim overrides profiler random return_types special storage "
    "testing types utils".split()
)


def __getattr__(name):
    if name in _MODULES:
        from importlib import import_module
        from importlib.util import find_spec

        if find_spec(f"{__name__}.{name}"):
            return import_module(f"{__name__}.{name}")
    elif name in _LAZY or name in _LEGACY:
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_LAZY.get(name, '_legacy')}"), name)
        return value
    elif name.endswith("_") and not name.startswith("_") and hasattr(_core.Tensor, name):
        # torch.exp_(x): the function form of an in-place method.
        from operator import methodcaller

        def in_place(input, *args, **kwargs):
            return methodcaller(name, *args, **kwargs)(input)

        in_place.__name__ = in_place.__qualname__ = name
        globals()[name] = in_place
        return in_place
    raise AttributeError(f"module 'adjoint' has no attribute '{name}': it is not in Adjoint yet")


_LAZY = (
    dict.fromkeys(("set_printoptions", "get_printoptions"), "_tensor_str")
    | dict.fromkeys(("finfo", "iinfo"), "_typeinfo")
    | {"graph": "explain.graph", "why": "explain.why"}
)
_LEGACY = frozenset(
    kind + suffix
    for kind in "Bool Byte Char Short Int Long Half BFloat16 Float Double ComplexFloat ComplexDouble".split()
    for suffix in ("Tensor", "Storage")
)


def __dir__():
    return sorted({*globals(), *_MODULES, *_LAZY, *_LEGACY})


def typename(obj):
    """The name of an object's type; a tensor's by its dtype: 'torch.FloatTensor'."""
    if isinstance(obj, _core.Tensor):
        return obj.type()
    cls = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(cls, "__module__", "") or ""
    name = cls.__qualname__
    return name if module in ("builtins", "__builtin__", "") else f"{module}.{name}"


def is_storage(obj):
    """Is it a storage?"""
    from .storage import UntypedStorage

    return isinstance(obj, UntypedStorage)


def manual_seed(seed):
    """Seeds the default generator; returns it."""
    return _core.default_generator.manual_seed(seed)


def seed():
    """Seeds the default generator from the system; returns the seed."""
    return _core.default_generator.seed()


def initial_seed():
    """The default generator's seed."""
    return _core.default_generator.initial_seed()


def get_rng_state():
    """The default generator's state, as bytes."""
    return _core.default_generator.get_state()


def set_rng_state(new_state):
    """Sets the default generator's state."""
    _core.default_generator.set_state(new_state)


def set_default_tensor_type(t):
    """Old name for setting the default dtype, by a type such as torch.DoubleTensor."""
    dtype = getattr(_core, t.rsplit(".", 1)[-1].removesuffix("Tensor").lower()) if isinstance(t, str) else t.dtype
    _core.set_default_dtype(dtype)


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Everything is deterministic here: nothing to switch."""


def are_deterministic_algorithms_enabled():
    """Always: results do not depend on the number of threads."""
    return True


def get_num_interop_threads():
    """One: operations run one after another."""
    return 1


def set_num_interop_threads(n):
    """Accepted; operations run one after another."""


def is_grad_enabled():
    """Is the graph being recorded?"""
    return _core.is_grad_enabled()


def compile(model=None, **_):
    """Returns the model as it is: nothing is compiled."""
    return model if model is not None else lambda m: m
