"""A line search for the strong Wolfe conditions, by cubic interpolation: Nocedal and Wright, algorithms 3.5 and 3.6.

The numbers in it (how far a step may grow, when a bracket shrinks too little) are minFunc's, which PyTorch took over.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._core import Tensor


class Point:
    """A place t on the line: value, gradient, slope along the line."""

    __slots__ = ("f", "g", "slope", "t")

    def __init__(self, t: float, f: float, g: Any, slope: float) -> None:
        self.t, self.f, self.g, self.slope = t, f, g, slope


def minimum_between(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through values and slopes at two places is smallest, within bounds (those places)."""
    low, high = bounds if bounds is not None else (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = square**0.5
    left, right = (a, b) if a.t <= b.t else (b, a)
    t = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(t, low), high)


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Tensor]],
    t: float,
    d: Tensor,
    f: float,
    g: Tensor,
    slope: float,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
    max_ls: int = 25,
) -> tuple[float, Tensor, float, int]:
    """(value, gradient, t, evaluations) at a place that fulfils the conditions, or the best that was found."""

    def look(t: float) -> Point:
        value, there = evaluate(t)
        return Point(t, value, there, there.dot(d).item())

    def too_high(p: Point) -> bool:
        return p.f > f + c1 * p.t * slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * slope

    start = Point(0.0, f, g, slope)
    previous, new, tries = start, look(t), 0
    bracket: list[Point] = []
    while tries < max_ls:  # go on until two places enclose a minimum
        if too_high(new) or (tries > 1 and new.f >= previous.f):
            bracket = [previous, new]
        elif flat(new):
            return new.f, new.g, new.t, tries + 1
        elif new.slope >= 0:
            bracket = [previous, new]
        if bracket:
            break
        farther = (new.t + 0.01 * (new.t - previous.t), new.t * 10)
        t = minimum_between(previous, new, farther)
        previous, new, tries = new, look(t), tries + 1
    bracket = bracket or [start, new]
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    length, stuck = d.abs().max().item(), False
    while tries < max_ls:  # close in on it
        if abs(bracket[1].t - bracket[0].t) * length < tolerance_change:
            break
        t, stuck = _inside(minimum_between(bracket[0], bracket[1]), bracket, stuck)
        new, tries = look(t), tries + 1
        if too_high(new) or new.f >= bracket[low].f:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
            continue
        if flat(new):
            bracket[low] = new
            break
        if new.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = new
    best = bracket[low]
    return best.f, best.g, best.t, tries + 1


def _inside(t: float, bracket: list[Point], stuck: bool) -> tuple[float, bool]:
    """t, moved off the bracket's ends when the last one was near them, too; and whether this one is."""
    least, most = min(p.t for p in bracket), max(p.t for p in bracket)
    margin = 0.1 * (most - least)
    if min(most - t, t - least) >= margin:
        return t, False
    if not (stuck or t >= most or t <= least):
        return t, True
    return (most - margin if abs(t - most) < abs(t - least) else least + margin), False
