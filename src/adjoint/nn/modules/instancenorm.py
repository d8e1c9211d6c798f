"""Instance normalisation: each channel of each sample by itself."""

from __future__ import annotations

import warnings

from .. import functional as F
from .batchnorm import _LazyNormBase, _NormBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..._core import Tensor

__all__ = [
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    """y = (x - E[x]) / √(Var[x] + eps) · weight + bias over the dimensions behind the channels'.

    Takes a batch, or one sample without the batch's dimension. By itself it has neither weights nor running statistics.
    """

    _unbatched: int  # dimensions of one sample

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Tensor) -> None:
        low = self._unbatched
        if input.dim() not in (low, low + 1):
            raise ValueError(f"expected {low}D or {low + 1}D input (got {input.dim()}D input)")

    def _check_channels(self, input: Tensor) -> None:
        dim = input.dim() - self._unbatched
        found = input.size(dim)
        if found == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: {found}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
            "num_features, which is not used because affine=False",
            stacklevel=3,
        )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        self._check_channels(input)
        single = input.dim() == self._unbatched
        y = F.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )
        return y.squeeze(0) if single else y

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: Any,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        """States from before version 1 have running statistics that nobody asked for."""
        if local_metadata.get("version") is None and not self.track_running_stats:
            found = [prefix + n for n in ("running_mean", "running_var") if prefix + n in state_dict]
            if found:
                names, kind = " and ".join(f'"{key}"' for key in found), type(self).__name__
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {names} for {kind} with track_running_stats=False. If "
                    f"state_dict is a checkpoint saved before 0.4.0, this may be expected because {kind} does not track "
                    "running stats by default since 0.4.0. Please remove these keys from state_dict. If the running "
                    f"stats are actually needed, instead set track_running_stats=True in {kind} to enable them. See the "
                    f"documentation of {kind} for details."
                )
                for key in found:
                    state_dict.pop(key)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of rows (Ulyanov et al. 2016, arXiv 1607.08022).

    y = (x - E[x]) / √(Var[x] + eps) · weight + bias over each channel of each sample; weight (ones) and bias (zeros) with
    affine=True, running statistics, which `eval()` takes, with track_running_stats=True.

    >>> import adjoint as torch
    >>> torch.nn.InstanceNorm1d(1)(torch.tensor([[[1.0, 3.0]]])).round(decimals=2)
    tensor([[[-1.,  1.]]])
    """

    shape = "(N?, num_features, L) -> (N?, num_features, L)"
    _unbatched = 2


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of images (Ulyanov et al. 2016, arXiv 1607.08022); see InstanceNorm1d.

    >>> import adjoint as torch
    >>> torch.nn.InstanceNorm2d(3)(torch.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    shape = "(N?, num_features, H, W) -> (N?, num_features, H, W)"
    _unbatched = 3


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes (Ulyanov et al. 2016, arXiv 1607.08022); see InstanceNorm1d.

    >>> import adjoint as torch
    >>> torch.nn.InstanceNorm3d(3)(torch.randn(3, 2, 4, 4)).shape
    torch.Size([3, 2, 4, 4])
    """

    shape = "(N?, num_features, D, H, W) -> (N?, num_features, D, H, W)"
    _unbatched = 4


class LazyInstanceNorm1d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm1d that takes num_features from its first input, a batch.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyInstanceNorm1d()
    >>> layer(torch.randn(4, 5, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2]), 5)
    """

    shape = InstanceNorm1d.shape
    cls_to_become = InstanceNorm1d
    _unbatched = 2


class LazyInstanceNorm2d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm2d that takes num_features from its first input, a batch.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyInstanceNorm2d()
    >>> layer(torch.randn(4, 5, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2]), 5)
    """

    shape = InstanceNorm2d.shape
    cls_to_become = InstanceNorm2d
    _unbatched = 3


class LazyInstanceNorm3d(_LazyNormBase, _InstanceNorm):
    """An InstanceNorm3d that takes num_features from its first input, a batch.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyInstanceNorm3d()
    >>> layer(torch.randn(4, 5, 2, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2, 2]), 5)
    """

    shape = InstanceNorm3d.shape
    cls_to_become = InstanceNorm3d
    _unbatched = 4
