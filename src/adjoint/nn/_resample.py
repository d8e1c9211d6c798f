"""Resampling of images: interpolate by its many arguments, and its older names; images at the points of a grid."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from .. import _core

__all__ = ["affine_grid", "grid_sample", "interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

Tensor = _core.Tensor
_NEAR = ("nearest", "nearest-exact")
_SPATIAL = {"linear": 1, "bilinear": 2, "trilinear": 3}  # of the modes that would do for another number of dimensions


def _whole(x):
    """An integer of any kind."""
    return hasattr(x, "__index__") and not (isinstance(x, Tensor) and x.is_floating_point())


def _output_size(input, size, spatial):
    if not isinstance(size, (list, tuple)):
        return [size] * spatial
    if len(size) != spatial:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {list(input.shape[2:])} and output size of {size}. "
            "Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "output size in (o1, o2, ...,oK) format."
        )
    if not all(map(_whole, size)):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or "
            f"Tuple[int, int, int], but got size with types {[type(x) for x in size]}"
        )
    return list(size)


def _scale_factors(input, scale_factor, spatial):
    if not isinstance(scale_factor, (list, tuple)):
        return [scale_factor] * spatial
    if len(scale_factor) != spatial:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but "
            f"got input with spatial dimensions of {list(input.shape[2:])} and "
            f"scale_factor of shape {scale_factor}. "
            "Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "scale_factor in (s1, s2, ...,sK) format."
        )
    return list(scale_factor)


def _sizes(input, size, scale_factor, recompute, spatial):
    """(sizes of the result, scales that it is computed with, if any)"""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        out = _output_size(input, size, spatial)
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return out, None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    scales = _scale_factors(input, scale_factor, spatial)
    out = [int(n * s) for n, s in zip(input.shape[2:], scales, strict=False)]
    return out, None if recompute else [float(s) for s in scales]


def _refuse(input, mode):
    if mode in _SPATIAL and input.dim() in (3, 4, 5):
        raise NotImplementedError(f"Got {input.dim()}D input, but {mode} mode needs {_SPATIAL[mode] + 2}D input")
    raise NotImplementedError(
        "Input Error: Only 3D, 4D and 5D input Tensors supported"
        f" (got {input.dim()}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area |"
        f" nearest-exact (got {mode})"
    )


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images (N, C, ...) of one to three dimensions, resampled to `size`, or to `scale_factor` times their size.

    `mode`: "nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic" (Keys 1981), "area" (averages) and,
    with `antialias` alone, "lanczos". `align_corners` lays the centres of the corners upon each other, not their outer
    edges. The positions of results follow from `scale_factor` as it was given or, with `recompute_scale_factor`, from
    the sizes. `antialias` widens the kernel as an image shrinks.

    >>> import adjoint as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[0.0, 1.0]]]), scale_factor=2, mode="linear")
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    near = mode in (*_NEAR, "area")
    if near and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    spatial = input.dim() - 2
    recompute = recompute_scale_factor or (mode == "area" and size is None and scale_factor is not None)
    out, scales = _sizes(input, size, scale_factor, recompute, spatial)
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and spatial == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode == "area" and spatial in (1, 2, 3):
        average = _core._nn["adaptive_avg_pool1d"] if spatial == 1 else _core._ops[f"adaptive_avg_pool{spatial}d"]
        return average(input, out)
    if mode == "lanczos" and spatial == 2:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    elif not (spatial in (1, 2, 3) and mode in _NEAR) and not (spatial == 2 and mode == "bicubic"):
        if _SPATIAL.get(mode) != spatial:
            _refuse(input, mode)
    given = dict(zip(("scales_w", "scales_h", "scales_d"), reversed(scales or ()), strict=False))
    return _core._ops["interpolate"](input, out, mode + "_aa" * antialias, bool(align_corners), **given)


def _deprecated(name):
    warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` by its older name; it warns."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` to nearest neighbours; it warns."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` with mode="bilinear", align_corners=True; it warns."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


_GRID_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
_GRID_PADDING = {"zeros": 0, "border": 1, "reflection": 2}


def _without_corners(align_corners):
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed "
            "to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. "
            "See the documentation of grid_sample for details.",
            stacklevel=3,
        )
    return bool(align_corners)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Images (N, C, H, W) or volumes at the points of `grid` (N, H', W', 2): coordinates x, y from -1 to 1 over the image.

    `mode`: "bilinear", "nearest" or, of images, "bicubic". Outside there are "zeros", the "border", or a "reflection".
    `align_corners`: -1 and 1 are the centres of the outer pixels, not their outer edges. NaN counts as -1; an infinite
    coordinate lies outside, or at an end.

    >>> import adjoint as torch
    >>> x = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> torch.nn.functional.grid_sample(x, torch.zeros(1, 1, 1, 2), align_corners=True)
    tensor([[[[1.5000]]]])
    """
    if mode not in _GRID_MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in _GRID_PADDING:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode "
            "to be 'zeros', 'border', or 'reflection', "
            f"but got: '{padding_mode}'"
        )
    aligned = _without_corners(align_corners)
    return _core.grid_sampler(input, grid, _GRID_MODES[mode], _GRID_PADDING[padding_mode], aligned)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Points for `grid_sample`: those of a regular grid over images of `size` (N, C, H, W), or volumes, moved by affine
    maps `theta` (N, 2, 3), or (N, 3, 4).

    >>> import adjoint as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    aligned = _without_corners(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, "
            "for 2D and 3D affine transforms, respectively. "
            f"Got size {size}."
        )
    n = len(size) - 2
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (n, n + 1):
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {theta.shape}."
        )
    if aligned and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed "
            "for unit-size grids when align_corners=True. "
            "This is not an intended use case of affine_grid. "
            "See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return _core.affine_grid_generator(theta, size, aligned)
