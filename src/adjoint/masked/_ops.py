"""The functions of torch.masked: what a mask leaves out counts as the operation's identity.

A mask is true where an element counts; it is broadcast to the input, and may not have more dimensions. Everything here is
made of other operations, so all derivatives follow; an element that is left out has the gradient 0.
"""

from __future__ import annotations

import adjoint as torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from adjoint import Tensor, dtype

    Dims: TypeAlias = int | Sequence[int] | None

# --- dimensions, masks, identities ---


def _canonical_dim(dim: Dims, ndim: int) -> tuple[int, ...]:
    """Dimensions counted from 0, sorted; all of them for None and ()."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    ndim = max(ndim, 1)
    found: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if d in found:
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        if not -ndim <= d < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {d})")
        found.append(d % ndim)
    return tuple(sorted(found))


def _input_mask(input: Tensor, *_: Any, mask: Tensor, **__: Any) -> Tensor:
    """The mask, broadcast to the input and of type bool."""
    if mask.ndim > input.ndim:
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return torch.broadcast_to(mask, input.shape).to(torch.bool)


_REDUCTIONS = frozenset("sum prod amax amin argmax argmin mean median norm var std logsumexp".split())


def _output_mask(op: Any, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Which results of op, called so with a mask, something counts for."""
    mask = _input_mask(input, mask=kwargs["mask"])
    if op.__name__ not in _REDUCTIONS:
        return mask
    rest = args[1:] if op.__name__ == "norm" else args
    for d in reversed(_canonical_dim(rest[0] if rest else kwargs.get("dim"), input.ndim)):
        if input.ndim:
            mask = mask.any(d, keepdim=bool(kwargs.get("keepdim", False)))
    return mask


def _least(input: Tensor) -> float:
    return -torch.inf if input.is_floating_point() else torch.iinfo(input.dtype).min


def _largest(input: Tensor) -> float:
    return torch.inf if input.is_floating_point() else torch.iinfo(input.dtype).max


def _real(name: str, input: Tensor) -> None:
    if input.is_complex() or input.dtype == torch.bool:
        raise NotImplementedError(f"identity of {name} on torch.{str(input.dtype).split('.')[-1]} input")


def _filled(input: Tensor, mask: Tensor | None, identity: float) -> Tensor:
    """The input, with the identity where the mask is false."""
    if mask is None:
        return input
    return torch.where(
        _input_mask(input, mask=mask), input, torch.tensor(identity, dtype=input.dtype, device=input.device)
    )


def _above_all(name: str, input: Tensor, mask: Tensor | None) -> Tensor:
    """With what no minimum takes where the mask is false."""
    if mask is None:
        return input
    _real(name, input)
    return _filled(input, mask, _largest(input))


def _below_all(name: str, input: Tensor, mask: Tensor | None) -> Tensor:
    """With what no maximum takes where the mask is false."""
    if mask is None:
        return input
    _real(name, input)
    return _filled(input, mask, _least(input))


def _summed_type(input: Tensor, dtype: dtype | None) -> dtype:
    if dtype is not None:
        return dtype
    return input.dtype if input.is_floating_point() or input.is_complex() else torch.int64


# --- reductions ---


