"""Reductions and running totals. An empty tuple of axes reduces nothing."""

from __future__ import annotations

from .. import _core
from .._core import Tensor, dtype


def _axes(x: Tensor, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """The axes to reduce, in order."""
    if axis is None:
        return tuple(range(x.ndim))
    found = []
    for a in (axis,) if isinstance(axis, int) else axis:
        if not -x.ndim <= a < x.ndim:
            raise IndexError(f"axis {a} is out of range for an array of {x.ndim} dimensions")
        found.append(a % x.ndim)
    if len(set(found)) < len(found):
        raise ValueError(f"axis {axis} names one axis twice")
    return tuple(sorted(found))


def _check_not_empty(x: Tensor, axes: tuple[int, ...], name: str) -> None:
    if 0 in [x.shape[a] for a in axes]:
        raise ValueError(f"{name}(): the array has no elements along axis {axes}, and no value to begin with")


def _summed(x: Tensor, wanted: dtype | None) -> dtype:
    if wanted is not None:
        return wanted
    return x.dtype if x.dtype.is_floating_point or x.dtype.is_complex else _core.int64


def all(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Are all elements true (not zero)? True of none."""
    axes = _axes(x, axis)
    return _core.all(x.to(_core.bool), axes, keepdims) if axes else x.to(_core.bool)


def any(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Is some element true (not zero)? False of none."""
    axes = _axes(x, axis)
    return _core.any(x.to(_core.bool), axes, keepdims) if axes else x.to(_core.bool)


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: dtype | None = None, include_initial: bool = False
) -> Tensor:
    """Running products along an axis; `include_initial` begins with a 1."""
    return _running(_core.cumprod, x, axis, dtype, 1 if include_initial else None)


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: dtype | None = None, include_initial: bool = False
) -> Tensor:
    """Running sums along an axis; `include_initial` begins with a 0."""
    return _running(_core.cumsum, x, axis, dtype, 0 if include_initial else None)


def _running(operation, x: Tensor, axis: int | None, dtype: dtype | None, initial: int | None) -> Tensor:
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"axis must be given for an array of {x.ndim} dimensions")
        axis = 0
    y = operation(x, axis, dtype=_summed(x, dtype))
    if initial is None:
        return y
    shape = list(y.shape)
    shape[axis] = 1
    return _core.cat([y.new_full(shape, initial), y], axis)


def diff(
    x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Differences of neighbours along an axis, n times over."""
    return _core.diff(x, n, axis, prepend, append)


def max(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The largest elements; NaN where one is among them."""
    axes = _axes(x, axis)
    _check_not_empty(x, axes, "max")
    return _core.amax(x, axes, keepdims) if axes else x.clone()


def mean(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Arithmetic means; NaN of none."""
    axes = _axes(x, axis)
    return _core.mean(x, axes, keepdims) if axes else x.clone()


def min(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The smallest elements; NaN where one is among them."""
    axes = _axes(x, axis)
    _check_not_empty(x, axes, "min")
    return _core.amin(x, axes, keepdims) if axes else x.clone()


def prod(
    x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, dtype: dtype | None = None, keepdims: bool = False
) -> Tensor:
    """Products; 1 of none. Integers are multiplied in int64."""
    y = x.to(_summed(x, dtype))
    for a in reversed(_axes(x, axis)):
        y = _core.prod(y, a, keepdims)
    return y if y is not x else x.clone()


def std(
    x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """Standard deviations, the sum of squares divided by n - correction."""
    axes = _axes(x, axis)
    return _core.std(x, axes, correction=correction, keepdim=keepdims) if axes else _core.zeros_like(x)


def sum(
    x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, dtype: dtype | None = None, keepdims: bool = False
) -> Tensor:
    """Sums; 0 of none. Integers are added in int64."""
    axes, kind = _axes(x, axis), _summed(x, dtype)
    return _core.sum(x, axes, keepdims, dtype=kind) if axes else x.to(kind, copy=True)


def var(
    x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """Variances, the sum of squares divided by n - correction."""
    axes = _axes(x, axis)
    return _core.var(x, axes, correction=correction, keepdim=keepdims) if axes else _core.zeros_like(x)
