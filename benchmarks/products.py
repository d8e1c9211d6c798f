"""Products of matrices and vectors, beside PyTorch, OpenBLAS and the limit of the machine.

The limit is measured in turns with the product: as many multiply-adds in registers, on as many threads and with the
same instruction set; for a matrix and a vector, which wait for memory, a copy that moves as many bytes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.limits import copy, multiply_adds
from benchmarks.timing import Batch, Result, Run, calls, shortest

SQUARES, SMALL, VECTORS = (512, 1024, 2048), (4, 8, 16, 32, 64), (64, 256, 1024, 4096, 8192)
LAYOUTS = ("nn", "nt", "tn", "tt")  # of the two operands: as they are, transposed


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    for dtype in ("float32", "float64"):
        yield from _matrices(ours, other, threads, dtype)
    if threads == 1:
        for n in VECTORS:
            yield from _vectors(ours, other, n)


def _matrices(ours: Any, other: Any | None, threads: int, dtype: str) -> Iterator[Result]:
    group = f"matrix product, {dtype}"

    def row(name: str, work: int, mine: Run, theirs: Run | None, share: float | None) -> Result:
        limit = calls(multiply_adds(ours, dtype, work)) if share else None
        batches: list[Batch | None] = [calls(mine), None if theirs is None else calls(theirs), limit]
        seconds = shortest(batches)
        assert seconds[0] is not None
        return Result(group, name, threads, seconds[0], seconds[1], "PyTorch", None, seconds[2], share)

    for n in SQUARES:
        for layout in LAYOUTS:
            runs = [None if t is None else _square(t, n, layout, dtype) for t in (ours, other)]
            assert runs[0] is not None
            name = f"{n} × {n}" + ("" if layout == "nn" else f", {layout}")
            yield row(name, n**3, runs[0], runs[1], 0.9)
        if dtype == "float32":
            seconds = shortest([calls(_square(ours, n, "nn", dtype)), calls(_openblas_square(ours, n, threads))])
            assert seconds[0] is not None
            yield Result(group, f"{n} × {n}", threads, seconds[0], seconds[1], "OpenBLAS from C", 0.9)
    for name, work, make in (
        ("48 × (256 × 64)(64 × 256)", 48 * 256 * 64 * 256, _batches),
        ("(64 × 784)(784 × 1024)", 64 * 784 * 1024, _thin),
        ("linear, 64 × 784 to 1024", 64 * 784 * 1024, _linear),
    ):
        yield row(name, work, make(ours, dtype), None if other is None else make(other, dtype), 0.85)
    if threads == 1:
        for n in SMALL:
            mine = _square(ours, n, "nn", dtype)
            yield row(f"{n} × {n}", n**3, mine, None if other is None else _square(other, n, "nn", dtype), None)


def _vectors(ours: Any, other: Any | None, n: int) -> Iterator[Result]:
    for name, transposed in (("matrix × vector", False), ("vector × matrix", True)):
        runs = [None if t is None else calls(_vector(t, n, transposed)) for t in (ours, other)]
        seconds = shortest([*runs, calls(copy(ours, 4 * n * n))])
        assert seconds[0] is not None
        row = f"{name}, {n} × {n}"
        yield Result("matrix and vector, float32", row, 1, seconds[0], seconds[1], "PyTorch", None, seconds[2], 0.9)


def _values(torch: Any, *sizes: int, dtype: str, seed: float = 0.7) -> Any:
    count = 1
    for size in sizes:
        count *= size
    return (torch.arange(count, dtype=torch.float32) * seed).sin().reshape(*sizes).to(getattr(torch, dtype))


def _square(torch: Any, n: int, layout: str, dtype: str) -> Run:
    a, b = _values(torch, n, n, dtype=dtype), _values(torch, n, n, dtype=dtype, seed=1.3)
    a, b = (x.t() if how == "t" else x for x, how in zip((a, b), layout, strict=True))
    c = torch.empty(n, n, dtype=a.dtype)
    return lambda: torch.matmul(a, b, out=c)


def _batches(torch: Any, dtype: str) -> Run:
    a, b = _values(torch, 48, 256, 64, dtype=dtype), _values(torch, 48, 64, 256, dtype=dtype)
    c = torch.empty(48, 256, 256, dtype=a.dtype)
    return lambda: torch.bmm(a, b, out=c)


def _thin(torch: Any, dtype: str) -> Run:
    a, b = _values(torch, 64, 784, dtype=dtype), _values(torch, 784, 1024, dtype=dtype)
    c = torch.empty(64, 1024, dtype=a.dtype)
    return lambda: torch.matmul(a, b, out=c)


def _linear(torch: Any, dtype: str) -> Run:
    x, w, bias = (_values(torch, *sizes, dtype=dtype) for sizes in ((64, 784), (1024, 784), (1024,)))
    linear = torch.nn.functional.linear
    return lambda: linear(x, w, bias)


def _vector(torch: Any, n: int, transposed: bool) -> Run:
    m, v, out = _values(torch, n, n, dtype="float32"), _values(torch, n, dtype="float32"), torch.empty(n)
    return (lambda: torch.matmul(v, m, out=out)) if transposed else (lambda: torch.matmul(m, v, out=out))


def _openblas_square(ours: Any, n: int, threads: int) -> Run:
    os.environ.setdefault("OPENBLAS_CORETYPE", _core_type())
    library = ctypes.CDLL(str(Path(ours.__file__).with_name("_lib") / "libscipy_openblas.so"))
    a, b, c = (_values(ours, n, n, dtype="float32", seed=seed) for seed in (0.7, 1.3, 0.0))
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
