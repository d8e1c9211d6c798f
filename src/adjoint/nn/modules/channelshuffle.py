"""Channels in another order."""

from __future__ import annotations

from .. import functional as F
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..._core import Tensor

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """Channels, read as [groups, C / groups], in transposed order, so that each group meets the others (Zhang et al. 2017,
    arXiv:1707.01083).

    >>> import adjoint as torch
    >>> torch.nn.ChannelShuffle(2)(torch.arange(4.0).reshape(1, 4, 1, 1)).flatten()
    tensor([0., 2., 1., 3.])
    """

    shape = "(N, C, *) -> (N, C, *)"

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
