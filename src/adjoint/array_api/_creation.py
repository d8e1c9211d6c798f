"""Functions that make arrays."""

from __future__ import annotations

from typing import Any

from .. import _core, functional
from .._core import Tensor, device, dtype
from ._types import Number


def asarray(
    obj: Any, /, *, dtype: dtype | None = None, device: device | None = None, copy: bool | None = None
) -> Tensor:
    """An array of a number, a nested sequence, a buffer or an array; ``copy=False`` shares memory.

    Raises:
        ValueError: ``copy=False``, and there is no way without a copy.
    """
    return _core.asarray(obj, dtype=dtype, device=device, copy=copy)


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: dtype | None = None,
    device: device | None = None,
) -> Tensor:
    """start, start + step, ... below stop (from 0 where only one is given); empty where the step leads away."""
    if stop is None:
        start, stop = 0, start
    if step != 0 and (stop - start) / step <= 0:
        if dtype is None:
            whole = all(isinstance(v, int) for v in (start, stop, step))
            dtype = _core.int64 if whole else _core.get_default_dtype()
        return _core.empty(0, dtype=dtype, device=device)
    return _core.arange(start, stop, step, dtype=dtype, device=device)


def empty(shape: int | tuple[int, ...], *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array whose elements are not set."""
    return _core.empty(shape, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of x's shape, not set."""
    return _core.empty_like(x, dtype=dtype, device=device)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: dtype | None = None,
    device: device | None = None,
) -> Tensor:
    """Ones on the k-th diagonal (above the main one where k > 0), zeros elsewhere."""
    columns = n_rows if n_cols is None else n_cols
    y = _core.zeros(n_rows, columns, dtype=dtype, device=device)
    if -n_rows < k < columns:
        y.diagonal(k).fill_(1)
    return y


def from_dlpack(x: Any, /, *, device: device | None = None, copy: bool | None = None) -> Tensor:
    """An array over another library's memory, by the DLPack protocol."""
    return _core.from_dlpack(x, device=device, copy=copy)


def full(
    shape: int | tuple[int, ...], fill_value: Number, *, dtype: dtype | None = None, device: device | None = None
) -> Tensor:
    """An array of one value."""
    return _core.full((shape,) if isinstance(shape, int) else shape, fill_value, dtype=dtype, device=device)


def full_like(x: Tensor, /, fill_value: Number, *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of x's shape and of one value."""
    return _core.full_like(x, fill_value, dtype=dtype, device=device)


def linspace(
    start: Number,
    stop: Number,
    /,
    num: int,
    *,
    dtype: dtype | None = None,
    device: device | None = None,
    endpoint: bool = True,
) -> Tensor:
    """`num` numbers from start to stop, evenly spaced; without the end where `endpoint` is false."""
    if endpoint:
        return _core.linspace(start, stop, num, dtype=dtype, device=device)
    return _core.linspace(start, stop, num + 1, dtype=dtype, device=device)[:num]


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinate arrays of vectors; 'xy' has the first along the second dimension, 'ij' along the first."""
    if len({x.dtype for x in arrays}) > 1:
        raise ValueError("meshgrid(): all arrays must have one dtype")
    return tuple(functional.meshgrid(*arrays, indexing=indexing))


def ones(shape: int | tuple[int, ...], *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of ones."""
    return _core.ones(shape, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of x's shape, of ones."""
    return _core.ones_like(x, dtype=dtype, device=device)


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """Matrices without what is above the k-th diagonal."""
    return _core.tril(x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """Matrices without what is below the k-th diagonal."""
    return _core.triu(x, k)


def zeros(shape: int | tuple[int, ...], *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of zeros."""
    return _core.zeros(shape, dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """An array of x's shape, of zeros."""
    return _core.zeros_like(x, dtype=dtype, device=device)
