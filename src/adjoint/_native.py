"""Functions that PyTorch calls by private or native names: parts of others, which some programs use by themselves.

All are made of other operations, so their derivatives follow.
"""

from __future__ import annotations

from math import prod

import adjoint as torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from adjoint import Tensor, dtype

_ops = torch._core._ops

_segment_reduce = torch.segment_reduce

# --- softmax ---


def _safe_softmax(self: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """softmax along dim; 0 along lines that are -inf throughout. Integers become float32."""
    if dtype is None and not self.is_floating_point():
        dtype = torch.get_default_dtype()
    x = self if dtype is None else self.to(dtype)
    masked = (x == -torch.inf).all(dim, keepdim=True) if x.dim() else x == -torch.inf
    return torch.softmax(x.masked_fill(masked, 0), dim).masked_fill(masked, 0)


def _softmax_backward_data(
    grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype, *, grad_input: Tensor | None = None
) -> Tensor:
    """The cotangent of softmax's input, of softmax's result and its cotangent: y·(g - Σ g·y)."""
    g, y = _widened(grad_output), _widened(output)
    found = (y * (g - (g * y).sum(dim, keepdim=True))).to(input_dtype)
    return found if grad_input is None else _given(grad_input, found)


def _log_softmax_backward_data(
    grad_output: Tensor, output: Tensor, dim: int, input_dtype: dtype, *, out: Tensor | None = None
) -> Tensor:
    """The cotangent of log_softmax's input: g - exp(y)·Σ g."""
    g, y = _widened(grad_output), _widened(output)
    found = (g - y.exp() * g.sum(dim, keepdim=True)).to(input_dtype)
    return found if out is None else _given(out, found)


def _widened(x: Tensor) -> Tensor:
    """Halves are computed with as floats."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _given(out: Tensor, value: Tensor) -> Tensor:
    return out.resize_(value.shape).copy_(value)


# --- indexing behind a mask ---


def _inside(x: Tensor, indices: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Indices of masked elements may lie anywhere: those outside are moved to an end."""
    return [
        i if i is None or i.dtype == torch.bool else i.clamp(-x.shape[d], max(x.shape[d] - 1, -x.shape[d]))
        for d, i in enumerate(indices)
    ]


def _unsafe_masked_index(self: Tensor, mask: Tensor, indices: Sequence[Tensor | None], fill: float) -> Tensor:
    """self[indices] where the mask is true, `fill` elsewhere."""
    if self.numel() == 0:
        shape = torch.broadcast_shapes(mask.shape, *(i.shape for i in indices if i is not None))
        return self.new_full(shape, fill)
    return _ops["_index"](self, _inside(self, indices)).masked_fill(~mask, fill)


def _unsafe_masked_index_put_accumulate(
    self: Tensor, mask: Tensor, indices: Sequence[Tensor | None], values: Tensor
) -> Tensor:
    """self with the values added at the indices, where the mask is true."""
    if self.numel() == 0:
        return self.clone()
    at: Any = _inside(self, indices)
    return self.index_put(at, values.masked_fill(~mask, 0), accumulate=True)


# --- joining ---


def _chunk_cat(tensors: Sequence[Tensor], dim: int, num_chunks: int, *, out: Tensor | None = None) -> Tensor:
    """Each tensor cut into chunks of one size along dim, the last ones filled with 0; chunk by chunk side by side."""
    tensors = list(tensors)
    if not tensors:
        raise RuntimeError("_chunk_cat expects a non-empty input tensor list")
    if num_chunks < 1:
        raise RuntimeError("_chunk_cat expects positive num_chunks")
    first = tensors[0]
    if dim < 0 and any(t.dim() != first.dim() for t in tensors):
        raise RuntimeError("_chunk_cat expects non-negative dim when input tensors have different ndims")
    if not -max(first.dim(), 1) <= dim < max(first.dim(), 1):
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-first.dim()}, {first.dim() - 1}], but got {dim})"
        )
    d = dim % max(first.dim(), 1)
    flat = []
    for t in tensors:
        if t.numel() == 0:
            raise RuntimeError("_chunk_cat expects non-empty tensor")
        if t.dtype != first.dtype:
            raise RuntimeError("_chunk_cat expects all input tensors with the same dtype")
        if t.dim() <= d:
            raise RuntimeError("_chunk_cat expects dim < ndim for all input tensors")
        if t.shape[:d] != first.shape[:d]:
            raise RuntimeError("_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors")
        size = -(-t.shape[d] // num_chunks)
        short = size * num_chunks - t.shape[d]
        if short:
            t = torch.cat([t, t.new_zeros((*t.shape[:d], short, *t.shape[d + 1 :]))], d)
        flat.append(t.reshape(*t.shape[:d], num_chunks, size * prod(t.shape[d + 1 :])))
    found = torch.cat(flat, d + 1)
    return found if out is None else _given(out, found)


# --- networks ---


def _native_batch_norm_legit(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, *rest: Any, out: Sequence[Tensor] | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """batch_norm, the means and the reciprocal deviations.

    The rest is ``running_mean, running_var, training, momentum, eps``, or the same without running statistics.
    """
    mean, var, training, momentum, eps = rest if len(rest) == 5 else (None, None, *rest)
    y, means, deviations = torch.native_batch_norm(input, weight, bias, mean, var, training, momentum, eps)
    if out is None:
        return y, means, deviations
    return _given(out[0], y), _given(out[1], means), _given(out[2], deviations)


def _batch_norm_with_update(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """batch_norm in training, the means, the reciprocal deviations, and what a library kept: nothing here."""
    found = torch.native_batch_norm(input, weight, bias, running_mean, running_var, True, momentum, eps)
    return (*found, torch.empty(0, dtype=torch.uint8))


def native_dropout_backward(grad_output: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The cotangent of dropout's input: g·mask·scale."""
    return grad_output * mask * scale


def max_pool2d_with_indices_backward(
    grad_output: Tensor,
    self: Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
    indices: Tensor,
) -> Tensor:
    """The cotangent of max_pool2d's input: each element of g at its index in the image."""
    if grad_output.shape != indices.shape or grad_output.shape[:-2] != self.shape[:-2]:
        raise RuntimeError(
            f"max_pool2d_with_indices_backward: grad_output {tuple(grad_output.shape)}, indices {tuple(indices.shape)} "
            f"and input {tuple(self.shape)} do not belong together"
        )
    zeros = self.masked_fill(torch.ones((), dtype=torch.bool), 0).flatten(-2)  # the graph shows the input, too
    return zeros.scatter_add(-1, indices.flatten(-2), grad_output.flatten(-2)).reshape(self.shape)


def _upsample_bilinear2d_aa(
    input: Tensor,
    output_size: Sequence[int] | None,
    align_corners: bool,
    scales_h: float | None = None,
    scales_w: float | None = None,
    *,
    scale_factors: Sequence[float] | None = None,
) -> Tensor:
    """Images resampled with triangles, which widen as the image shrinks: to a size, or by factors."""
    if (output_size is None) == (scale_factors is None):
        raise RuntimeError("Must specify exactly one of output_size and scale_factors")
    if scale_factors is not None:
        scales_h, scales_w = scale_factors
        output_size = [int(n * s) for n, s in zip(input.shape[-2:], scale_factors, strict=True)]
    return _ops["interpolate"](input, output_size, "bilinear_aa", align_corners, None, scales_h, scales_w)
