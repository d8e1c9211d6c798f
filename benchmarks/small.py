"""Small work, 4×4 float32: what one call costs, and one node of a backward pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from adjoint.cli.article import program
from benchmarks.timing import Batch, Result, shortest, shortest_reported, statement

CHAIN = 1000

# What is measured, the statement, and what was asked. Its names: a and b without gradient, v and w with;
# zero, mask; small, one element.
_ROWS = [
    ("a + b", "a + b", 15),
    ("a + b, recorded", "v + w", 15),
    ("w * 2.0, recorded", "w * 2.0", 15),
    ("the article's example, whole", "article()", 15),
    ("w.exp()", "w.exp()", 10),
    ("w.sum()", "w.sum()", 10),
    ("w.sum(1)", "w.sum(1)", 10),
    ("w.sum(1, keepdim=True)", "w.sum(1, keepdim=True)", 10),
    ("w.reshape(16)", "w.reshape(16)", 10),
    ("w[0]", "w[0]", 10),
    ("w[1:3, ::2]", "w[1:3, ::2]", 10),
    ("w @ a", "w @ a", 10),
    ("a.add_(b)", "a.add_(zero)", 10),
    ("where(mask, a, b)", "torch.where(mask, a, b)", 10),
    ("cat([a, b])", "torch.cat([a, b])", 10),
    ("a[0, 0].item()", "small.item()", 10),
    ("second derivative of (w³).sum()", "second()", 10),
]


def measure(ours: Any, other: Any | None) -> Iterator[Result]:
    own_names, other_names = _names(ours), None if other is None else _names(other)
    for name, code, target in _ROWS:
        batches: list[Batch | None] = [statement(code, own_names)]
        batches.append(None if other_names is None else statement(code, other_names))
        yield _result(name, target, shortest(batches))
    chains = [_chain(ours), None if other is None else _chain(other)]
    yield _result("backward, per node of a chain of 1000", 15, shortest_reported(chains))


def _result(name: str, target: float, seconds: list[float | None]) -> Result:
    assert seconds[0] is not None
    return Result("4×4 float32", name, 1, seconds[0], seconds[1], "PyTorch", target)


def _names(torch: Any) -> dict[str, Any]:
    values = [[float(4 * i + j + 1) / 8 for j in range(4)] for i in range(4)]
    a, b = torch.tensor(values), torch.tensor(values) + 1
    v, w = b.clone().requires_grad_(), torch.tensor(values, requires_grad=True)

    def article() -> None:
        program(torch)[-1].backward()

    def second() -> None:
        y = (w * w * w).sum()
        (first,) = torch.autograd.grad(y, w, create_graph=True)
        torch.autograd.grad(first.sum(), w)

    names = {"torch": torch, "a": a, "b": b, "v": v, "w": w, "article": article, "second": second}
    return names | {"zero": torch.zeros(4, 4), "mask": a > 1, "small": a[0, 0]}


def _chain(torch: Any) -> Callable[[], float]:
    x = torch.ones(4, 4, requires_grad=True)

    def run() -> float:
        y = x
        for _ in range(CHAIN):
            y = y * 1.0
        gradient = torch.ones(4, 4)
        start = time.perf_counter()
        y.backward(gradient)
        return (time.perf_counter() - start) / CHAIN

    return run
