"""Sizes that layers and functions take as one number or as one for each dimension."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def each_of(value: Any, n: int) -> tuple[Any, ...]:
    """A tuple: `n` times the number, or what was given."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * n


def filled(output_size: Any, shape: Sequence[int]) -> Any:
    """Adaptive pooling's sizes, those of the input in place of None."""
    if not isinstance(output_size, (list, tuple)):
        return output_size
    if len(shape) <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    return [own if size is None else size for size, own in zip(output_size, shape[-len(output_size) :], strict=False)]
