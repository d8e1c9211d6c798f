"""Long paths in few words: stretches that repeat, or that stay in one module, become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .steps import Step
from .term import Term, derivative

UNFOLDED = 12  # a path of no more steps is written out
_LONGEST_PERIOD = 12  # of steps that repeat


@dataclass(frozen=True)
class Segment:
    """Steps of a path told as one: a single one, or a stretch that is folded."""

    steps: tuple[Step, ...]
    first: int = 1  # how many of the steps stand for all: one period
    told: str = ""  # "50 × (tanh, add, mm)", "encoder.fc1, 3 steps"; empty for a single step

    @property
    def derivative(self) -> Term:
        return derivative(self.steps[0].of, self.steps[-1].by)


def fold(steps: Sequence[Step]) -> list[Segment]:
    """A path's steps; of a long path, stretches in one module and stretches that repeat become one segment each."""
    return [
        Segment(tuple(steps[a:b]), first, told)
        for a, b, first, told in stretches([(s.operation, s.module) for s in steps])
    ]


Stretch = tuple[int, int, int, str]  # from, to, how many stand for all, words


def stretches(steps: Sequence[tuple[str, str]]) -> list[Stretch]:
    """The stretches of a path, from the operation and module of each step."""
    if len(steps) <= UNFOLDED:
        return [(i, i + 1, 1, "") for i in range(len(steps))]
    found: list[Stretch] = []
    at = 0
    while at < len(steps):
        end, first, told = _repeats(steps, at)
        if not told:
            end, told = _module(steps, at)
        found.append((at, end, first, told))
        at = end
    return found if len(found) <= 2 * UNFOLDED else _shortened(found)


def _repeats(steps: Sequence[tuple[str, str]], at: int) -> tuple[int, int, str]:
    """The end of a stretch that repeats from here, its period, and what it is."""
    best, first, told = at + 1, 1, ""
    for period in range(1, _LONGEST_PERIOD + 1):
        pattern = [operation for operation, _ in steps[at : at + period]]
        if len(pattern) < period:
            break
        times, end = 1, at + period
        while [operation for operation, _ in steps[end : end + period]] == pattern:
            times, end = times + 1, end + period
        if times >= 3 and end > best:
            best, first = end, period
            told = f"{times:,} × {pattern[0]}" if period == 1 else f"{times:,} × ({', '.join(pattern)})"
    return best, first, told


def _module(steps: Sequence[tuple[str, str]], at: int) -> tuple[int, str]:
    module, end = steps[at][1], at + 1
    while module and end < len(steps) and steps[end][1] == module:
        end += 1
    return (end, f"{module}, {end - at} steps") if end - at > 1 else (at + 1, "")


def _shortened(found: list[Stretch]) -> list[Stretch]:
    """Of a long path without pattern: its ends, and all between as one."""
    keep = UNFOLDED // 2
    start, end = found[keep][0], found[-keep][0]
    return [*found[:keep], (start, end, 1, f"{end - start:,} steps"), *found[-keep:]]
