"""What losses share: a reduction, and perhaps a weight."""

from __future__ import annotations

import warnings

from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..._core import Tensor


def _reduction(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """By name, or by the two arguments that it was made of before."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is not None and not reduce:
        name = "none"
    else:
        name = "mean" if size_average is None or size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.", stacklevel=4
    )
    return name


class _Loss(Module):
    """A loss with a reduction: "mean", "sum", or "none"."""

    reduction: str

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = _reduction(reduction, size_average, reduce)


class _WeightedLoss(_Loss):
    """One with a weight, which is a buffer."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
