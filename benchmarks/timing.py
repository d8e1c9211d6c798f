"""Measuring: the shortest of many runs, the contestants taking turns so that both see the same weather."""

from __future__ import annotations

import gc
import time
import timeit
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Run = Callable[[], object]
Batch = Callable[[int], float]  # the seconds that so many runs take


@dataclass
class Result:
    """One row of the report. Seconds; `ratio` says how many times faster ours is than the other's."""

    group: str
    name: str
    threads: int
    ours: float
    other: float | None
    against: str
    target: float | None

    @property
    def ratio(self) -> float | None:
        return None if self.other is None else self.other / self.ours

    @property
    def met(self) -> bool | None:
        return None if self.ratio is None or self.target is None else self.ratio >= self.target

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


def calls(run: Run) -> Batch:
    """Batches of calls; their overhead, some 40 ns, counts."""

    def batch(loops: int) -> float:
        repeat = range(loops)
        start = time.perf_counter()
        for _ in repeat:
            run()
        return time.perf_counter() - start

    return batch


def statement(code: str, names: dict[str, Any]) -> Batch:
    """Batches of a statement written into the loop itself: nothing but the statement counts."""
    return timeit.Timer(code, globals=names).timeit


def shortest(batches: list[Batch | None], budget: float = 0.4, batch_time: float = 1e-3) -> list[float | None]:
    """Seconds of one run of each: the shortest batch of many, in turns, `budget` seconds for each."""
    loops = [0 if batch is None else _loops(batch, batch_time) for batch in batches]
    best: list[float | None] = [None] * len(batches)
    end = time.perf_counter() + budget * sum(batch is not None for batch in batches)
    gc.collect()
    gc.disable()
    try:
        turns = 0
        while turns < 3 or time.perf_counter() < end:
            for i, batch in enumerate(batches):
                if batch is not None:
                    seconds = batch(loops[i]) / loops[i]
                    best[i] = min(seconds, best[i] or seconds)
            turns += 1
    finally:
        gc.enable()
    return best


def shortest_reported(runs: list[Callable[[], float] | None], turns: int = 30) -> list[float | None]:
    """The same for runs which time a part of themselves and return its seconds."""
    best: list[float | None] = [None] * len(runs)
    gc.collect()
    gc.disable()
    try:
        for _ in range(turns):
            for i, run in enumerate(runs):
                if run is not None:
                    seconds = run()
                    best[i] = min(seconds, best[i] or seconds)
    finally:
        gc.enable()
    return best


def _loops(batch: Batch, batch_time: float) -> int:
    batch(1)
    seconds = min(batch(3) for _ in range(3)) / 3
    return max(1, int(batch_time / max(seconds, 1e-9)))
