"""Large work: 10 million floats against memory and PyTorch."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

COUNT = 10_000_000


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    group = "10 million float32"
    for name, target, make in _ROWS:
        runs: list[Batch | None] = [calls(make(ours, *_pair(ours)))]
        runs.append(None if other is None else calls(make(other, *_pair(other))))
        seconds = shortest(runs, budget=0.8)
        yield _result(group, name, threads, seconds, "PyTorch", target)
    if threads == 1:  # a plain loop has one thread
        a, b = _pair(ours)
        c = ours.empty(COUNT)
        loops = _plain_loops(ours, a, b, c)
        for name, _, make in _ROWS:
            seconds = shortest([calls(make(ours, a, b)), calls(loops[name])], budget=0.8)
            yield _result(group, name, threads, seconds, "a plain C loop", 0.9)


def _pair(torch: Any) -> tuple[Any, Any]:
    a = torch.arange(COUNT, dtype=torch.float32) / COUNT
    return a, 1 - a


def _copy(torch: Any, a: Any, b: Any) -> Run:
    c = torch.empty(COUNT)
    return lambda: c.copy_(a)


_ROWS: list[tuple[str, float | None, Callable[[Any, Any, Any], Run]]] = [
    ("a + b", 5, lambda torch, a, b: lambda: a + b),
    ("a * b", 5, lambda torch, a, b: lambda: a * b),
    ("a.sum()", None, lambda torch, a, b: lambda: a.sum()),
    ("c.copy_(a)", None, _copy),
]


def _plain_loops(ours: Any, a: Any, b: Any, c: Any) -> dict[str, Run]:
    """C loops on the same buffers, out of our extension module."""
    core = ctypes.CDLL(ours._core.__file__)
    x, y, z = (ctypes.c_void_p(t.data_ptr()) for t in (a, b, c))
    n = ctypes.c_int64(COUNT)
    core.adjoint_plain_sum.restype = ctypes.c_float
    return {
        "a + b": lambda: core.adjoint_plain_add(x, y, z, n),
        "a * b": lambda: core.adjoint_plain_mul(x, y, z, n),
        "a.sum()": lambda: core.adjoint_plain_sum(x, n),
        "c.copy_(a)": lambda: core.adjoint_plain_copy(x, z, n),
    }


def _result(
    group: str, name: str, threads: int, seconds: list[float | None], against: str, target: float | None
) -> Result:
    assert seconds[0] is not None
    return Result(group, name, threads, seconds[0], seconds[1], against, target)
