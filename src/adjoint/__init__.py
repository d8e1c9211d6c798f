"""Adjoint: PyTorch's automatic differentiation, rebuilt small.

>>> import adjoint as torch
>>> x = torch.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])

Names, signatures, defaults and results are PyTorch's. What is not here raises an AttributeError that names it.
"""

# ruff: noqa: E402, F403  (names are here for the users of the package)
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from . import _core
from ._core import __version__ as __version__
from ._core import _fft_c2c as _fft_c2c
from ._core import _fft_c2r as _fft_c2r
from ._core import _fft_r2c as _fft_r2c
from ._core import _pack_padded_sequence as _pack_padded_sequence
from ._core import _pad_packed_sequence as _pad_packed_sequence

TYPE_CHECKING = False  # as typing has it, whose import would cost more than ours
if TYPE_CHECKING:  # what tools are to see: the core's stub, and what is imported at first use
    import builtins as _builtins
    from typing import Any as _Any

    from . import accelerator as accelerator
    from . import amp as amp
    from . import array_api as array_api
    from . import backends as backends
    from . import cli as cli
    from . import compiler as compiler
    from . import cuda as cuda
    from . import data as data
    from . import distributed as distributed
    from . import distributions as distributions
    from . import fft as fft
    from . import func as func
    from . import functional as functional
    from . import futures as futures
    from . import fx as fx
    from . import hub as hub
    from . import jit as jit
    from . import linalg as linalg
    from . import masked as masked
    from . import mps as mps
    from . import multiprocessing as multiprocessing
    from . import nn as nn
    from . import onnx as onnx
    from . import ops as ops
    from . import optim as optim
    from . import overrides as overrides
    from . import profiler as profiler
    from . import random as random
    from . import return_types as return_types
    from . import safetensors as safetensors
    from . import serialization as serialization
    from . import signal as signal
    from . import special as special
    from . import storage as storage
    from . import testing as testing
    from . import torch_version as torch_version
    from . import utils as utils
    from . import version as version
    from . import xpu as xpu
    from ._alias import as_torch as as_torch
    from ._core import *
    from ._grid import gradient as gradient
    from ._grid import histogram as histogram
    from ._grid import histogramdd as histogramdd
    from ._grid import unravel_index as unravel_index
    from ._legacy import *
    from ._lobpcg import lobpcg as lobpcg
    from ._lowrank import pca_lowrank as pca_lowrank
    from ._lowrank import svd_lowrank as svd_lowrank
    from ._tensor_str import get_printoptions as get_printoptions
    from ._tensor_str import set_printoptions as set_printoptions
    from ._typeinfo import finfo as finfo
    from ._typeinfo import iinfo as iinfo
    from .amp.autocast_mode import autocast as autocast
    from .amp.autocast_mode import get_autocast_dtype as get_autocast_dtype
    from .amp.autocast_mode import is_autocast_enabled as is_autocast_enabled
    from .amp.grad_scaler import GradScaler as GradScaler
    from .explain import _CallablePackage
    from .explain.graph import graph as graph
    from .explain.why import why as why
    from .serialization.load import load as load
    from .serialization.save import save as save
    from .storage import TypedStorage as TypedStorage
    from .storage import UntypedStorage as UntypedStorage

    explain: _CallablePackage
else:
    globals().update({name: value for name, value in vars(_core).items() if not name.startswith("_")})

from . import _tensor
from .functional import *  # type: ignore[no-redef]  # its nonzero in the place of the core's

_tensor.install(_core.Tensor)
for _f in (lu, nonzero, unique, unique_consecutive):  # noqa: F405
    setattr(_core.Tensor, _f.__name__, _f)
del _f

from . import autograd as autograd
from .autograd import enable_grad as enable_grad
from .autograd import inference_mode as inference_mode
from .autograd import no_grad as no_grad
from .autograd import set_grad_enabled as set_grad_enabled

newaxis: None = None

