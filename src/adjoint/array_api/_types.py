"""Element types as the standard sees them: kinds, promotion, limits, and what the namespace says of itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TypeAlias, overload

from .. import _core
from .._core import Tensor, device, dtype

Number: TypeAlias = bool | int | float | complex

_SIGNED = (_core.int8, _core.int16, _core.int32, _core.int64)
_UNSIGNED = (_core.uint8,)
_REAL = (_core.float32, _core.float64)
_COMPLEX = (_core.complex64, _core.complex128)
KINDS: dict[str, tuple[dtype, ...]] = {
    "bool": (_core.bool,),
    "signed integer": _SIGNED,
    "unsigned integer": _UNSIGNED,
    "integral": _SIGNED + _UNSIGNED,
    "real floating": _REAL,
    "complex floating": _COMPLEX,
    "numeric": _SIGNED + _UNSIGNED + _REAL + _COMPLEX,
}
# Halves are no types of the standard: they count as floats where one asks for a kind.
_HALVES = (_core.float16, _core.bfloat16)


def isdtype(dtype: dtype, kind: dtype | str | tuple[dtype | str, ...]) -> bool:
    """Is the type of that kind: a type, 'bool', 'integral', 'signed integer', 'unsigned integer', 'real floating',
    'complex floating', 'numeric', or one of several?

    Raises:
        ValueError: a kind that the standard does not name.
        TypeError: neither a type, a string nor a tuple.
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"isdtype(): unrecognized kind {kind!r}; there are {', '.join(map(repr, KINDS))}")
        return dtype in KINDS[kind] or (kind in ("real floating", "numeric") and dtype in _HALVES)
    if not isinstance(kind, _core.dtype):
        raise TypeError(f"isdtype(): kind must be a dtype, a str or a tuple of these, not {type(kind).__name__}")
    return dtype == kind


def _of_number(value: Number, dtypes: list[dtype]) -> dtype:
    """The type in which a Python number meets arrays of these types."""
    together = dtypes[0]
    for d in dtypes[1:]:
        together = _core.promote_types(together, d)
    if isinstance(value, bool):
        return together
    if isinstance(value, int):
        return _core.promote_types(together, _core.uint8) if together == _core.bool else together
    real = together if together.is_floating_point or together.is_complex else _core.get_default_dtype()
    return real if isinstance(value, float) else real.to_complex()


def result_type(*arrays_and_dtypes: Tensor | dtype | Number) -> dtype:
    """The type that arrays, types and Python numbers have together, by the standard's table; an array of no dimension
    counts as every other (PyTorch gives it less weight).

    Raises:
        ValueError: nothing given, or numbers alone.
    """
    dtypes = [
        x.dtype if isinstance(x, Tensor) else x for x in arrays_and_dtypes if isinstance(x, (Tensor, _core.dtype))
    ]
    if not dtypes:
        raise ValueError("result_type(): at least one array or dtype is required")
    found = dtypes[0]
    for d in dtypes[1:]:
        found = _core.promote_types(found, d)
    for x in arrays_and_dtypes:
        if not isinstance(x, (Tensor, _core.dtype)):
            found = _of_number(x, [found])
    return found


def can_cast(from_: Tensor | dtype, to: dtype, /) -> bool:
    """Does promotion lead from the one type to the other?"""
    source = from_.dtype if isinstance(from_, Tensor) else from_
    return _core.promote_types(source, to) == to


def pair(x1: Tensor | Number, x2: Tensor | Number) -> tuple[Tensor, Tensor]:
    """Two operands, brought to the type that they have together.

    Raises:
        TypeError: two numbers.
    """
    if isinstance(x1, Tensor):
        if not isinstance(x2, Tensor):
            return _with_number(x1, x2)
        if x1.dtype == x2.dtype:
            return x1, x2
        both = _core.promote_types(x1.dtype, x2.dtype)
        return x1.to(both), x2.to(both)
    if isinstance(x2, Tensor):
        b, a = _with_number(x2, x1)
        return a, b
    raise TypeError("at least one of x1 and x2 must be an array")


def _with_number(x: Tensor, value: Number) -> tuple[Tensor, Tensor]:
    if not isinstance(value, (bool, int, float, complex)):
        raise TypeError(f"an operand must be an array or a Python number, not {type(value).__name__}")
    both = _of_number(value, [x.dtype])
    return x.to(both), _core.full((), value, dtype=both, device=x.device)


def astype(x: Tensor, dtype: dtype, /, *, copy: bool = True, device: device | None = None) -> Tensor:
    """x with another element type: a copy, or with ``copy=False`` x itself where it has the type already.

    Raises:
        TypeError: from complex to real, which would lose the imaginary part: take ``real(x)``.
    """
    if x.dtype.is_complex and not dtype.is_complex and dtype != _core.bool:
        raise TypeError(f"astype(): {x.dtype} cannot be cast to {dtype} without loss: take real(x) or imag(x)")
    return x.to(device=x.device if device is None else device, dtype=dtype, copy=copy)


@overload
def _dtype_of(type: Tensor) -> dtype: ...
@overload
def _dtype_of(type: dtype) -> dtype: ...
def _dtype_of(type: Tensor | dtype) -> dtype:
    return type.dtype if isinstance(type, Tensor) else type


class Limits(SimpleNamespace):
    """What finfo and iinfo give: the limits of a type, which is `dtype`."""


def finfo(type: dtype | Tensor, /) -> Limits:
    """bits, eps, max, min, smallest_normal and (real) dtype of a floating type, or an array's."""
    from .._typeinfo import finfo as limits

    d = _dtype_of(type)
    found = limits(d)
    return Limits(
        bits=found.bits,
        eps=found.eps,
        max=found.max,
        min=found.min,
        smallest_normal=found.smallest_normal,
        dtype=d.to_real() if d.is_complex else d,
    )


def iinfo(type: dtype | Tensor, /) -> Limits:
    """bits, max, min and dtype of an integer type, or an array's."""
    from .._typeinfo import iinfo as limits

    d = _dtype_of(type)
    found = limits(d)
    return Limits(bits=found.bits, max=found.max, min=found.min, dtype=d)


class _Info:
    """What ``__array_namespace_info__()`` tells of the namespace."""

    def capabilities(self) -> dict[str, bool | int | None]:
        """Indexing by masks and results whose shape depends on values are there; an array has at most 64 dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> device:
        """The device on which arrays are made."""
        return _core.get_default_device()

    def default_dtypes(self, *, device: device | None = None) -> dict[str, dtype]:
        """The types of results whose type nobody has chosen."""
        real = _core.get_default_dtype()
        return {
            "real floating": real,
            "complex floating": real.to_complex(),
            "integral": _core.int64,
            "indexing": _core.int64,
        }

    def devices(self) -> list[device]:
        """The devices that arrays may be on."""
        return [_core.device("cpu"), _core.device("meta")]

    def dtypes(self, *, device: device | None = None, kind: str | tuple[str, ...] | None = None) -> dict[str, dtype]:
        """The standard's types by name: all, or those of a kind."""
        found = KINDS["bool"] + KINDS["numeric"]
        return {str(d).removeprefix("torch."): d for d in found if kind is None or isdtype(d, kind)}


def __array_namespace_info__() -> _Info:
    """What the namespace has: capabilities, devices, types."""
    return _Info()
