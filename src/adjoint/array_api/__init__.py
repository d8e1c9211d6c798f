"""The Python array API standard, version 2024.12, over Adjoint's tensors.

>>> import adjoint.array_api as xp
>>> xp.sum(xp.asarray([[1, 2], [3, 4]]), axis=0)
tensor([4, 6])

Names, signatures, promotion and special cases are the standard's where PyTorch's differ: `axis` for `dim`, arrays of no
dimension count as others in promotion, reductions over an empty tuple of axes reduce nothing. Gradients work as
everywhere. Libraries find this namespace by ``Tensor.__array_namespace__``.

What a tensor's class fixes stays PyTorch's: operators promote as PyTorch does (``xp.add`` by the standard), ``x.size``
is a method, and there are no uint16, uint32, uint64.

Source: https://data-apis.org/array-api/2024.12/
"""

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from .._core import bool as bool
from .._core import complex64 as complex64
from .._core import complex128 as complex128
from .._core import float32 as float32
from .._core import float64 as float64
from .._core import int8 as int8
from .._core import int16 as int16
from .._core import int32 as int32
from .._core import int64 as int64
from .._core import uint8 as uint8
from ._creation import arange as arange
from ._creation import asarray as asarray
from ._creation import empty as empty
from ._creation import empty_like as empty_like
from ._creation import eye as eye
from ._creation import from_dlpack as from_dlpack
from ._creation import full as full
from ._creation import full_like as full_like
from ._creation import linspace as linspace
from ._creation import meshgrid as meshgrid
from ._creation import ones as ones
from ._creation import ones_like as ones_like
from ._creation import tril as tril
from ._creation import triu as triu
from ._creation import zeros as zeros
from ._creation import zeros_like as zeros_like
from ._elementwise import abs as abs
from ._elementwise import acos as acos
from ._elementwise import acosh as acosh
from ._elementwise import add as add
from ._elementwise import asin as asin
from ._elementwise import asinh as asinh
from ._elementwise import atan as atan
from ._elementwise import atan2 as atan2
from ._elementwise import atanh as atanh
from ._elementwise import bitwise_and as bitwise_and
from ._elementwise import bitwise_invert as bitwise_invert
from ._elementwise import bitwise_left_shift as bitwise_left_shift
from ._elementwise import bitwise_or as bitwise_or
from ._elementwise import bitwise_right_shift as bitwise_right_shift
from ._elementwise import bitwise_xor as bitwise_xor
from ._elementwise import ceil as ceil
from ._elementwise import clip as clip
from ._elementwise import conj as conj
from ._elementwise import copysign as copysign
from ._elementwise import cos as cos
from ._elementwise import cosh as cosh
from ._elementwise import divide as divide
from ._elementwise import equal as equal
from ._elementwise import exp as exp
from ._elementwise import expm1 as expm1
from ._elementwise import floor as floor
from ._elementwise import floor_divide as floor_divide
from ._elementwise import greater as greater
from ._elementwise import greater_equal as greater_equal
from ._elementwise import hypot as hypot
from ._elementwise import imag as imag
from ._elementwise import isfinite as isfinite
from ._elementwise import isinf as isinf
from ._elementwise import isnan as isnan
from ._elementwise import less as less
from ._elementwise import less_equal as less_equal
from ._elementwise import log as log
from ._elementwise import log1p as log1p
from ._elementwise import log2 as log2
from ._elementwise import log10 as log10
from ._elementwise import logaddexp as logaddexp
from ._elementwise import logical_and as logical_and
from ._elementwise import logical_not as logical_not
from ._elementwise import logical_or as logical_or
from ._elementwise import logical_xor as logical_xor
from ._elementwise import maximum as maximum
from ._elementwise import minimum as minimum
from ._elementwise import multiply as multiply
from ._elementwise import negative as negative
from ._elementwise import nextafter as nextafter
from ._elementwise import not_equal as not_equal
from ._elementwise import positive as positive
from ._elementwise import pow as pow
from ._elementwise import real as real
from ._elementwise import reciprocal as reciprocal
from ._elementwise import remainder as remainder
from ._elementwise import round as round
from ._elementwise import sign as sign
from ._elementwise import signbit as signbit
from ._elementwise import sin as sin
from ._elementwise import sinh as sinh
from ._elementwise import sqrt as sqrt
from ._elementwise import square as square
from ._elementwise import subtract as subtract
from ._elementwise import tan as tan
from ._elementwise import tanh as tanh
from ._elementwise import trunc as trunc
from ._elementwise import where as where
from ._manipulation import argmax as argmax
from ._manipulation import argmin as argmin
from ._manipulation import argsort as argsort
from ._manipulation import broadcast_arrays as broadcast_arrays
from ._manipulation import broadcast_shapes as broadcast_shapes
from ._manipulation import broadcast_to as broadcast_to
from ._manipulation import concat as concat
from ._manipulation import count_nonzero as count_nonzero
from ._manipulation import expand_dims as expand_dims
from ._manipulation import flip as flip
from ._manipulation import isin as isin
from ._manipulation import moveaxis as moveaxis
from ._manipulation import nonzero as nonzero
from ._manipulation import permute_dims as permute_dims
from ._manipulation import repeat as repeat
from ._manipulation import reshape as reshape
from ._manipulation import roll as roll
from ._manipulation import searchsorted as searchsorted
from ._manipulation import sort as sort
from ._manipulation import squeeze as squeeze
from ._manipulation import stack as stack
from ._manipulation import take as take
from ._manipulation import take_along_axis as take_along_axis
from ._manipulation import tile as tile
from ._manipulation import unique_all as unique_all
from ._manipulation import unique_counts as unique_counts
from ._manipulation import unique_inverse as unique_inverse
from ._manipulation import unique_values as unique_values
from ._manipulation import unstack as unstack
from ._statistics import all as all
from ._statistics import any as any
from ._statistics import cumulative_prod as cumulative_prod
from ._statistics import cumulative_sum as cumulative_sum
from ._statistics import diff as diff
from ._statistics import max as max
from ._statistics import mean as mean
from ._statistics import min as min
from ._statistics import prod as prod
from ._statistics import std as std
from ._statistics import sum as sum
from ._statistics import var as var
from ._types import __array_namespace_info__ as __array_namespace_info__
from ._types import astype as astype
from ._types import can_cast as can_cast
from ._types import finfo as finfo
from ._types import iinfo as iinfo
from ._types import isdtype as isdtype
from ._types import result_type as result_type
from .linalg import matmul as matmul
from .linalg import matrix_transpose as matrix_transpose
from .linalg import tensordot as tensordot
from .linalg import vecdot as vecdot

newaxis: None = None
__array_api_version__ = "2024.12"


def __getattr__(name: str):
    if name == "fft":  # at its first use
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'adjoint.array_api' has no attribute {name!r}")
