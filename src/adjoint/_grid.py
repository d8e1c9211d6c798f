"""Functions over grids: finite differences along the dimensions, counts in bins, coordinates of flat indices."""

from __future__ import annotations

from collections import namedtuple
from math import isfinite, prod

from adjoint import _core as torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_ops = torch._ops
Tensor = torch.Tensor

# --- gradient ---


def _differences(x: Tensor, d: int, step: float, edge_order: int) -> Tensor:
    """Central differences of evenly spaced values; one-sided ones of the given order at the ends."""
    n = x.shape[d]

    def at(i: int, count: int = 1) -> Tensor:
        return x.narrow(d, i % n, count)

    if edge_order == 1:
        first, last = (at(1) - at(0)) / step, (at(-1) - at(-2)) / step
    else:
        first = (-1.5 * at(0) + 2 * at(1) - 0.5 * at(2)) / step
        last = (0.5 * at(-3) - 2 * at(-2) + 1.5 * at(-1)) / step
    centre = (at(2, n - 2) - at(0, n - 2)) / step / 2 if n > 2 else at(0, 0)
    return torch.cat([first, centre, last], d)


def _uneven_differences(x: Tensor, d: int, places: Tensor, edge_order: int) -> Tensor:
    """The same of values at given places: derivatives of the parabola through three neighbours."""
    n = x.shape[d]
    kind = x.dtype.to_real() if x.is_complex() else x.dtype if x.is_floating_point() else torch.get_default_dtype()
    places = places if places.is_floating_point() else places.to(kind)
    h = places[1:] - places[:-1]
    shape = [-1 if i == d else 1 for i in range(x.dim())]

    def at(i: int, count: int = 1) -> Tensor:
        return x.narrow(d, i % n, count)

    if edge_order == 1:
        first, last = (at(1) - at(0)) / h[0], (at(-1) - at(-2)) / h[-1]
    else:
        a, b = h[0], h[1]
        first = -(2 * a + b) / a / (a + b) * at(0) + (a + b) / (a * b) * at(1) - a / b / (a + b) * at(2)
        a, b = h[-2], h[-1]
        last = b / a / (a + b) * at(-3) - (a + b) / (a * b) * at(-2) + (a + 2 * b) / b / (a + b) * at(-1)
    a, b = h[:-1].reshape(shape), h[1:].reshape(shape)
    centre = -b / (a * (a + b)) * at(0, n - 2) + (b - a) / (a * b) * at(1, n - 2) + a / (b * (a + b)) * at(2, n - 2)
    return torch.cat([first, centre, last], d)


def _spacings(input: Tensor, spacing: Any, dim: Any) -> tuple[list[int], list[Any]]:
    """The dimensions, and the spacing along each."""
    if dim is None:
        dims = list(range(input.dim()))
    else:
        dims = [dim] if isinstance(dim, int) else list(dim)
    if spacing is None or not isinstance(spacing, (list, tuple)):
        return dims, [1 if spacing is None else spacing] * len(dims)
    if dim is None and len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
            f"'self.dim() = {input.dim()}', since dim argument was not given, but got a list of length {len(spacing)}"
        )
    if len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the "
            f"same length, but got a spacing argument of length {len(spacing)} and a dim argument of length {len(dims)}."
        )
    return dims, list(spacing)


def gradient(
    input: Tensor,
    *,
    spacing: float | Sequence[float] | Sequence[Tensor] | None = None,
    dim: int | Sequence[int] | None = None,
    edge_order: int = 1,
) -> tuple[Tensor, ...]:
    """Estimates of the derivative along each dimension, by finite differences of second order inside.

    ``spacing`` is the step, a step for each dimension, or the places of the values along each; they may be uneven.
    At the ends differences are one-sided, of first order, or of second for ``edge_order=2``.

    >>> import adjoint as torch
    >>> torch.gradient(torch.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)

    Raises:
        RuntimeError: fewer than edge_order + 1 values along a dimension, spacings that do not match the dimensions,
            truth values or bytes.
    """
    if isinstance(spacing, torch.Tensor) and spacing.dim():
        raise TypeError("gradient(): argument 'spacing' must be a number, or a list of numbers or tensors, not Tensor")
    dims, steps = _spacings(input, spacing, dim)
    places = [isinstance(s, torch.Tensor) and s.dim() > 0 for s in steps]
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if input.dtype in (torch.uint8, torch.bool):
        raise RuntimeError(f"torch.gradient does not support {str(input.dtype).split('.')[-1]} input.")
    wrapped = [_wrapped(d, input.dim()) for d in dims]
    for d in wrapped:
        if wrapped.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        if input.shape[d] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    for d, step, placed in zip(wrapped, steps, places, strict=True):
        if placed and (step.dim() != 1 or step.numel() != input.shape[d]):
            raise RuntimeError(
                f"torch.gradient expected spacing to have one place for each of the {input.shape[d]} values along "
                f"dimension {d}, but got {tuple(step.shape)}"
            )
    return tuple(
        (_uneven_differences if placed else _differences)(input, d, step, edge_order)
        for d, step, placed in zip(wrapped, steps, places, strict=True)
    )


def _wrapped(d: int, ndim: int) -> int:
    if not -ndim <= d < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {d})")
    return d % ndim


