"""Rows of embeddings, of losses of values and of alignments, and of dropout, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

GROUP = "embeddings, losses and dropout, forward and backward"


def _embedding(rows: int, width: int, *shape: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        weight, index = torch.randn(rows, width).requires_grad_(), torch.randint(0, rows, shape)
        return backward(torch, lambda: torch.nn.functional.embedding(index, weight), [weight])

    return make


def _bag(mode: str) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        weight, index = torch.randn(20_000, 128).requires_grad_(), torch.randint(0, 20_000, (512, 20))
        return backward(torch, lambda: torch.nn.functional.embedding_bag(index, weight, mode=mode), [weight])

    return make


def _loss(name: str, *shape: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        x, target = torch.rand(*shape).requires_grad_(), torch.rand(*shape)
        loss = getattr(torch.nn.functional, name)
        return backward(torch, lambda: loss(x, target), [x])

    return make


def _ctc(torch: Any) -> Run:
    torch.manual_seed(0)
    x, target = torch.randn(200, 16, 64).log_softmax(2).requires_grad_(), torch.randint(1, 64, (16, 40))
    steps, lengths = (200,) * 16, (40,) * 16
    return backward(torch, lambda: torch.nn.functional.ctc_loss(x, target, steps, lengths), [x])


def _linear(torch: Any) -> Run:
    torch.manual_seed(0)
    x, weight = torch.randn(512, 256).requires_grad_(), torch.randn(8000, 256).requires_grad_()
    target = torch.randint(0, 8000, (512,))
    return backward(torch, lambda: torch.nn.functional.linear_cross_entropy(x, weight, target), [x, weight])


def _of(call: Callable[..., Any], *shape: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        x = torch.randn(*shape).requires_grad_()
        return backward(torch, lambda: call(torch.nn.functional, x), [x])

    return make


_ROWS: list[tuple[str, float | None, Callable[[Any], Run]]] = [
    ("embedding 50,000 × 256, 12 × 256", 1.5, _embedding(50_000, 256, 12, 256)),
    ("embedding 65 × 384, 8 × 256", 1.5, _embedding(65, 384, 8, 256)),
    ("embedding 1,000 × 64, 4096", 1.5, _embedding(1_000, 64, 4096)),
    ("embedding_bag 20,000 × 128, 512 × 20, sum", None, _bag("sum")),
    ("embedding_bag 20,000 × 128, 512 × 20, max", None, _bag("max")),
    ("mse_loss 32", None, _loss("mse_loss", 32, 1)),
    ("mse_loss 1000²", None, _loss("mse_loss", 1000, 1000)),
    ("smooth_l1_loss 1000²", None, _loss("smooth_l1_loss", 1000, 1000)),
    ("binary_cross_entropy 1000²", None, _loss("binary_cross_entropy", 1000, 1000)),
    ("binary_cross_entropy_with_logits 32", None, _loss("binary_cross_entropy_with_logits", 32, 1)),
    ("binary_cross_entropy_with_logits 1000²", None, _loss("binary_cross_entropy_with_logits", 1000, 1000)),
    ("ctc_loss 200 × 16 × 64, 40 labels", None, _ctc),
    ("linear_cross_entropy 512 × 256 → 8000", None, _linear),
    ("dropout 1000²", None, _of(lambda f, x: f.dropout(x, 0.1), 1000, 1000)),
    ("glu 1000 × 1024", None, _of(lambda f, x: f.glu(x), 1000, 1024)),
]


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for name, target, make in _ROWS:
        yield row(GROUP, name, threads, make, ours, other, target)
