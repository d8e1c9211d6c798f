"""Dropout, in training; afterwards these layers give what they take."""

from __future__ import annotations

from .. import functional as F
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..._core import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Sets elements to 0 with probability p and divides the others by 1 - p (Hinton et al. 2012).

    >>> import adjoint as torch
    >>> layer = torch.nn.Dropout(0.5)
    >>> set(layer(torch.ones(100)).tolist()), set(layer.eval()(torch.ones(100)).tolist())
    ({0.0, 2.0}, {1.0})
    """

    shape = "(*) -> (*)"

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Dropout of whole channels of a sequence (Tompson et al. 2015).

    >>> import adjoint as torch
    >>> [len(set(channel)) for channel in torch.nn.Dropout1d()(torch.ones(2, 5)).tolist()]
    [1, 1]
    """

    shape = "(N?, C, L) -> (N?, C, L)"

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Dropout of whole channels of images.

    >>> import adjoint as torch
    >>> [len(set(channel)) for channel in torch.nn.Dropout2d()(torch.ones(1, 2, 3, 3)).flatten(2)[0].tolist()]
    [1, 1]
    """

    shape = "(N, C, H, W) or (N, C, L) -> (N, C, H, W) or (N, C, L)"

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Dropout of whole channels of volumes.

    >>> import adjoint as torch
    >>> [len(set(channel)) for channel in torch.nn.Dropout3d()(torch.ones(2, 3, 3, 3)).flatten(1).tolist()]
    [1, 1]
    """

    shape = "(N?, C, D, H, W) -> (N?, C, D, H, W)"

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout after selu: it sets elements to selu's limit and keeps mean and variance (Klambauer et al. 2017).

    >>> import adjoint as torch
    >>> torch.nn.AlphaDropout(0.2)(torch.randn(3)).shape
    torch.Size([3])
    """

    shape = "(*) -> (*)"

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels.

    >>> import adjoint as torch
    >>> torch.nn.FeatureAlphaDropout(0.2)(torch.randn(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    shape = "(N, C, *) -> (N, C, *)"

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
