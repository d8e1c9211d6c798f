"""Linear algebra beside PyTorch: factors, systems, spectra of one matrix, and of a thousand small ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

Make = Callable[[Any, Any], Run]  # of a library and a matrix, or a batch of them

SIZES, BATCH = (64, 512), (1000, 4)


def regular(torch: Any, *sizes: int, dtype: str = "float32") -> Any:
    """A matrix, or a batch, with a strong diagonal, symmetric and positive."""
    count = 1
    for size in sizes:
        count *= size
    n = sizes[-1]
    x = ((torch.arange(count, dtype=torch.float64) + 1) ** 2 * 0.7).sin().reshape(*sizes)
    return (x @ x.mT / n + torch.eye(n, dtype=torch.float64)).to(getattr(torch, dtype)).contiguous()


def rows(group: str, ours: Any, other: Any | None, threads: int, cases: dict[str, Make]) -> Iterator[Result]:
    """Each of one matrix of 64 and 512 rows (target 1), and of 1,000 of 4 rows (target 3), in float32 and float64."""
    for dtype in ("float32", "float64"):
        for name, make in cases.items():
            for sizes in ((n, n) for n in SIZES):
                yield row(
                    group, ours, other, threads, f"{name}, {sizes[0]} × {sizes[0]}, {dtype}", make, sizes, dtype, 1
                )
            count, n = BATCH
            text = f"{name}, {count:,} of {n} × {n}, {dtype}"
            yield row(group, ours, other, threads, text, make, (count, n, n), dtype, 3)


def row(
    group: str, ours: Any, other: Any | None, threads: int, name: str, make: Make, sizes: Any, dtype: str, target: float
) -> Result:
    batches: list[Batch | None] = [
        None if library is None else calls(make(library, regular(library, *sizes, dtype=dtype)))
        for library in (ours, other)
    ]
    seconds = shortest(batches)
    assert seconds[0] is not None
    return Result(group, name, threads, seconds[0], seconds[1], "PyTorch", target)


def _vector(torch: Any, a: Any) -> Run:
    b = a[..., :1].contiguous()
    return lambda: torch.linalg.solve(a, b)


SYSTEMS: dict[str, Make] = {
    "solve": lambda torch, a: lambda: torch.linalg.solve(a, a),
    "solve, a vector": _vector,
    "inv": lambda torch, a: lambda: torch.linalg.inv(a),
    "det": lambda torch, a: lambda: torch.linalg.det(a),
    "cholesky": lambda torch, a: lambda: torch.linalg.cholesky(a),
}
SPECTRA: dict[str, Make] = {
    "svd": lambda torch, a: lambda: torch.linalg.svd(a, full_matrices=False),
    "svdvals": lambda torch, a: lambda: torch.linalg.svdvals(a),
    "eigh": lambda torch, a: lambda: torch.linalg.eigh(a),
    "eigvalsh": lambda torch, a: lambda: torch.linalg.eigvalsh(a),
}
ORTHOGONAL: dict[str, Make] = {"qr": lambda torch, a: lambda: torch.linalg.qr(a)}


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    yield from rows("systems of linear equations", ours, other, threads, SYSTEMS)
    yield from rows("singular values and eigenvalues", ours, other, threads, SPECTRA)
    yield from rows("orthogonal factors", ours, other, threads, ORTHOGONAL)
