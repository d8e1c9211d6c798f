"""Small work, 4×4 float32: what one call costs, and one node of a backward pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Result, Run, shortest, shortest_reported

CHAIN = 1000


def measure(ours: Any, other: Any | None) -> Iterator[Result]:
    for name, target, make in _ROWS:
        runs: list[Run | None] = [make(ours), None if other is None else make(other)]
        yield _result(name, target, shortest(runs))
    chains = [_chain(ours), None if other is None else _chain(other)]
    yield _result("backward, per node of a chain of 1000", 15, shortest_reported(chains))


def _result(name: str, target: float, seconds: list[float | None]) -> Result:
    assert seconds[0] is not None
    return Result("4×4 float32", name, 1, seconds[0], seconds[1], "PyTorch", target)


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


def _tensors(torch: Any) -> tuple[Any, Any, Any]:
    """Two without and one with gradient."""
    values = [[float(4 * i + j + 1) / 8 for j in range(4)] for i in range(4)]
    return torch.tensor(values), torch.tensor(values) + 1, torch.tensor(values, requires_grad=True)


def _article(torch: Any) -> Run:
    def run() -> None:
        input = torch.ones([2, 2])
        w1 = torch.tensor(2.0, requires_grad=True)
        w2 = torch.tensor(3.0, requires_grad=True)
        w3 = torch.tensor(4.0, requires_grad=True)
        l1 = input * w1
        l2 = l1 + w2
        l3 = l1 * w3
        l4 = l2 * l3
        loss = l4.mean()
        loss.backward()

    return run


def _second_derivative(torch: Any) -> Run:
    w = _tensors(torch)[2]

    def run() -> None:
        y = (w * w * w).sum()
        (first,) = torch.autograd.grad(y, w, create_graph=True)
        torch.autograd.grad(first.sum(), w)

    return run


def _plain(f: Callable[[Any, Any, Any, Any], Run]) -> Callable[[Any], Run]:
    return lambda torch: f(torch, *_tensors(torch))


def _recorded_add(torch: Any, a: Any, b: Any, w: Any) -> Run:
    v = b.clone().requires_grad_()
    return lambda: w + v


def _in_place(torch: Any, a: Any, b: Any, w: Any) -> Run:
    zero = torch.zeros(4, 4)
    return lambda: a.add_(zero)


def _where(torch: Any, a: Any, b: Any, w: Any) -> Run:
    mask = a > 1
    return lambda: torch.where(mask, a, b)


_ROWS: list[tuple[str, float, Callable[[Any], Run]]] = [
    ("a + b", 15, _plain(lambda torch, a, b, w: lambda: a + b)),
    ("a + b, recorded", 15, _plain(_recorded_add)),
    ("w * 2.0, recorded", 15, _plain(lambda torch, a, b, w: lambda: w * 2.0)),
    ("the article's example, whole", 15, _article),
    ("w.exp()", 10, _plain(lambda torch, a, b, w: lambda: w.exp())),
    ("w.sum()", 10, _plain(lambda torch, a, b, w: lambda: w.sum())),
    ("w.sum(1)", 10, _plain(lambda torch, a, b, w: lambda: w.sum(1))),
    ("w.sum(1, keepdim=True)", 10, _plain(lambda torch, a, b, w: lambda: w.sum(1, keepdim=True))),
    ("w.reshape(16)", 10, _plain(lambda torch, a, b, w: lambda: w.reshape(16))),
    ("w[0]", 10, _plain(lambda torch, a, b, w: lambda: w[0])),
    ("w[1:3, ::2]", 10, _plain(lambda torch, a, b, w: lambda: w[1:3, ::2])),
    ("w @ a", 10, _plain(lambda torch, a, b, w: lambda: w @ a)),
    ("a.add_(b)", 10, _plain(_in_place)),
    ("where(mask, a, b)", 10, _plain(_where)),
    ("cat([a, b])", 10, _plain(lambda torch, a, b, w: lambda: torch.cat([a, b]))),
    ("a[0, 0].item()", 10, _plain(lambda torch, a, b, w: a[0, 0].item)),
    ("second derivative of (w³).sum()", 10, _second_derivative),
]