def sum(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The sum of what counts; 0 where nothing does.

    >>> import adjoint as torch
    >>> x = torch.tensor([[-3, -2, -1], [0, 1, 2]])
    >>> mask = torch.tensor([[True, False, True], [False, False, False]])
    >>> torch.masked.sum(x, 1, mask=mask)
    tensor([-4,  0])
    """
    dims = _canonical_dim(dim, input.ndim)
    return torch.sum(_filled(input, mask, 0), dims, bool(keepdim), dtype=_summed_type(input, dtype))


def prod(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The product of what counts; 1 where nothing does."""
    result = _filled(input, mask, 1).to(_summed_type(input, dtype))
    for d in reversed(_canonical_dim(dim, input.ndim)):
        result = result.prod(d, keepdim=bool(keepdim))
    return result


def amax(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The largest of what counts; the least number of the type where nothing does."""
    x = _below_all("amax", input, mask)
    return torch.amax(x, _canonical_dim(dim, x.ndim), bool(keepdim)).to(dtype=dtype or input.dtype)


def amin(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The least of what counts; the largest number of the type where nothing does."""
    x = _above_all("amin", input, mask)
    return torch.amin(x, _canonical_dim(dim, x.ndim), bool(keepdim)).to(dtype=dtype or input.dtype)


def argmax(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The place of the largest of what counts, as a number of the input's type."""
    x = _below_all("argmax", input, mask)
    return torch.argmax(x, dim, bool(keepdim)).to(dtype=dtype or input.dtype)


def argmin(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The place of the least of what counts, as a number of the input's type."""
    x = _above_all("argmin", input, mask)
    return torch.argmin(x, dim, bool(keepdim)).to(dtype=dtype or input.dtype)


def logsumexp(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """log Σ exp(x) of what counts; -inf where nothing does."""
    if mask is not None and input.dtype == torch.bool:
        _real("logsumexp", input)
    x = _filled(input, mask, -torch.inf if input.is_complex() else _least(input)) if mask is not None else input
    return torch.logsumexp(x, _canonical_dim(dim, input.ndim), keepdim=keepdim).to(dtype=dtype or input.dtype)


def logaddexp(
    input: Tensor,
    other: Tensor,
    *,
    dtype: dtype | None = None,
    input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:
    """log(exp(input) + exp(other)); an element that does not count is exp(-inf) = 0."""
    a, b = _below_all("logaddexp", input, input_mask), _below_all("logaddexp", other, other_mask)
    return torch.logaddexp(a, b).to(dtype=dtype or input.dtype)


def norm(
    input: Tensor,
    ord: float | None = 2.0,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The vector norm of order `ord` of what counts; where nothing does 0, and inf for the order -inf."""
    lowest = ord == -torch.inf
    if mask is not None and lowest and not input.is_floating_point():
        raise AssertionError(f"input must be floating point, got {input.dtype}")
    x = _filled(input, mask, torch.inf if lowest else 0)
    order: Any = 2.0 if ord is None else ord
    dims = _canonical_dim(dim, input.ndim)
    return torch.linalg.vector_norm(x, order, dims, bool(keepdim), dtype=dtype or input.dtype)


def _count(input: Tensor, dim: Dims, keepdim: bool | None, mask: Tensor | None) -> Tensor:
    """How many elements count."""
    mask = torch.ones_like(input, dtype=torch.bool) if mask is None else _input_mask(input, mask=mask)
    return torch.sum(mask, _canonical_dim(dim, input.ndim), bool(keepdim))


def mean(
    input: Tensor,
    dim: Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The mean of what counts; NaN where nothing does."""
    to = dtype or input.dtype
    if not (to.is_floating_point or to.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {'Optional' if dtype else 'Input'} dtype must be either "
            f"a floating point or complex dtype. Got: {to}"
        )
    return sum(input, dim, keepdim=keepdim, dtype=to, mask=mask) / _count(input, dim, keepdim, mask)


def median(
    input: Tensor,
    dim: int = -1,
    *,
    keepdim: bool = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The median of what counts, the lower of two; NaN where nothing does.

    Raises:
        ValueError: the input is not of a floating type, and a row has nothing that counts.
    """
    (d,) = _canonical_dim(dim, input.ndim)[:1] or (0,)
    if input.is_complex():
        raise NotImplementedError("masked median has no order for complex numbers")
    x = input if input.is_floating_point() else input.to(torch.float32)
    result: Tensor = torch.nanmedian(_filled(x, mask, torch.nan), d, keepdim).values
    if input.is_floating_point():
        return result
    if torch.isnan(result).any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return result.to(dtype=dtype or input.dtype)


def _variance(
    input: Tensor,
    dim: Dims,
    unbiased: bool | None,
    correction: float | None,
    keepdim: bool | None,
    dtype: dtype | None,
    mask: Tensor | None,
) -> Tensor:
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    if correction is None:
        correction = 0.0 if unbiased is False else 1.0
    to = dtype or (input.dtype if input.is_floating_point() or input.is_complex() else torch.float32)
    wide = to if to.is_floating_point or to.is_complex else torch.float32
    count = _count(input, dim, True, mask)
    away = input - sum(input, dim, keepdim=True, dtype=to, mask=mask) / count
    total = sum(away * away.conj(), dim, keepdim=keepdim, dtype=wide, mask=mask)
    if not keepdim:
        count = count.reshape(total.shape)
    if correction:
        count = torch.clamp(count.to(wide.to_real() if wide.is_complex else wide) - correction, min=0)
    return (total / count).to(dtype=to)


def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The variance of what counts, over their number less `correction` (1); NaN where that is 0."""
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool | None = False,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The root of the variance of what counts; NaN where that is."""
    return torch.sqrt(_variance(input, dim, unbiased, correction, keepdim, dtype, mask))


# --- along one dimension ---


def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """Running sums of what counts."""
    to = dtype or input.dtype
    (d,) = _canonical_dim(dim, max(input.ndim, 1))[:1]
    return torch.cumsum(_filled(input, mask, 0), d, dtype=to).to(dtype=to)


def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """Running products of what counts."""
    to = dtype or input.dtype
    (d,) = _canonical_dim(dim, max(input.ndim, 1))[:1]
    return torch.cumprod(_filled(input, mask, 1), d, dtype=to).to(dtype=to)


def softmax(input: Tensor, dim: int, *, dtype: dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """exp(x) / Σ exp(x) of what counts, 0 elsewhere; NaN along a line where nothing does.

    >>> import adjoint as torch
    >>> torch.masked.softmax(torch.zeros(4), 0, mask=torch.tensor([True, False, True, False]))
    tensor([0.5000, 0.0000, 0.5000, 0.0000])
    """
    (d,) = _canonical_dim(dim, max(input.ndim, 1))[:1]
    return torch.softmax(_below_all("amax", input, mask), d, dtype=dtype or input.dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """x - log Σ exp(x) of what counts, -inf elsewhere; NaN along a line where nothing does."""
    (d,) = _canonical_dim(dim, max(input.ndim, 1))[:1]
    return torch.log_softmax(_below_all("amax", input, mask), d, dtype=dtype or input.dtype)


def softmin(input: Tensor, dim: int, *, dtype: dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """softmax of -x."""
    (d,) = _canonical_dim(dim, max(input.ndim, 1))[:1]
    return torch.softmax(-_above_all("amin", input, mask), d, dtype=dtype or input.dtype)


def normalize(
    input: Tensor,
    ord: float,
    dim: int,
    *,
    eps: float = 1e-12,
    dtype: dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """x / max(‖x‖, eps), the norm of order `ord` being that of what counts; 0 elsewhere."""
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _filled(input, mask, 0) / torch.maximum(size, size.new_full([], eps))