# --- histograms ---

_Histogramdd = namedtuple("_Histogramdd", "hist bin_edges")
_Histogramdd.__name__ = _Histogramdd.__qualname__ = "histogramdd"


def _spans(points: Tensor, given: Sequence[float] | None) -> list[tuple[float, float]]:
    """The least and the largest edge along each column."""
    n = points.shape[-1]
    if given is not None:
        if len(given) != 2 * n:
            raise RuntimeError(
                f"torch.histogramdd: for a {n}-dimensional histogram range should have {2 * n} elements, "
                f"but got {len(given)}"
            )
        ends = [(float(a), float(b)) for a, b in zip(given[::2], given[1::2], strict=False)]
    elif points.numel() == 0 or points.is_meta:
        ends = [(0.0, 1.0)] * n
    else:
        flat = points.detach().reshape(-1, n)
        ends = list(zip(flat.amin(0).tolist(), flat.amax(0).tolist(), strict=True))
    for d, (low, high) in enumerate(ends):
        if not (isfinite(low) and isfinite(high)):
            raise RuntimeError(f"torch.histogramdd: dimension {d}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {d}"
            )
    return [(low - 0.5, high + 0.5) if low == high else (low, high) for low, high in ends]


def _even_edges(points: Tensor, bins: Sequence[int], given: Sequence[float] | None) -> list[Tensor]:
    """Edges of bins of one width between the ends of the range, or of the points."""
    if not points.is_floating_point() or points.dtype in (torch.float16, torch.bfloat16):
        raise NotImplementedError(f'"histogramdd" not implemented for {points.dtype}')
    for d, n in enumerate(bins):
        if n <= 0:
            raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {n} for dimension {d}")
    if prod(bins) >= 2**60:
        raise RuntimeError(f"Storage size calculation overflowed: the product of {tuple(bins)} bins")
    return [
        torch.linspace(low, high, n + 1, dtype=points.dtype, device=points.device)
        for n, (low, high) in zip(bins, _spans(points, given), strict=True)
    ]


def histogram(
    input: Tensor,
    bins: int | Tensor = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: tuple[Tensor, Tensor] | None = None,
) -> Any:
    """How many elements lie in each bin, and the bins' edges: a named tuple (hist, bin_edges).

    ``bins`` is a number of equal bins between the ends of ``range``, or of the input, or their ascending edges. A bin has
    its left edge, the last one its right edge, too; what lies outside, and NaN, counts nowhere. With ``weight`` the
    elements' weights are added up, with ``density`` the integral over the range is 1. There is no derivative.

    >>> import adjoint as torch
    >>> torch.histogram(torch.tensor([1.0, 2, 1]), bins=4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    even = not isinstance(bins, torch.Tensor)
    if isinstance(bins, torch.Tensor):
        if range is not None:
            raise TypeError("histogram(): 'range' goes with a number of bins, not with their edges")
        edges = bins
    else:
        (edges,) = _even_edges(input.reshape(input.numel(), 1), [bins], range)
    return _ops["histogram"](input, edges, weight, even, density, out=out)


def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Sequence[Tensor],
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many points lie in each bin of a grid, and the edges along each dimension: (hist, bin_edges).

    The last dimension of ``input`` has the points' coordinates. ``bins`` is a number of bins for all of them, one for each,
    or the edges along each; ``range`` has the least and largest edge along each. See `histogram`.

    >>> import adjoint as torch
    >>> torch.histogramdd(torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0]]), bins=[3, 3]).hist
    tensor([[0., 1., 0.],
            [1., 0., 0.],
            [1., 0., 1.]])
    """
    if input.dim() < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    n = input.shape[-1]
    each: list[Any] = [bins] * n if isinstance(bins, int) else list(bins)
    if len(each) != n:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    even = not any(isinstance(b, torch.Tensor) for b in each)
    edges = _even_edges(input, each, range) if even else each
    hist = _ops["histogramdd"](input, edges, weight, even, density)
    return _Histogramdd(hist, tuple(edges))


# --- flat indices ---


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates of flat indices in a tensor of that shape, a tensor for each dimension.

    >>> import adjoint as torch
    >>> torch.unravel_index(torch.tensor([4, 1]), (3, 2))
    (tensor([2, 0]), tensor([0, 1]))

    Raises:
        TypeError: indices that are no integers, a shape that is none.
        ValueError: a negative size.
        RuntimeError: a size of 0, where there are indices.
    """
    if indices.is_floating_point() or indices.is_complex() or indices.dtype == torch.bool:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, tuple, list)) or isinstance(shape, bool):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = [shape] if isinstance(shape, int) else list(shape)
    for s in sizes:
        if not isinstance(s, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(s)}")
    if any(s < 0 for s in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(sizes)}")
    if 0 in sizes and indices.numel():
        raise RuntimeError("ZeroDivisionError")
    rest = indices.detach().to(torch.int64)
    found = torch.empty((*indices.shape, len(sizes)), dtype=torch.int64, device=indices.device)
    for d in reversed(range(len(sizes))):
        above = torch.div(rest, sizes[d], rounding_mode="floor")
        torch.sub(rest, above * sizes[d], out=found.select(-1, d))
        rest = above
    return found.unbind(-1)
