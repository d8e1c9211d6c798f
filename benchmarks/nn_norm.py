"""Rows of normalisations and of cross entropy, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

GROUP = "normalisations and cross entropy, forward and backward"


def _affine(shape: tuple[int, ...], weights: int, call: Callable[..., Any]) -> Callable[[Any], Run]:
    """call(functional, x, weight, bias), all of which have gradients."""

    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        x = torch.randn(*shape).requires_grad_()
        w, b = (torch.randn(weights).requires_grad_() for _ in range(2))
        return backward(torch, lambda: call(torch.nn.functional, x, w, b), [x, w, b])

    return make


def _cross_entropy(shape: tuple[int, ...]) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        x = torch.randn(*shape).requires_grad_()
        target = torch.randint(0, shape[1], (shape[0], *shape[2:]))
        return backward(torch, lambda: torch.nn.functional.cross_entropy(x, target), [x])

    return make


def _batch(f: Any, x: Any, w: Any, b: Any) -> Any:
    return f.batch_norm(x, None, None, w, b, True)


_ROWS: list[tuple[str, float | None, Callable[[Any], Run]]] = [
    ("layer_norm 4096 × 1024", 1.3, _affine((4096, 1024), 1024, lambda f, x, w, b: f.layer_norm(x, (1024,), w, b))),
    ("layer_norm 3072 × 128", None, _affine((3072, 128), 128, lambda f, x, w, b: f.layer_norm(x, (128,), w, b))),
    ("batch_norm 4096 × 1024", 1.3, _affine((4096, 1024), 1024, _batch)),
    ("batch_norm 32 × 64 × 56²", 1.3, _affine((32, 64, 56, 56), 64, _batch)),
    ("batch_norm 32 × 512 × 7²", None, _affine((32, 512, 7, 7), 512, _batch)),
    (
        "group_norm 32 × 64 × 56², 8 groups",
        1.3,
        _affine((32, 64, 56, 56), 64, lambda f, *t: f.group_norm(t[0], 8, *t[1:])),
    ),
    ("cross_entropy 4096 × 1024", 2, _cross_entropy((4096, 1024))),
    ("cross_entropy 8 × 21 × 128²", None, _cross_entropy((8, 21, 128, 128))),
    ("cross_entropy 64 × 10", None, _cross_entropy((64, 10))),
]


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for name, target, make in _ROWS:
        yield row(GROUP, name, threads, make, ours, other, target)
