"""Where functions are measured: bit patterns, magnitudes, and the neighbourhoods of what is special."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

_ALWAYS = (0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0)


def _around(p: float, dtype: type, few: int) -> Iterator[float]:
    """Steps away from p: by places, then by powers of ten relative to it (or to 1, at 0)."""
    at = dtype(p)
    up = down = at
    for _ in range(few):
        up, down = np.nextafter(up, dtype(math.inf)), np.nextafter(down, dtype(-math.inf))
        yield from (float(up), float(down))
    size = abs(p) if p else 1.0
    for k in range(1, 17):
        for m in (1.0, 3.7):
            yield from (p + m * size * 10.0**-k, p - m * size * 10.0**-k)
    yield float(at)


def scalars(
    near: Iterable[float], ranges: Iterable[tuple[float, float]], dtype: type, count: int, seed: int, largest: float
) -> np.ndarray:
    """About `count` numbers of the type `dtype` (float32 or float64 of NumPy)."""
    draw = np.random.default_rng(seed)
    bits = np.uint64 if dtype is np.float64 else np.uint32
    info = np.finfo(dtype)
    low, high = math.log10(info.smallest_subnormal), math.log10(info.max)
    size = max(1, count // 6)
    sign = lambda n: draw.choice([-1.0, 1.0], n)
    parts = [
        draw.integers(0, np.iinfo(bits).max, size, dtype=bits).view(dtype),
        10 ** draw.uniform(low, high, size // 2) * sign(size // 2),
        10 ** draw.uniform(-9, 9, size) * sign(size),
        10 ** draw.uniform(-2, 2.5, size) * sign(size),
        *(draw.uniform(a, b, 2 * size // len(tuple(ranges))) for a, b in ranges),
        np.array([x for p in near for x in _around(p, dtype, 3)]),
        np.array([*_ALWAYS, info.smallest_subnormal, -info.smallest_subnormal, info.tiny, info.max, -info.max]),
    ]
    with np.errstate(all="ignore"):
        values = np.concatenate([np.asarray(p, np.float64) for p in parts]).astype(dtype)
    inside = ~(np.abs(values) > largest) | np.isinf(values)
    return np.unique(np.concatenate([values[inside], np.array([-0.0], dtype)]).view(bits)).view(dtype)
