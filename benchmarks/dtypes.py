"""Twenty operations in types that are not float32, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

SIDE = 512
DTYPES = ("float64", "bfloat16", "float16", "int64", "complex64")
_Make = Callable[[Any, Any, Any], Run]  # (library, a, b) to what is measured


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    for dtype in DTYPES:
        for name, (without, make) in _ROWS.items():
            if dtype in without:
                continue
            runs: list[Batch | None] = [calls(make(ours, *_pair(ours, dtype)))]
            runs.append(None if other is None else calls(make(other, *_pair(other, dtype))))
            seconds = shortest(runs, budget=0.15)
            assert seconds[0] is not None
            yield Result(f"types, {dtype}", name, threads, seconds[0], seconds[1], "PyTorch", 1)


def _pair(torch: Any, dtype: str) -> tuple[Any, Any]:
    a = (torch.arange(SIDE * SIDE, dtype=torch.float64) * 0.7).sin().reshape(SIDE, SIDE)
    b = (torch.arange(SIDE * SIDE, dtype=torch.float64) * 1.3).cos().reshape(SIDE, SIDE) + 2
    if dtype == "int64":
        a, b = a * 100, b * 3
    return a.to(getattr(torch, dtype)), b.to(getattr(torch, dtype))


def _function(name: str) -> _Make:
    return lambda torch, a, b: lambda: getattr(torch, name)(a)


def _binary(name: str) -> _Make:
    return lambda torch, a, b: lambda: getattr(torch, name)(a, b)


def _along(name: str, dim: int) -> _Make:
    return lambda torch, a, b: lambda: getattr(torch, name)(a, dim)


def _where(torch: Any, a: Any, b: Any) -> Run:
    mask = a == b
    mask[::2] = True
    return lambda: torch.where(mask, a, b)


def _cat(torch: Any, a: Any, b: Any) -> Run:
    return lambda: torch.cat([a, b], 1)


def _cast(torch: Any, a: Any, b: Any) -> Run:
    to = torch.complex128 if a.dtype == torch.complex64 else torch.float32
    return lambda: a.to(to)


_INT, _COMPLEX = ("int64",), ("complex64",)
_ROWS: dict[str, tuple[tuple[str, ...], _Make]] = {
    "a + b": ((), _binary("add")),
    "a * b": ((), _binary("mul")),
    "a / b": ((), _binary("div")),
    "exp": ((), _function("exp")),
    "log": ((), lambda torch, a, b: lambda: b.log()),
    "sin": ((), _function("sin")),
    "tanh": ((), _function("tanh")),
    "sqrt": ((), lambda torch, a, b: lambda: b.sqrt()),
    "where": ((), _where),
    "sum": ((), _function("sum")),
    "sum(0)": ((), _along("sum", 0)),
    "mean": (_INT, _function("mean")),
    "max": (_COMPLEX, _function("max")),
    "argmax(1)": (_COMPLEX, _along("argmax", 1)),
    "softmax(1)": (_INT + _COMPLEX, _along("softmax", 1)),
    "cumsum(1)": ((), _along("cumsum", 1)),
    "sort": (_COMPLEX, _function("sort")),
    "a @ b": ((), _binary("matmul")),
    "cat": ((), _cat),
    "a.t().contiguous()": ((), lambda torch, a, b: lambda: a.t().contiguous()),
    "a == b": ((), _binary("eq")),
    "clamp": (_COMPLEX, lambda torch, a, b: lambda: a.clamp(-0.5, 0.5) if a.is_floating_point() else a.clamp(-9, 9)),
    "a ** 2": ((), lambda torch, a, b: lambda: a**2),
    "cast": ((), _cast),
}
