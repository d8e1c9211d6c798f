"""The largest error of a function, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import mpmath as mp
import numpy as np

from . import errors, points
from .functions import PRECISION, Function


@dataclass
class Worst:
    error: float
    at: tuple[float, ...]


def caller(library: ModuleType, f: Function) -> Callable[..., Any] | None:
    """The function of either library, of NumPy's arrays; None where it has none."""
    text = f.call or f"{f.name}({'x' if f.operands == 1 else 'a, x'})"
    expression = compile("library." + text, f.name, "eval")

    def call(*xs: np.ndarray) -> np.ndarray:
        tensors = [library.from_numpy(np.ascontiguousarray(x)) for x in xs]
        names = dict(zip(("a", "x")[-len(tensors) :], tensors, strict=True))
        return eval(expression, {"library": library}, names).numpy()

    try:
        call(*[np.ones(1)] * f.operands)
    except AttributeError:
        return None
    return call


def drawn(f: Function, dtype: type, count: int, seed: int) -> list[np.ndarray]:
    """Operands to measure at, of one length."""
    second = points.scalars(f.near, f.ranges, dtype, count, seed, f.largest)
    second = second[~(second < f.least)]
    if f.operands == 1:
        return [second]
    draw = np.random.default_rng(seed)
    if f.firsts is not None:
        return [draw.choice(np.array(f.firsts, dtype), len(second)), second]
    first = points.scalars(f.near, f.ranges, dtype, count, seed + 1, f.largest)
    first = draw.choice(first, len(second))
    close = draw.random(len(second)) < 0.2  # near each other
    with np.errstate(all="ignore"):
        return [np.where(close, second * dtype(1.0001), first).astype(dtype), second]


def truth(f: Function, xs: list[np.ndarray]) -> tuple[list[mp.mpf | None], list[mp.mpf]]:
    """By mpmath; None where an operand is not finite, or where mpmath has no answer."""
    values, sizes = [], []
    with mp.workprec(PRECISION):
        for row in zip(*xs, strict=True):
            exact = [mp.mpf(float(x)) for x in row]
            value: mp.mpf | None = None
            size = mp.mpf(0)
            if all(map(mp.isfinite, exact)):
                try:
                    value = mp.mpf(f.exact(*exact))
                    size = mp.mpf(f.size(*exact)) if f.size else size
                except (ArithmeticError, ValueError, TypeError, mp.libmp.NoConvergence):
                    value = None
            values.append(value)
            sizes.append(size)
    return values, sizes


def against(got: np.ndarray, values: list, sizes: list, xs: list[np.ndarray]) -> Worst:
    worst = Worst(0.0, ())
    with mp.workprec(PRECISION):
        for i, (y, value, size) in enumerate(zip(got.tolist(), values, sizes, strict=True)):
            if value is not None:
                error = errors.of_exact(y, value, size)
                if error > worst.error:
                    worst = Worst(error, tuple(float(x[i]) for x in xs))
    return worst


def single(f: Function, call: Callable, wide: Callable, xs: list[np.ndarray]) -> Worst:
    """float32 against the float64 function, which has been measured."""
    wides = [x.astype(np.float64) for x in xs]
    want, got = wide(*wides), call(*xs)
    size: Any = 0.0
    if f.size:
        size = np.array(
            [float(f.size(*row)) if all(map(np.isfinite, row)) else 0.0 for row in zip(*wides, strict=True)]
        )
    found = errors.of_wide(got, want, size)
    i = int(np.argmax(found))
    return Worst(float(found[i]), tuple(float(x[i]) for x in xs))
