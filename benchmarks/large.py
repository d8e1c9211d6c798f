"""Large work: 10 million floats against memory, matrix products against OpenBLAS, both against PyTorch."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

COUNT = 10_000_000


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    yield from _elementwise(ours, other, threads)
    for n in (512, 2048):
        yield from _matmul(ours, other, threads, n)


def _elementwise(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
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


def _matmul(ours: Any, other: Any | None, threads: int, n: int) -> Iterator[Result]:
    runs: list[Batch | None] = [calls(_product(ours, n)), None if other is None else calls(_product(other, n))]
    seconds = shortest(runs, budget=1.5)
    yield _result("matrix product, float32", f"{n} × {n}", threads, seconds, "PyTorch", 1.8)
    blas = _openblas_product(ours, n, threads)
    seconds = shortest([calls(_product(ours, n)), calls(blas)], budget=1.5)
    yield _result("matrix product, float32", f"{n} × {n}", threads, seconds, "OpenBLAS from C", 0.9)


def _square(torch: Any, n: int, seed: float) -> Any:
    return (torch.arange(n * n, dtype=torch.float32) * seed).sin().reshape(n, n)


def _product(torch: Any, n: int) -> Run:
    a, b, c = _square(torch, n, 0.7), _square(torch, n, 1.3), torch.empty(n, n)
    return lambda: torch.matmul(a, b, out=c)


def _openblas_product(ours: Any, n: int, threads: int) -> Run:
    os.environ.setdefault("OPENBLAS_CORETYPE", _core_type())
    library = ctypes.CDLL(str(Path(ours.__file__).with_name("_lib") / "libscipy_openblas.so"))
    a, b, c = _square(ours, n, 0.7), _square(ours, n, 1.3), ours.empty(n, n)
    pointers = [ctypes.c_void_p(t.data_ptr()) for t in (a, b, c)]
    row_major, plain, size, one, zero = 101, 111, ctypes.c_int(n), ctypes.c_float(1), ctypes.c_float(0)

    def run() -> None:
        # The library is the one that we use too, on one thread: lend it the threads, and take them back.
        library.scipy_openblas_set_num_threads(threads)
        library.scipy_cblas_sgemm(
            row_major,
            plain,
            plain,
            size,
            size,
            size,
            one,
            pointers[0],
            size,
            pointers[1],
            size,
            zero,
            pointers[2],
            size,
        )
        library.scipy_openblas_set_num_threads(1)

    run.keep = (a, b, c)  # type: ignore[attr-defined]
    return run


def _core_type() -> str:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "SkylakeX" if "avx512vl" in flags else ""


def _result(
    group: str, name: str, threads: int, seconds: list[float | None], against: str, target: float | None
) -> Result:
    assert seconds[0] is not None
    return Result(group, name, threads, seconds[0], seconds[1], against, target)
