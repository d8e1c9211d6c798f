"""Measuring: the shortest of many runs, the contestants taking turns so that both see the same weather."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

Run = Callable[[], object]


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


def shortest(runs: list[Run | None], budget: float = 0.4, batch_time: float = 1e-3) -> list[float | None]:
    """Seconds of one call of each: the shortest batch of many, in turns, `budget` seconds for each."""
    loops = [0 if run is None else _loops(run, batch_time) for run in runs]
    best: list[float | None] = [None] * len(runs)
    end = time.perf_counter() + budget * sum(run is not None for run in runs)
    gc.collect()
    gc.disable()
    try:
        turns = 0
        while turns < 3 or time.perf_counter() < end:
            for i, run in enumerate(runs):
                if run is not None:
                    seconds = _batch(run, loops[i])
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


def _loops(run: Run, batch_time: float) -> int:
    run()
    seconds = min(_batch(run, 1) for _ in range(3))
    return max(1, int(batch_time / max(seconds, 1e-9)))


def _batch(run: Run, loops: int) -> float:
    repeat = range(loops)
    start = time.perf_counter()
    for _ in repeat:
        run()
    return (time.perf_counter() - start) / loops
