"""Errors in units of the last place, against mpmath's numbers or against a wider type's."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np

_SHAPE = {np.float32: (24, -126), np.float64: (53, -1022)}


def of_exact(got: float, want: mp.mpf, size: mp.mpf, dtype: type = np.float64) -> float:
    """How far `got` is from the truth; infinite where one of the two is a number and the other is not."""
    digits, least = _SHAPE[dtype]
    if mp.isnan(want):
        return 0.0 if math.isnan(got) else math.inf
    if math.isnan(got):
        return math.inf
    if mp.isinf(want):
        return 0.0 if got == float(want) else math.inf
    top = mp.mpf(float(np.finfo(dtype).max))
    if math.isinf(got):  # as if the next power of two
        got_exact = mp.mpf(2) ** (-least + 2) * (1 if got > 0 else -1)
        if abs(want) < top / 2:
            return math.inf
    else:
        got_exact = mp.mpf(got)
    largest = max(abs(want), mp.mpf(size))
    exponent = max(mp.frexp(largest)[1] - 1, least) if largest else least
    exponent = min(exponent, -least + 1)
    edge = mp.mpf(2) ** (-least + 2)
    if abs(want) > edge:  # beyond the largest number any size is infinity's
        want = edge * mp.sign(want)
    return float(abs(got_exact - want) / mp.mpf(2) ** (exponent - digits + 1))


def of_wide(got: np.ndarray, want: np.ndarray, size: np.ndarray | float) -> np.ndarray:
    """The same of float32 against float64, for arrays."""
    wide = got.astype(np.float64)
    with np.errstate(all="ignore"):
        edge = 2.0**128
        wide = np.where(np.isinf(wide), np.sign(wide) * edge, wide)
        far = np.clip(want, -edge, edge)
        largest = np.minimum(np.maximum(np.abs(far), size), edge / 2)
        _, exponent = np.frexp(largest)
        exponent = np.maximum(np.where(largest == 0, -126, exponent - 1), -126)
        error = np.ldexp(np.abs(wide - far), 23 - exponent)
        error = np.where(np.isnan(want) & np.isnan(got), 0, error)
        return np.where(np.isnan(want) != np.isnan(got), math.inf, error)
