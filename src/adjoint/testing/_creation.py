"""Tensors to test with: random values in a range, PyTorch's for the same seed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import adjoint

from .. import Tensor


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random values in [low, high): by default [-9, 9), of integers [-9, 10), of unsigned ones [0, 10).

    Args:
        shape: sizes, or one sequence of them.
        noncontiguous: every second element of a larger tensor.
        exclude_zero: zeros become 1, or the smallest normal number.

    Raises:
        ValueError: low ≥ high, NaN, bounds that the dtype does not have, or options that exclude each other.
        TypeError: a dtype that is not for this.
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else tuple(shape)
    real = dtype.is_floating_point or dtype.is_complex
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got {noncontiguous=} and {memory_format=}"
        )
    if requires_grad and not real:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    spread = noncontiguous and math.prod(sizes) > 1
    if spread:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    begin, end = _bounds(dtype, low, high)
    if real:
        result = adjoint.empty(sizes, device=device, dtype=dtype)
        _fill(adjoint.view_as_real(result) if dtype.is_complex else result, begin, end)
    else:
        result = adjoint.randint(int(begin), int(end), sizes, device=device, dtype=dtype)
    if spread:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = adjoint.finfo(dtype).tiny if real else 1
    return result.requires_grad_(requires_grad) if real else result


def _fill(t: Tensor, low: float, high: float) -> None:
    """uniform_ takes no range that is wider than the dtype's largest number: then halves of it."""
    if high - low >= adjoint.finfo(t.dtype).max:
        t.uniform_(low / 2, high / 2).mul_(2)
    else:
        t.uniform_(low, high)


def _bounds(dtype: Any, low: float | None, high: float | None) -> tuple[float, float]:
    lowest: float
    highest: float
    if dtype == adjoint.bool:
        lowest, highest, default_low, default_high = 0, 2, 0, 2
    elif dtype.is_floating_point or dtype.is_complex:
        lowest, highest, default_low, default_high = adjoint.finfo(dtype).min, adjoint.finfo(dtype).max, -9, 9
    else:
        info = adjoint.iinfo(dtype)
        lowest, highest = info.min, info.max + (dtype != adjoint.int64)
        default_low, default_high = -9, 10
    low = default_low if low is None else low
    high = default_high if high is None else high
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    real = dtype.is_floating_point or dtype.is_complex
    if low == high and real:
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 and "
            "will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=4,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < lowest or low >= highest:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports "
            f"[{lowest}, {highest})"
        )
    low, high = min(max(low, lowest), highest), min(max(high, lowest), highest)
    return (low, high) if real else (math.ceil(low), math.ceil(high))
