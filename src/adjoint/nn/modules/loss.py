"""Losses: those of classes here, the others by import."""

from __future__ import annotations

import warnings

from .. import functional as F
from .linear_cross_entropy import LinearCrossEntropyLoss
from .linear_cross_entropy_options import LinearCrossEntropyOptions as LinearCrossEntropyOptions
from .loss_base import _Loss as _Loss
from .loss_base import _WeightedLoss
from .loss_margins import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from .loss_values import (
    BCELoss,
    BCEWithLogitsLoss,
    CTCLoss,
    GaussianNLLLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    PoissonNLLLoss,
    SmoothL1Loss,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..._core import Tensor

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class NLLLoss(_WeightedLoss):
    """-weight[target] · input at the target: the loss of logarithms of probabilities, the classes being dimension 1.

    A mean divides by the sum of the weights; targets of `ignore_index` do not count.

    >>> import adjoint as torch
    >>> log_p = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    >>> torch.nn.NLLLoss(reduction="none")(log_p, torch.tensor([1, 0]))
    tensor([0.2877, 0.6931])
    """

    shape = "(C), () or (N, C, *), (N, *) -> () or (N, *)"

    ignore_index: int

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """NLLLoss, by the name that it had for images."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn(
            "NLLLoss2d has been deprecated. Please use NLLLoss instead as a drop-in replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class CrossEntropyLoss(_WeightedLoss):
    """-Σ weight · q · log_softmax(input) over the classes, dimension 1: the loss of logits.

    q is 1 at the target, a class, or the target itself, probabilities in input's shape; label_smoothing ε makes it
    (1 - ε) · q + ε / C. A mean divides by the sum of the targets' weights, or, of probabilities, by their number; classes
    of `ignore_index` do not count.

    >>> import adjoint as torch
    >>> loss = torch.nn.CrossEntropyLoss()
    >>> loss(torch.zeros(1, 2), torch.tensor([1])), loss(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]))
    (tensor(0.6931), tensor(0.6931))
    """

    shape = "(C), () or (N, C, *), (N, *) or (C), (C) or (N, C, *), (N, C, *) -> () or (N, *)"

    ignore_index: int
    label_smoothing: float

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
