"""Sorting, selecting, scanning and indexing a million elements, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

COUNT = 1_000_000
SIDE = 1000


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    for group, rows in (("sorting", _SORTING), ("scans", _SCANS), ("by index", _INDEXING)):
        for name, target, make in rows:
            runs: list[Batch | None] = [calls(make(ours)), None if other is None else calls(make(other))]
            seconds = shortest(runs)
            assert seconds[0] is not None
            yield Result(group, name, threads, seconds[0], seconds[1], "PyTorch", target)


def _floats(torch: Any, *sizes: int) -> Any:
    """As good as random: fractions of large sines, a bell of them."""
    n = 1
    for size in sizes:
        n *= size
    parts = [((torch.arange(n, dtype=torch.float64) + k).sin() * 43758.5453).frac() for k in (0.1, 0.7, 1.3)]
    return sum(parts[1:], parts[0]).float().reshape(*sizes)


def _places(torch: Any, n: int, below: int) -> Any:
    return (((torch.arange(n, dtype=torch.float64) * 0.37).sin() * 43758.5453).frac().abs() * below).long()


def _integers(torch: Any) -> Any:
    return (_floats(torch, COUNT).double() * 2.0**60).long()


def _along(name: str, dim: int, *sizes: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        x = _floats(torch, *sizes)
        return lambda: getattr(x, name)(dim)

    return make


def _of(name: str, values: Callable[[Any], Any], *more: Any) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        x = values(torch)
        return lambda: getattr(torch, name)(x, *more)

    return make


def _row(torch: Any) -> Any:
    return _floats(torch, COUNT)


def _matrix(torch: Any) -> Any:
    return _floats(torch, SIDE, SIDE)


def _few_integers(torch: Any) -> Any:
    return _places(torch, COUNT, 1000)


def _search(torch: Any) -> Run:
    row, x = _row(torch).sort()[0], _floats(torch, SIDE, SIDE)
    return lambda: torch.searchsorted(row, x)


def _gather(dim: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        x, at = _matrix(torch), _places(torch, COUNT, SIDE).reshape(SIDE, SIDE)
        return lambda: x.gather(dim, at)

    return make


def _scatter_add(dim: int) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        x, at = _matrix(torch), _places(torch, COUNT, SIDE).reshape(SIDE, SIDE)
        zero = torch.zeros(SIDE, SIDE)
        return lambda: zero.scatter_add(dim, at, x)

    return make


def _index_select(torch: Any) -> Run:
    table, at = _floats(torch, SIDE, 64), _places(torch, 100_000, SIDE)
    return lambda: table.index_select(0, at)


def _index(torch: Any) -> Run:
    x, i, j = _matrix(torch), _places(torch, COUNT, SIDE), _places(torch, COUNT, SIDE).flip(0)
    return lambda: x[i, j]


def _index_put(accumulate: bool) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        x, i, j = torch.zeros(SIDE, SIDE), _places(torch, COUNT, SIDE), _places(torch, COUNT, SIDE).flip(0)
        values = _row(torch)
        return lambda: x.index_put_((i, j), values, accumulate=accumulate)

    return make


def _mask(torch: Any) -> Run:
    x = _matrix(torch)
    mask = x > 0
    return lambda: x[mask]


def _nonzero(torch: Any) -> Run:
    mask = _matrix(torch) > 0
    return lambda: mask.nonzero()


_Row = tuple[str, float | None, Callable[[Any], Run]]
_SORTING: list[_Row] = [
    ("sort, float32", 3, _of("sort", _row)),
    ("sort, int64", 3, _of("sort", _integers)),
    ("sort, int64 below 1000", None, _of("sort", _few_integers)),
    ("sort, 1000 rows", 1.2, _of("sort", _matrix)),
    ("topk(10)", 1.2, _of("topk", _row, 10)),
    ("topk(100), 1000 rows", 1.2, _of("topk", _matrix, 100)),
    ("kthvalue", None, _of("kthvalue", _row, COUNT // 2)),
    ("median", None, _of("median", _row)),
    ("unique, int64", 1.2, _of("unique", _integers)),
    ("unique, int64 below 1000", 1.2, _of("unique", _few_integers)),
    ("searchsorted", 1.2, _search),
]
_SCANS: list[_Row] = [
    ("cumsum", 1.2, _along("cumsum", 0, COUNT)),
    ("cumsum, rows", 1.2, _along("cumsum", 1, SIDE, SIDE)),
    ("cumsum, columns", 1.2, _along("cumsum", 0, SIDE, SIDE)),
    ("cumprod", None, _along("cumprod", 0, COUNT)),
    ("cummax", None, _along("cummax", 0, COUNT)),
    ("logcumsumexp", None, _along("logcumsumexp", 0, COUNT)),
]
_INDEXING: list[_Row] = [
    ("gather, rows", 1.2, _gather(1)),
    ("gather, columns", 1.2, _gather(0)),
    ("scatter_add, rows", 1.2, _scatter_add(1)),
    ("scatter_add, columns", 1.2, _scatter_add(0)),
    ("index_select, 100 000 rows of 64", 1.2, _index_select),
    ("x[i, j]", 1.2, _index),
    ("index_put", 1.2, _index_put(False)),
    ("index_put, accumulate", 1.2, _index_put(True)),
    ("x[mask]", None, _mask),
    ("nonzero", None, _nonzero),
]
