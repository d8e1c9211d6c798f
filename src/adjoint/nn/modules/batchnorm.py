"""Batch normalisation: a channel's numbers over the batch, and running statistics of them."""

from __future__ import annotations

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy
from .lazy import LazyModuleMixin
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..._core import Tensor

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "SyncBatchNorm",
]


class _NormBase(Module):
    """What batch and instance normalisation share: a weight and a bias for each channel, and running statistics.

    weight begins as ones, bias as zeros, running_mean as zeros, running_var as ones.
    """

    _version = 2

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(_core.empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)
        if track_running_stats:
            self.register_buffer("running_mean", _core.zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", _core.ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", _core.zeros((), dtype=_core.int64, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running statistics as at the beginning."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
            self.running_var.fill_(1)  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any
    ) -> None:
        """States from before num_batches_tracked keep what the module has."""
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            held = self.num_batches_tracked
            known = held is not None and not held.is_meta
            state_dict[key] = held if known else _core.zeros((), dtype=_core.int64)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    """y = (x - E[x]) / √(Var[x] + eps) · weight + bias, over all dimensions but the channels' one, the second.

    While training, mean and (biased) variance are those of the batch, and the running ones, which evaluation takes, move
    towards them: r ← (1 - momentum) · r + momentum · batch's, with the unbiased variance. momentum=None makes them the
    averages over all batches. Without running statistics (track_running_stats=False) the batch's serve always.
    """

    def _training(self) -> bool:
        """By the statistics of the batch?"""
        return self.training or (self.running_mean is None and self.running_var is None)

    def _factor(self) -> float:
        """The momentum of this batch, which is counted."""
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                return 1 / float(self.num_batches_tracked)
        return 0.0 if self.momentum is None else self.momentum

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        factor = self._factor()
        tracked = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self.weight,
            self.bias,
            self._training(),
            factor,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of vectors or rows (Ioffe and Szegedy 2015, arXiv 1502.03167).

    y = (x - E[x]) / √(Var[x] + eps) · weight + bias for each of num_features channels, with the mean and the biased
    variance of the batch; `eval()` takes the running ones, which each training step moves by `momentum` (None: averages
    over all steps). weight begins as ones, bias as zeros.

    >>> import adjoint as torch
    >>> y = torch.nn.BatchNorm1d(2, affine=False)(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
    >>> y.round(decimals=2)
    tensor([[-1., -1.],
            [ 1.,  1.]])
    """

    shape = "(N, num_features) or (N, num_features, L) -> (N, num_features) or (N, num_features, L)"

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images (Ioffe and Szegedy 2015, arXiv 1502.03167); see BatchNorm1d.

    >>> import adjoint as torch
    >>> layer = torch.nn.BatchNorm2d(3)
    >>> layer(torch.randn(8, 3, 4, 4)).shape, layer.num_batches_tracked
    (torch.Size([8, 3, 4, 4]), tensor(1))
    """

    shape = "(N, num_features, H, W) -> (N, num_features, H, W)"

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes (Ioffe and Szegedy 2015, arXiv 1502.03167); see BatchNorm1d.

    >>> import adjoint as torch
    >>> torch.nn.BatchNorm3d(2)(torch.randn(4, 2, 3, 3, 3)).shape
    torch.Size([4, 2, 3, 3, 3])
    """

    shape = "(N, num_features, D, H, W) -> (N, num_features, D, H, W)"

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """Takes num_features from the second dimension of its first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = _core.zeros((), dtype=_core.int64, device=device)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        lazy = [t for t in (self.weight, self.bias, self.running_mean, self.running_var) if is_lazy(t)]
        self.num_features = input.shape[1]
        for t in lazy:
            t.materialize((self.num_features,))  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
        if lazy:  # none, where a state was loaded
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, _BatchNorm):
    """A BatchNorm1d that takes num_features from its first input.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyBatchNorm1d()
    >>> layer(torch.randn(4, 5)).shape, layer.num_features
    (torch.Size([4, 5]), 5)
    """

    shape = BatchNorm1d.shape
    cls_to_become = BatchNorm1d
    _check_input_dim = BatchNorm1d._check_input_dim


class LazyBatchNorm2d(_LazyNormBase, _BatchNorm):
    """A BatchNorm2d that takes num_features from its first input.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyBatchNorm2d()
    >>> layer(torch.randn(4, 5, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2]), 5)
    """

    shape = BatchNorm2d.shape
    cls_to_become = BatchNorm2d
    _check_input_dim = BatchNorm2d._check_input_dim


class LazyBatchNorm3d(_LazyNormBase, _BatchNorm):
    """A BatchNorm3d that takes num_features from its first input.

    >>> import adjoint as torch
    >>> layer = torch.nn.LazyBatchNorm3d()
    >>> layer(torch.randn(4, 5, 2, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2, 2]), 5)
    """

    shape = BatchNorm3d.shape
    cls_to_become = BatchNorm3d
    _check_input_dim = BatchNorm3d._check_input_dim


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose statistics are those of all processes of a group; of one process, its own.

    Takes (N, C, ...). Without a group of processes it is BatchNorm; `convert_sync_batchnorm` makes it of each
    BatchNorm in a module.

    >>> import adjoint as torch
    >>> torch.nn.SyncBatchNorm(3)(torch.randn(4, 3, 2)).shape
    torch.Size([4, 3, 2])
    """

    shape = "(N, num_features, *) -> (N, num_features, *)"

    process_group: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with each BatchNorm in it as a SyncBatchNorm, which shares its parameters and buffers."""
        converted = module
        if isinstance(module, _BatchNorm):
            converted = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                converted.weight = module.weight
                converted.bias = module.bias
            converted.running_mean = module.running_mean
            converted.running_var = module.running_var
            converted.num_batches_tracked = module.num_batches_tracked
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted
