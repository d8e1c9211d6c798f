"""How far a result may be from the truth: in units of the last place of its type."""

from __future__ import annotations

import numpy as np

from . import types

# Digits of the significand, least exponent of a normal number, largest number.
_SHAPE = {
    "float16": (11, -14, 65504.0),
    "bfloat16": (8, -126, float((2 - 2.0**-7) * 2.0**127)),
    "float32": (24, -126, float((2 - 2.0**-23) * 2.0**127)),
    "float64": (53, -1022, float(np.finfo(np.float64).max)),
}
_COMPUTED = {"float16": "float32", "bfloat16": "float32"}  # what halves are computed in


def largest(dtype: str) -> float:
    return _SHAPE[types.real(dtype)][2]


def ulp(x: np.ndarray, dtype: str) -> np.ndarray:
    digits, least, _ = _SHAPE[dtype]
    _, exponents = np.frexp(np.abs(x))
    exponents = np.where(x == 0, least, exponents - 1)
    return np.ldexp(np.longdouble(1), np.maximum(exponents, least) - (digits - 1))


def differences(
    got: np.ndarray,
    want: np.ndarray,
    dtype: str,
    ulps: float,
    scale: np.ndarray | None = None,
    steps: int = 0,
    signed: bool = True,
) -> np.ndarray:
    """Where a result of this real type is too far from `want`, which has more digits.

    `ulps` counts in the type that is computed in; a result of a half type is rounded once more, and each of the `steps` of
    a composition, too. `scale` has the size of what was added up, where that is more than the sum. `signed`: zeros have
    the right sign."""
    got = got.astype(np.longdouble)
    want = np.broadcast_to(np.asarray(want).astype(np.longdouble), got.shape)
    with np.errstate(all="ignore"):
        finite = np.isfinite(want)
        size = np.where(finite, want, 0)
        if scale is not None:
            scale = np.broadcast_to(np.asarray(scale, np.longdouble), got.shape)
            size = np.maximum(np.abs(size), np.where(np.isfinite(scale), scale, 0))
        room = ulps * ulp(size, _COMPUTED.get(dtype, dtype))
        if dtype in _COMPUTED:
            room = room + (ulp(np.where(finite, want, 0), dtype) + steps * ulp(size, dtype)) / 2
        close = np.abs(got - want) <= room
        # Beyond the largest number lies infinity; within `room` of that edge either will do.
        edge = largest(dtype) + ulp(np.longdouble(largest(dtype)), dtype) / 2
        over = finite & (np.abs(want) >= edge - room) & np.isinf(got) & (np.sign(got) == np.sign(want))
        under = np.isinf(want) & (got == want)
        same = (np.isnan(want) & np.isnan(got)) | under | over | (finite & np.isfinite(got) & close)
        zeros = (want == 0) & (got == 0) & (np.signbit(want) != np.signbit(got))
    return ~same | (zeros & signed)
