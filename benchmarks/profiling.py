"""What the profiler adds to an operation while it is on: 4×4 float32, `a + b` with it off and on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.timing import Batch, Result, shortest, statement


def measure(ours: Any) -> Iterator[Result]:
    """One row: ours is with the profiler on, the other without."""
    from adjoint import _core

    a, b = ours.ones(4, 4), ours.ones(4, 4)
    plain = statement("a + b", {"a": a, "b": b})

    def on(loops: int) -> float:
        _core._profiler_start()  # forgets the rows of the batch before
        try:
            return plain(loops)
        finally:
            _core._profiler_stop()

    batches: list[Batch | None] = [on, plain]
    seconds = shortest(batches)
    assert seconds[0] is not None
    yield Result("profiler", "a + b, profiler on", 1, seconds[0], seconds[1], "profiler off", None)
