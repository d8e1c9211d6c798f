"""Functions of mpmath over arrays, exact to the last digit of long double."""

from __future__ import annotations

import functools
from collections.abc import Callable

import mpmath
import numpy as np

PRECISION = 100  # bits: enough for what cancels in the functions here


def exact(x: float | np.longdouble) -> mpmath.mpf:
    """A long double as it is."""
    mantissa, exponent = np.frexp(np.longdouble(x))
    high = float(mantissa)
    return mpmath.ldexp(mpmath.mpf(high) + mpmath.mpf(float(mantissa - np.longdouble(high))), int(exponent))


def rounded(x: mpmath.mpf) -> np.longdouble:
    if not mpmath.isfinite(x):
        return np.longdouble(float(x))
    mantissa, exponent = mpmath.frexp(x)
    high = float(mantissa)
    return np.ldexp(np.longdouble(high) + np.longdouble(float(mantissa - high)), int(exponent))


def unbroken(f: Callable, ends: dict[float, float] | None = None, precision: int = PRECISION) -> Callable:
    """`f` of numbers over arrays: NaN gives NaN, and special points what `ends` says. Where mpmath fails, it is masked."""

    @functools.cache
    def one(*xs: np.longdouble) -> np.longdouble | None:
        if any(np.isnan(x) for x in xs):
            return np.longdouble(np.nan)
        if ends and xs[0] in ends:
            return np.longdouble(ends[float(xs[0])])
        with mpmath.workprec(precision):
            try:
                return rounded(mpmath.mpf(f(*map(exact, xs))))
            except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):
                return None  # mpmath has no answer

    def over(*arrays: np.ndarray) -> np.ndarray:
        arrays = np.broadcast_arrays(*arrays)
        values = [one(*xs) for xs in zip(*(np.asarray(a, np.longdouble).ravel() for a in arrays), strict=True)]
        found = np.array([np.longdouble(0) if v is None else v for v in values], np.longdouble)
        return np.ma.array(found, mask=[v is None for v in values]).reshape(arrays[0].shape)

    return over