_MODULES = frozenset(
    "_C _VF _dynamo accelerator amp array_api backends cli compiler cuda data distributed distributions explain fft func "
    "functional futures fx hub jit linalg masked mps multiprocessing nn onnx ops optim overrides profiler random "
    "return_types safetensors serialization signal special storage testing torch_version utils version xpu".split()
)
_LAZY = (
    dict.fromkeys(("set_printoptions", "get_printoptions"), "_tensor_str")
    | dict.fromkeys(("finfo", "iinfo"), "_typeinfo")
    | dict.fromkeys(("autocast", "is_autocast_enabled", "get_autocast_dtype"), "amp.autocast_mode")
    | dict.fromkeys(("gradient", "histogram", "histogramdd", "unravel_index"), "_grid")
    | dict.fromkeys(
        (
            "_batch_norm_with_update",
            "_chunk_cat",
            "_log_softmax_backward_data",
            "_native_batch_norm_legit",
            "_safe_softmax",
            "_segment_reduce",
            "_softmax_backward_data",
            "_unsafe_masked_index",
            "_unsafe_masked_index_put_accumulate",
        ),
        "_native",
    )
    | {"GradScaler": "amp.grad_scaler"}
    | {"graph": "explain.graph", "why": "explain.why", "save": "serialization.save", "load": "serialization.load"}
    | {"as_torch": "_alias", "UntypedStorage": "storage", "TypedStorage": "storage"}
    | {"lobpcg": "_lobpcg", "pca_lowrank": "_lowrank", "svd_lowrank": "_lowrank"}
)
_LEGACY = frozenset(
    kind + suffix
    for kind in "Bool Byte Char Short Int Long Half BFloat16 Float Double ComplexFloat ComplexDouble".split()
    for suffix in ("Tensor", "Storage")
)


def _imported(name):
    """What is imported at first use."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _LAZY or name in _LEGACY:
        value = globals()[name] = getattr(import_module(f"{__name__}.{_LAZY.get(name, '_legacy')}"), name)
        return value
    if name.startswith("_"):  # PyTorch's private operations
        space = import_module(f"{__name__}._foreach") if name.startswith("_foreach_") else _core
        found = vars(space).get(name)
        if found is not None and (space is not _core or hasattr(found, "_records")):
            return found
    raise AttributeError(f"module 'adjoint' has no attribute '{name}': it is not in Adjoint yet")


if not TYPE_CHECKING:  # else every name would seem to be there
    __getattr__ = _imported
    del TYPE_CHECKING


def __dir__() -> "list[str]":
    return sorted({*globals(), *_MODULES, *_LAZY, *_LEGACY})


def typename(obj: object) -> str:
    """The name of an object's type; a tensor's by its dtype: 'torch.FloatTensor'."""
    if isinstance(obj, _core.Tensor):
        return obj.type()
    cls: _Any = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(cls, "__module__", "") or ""
    name = cls.__qualname__
    return name if module in ("builtins", "__builtin__", "") else f"{module}.{name}"


def is_storage(obj: object) -> "_builtins.bool":
    """Is it a storage?"""
    from .storage import UntypedStorage

    return isinstance(obj, UntypedStorage)


def manual_seed(seed: "_builtins.int") -> "_core.Generator":
    """Seeds the default generator; returns it."""
    return _core.default_generator.manual_seed(seed)


def seed() -> "_builtins.int":
    """Seeds the default generator from the system; returns the seed."""
    return _core.default_generator.seed()


def initial_seed() -> "_builtins.int":
    """The default generator's seed."""
    return _core.default_generator.initial_seed()


def set_default_tensor_type(t: "_Any") -> None:
    """Old name for setting the default dtype, by a type such as torch.DoubleTensor."""
    dtype = getattr(_core, t.rsplit(".", 1)[-1].removesuffix("Tensor").lower()) if isinstance(t, str) else t.dtype
    _core.set_default_dtype(dtype)


def use_deterministic_algorithms(mode: "_builtins.bool", *, warn_only: "_builtins.bool" = False) -> None:
    """Everything is deterministic here: nothing to switch."""


def are_deterministic_algorithms_enabled() -> "_builtins.bool":
    """Always: results do not depend on the number of threads."""
    return True


def get_num_interop_threads() -> "_builtins.int":
    """One: operations run one after another."""
    return 1


def set_num_interop_threads(n: "_builtins.int") -> None:
    """Accepted; operations run one after another."""


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: products of float32 are float32 here, whatever less is allowed."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"float32_matmul_precision should be 'highest', 'high' or 'medium', got '{precision}'")


def get_float32_matmul_precision() -> str:
    """ "highest"."""
    return "highest"


def set_flush_denormal(mode: "_builtins.bool") -> "_builtins.bool":
    """False: denormal numbers are computed with, and that is not switched."""
    return False


def set_deterministic_debug_mode(debug_mode: "_builtins.int | str") -> None:
    """Everything is deterministic here: nothing to tell."""


def get_deterministic_debug_mode() -> "_builtins.int":
    """0."""
    return 0


def compile(model: "_Any" = None, **_: "_Any") -> "_Any":
    """Returns the model as it is: nothing is compiled."""
    return model if model is not None else lambda m: m
