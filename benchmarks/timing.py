"""Measuring: the shortest of many runs, the contestants taking turns so that both see the same weather."""

from __future__ import annotations

import gc
import statistics
import time
import timeit
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Run = Callable[[], object]
Batch = Callable[[int], float]  # the seconds that so many runs take


class Budget:
    """How long to measure. With `quick` set, every row runs once: a test of the rows, not of their speed."""

    quick = False


class Seconds(float):
    """The shortest of several measurements; beside it their median and number."""

    median: float
    repeats: int

    @classmethod
    def of(cls, measured: list[float]) -> Seconds:
        seconds = cls(min(measured))
        seconds.median, seconds.repeats = statistics.median(measured), len(measured)
        return seconds


@dataclass
class Result:
    """One row of the report. Seconds; `ratio` says how many times faster ours is than the other's, and `share`
    how near ours comes to `limit`: the time in which this machine, in the same run, did nothing but as many
    multiply-adds, or copied as many bytes."""

    group: str
    name: str
    threads: int
    ours: float
    other: float | None
    against: str
    target: float | None
    limit: float | None = None
    share_target: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.other is None else self.other / self.ours

    @property
    def share(self) -> float | None:
        return None if self.limit is None else self.limit / self.ours

    @property
    def met(self) -> bool | None:
        pairs = ((self.ratio, self.target), (self.share, self.share_target))
        verdicts = [have >= want for have, want in pairs if have is not None and want is not None]
        return all(verdicts) if verdicts else None

    def as_dict(self) -> dict[str, object]:
        row = asdict(self) | {"ratio": self.ratio, "share": self.share, "met": self.met}
        for name in ("ours", "other", "limit"):
            if isinstance(seconds := getattr(self, name), Seconds):
                row |= {f"{name}_median": seconds.median, f"{name}_repeats": seconds.repeats}
        return row


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
    measured: list[list[float]] = [[] for _ in batches]
    end = time.perf_counter() + (0 if Budget.quick else budget) * sum(batch is not None for batch in batches)
    gc.collect()
    gc.disable()
    try:
        turns = 0
        while turns < (1 if Budget.quick else 3) or time.perf_counter() < end:
            for times, batch, count in zip(measured, batches, loops, strict=True):
                if batch is not None:
                    times.append(batch(count) / count)
            turns += 1
    finally:
        gc.enable()
    return [Seconds.of(times) if times else None for times in measured]


def shortest_reported(runs: list[Callable[[], float] | None], turns: int = 30) -> list[float | None]:
    """The same for runs which time a part of themselves and return its seconds."""
    measured: list[list[float]] = [[] for _ in runs]
    gc.collect()
    gc.disable()
    try:
        for _ in range(1 if Budget.quick else turns):
            for times, run in zip(measured, runs, strict=True):
                if run is not None:
                    times.append(run())
    finally:
        gc.enable()
    return [Seconds.of(times) if times else None for times in measured]


def _loops(batch: Batch, batch_time: float) -> int:
    if Budget.quick:
        return 1
    batch(1)
    seconds = min(batch(3) for _ in range(3)) / 3
    return max(1, int(batch_time / max(seconds, 1e-9)))
