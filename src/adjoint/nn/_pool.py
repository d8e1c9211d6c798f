"""Pooling functions whose results or sizes a schema cannot express: with places or without, by ratios, by norms."""

from __future__ import annotations

from .. import _core
from ._sizes import each_of, filled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._core import Tensor

    Size = int | Sequence[int]
    Sizes = int | None | Sequence[int | None]
    Ratio = float | Sequence[float]
    Places = Tensor | tuple[Tensor, Tensor]

_ops = _core._ops
_avg = (_core._nn["avg_pool1d"], _core._nn["avg_pool2d"], _core._nn["avg_pool3d"])


# --- maxima ---
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool1d` and the place of each maximum in its row."""
    return _core.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool2d` and the place of each maximum in its image, counted flat."""
    return _ops["max_pool2d_with_indices"](input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool3d` and the place of each maximum in its image, counted flat."""
    return _ops["max_pool3d_with_indices"](input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Places:
    """The largest element of each window of a row, (C, L) or (N, C, L)."""
    f = max_pool1d_with_indices if return_indices else _core.max_pool1d
    return f(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Places:
    """The largest element of each window of an image, (C, H, W) or (N, C, H, W)."""
    f = max_pool2d_with_indices if return_indices else _core.max_pool2d
    return f(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Places:
    """The largest element of each window of a volume, (C, D, H, W) or (N, C, D, H, W)."""
    f = max_pool3d_with_indices if return_indices else _core.max_pool3d
    return f(input, kernel_size, stride, padding, dilation, ceil_mode)


# --- adaptive ---
def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """The average of each of `output_size` windows that cover an image; None keeps a size."""
    return _ops["adaptive_avg_pool2d"](input, filled(output_size, input.shape))


def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """The average of each of `output_size` windows that cover a volume; None keeps a size."""
    return _ops["adaptive_avg_pool3d"](input, filled(output_size, input.shape))


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Size, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool1d` and the place of each maximum in its row."""
    return _core.adaptive_max_pool1d(input, output_size)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d` and the place of each maximum in its image, counted flat."""
    return _ops["adaptive_max_pool2d"](input, filled(output_size, input.shape))


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool3d` and the place of each maximum in its image, counted flat."""
    return _ops["adaptive_max_pool3d"](input, filled(output_size, input.shape))


def adaptive_max_pool1d(input: Tensor, output_size: Size, return_indices: bool = False) -> Places:
    """The largest element of each of `output_size` windows that cover a row."""
    both = adaptive_max_pool1d_with_indices(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Places:
    """The largest element of each of `output_size` windows that cover an image; None keeps a size."""
    both = adaptive_max_pool2d_with_indices(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Places:
    """The largest element of each of `output_size` windows that cover a volume; None keeps a size."""
    both = adaptive_max_pool3d_with_indices(input, output_size)
    return both if return_indices else both[0]


# --- fractional ---
def _fractional(n, input, kernel_size, output_size, output_ratio, samples):
    name = f"fractional_max_pool{n}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        ratio = each_of(output_ratio, n)
        if len(ratio) != n:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        output_size = [int(input.size(d - n) * r) for d, r in enumerate(ratio)]
    if samples is None:
        batch = 1 if input.dim() == n + 1 else input.size(0)
        samples = _core.rand(batch, input.size(-n - 1), n, dtype=input.dtype, device=input.device)
    return _ops[name](input, kernel_size, output_size, samples)


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d` and the place of each maximum in its image, counted flat."""
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d` and the place of each maximum in its image, counted flat."""
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Places:
    """Maxima of windows that random samples spread over an image (arXiv:1412.6071)."""
    both = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Places:
    """Maxima of windows that random samples spread over a volume (arXiv:1412.6071)."""
    both = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]


# --- unpooling ---
def _unpooled_size(n, input, kernel_size, stride, padding, output_size):
    """The size that was pooled; of several that pool to the same, the one that was asked for."""
    shape = input.shape[-n:]
    usual = [(shape[d] - 1) * stride[d] + kernel_size[d] - 2 * padding[d] for d in range(n)]
    size = usual
    if output_size is not None:
        size = output_size[2:] if len(output_size) == n + 2 else output_size
        if len(size) != n:
            raise ValueError(
                f"output_size should be a sequence containing {n} or {n + 2} elements, "
                f"but it has a length of '{len(size)}'"
            )
        for d in range(n):
            low, high = usual[d] - stride[d], usual[d] + stride[d]
            if not low < size[d] < high:
                raise ValueError(f'invalid output_size "{size}" (dim {d} must be between {low} and {high})')
    for d in range(n):
        if size[d] < 0:
            raise ValueError(
                "max_unpooling: output_size must contain non-negative spatial "
                f"dimensions, but got output_size[{d}]={size[d]}"
            )
    return list(size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with the elements of a pooled row where their maxima were."""
    kernel_size, padding = each_of(kernel_size, 1), each_of(padding, 1)
    stride = kernel_size if stride is None else each_of(stride, 1)
    size = _unpooled_size(1, input, kernel_size, stride, padding, output_size)
    return _ops["max_unpool2d"](input.unsqueeze(-1), indices.unsqueeze(-1), [*size, 1]).squeeze(-1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with the elements of a pooled image where their maxima were."""
    kernel_size, padding = each_of(kernel_size, 2), each_of(padding, 2)
    stride = kernel_size if stride is None else each_of(stride, 2)
    return _ops["max_unpool2d"](input, indices, _unpooled_size(2, input, kernel_size, stride, padding, output_size))


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with the elements of a pooled volume where their maxima were."""
    kernel_size, padding = each_of(kernel_size, 3), each_of(padding, 3)
    stride = kernel_size if stride is None else each_of(stride, 3)
    size = _unpooled_size(3, input, kernel_size, stride, padding, output_size)
    return _ops["max_unpool3d"](input, indices, size, stride, padding)


# --- norms ---
def _lp_pool(n, input, norm_type, kernel_size, stride, ceil_mode):
    number = isinstance(norm_type, (int, float))
    if number and abs(norm_type) == float("inf"):
        largest = (_core.max_pool1d, _core.max_pool2d, _core.max_pool3d)[n - 1]
        sign = 1 if norm_type > 0 else -1
        y = largest(sign * input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return y if sign > 0 else -y
    size = 1
    for k in each_of(kernel_size, n):
        size *= k
    mean = _avg[n - 1](input.pow(float(norm_type) if number else norm_type), kernel_size, stride, 0, ceil_mode)
    # A sum of odd powers may be negative: its root is 0.
    return (_core.sign(mean) * _core._nn["relu"](mean.abs())).mul(size).pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norm of each window, (Σ x^p)^(1/p), of rows."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norm of each window, (Σ x^p)^(1/p), of images."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norm of each window, (Σ x^p)^(1/p), of volumes."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
