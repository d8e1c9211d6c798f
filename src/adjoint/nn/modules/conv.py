"""Convolutions over one to three dimensions of space, and their transposes."""

from __future__ import annotations

import math

from ... import _core
from .. import functional as F
from .. import init
from ..parameter import Parameter, UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..._core import Tensor

    Size = int | Sequence[int]

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]

_PADDINGS = ("same", "valid")
_MODES = ("zeros", "reflect", "replicate", "circular")


def _each(value: Size, n: int) -> tuple[int, ...]:
    """A number stands for itself in each of n dimensions."""
    sizes: Any = value  # any integer type
    return tuple(sizes) if hasattr(sizes, "__iter__") else (sizes,) * n


def _both_ends(padding: str | tuple[int, ...], kernel: tuple[int, ...], dilation: tuple[int, ...]) -> list[int]:
    """F.pad's list: pairs, the last dimension first."""
    pairs = []
    for d in reversed(range(len(kernel))):
        total = dilation[d] * (kernel[d] - 1) if padding == "same" else 0
        before, after = (total // 2, total - total // 2) if isinstance(padding, str) else (padding[d], padding[d])
        pairs += [before, after]
    return pairs


class _ConvNd(Module):
    dimensions = 0  # of space
    transposed = False
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def _setup(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: str | Size,
        output_padding: Size,
        groups: int,
        bias: bool,
        dilation: Size,
        padding_mode: str,
        factory: dict[str, Any],
    ) -> None:
        n = self.dimensions
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = _each(kernel_size, n), _each(stride, n), _each(dilation, n)
        self.output_padding = _each(output_padding, n)
        self._set_padding(padding, padding_mode)
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(_core.empty((*channels, *self.kernel_size), **factory))
        if bias:
            self.bias = Parameter(_core.empty(out_channels, **factory))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _set_padding(self, padding: str | Size, mode: str) -> None:
        if isinstance(padding, str):
            if padding not in _PADDINGS:
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {set(_PADDINGS)}")
            if padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{mode}'")
        self.padding = padding if isinstance(padding, str) else _each(padding, self.dimensions)
        self.padding_mode = mode
        self._reversed_padding_repeated_twice = _both_ends(self.padding, self.kernel_size, self.dilation)

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Tensor) -> tuple[Tensor, str | tuple[int, ...]]:
        """The input with a border of its own elements, and the padding with zeros that is left to do."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode), (0,) * self.dimensions

    def extra_repr(self) -> str:
        n = self.dimensions
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        usual: dict[str, Any] = {"padding": (0,) * n, "dilation": (1,) * n, "output_padding": (0,) * n, "groups": 1}
        parts += [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        parts += ["bias=False"] if self.bias is None else []
        parts += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(parts)


class _Conv(_ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: str | Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        self._setup(
            in_channels, out_channels, kernel_size, stride, padding, 0, groups, bias, dilation, padding_mode, factory
        )


class Conv1d(_Conv):
    """y[o] = bias[o] + Σ_c weight[o, c] ⋆ x[c]: a kernel slides along a line and sums products over its channels.

    weight is (out_channels, in_channels / groups, kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = in_channels / groups · kernel_size (He et al. 2015 with a = √5). L_out = ⌊(L + 2·padding - dilation·(kernel_size
    - 1) - 1) / stride⌋ + 1. `padding` may be "same" or "valid"; `padding_mode` says what stands beyond the ends: zeros,
    or the input's own elements, reflected ("reflect"), repeated ("replicate") or from the other end ("circular").

    >>> import adjoint as torch
    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 24])
    """

    shape = "(N?, in_channels, L) -> (N?, out_channels, L_out)"
    dimensions = 1

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return F.conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """y[o] = bias[o] + Σ_c weight[o, c] ⋆ x[c]: a kernel slides over an image and sums products over its channels.

    weight is (out_channels, in_channels / groups, *kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = in_channels / groups · the kernel's area (He et al. 2015 with a = √5). Sizes and paddings as of Conv1d, for each
    dimension.

    >>> import adjoint as torch
    >>> torch.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(torch.randn(20, 16, 50, 100)).shape
    torch.Size([20, 33, 28, 100])
    """

    shape = "(N?, in_channels, H, W) -> (N?, out_channels, H_out, W_out)"
    dimensions = 2

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """y[o] = bias[o] + Σ_c weight[o, c] ⋆ x[c]: a kernel slides through a volume and sums products over its channels.

    weight is (out_channels, in_channels / groups, *kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = in_channels / groups · the kernel's volume (He et al. 2015 with a = √5). Sizes and paddings as of Conv1d, for
    each dimension.

    >>> import adjoint as torch
    >>> torch.nn.Conv3d(4, 8, (3, 5, 2), stride=(2, 1, 1), padding=(4, 2, 0))(torch.randn(2, 4, 10, 12, 9)).shape
    torch.Size([2, 8, 8, 12, 8])
    """

    shape = "(N?, in_channels, D, H, W) -> (N?, out_channels, D_out, H_out, W_out)"
    dimensions = 3

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return F.conv3d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _ConvTransposeNd(_ConvNd):
    transposed = True
    padding: tuple[int, ...]  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        factory = {"device": device, "dtype": dtype}
        self._setup(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            bias,
            dilation,
            padding_mode,
            factory,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What must be added to the smallest result for it to have `output_size`."""
        if output_size is None:
            return self.output_padding
        n = self.dimensions
        before = 2 if input.dim() == n + 2 else 1
        wanted = list(output_size)[before:] if len(output_size) == before + n else list(output_size)
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or {before + n} elements (got "
                f"{len(wanted)})"
            )
        least = [
            (input.size(d + before) - 1) * self.stride[d]
            - 2 * self.padding[d]
            + self.dilation[d] * (self.kernel_size[d] - 1)
            + 1
            for d in range(n)
        ]
        most = [size + stride - 1 for size, stride in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} (for an input of "
                f"{input.size()[2:]})"
            )
        return tuple(size - low for size, low in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of Conv1d as a layer: each element adds its multiple of the kernel, stride apart, to the result.

    weight is (in_channels, out_channels / groups, kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = out_channels / groups · kernel_size (He et al. 2015 with a = √5). L_out = (L - 1)·stride - 2·padding +
    dilation·(kernel_size - 1) + output_padding + 1; forward's `output_size` picks the output_padding that gives it.

    >>> import adjoint as torch
    >>> torch.nn.ConvTranspose1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 101])
    """

    shape = "(N?, in_channels, L) -> (N?, out_channels, L_out)"
    dimensions = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        more = self._output_padding(input, output_size)
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of Conv2d as a layer: each element adds its multiple of the kernel, stride apart, to the result.

    weight is (in_channels, out_channels / groups, *kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = out_channels / groups · the kernel's area (He et al. 2015 with a = √5). Sizes as of ConvTranspose1d.

    >>> import adjoint as torch
    >>> down, up = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), torch.nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1)
    >>> x = torch.randn(1, 3, 12, 12)
    >>> up(down(x), output_size=x.size()).shape
    torch.Size([1, 3, 12, 12])
    """

    shape = "(N?, in_channels, H, W) -> (N?, out_channels, H_out, W_out)"
    dimensions = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        more = self._output_padding(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of Conv3d as a layer: each element adds its multiple of the kernel, stride apart, to the result.

    weight is (in_channels, out_channels / groups, *kernel_size), bias (out_channels); both begin uniform in ±1/√k for
    k = out_channels / groups · the kernel's volume (He et al. 2015 with a = √5). Sizes as of ConvTranspose1d.

    >>> import adjoint as torch
    >>> torch.nn.ConvTranspose3d(4, 8, 3, stride=2)(torch.randn(2, 4, 5, 6, 7)).shape
    torch.Size([2, 8, 11, 13, 15])
    """

    shape = "(N?, in_channels, D, H, W) -> (N?, out_channels, D_out, H_out, W_out)"
    dimensions = 3

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        more = self._output_padding(input, output_size)
        return F.conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )


# --- layers that take in_channels from their first input ---


class _Lazy(LazyModuleMixin):
    def _make_lazy(self, out_channels: int, bias: bool, factory: dict[str, Any]) -> None:
        self.weight = UninitializedParameter(**factory)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(**factory)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._channels_of(input)
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        channels = (
            (self.in_channels, self.out_channels // self.groups)
            if self.transposed
            else (self.out_channels, self.in_channels // self.groups)
        )
        self.weight.materialize((*channels, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _channels_of(self, input: Tensor) -> int:
        n = self.dimensions
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(self).__name__}, but got input of "
                f"size: {input.shape}"
            )
        return input.shape[-n - 1]


class _LazyConv(_Lazy):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: str | Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._make_lazy(out_channels, bias, {"device": device, "dtype": dtype})


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d that takes in_channels from its first input."""

    shape = Conv1d.shape
    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d that takes in_channels from its first input."""

    shape = Conv2d.shape
    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A Conv3d that takes in_channels from its first input."""

    shape = Conv3d.shape
    cls_to_become = Conv3d


class _LazyConvTranspose(_Lazy):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._make_lazy(out_channels, bias, {"device": device, "dtype": dtype})


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ConvTranspose1d that takes in_channels from its first input."""

    shape = ConvTranspose1d.shape
    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ConvTranspose2d that takes in_channels from its first input."""

    shape = ConvTranspose2d.shape
    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ConvTranspose3d that takes in_channels from its first input."""

    shape = ConvTranspose3d.shape
    cls_to_become = ConvTranspose3d
