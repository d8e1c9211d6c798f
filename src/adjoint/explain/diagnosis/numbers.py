"""What a diagnosis asks of tensors: is it zero, is it finite, what is its range? And how numbers are written."""

from __future__ import annotations

import math
from typing import Any

from ... import _core


def is_zero(t: Any) -> bool:
    return t is None or t.numel() == 0 or not bool((t != 0).any())


def is_finite(t: Any) -> bool:
    return not (t.is_floating_point() or t.is_complex()) or bool(_core.isfinite(t).all())


def has_nan(t: Any) -> bool:
    return (t.is_floating_point() or t.is_complex()) and bool((t != t).any())


def norm(t: Any) -> float:
    """The Euclidean norm in double precision; 0 for None."""
    if t is None or t.numel() == 0:
        return 0.0
    a = t.abs().double()
    top = float(a.max())
    # Scaled by the largest, so that its square neither overflows nor vanishes.
    return top if top == 0 or not math.isfinite(top) else top * math.sqrt(float(((a / top) ** 2).sum()))


def share(mask: Any) -> float:
    """The part of a boolean tensor that is true."""
    return float(mask.double().mean()) if mask.numel() else 0.0


def percent(part: float, count: int) -> str:
    """ "all 64", "25 % of 64"; never "100 %" or "0 %" of what is nearly so."""
    if part == 1:
        return f"all {count:,}" if count > 1 else "the only one"
    if part == 0:
        return f"none of {count:,}"
    text = f"{100 * part:.3g}"
    return f"{'99.9' if text == '100' else text} % of {count:,}"


def number(x: float) -> str:
    return f"{x:.4g}"


def span(t: Any) -> str:
    """The range of a tensor's values: "between -1 and 3", "2 everywhere", with NaN and inf named."""
    if t.numel() == 0:
        return "empty"
    if t.is_complex():
        return f"of magnitude {span(t.abs())}"
    if t.dtype is _core.bool:
        return f"true at {percent(share(t), t.numel())}"
    d = t.double()
    extra = []
    for what, mask in (("NaN", d != d), ("inf", d == math.inf), ("-inf", d == -math.inf)):
        count = int(mask.sum())
        if count:
            extra.append(what if count == t.numel() else f"{what} at {count:,} of {t.numel():,}")
    finite = d[_core.isfinite(d)]
    if finite.numel() == 0:
        return " and ".join(extra) + (" everywhere" if len(extra) == 1 and t.numel() > 1 else "")
    low, high = float(finite.min()), float(finite.max())
    text = number(low) if low == high else f"between {number(low)} and {number(high)}"
    if low == high and t.numel() > 1 and not extra:
        text += " everywhere"
    return ", ".join([text, *extra])
