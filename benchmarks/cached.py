"""Loops in the cache: 20,000 elements, one thread, beside PyTorch's own loops.

Values are written into `out=` where both libraries have it, so that allocation is not what is measured. Rows "forward +
backward" are whole calls, as programs make them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

COUNT = 20_000
Make = Callable[[Any, "_Data"], Run]


class _Data:
    """The same numbers for each library."""

    def __init__(self, torch: Any) -> None:
        spread = torch.arange(COUNT, dtype=torch.float64)
        self.wide = (spread * 0.7).sin() * 2  # float64, in [-2, 2]
        self.unit = self.wide / 2.1
        self.positive = self.wide.abs() + 0.1
        self.x = self.wide.to(torch.float32)
        self.other = (spread * 1.3).sin().to(torch.float32)
        self.bytes = (self.wide * 60).to(torch.int8)
        self.more_bytes = (self.other * 120).to(torch.int8)
        self.rows = self.x.reshape(200, 100)
        self.index = (self.rows.abs() * 49).to(torch.int64)
        self.ties = self.index.to(torch.float32)
        self.sums = torch.zeros(200, 100)
        self.rates = torch.full((COUNT,), 1.5)
        self.out = {t: torch.empty(COUNT, dtype=t) for t in (torch.float32, torch.float64, torch.int8)}


def measure(ours: Any, other: Any | None) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(1)
    data = _Data(ours), None if other is None else _Data(other)
    for group, name, target, make in _rows():
        runs: list[Batch | None] = [calls(make(ours, data[0])), None]
        if data[1] is not None:
            runs[1] = calls(make(other, data[1]))
        seconds = shortest(runs, budget=0.3)
        assert seconds[0] is not None
        yield Result(group, name, 1, seconds[0], seconds[1], "PyTorch", target)


def _rows() -> Iterator[tuple[str, str, float | None, Make]]:
    group = "in the cache, float32"
    for name, target in (("exp", 1.1), ("sigmoid", 1.1), ("erf", 1), ("erfc", 1)):
        yield group, name, target, _into(name, lambda d: d.x)
    yield group, "nextafter", 1, _into("nextafter", lambda d: d.x, lambda d: d.other)
    for name in ("hardswish", "hardsigmoid"):
        yield group, name, 1, _function(name, lambda d: d.x)
    yield group, "gelu, forward + backward", 2, _both("gelu", lambda d: d.x)
    for name in ("softmax", "log_softmax"):
        yield group, f"{name}, forward + backward", 1.2, _both(name, lambda d: d.rows, 1)
    yield group, "scatter_add along 1", 1, lambda _, d: lambda: d.sums.scatter_add_(1, d.index, d.rows)
    yield group, "sort with ties", 1, lambda _, d: lambda: d.ties.sort(1)
    yield group, "poisson", 1, lambda torch, d: lambda: torch.poisson(d.rates)

    group = "in the cache, float64"
    yield group, "pow", 1, _into("pow", lambda d: d.positive, lambda d: d.wide)
    for name in ("erf", "erfc"):
        yield group, name, 1, _into(name, lambda d: d.wide)
    yield group, "erfinv", 1, _into("erfinv", lambda d: d.unit)
    yield group, "gelu", 1, _function("gelu", lambda d: d.wide)

    group = "in the cache, int8"
    yield group, "max", 1, lambda _, d: lambda: d.bytes.max()
    yield group, "maximum", 1, _into("maximum", lambda d: d.bytes, lambda d: d.more_bytes)
    yield group, "clamp", 1, _into("clamp", lambda d: d.bytes, lambda d: -10, lambda d: 10)
    yield group, "abs", 1, _into("abs", lambda d: d.bytes)


def _into(name: str, *operands: Callable[[_Data], Any]) -> Make:
    def make(torch: Any, data: _Data) -> Run:
        function, values = getattr(torch, name), [operand(data) for operand in operands]
        out = data.out[values[0].dtype]
        return lambda: function(*values, out=out)

    return make


def _function(name: str, operand: Callable[[_Data], Any]) -> Make:
    def make(torch: Any, data: _Data) -> Run:
        function, x = getattr(torch.nn.functional, name), operand(data)
        return lambda: function(x)

    return make


def _both(name: str, operand: Callable[[_Data], Any], *arguments: object) -> Make:
    def make(torch: Any, data: _Data) -> Run:
        function, cotangent = getattr(torch.nn.functional, name), operand(data)
        x = cotangent.clone().requires_grad_()

        def run() -> None:
            function(x, *arguments).backward(cotangent)
            x.grad = None

        return run

    return make
