"""Rows of attention: causal, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

GROUP = "attention, causal, forward and backward"
# batch, heads, length, depth
_SHAPES = [((1, 8, 512, 64), 1.5), ((8, 6, 256, 64), None), ((12, 4, 64, 32), None)]


def _attention(batch: int, heads: int, length: int, depth: int) -> Any:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        # As models make them: three parts of one product, seen by head.
        whole = torch.randn(batch, length, 3 * heads * depth)
        parts = [x.view(batch, length, heads, depth).transpose(1, 2) for x in whole.split(heads * depth, 2)]
        q, k, v = (x.detach().requires_grad_() for x in parts)
        attend = torch.nn.functional.scaled_dot_product_attention
        return backward(torch, lambda: attend(q, k, v, is_causal=True), [q, k, v])

    return make


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for shape, target in _SHAPES:
        batch, heads, length, depth = shape
        name = f"batch {batch}, {heads} heads, {length} × {depth}"
        yield row(GROUP, name, threads, _attention(*shape), ours, other, target)
