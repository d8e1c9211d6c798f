"""Functions that rearrange arrays, pick from them, search and sort them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import _core, functional
from .._core import Tensor
from ._statistics import _axes
from ._types import Number, pair, result_type

# --- shapes ---


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """The arrays, expanded to the shape that they have together."""
    return tuple(functional.broadcast_tensors(*arrays))


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that these have together."""
    return tuple(functional.broadcast_shapes(*shapes))


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """x, expanded to a shape."""
    return _core.broadcast_to(x, shape)


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """The arrays one after the other along an axis, in the type that they have together; flattened for ``axis=None``."""
    both = result_type(*arrays)
    parts = [x.to(both) for x in arrays]
    if axis is None:
        return _core.cat([x.reshape(-1) for x in parts])
    return _core.cat(parts, axis)


def expand_dims(x: Tensor, /, axis: int | tuple[int, ...]) -> Tensor:
    """x with new axes of length 1, at these places of the result.

    Raises:
        IndexError: a place that the result does not have.
        ValueError: one place twice.
    """
    places = _tuple(axis)
    n = x.ndim + len(places)
    found = [_place(a, n, "expand_dims") for a in places]
    if len(set(found)) < len(found):
        raise ValueError(f"expand_dims(): axis {axis} names one place twice")
    for a in sorted(found):
        x = x.unsqueeze(a)
    return x


def _tuple(axis: int | tuple[int, ...]) -> tuple[int, ...]:
    return (axis,) if isinstance(axis, int) else axis


def _place(axis: int, n: int, name: str) -> int:
    if not -n <= axis < n:
        raise IndexError(f"{name}(): axis {axis} is out of range for {n} dimensions")
    return axis % n


def flip(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """x reversed along axes: all of them where none is given."""
    return _core.flip(x, _axes(x, axis))


def moveaxis(x: Tensor, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Tensor:
    """x with axes moved to other places."""
    return _core.movedim(x, _tuple(source), _tuple(destination))


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """x with its axes in another order."""
    return _core.permute(x, axes)


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    """Each element, or slice along an axis, several times in a row."""
    return _core.repeat_interleave(x, repeats, axis)


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """x's elements in another shape; ``copy=True`` always copies, ``copy=False`` never.

    Raises:
        ValueError: ``copy=False``, and the layout demands a copy.
    """
    if copy is False:
        try:
            return x.view(shape)
        except RuntimeError as e:
            raise ValueError(f"reshape(): {e}") from None
    return x.clone().reshape(shape) if copy else x.reshape(shape)


def roll(x: Tensor, /, shift: int | tuple[int, ...], *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """x with its elements shifted along axes, or along its flat order."""
    return _core.roll(x, shift) if axis is None else _core.roll(x, shift, axis)


def squeeze(x: Tensor, /, axis: int | tuple[int, ...]) -> Tensor:
    """x without axes of length 1.

    Raises:
        ValueError: an axis that is longer.
    """
    for a in _tuple(axis):
        if x.shape[_place(a, x.ndim, "squeeze")] != 1:
            raise ValueError(f"squeeze(): axis {a} has length {x.shape[a]}, not 1")
    return _core.squeeze(x, axis)


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """The arrays along a new axis, in the type that they have together."""
    both = result_type(*arrays)
    return _core.stack([x.to(both) for x in arrays], axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """x several times along each axis."""
    return _core.tile(x, repetitions)


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis."""
    return tuple(_core.unbind(x, axis))


# --- by index ---


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The slices at these indices along an axis (which may be left out of vectors); `indices` has one dimension.

    Raises:
        ValueError: no axis, and several dimensions.
    """
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"take(): axis must be given for an array of {x.ndim} dimensions")
        axis = 0
    return _core.index_select(x, axis, indices.to(_core.int64).where(indices >= 0, indices + x.shape[axis]))


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """The elements at these indices along an axis, one for each element of `indices`."""
    place = indices.to(_core.int64)
    return _core.take_along_dim(x, place.where(place >= 0, place + x.shape[axis]), axis)


# --- searches ---


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the first of the largest elements is, along an axis or in the flat order."""
    return _argument(_core.argmax, x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the first of the smallest elements is, along an axis or in the flat order."""
    return _argument(_core.argmin, x, axis, keepdims)


def _argument(operation, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    if axis is not None:
        return operation(x, axis, keepdims)
    found = operation(x)
    return found.reshape((1,) * x.ndim) if keepdims else found


def count_nonzero(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """How many elements are not zero."""
    return _core.sum(x != 0, None if axis is None else axis, keepdims) if axis != () else (x != 0).to(_core.int64)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The indices of the elements that are not zero: an array for each axis.

    Raises:
        ValueError: x has no axis.
    """
    if x.ndim == 0:
        raise ValueError("nonzero(): the array must have at least one dimension")
    return tuple(_core.nonzero(x).unbind(1))


def searchsorted(x1: Tensor, x2: Tensor | Number, /, *, side: str = "left", sorter: Tensor | None = None) -> Tensor:
    """Where elements of x2 would have to go into x1 for it to stay sorted."""
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted(): side must be 'left' or 'right', not {side!r}")
    a, b = pair(x1, x2)
    return _core.searchsorted(a if sorter is None else a[sorter], b.contiguous(), side=side)


# --- sets: each NaN is a value of its own ---


class UniqueAllResult(NamedTuple):
    """The distinct values, where each is first, which of them each element is, how often each is there."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCountsResult(NamedTuple):
    """The distinct values and how often each is there."""

    values: Tensor
    counts: Tensor


class UniqueInverseResult(NamedTuple):
    """The distinct values and which of them each element is."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x: Tensor, /) -> UniqueAllResult:
    """The distinct values with all that is known of them."""
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    # Elements in the order of their values, and of places among equal ones: each value's first place.
    order = _core.argsort(inverse.reshape(-1), stable=True)
    starts = counts.cumsum(0) - counts
    return UniqueAllResult(values, order[starts], inverse, counts)


def unique_counts(x: Tensor, /) -> UniqueCountsResult:
    """The distinct values and their counts."""
    return UniqueCountsResult(*x.unique(return_counts=True))


def unique_inverse(x: Tensor, /) -> UniqueInverseResult:
    """The distinct values, and which of them each element is."""
    return UniqueInverseResult(*x.unique(return_inverse=True))


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct values."""
    return x.unique()


def isin(x1: Tensor | int, x2: Tensor | int, /, *, invert: bool = False) -> Tensor:
    """Which elements of x1 are among those of x2; with `invert`, which are not."""
    a, b = pair(x1, x2)
    return _core.isin(a, b, invert=invert)


# --- sorting ---


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The order that sorts x along an axis."""
    return _core.argsort(x, dim=axis, descending=descending, stable=stable)


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """x sorted along an axis."""
    return _core.sort(x, dim=axis, descending=descending, stable=stable)[0]
