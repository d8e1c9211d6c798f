"""Pooling: one number for each window, or for each share, of rows, images and volumes."""

from __future__ import annotations

from .. import functional as F
from .module import Module
from .utils import _pair, _single, _triple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..._core import Tensor

    Size = int | Sequence[int]
    Sizes = int | None | Sequence[int | None]
    Places = Tensor | tuple[Tensor, Tensor]

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

_TUPLES = (_single, _pair, _triple)


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window of rows.

    There are ⌊(n + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1 windows along n elements, with ceil_mode also
    one that begins inside and ends outside. return_indices gives the place of each maximum, too, for MaxUnpool1d.

    >>> import adjoint as torch
    >>> torch.nn.MaxPool1d(2)(torch.randn(1, 2, 6)).shape
    torch.Size([1, 2, 3])
    """

    shape = "(N?, C, L) -> (N?, C, L_out) or (N?, C, L_out) (N?, C, L_out)"

    def forward(self, input: Tensor) -> Places:
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool2d(_MaxPool):
    """The largest element of each window of images.

    >>> import adjoint as torch
    >>> torch.nn.MaxPool2d(2)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 3, 2])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out) or (N?, C, H_out, W_out) (N?, C, H_out, W_out)"

    def forward(self, input: Tensor) -> Places:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool3d(_MaxPool):
    """The largest element of each window of volumes.

    >>> import adjoint as torch
    >>> torch.nn.MaxPool3d(2)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 3, 2, 2])
    """

    shape = (
        "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out) or (N?, C, D_out, H_out, W_out) (N?, C, D_out, H_out, W_out)"
    )

    def forward(self, input: Tensor) -> Places:
        return F.max_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class _MaxUnpool(Module):
    _each: Any

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(kernel_size if stride is None else stride)
        self.padding = self._each(padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Zeros, with the elements of rows where MaxPool1d found them.

    >>> import adjoint as torch
    >>> y, places = torch.nn.MaxPool1d(2, return_indices=True)(torch.randn(1, 2, 6))
    >>> torch.nn.MaxUnpool1d(2)(y, places).shape
    torch.Size([1, 2, 6])
    """

    shape = "(N?, C, L) (N?, C, L) -> (N?, C, L_out)"
    _each = staticmethod(_single)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpool):
    """Zeros, with the elements of images where MaxPool2d found them.

    >>> import adjoint as torch
    >>> y, places = torch.nn.MaxPool2d(2, return_indices=True)(torch.randn(1, 2, 6, 4))
    >>> torch.nn.MaxUnpool2d(2)(y, places).shape
    torch.Size([1, 2, 6, 4])
    """

    shape = "(N?, C, H, W) (N?, C, H, W) -> (N?, C, H_out, W_out)"
    _each = staticmethod(_pair)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpool):
    """Zeros, with the elements of volumes where MaxPool3d found them.

    >>> import adjoint as torch
    >>> y, places = torch.nn.MaxPool3d(2, return_indices=True)(torch.randn(1, 2, 6, 4, 4))
    >>> torch.nn.MaxUnpool3d(2)(y, places).shape
    torch.Size([1, 2, 6, 4, 4])
    """

    shape = "(N?, C, D, H, W) (N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out)"
    _each = staticmethod(_triple)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class _AvgPool(Module):
    kernel_size: Size
    stride: Size
    padding: Size

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The average of each window of rows: its sum divided by kernel_size, or by what of it lies in the row where
    count_include_pad is False.

    >>> import adjoint as torch
    >>> torch.nn.AvgPool1d(3, stride=2)(torch.tensor([[[1.0, 2, 3, 4, 5, 6, 7]]]))
    tensor([[[2., 4., 6.]]])
    """

    shape = "(N?, C, L) -> (N?, C, L_out)"

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(kernel_size if stride is None else stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolOfImages(_AvgPool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override


class AvgPool2d(_AvgPoolOfImages):
    """The average of each window of images: its sum divided by its size, or by divisor_override.

    >>> import adjoint as torch
    >>> torch.nn.AvgPool2d(2)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 3, 2])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(_AvgPoolOfImages):
    """The average of each window of volumes: its sum divided by its size, or by divisor_override.

    >>> import adjoint as torch
    >>> torch.nn.AvgPool3d(2)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 3, 2, 2])
    """

    shape = "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _FractionalMaxPool(Module):
    _spatial: int

    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        each, name = _TUPLES[self._spatial - 1], f"FractionalMaxPool{self._spatial}d"
        self.kernel_size = each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio = None if output_ratio is None else each(output_ratio)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest element of each of output_size windows that random numbers spread over images (Graham 2014,
    arXiv:1412.6071); output_ratio gives their number as a share of the size.

    >>> import adjoint as torch
    >>> torch.nn.FractionalMaxPool2d(2, output_size=3)(torch.randn(1, 2, 6, 6)).shape
    torch.Size([1, 2, 3, 3])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out) or (N?, C, H_out, W_out) (N?, C, H_out, W_out)"
    _spatial = 2

    def forward(self, input: Tensor) -> Places:
        return F.fractional_max_pool2d(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest element of each of output_size windows that random numbers spread over volumes (Graham 2014,
    arXiv:1412.6071); output_ratio gives their number as a share of the size.

    >>> import adjoint as torch
    >>> torch.nn.FractionalMaxPool3d(2, output_size=3)(torch.randn(1, 2, 6, 6, 6)).shape
    torch.Size([1, 2, 3, 3, 3])
    """

    shape = (
        "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out) or (N?, C, D_out, H_out, W_out) (N?, C, D_out, H_out, W_out)"
    )
    _spatial = 3

    def forward(self, input: Tensor) -> Places:
        return F.fractional_max_pool3d(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class _LPPool(Module):
    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The norm of each window of rows, (Σ x^p)^(1/p) with p = norm_type; infinity gives the largest absolute value.

    >>> import adjoint as torch
    >>> torch.nn.LPPool1d(2, 2)(torch.randn(1, 2, 6)).shape
    torch.Size([1, 2, 3])
    """

    shape = "(N?, C, L) -> (N?, C, L_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The norm of each window of images, (Σ x^p)^(1/p) with p = norm_type; infinity gives the largest absolute value.

    >>> import adjoint as torch
    >>> torch.nn.LPPool2d(2, 2)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 3, 2])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPool):
    """The norm of each window of volumes, (Σ x^p)^(1/p) with p = norm_type; infinity gives the largest absolute value.

    >>> import adjoint as torch
    >>> torch.nn.LPPool3d(2, 2)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 3, 2, 2])
    """

    shape = "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class _AdaptiveMaxPool(Module):
    output_size: Any

    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest element of each of output_size windows that cover rows evenly.

    Window i of m covers the elements from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ of n.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveMaxPool1d(4)(torch.randn(1, 2, 9)).shape
    torch.Size([1, 2, 4])
    """

    shape = "(N?, C, L) -> (N?, C, L_out) or (N?, C, L_out) (N?, C, L_out)"

    def forward(self, input: Tensor) -> Places:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest element of each of output_size windows that cover images evenly; None keeps a size.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveMaxPool2d((4, 3))(torch.randn(1, 2, 9, 7)).shape
    torch.Size([1, 2, 4, 3])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out) or (N?, C, H_out, W_out) (N?, C, H_out, W_out)"

    def forward(self, input: Tensor) -> Places:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest element of each of output_size windows that cover volumes evenly; None keeps a size.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveMaxPool3d((4, 3, 2))(torch.randn(1, 2, 9, 7, 5)).shape
    torch.Size([1, 2, 4, 3, 2])
    """

    shape = (
        "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out) or (N?, C, D_out, H_out, W_out) (N?, C, D_out, H_out, W_out)"
    )

    def forward(self, input: Tensor) -> Places:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _AdaptiveAvgPool(Module):
    output_size: Any

    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The average of each of output_size windows that cover rows evenly.

    Window i of m covers the elements from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ of n.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveAvgPool1d(4)(torch.randn(1, 2, 9)).shape
    torch.Size([1, 2, 4])
    """

    shape = "(N?, C, L) -> (N?, C, L_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The average of each of output_size windows that cover images evenly; None keeps a size.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveAvgPool2d((4, 3))(torch.randn(1, 2, 9, 7)).shape
    torch.Size([1, 2, 4, 3])
    """

    shape = "(N?, C, H, W) -> (N?, C, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The average of each of output_size windows that cover volumes evenly; None keeps a size.

    >>> import adjoint as torch
    >>> torch.nn.AdaptiveAvgPool3d((4, 3, 2))(torch.randn(1, 2, 9, 7, 5)).shape
    torch.Size([1, 2, 4, 3, 2])
    """

    shape = "(N?, C, D, H, W) -> (N?, C, D_out, H_out, W_out)"

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)
