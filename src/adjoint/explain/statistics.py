"""What a tensor's numbers look like: range, mean, spread, norm, zeros, nan and inf, a histogram, and small ones in full."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .. import _core

BINS = 20
_SMALL = 2048  # elements that are counted one by one in Python
_SHOWN = 9  # elements that are written out


@dataclass(frozen=True)
class Statistics:
    """Statistics of a tensor's elements; of a complex tensor's, their absolute values.

    `min`, `max`, `mean`, `std` and the histogram are of the finite elements; None where there are none.
    `std` divides by n. `zeros` is the share of elements that are zero.
    """

    count: int
    text: str  # the elements when there are few ("[2, 3]", "2 everywhere"), else their range
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    norm: float | None = None
    zeros: float = 0.0
    nan: int = 0
    inf: int = 0
    histogram: tuple[int, ...] = ()  # counts in equal bins from min to max
    uniform: bool = False  # all elements are the same

    @property
    def healthy(self) -> bool:
        return self.nan == 0 and self.inf == 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: names as here; numbers that JSON lacks are left to `nan` and `inf`."""
        d = {k: getattr(self, k) for k in ("count", "text", "min", "max", "mean", "std", "norm", "zeros", "nan", "inf")}
        d["norm"] = self.norm if self.norm is not None and math.isfinite(self.norm) else None
        return d | {"histogram": list(self.histogram), "uniform": self.uniform}


def number(x: Any) -> str:
    """A number in at most four digits: 0.25, 28, 1.234e-05."""
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, complex):
        return f"{number(x.real)}{'+' if x.imag >= 0 or x.imag != x.imag else ''}{number(x.imag)}j"
    if isinstance(x, int):
        return str(x) if abs(x) < 1e6 else f"{float(x):.3e}"
    text = f"{x:.4g}"
    return "0" if text == "-0" else text


def statistics(tensor: Any) -> Statistics:
    """The statistics of a tensor, computed once, apart from any graph."""
    from ..autograd.grad_mode import no_grad

    with no_grad():
        x = tensor.detach()
        count = int(x.numel())
        if count == 0:
            return Statistics(0, f"empty {list(x.shape)}")
        if count <= _SMALL:
            return _by_hand(x.tolist(), count)
        return _by_operations(x, count)


def _flat(values: Any) -> list[Any]:
    if not isinstance(values, list):
        return [values]
    while values and isinstance(values[0], list):
        values = [v for row in values for v in row]
    return values


def _written(values: Any) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_written(v) for v in values) + "]"
    return number(values)


def _text(values: Any, flat: list[Any], uniform: bool, low: float | None, high: float | None) -> str:
    if len(flat) == 1 or (len(flat) <= _SHOWN and not uniform):
        return _written(values if len(flat) > 1 else flat[0])
    if uniform:
        return f"{number(flat[0])} everywhere"
    return _range(low, high)


def _range(low: float | None, high: float | None) -> str:
    return "no finite number" if low is None or high is None else f"{number(low)} … {number(high)}"


def _bins(finite: list[float], low: float, high: float) -> tuple[int, ...]:
    counts = [0] * BINS
    width = high - low
    if width <= 0 or not math.isfinite(width):
        return ()
    scale = BINS / width
    for v in finite:
        counts[min(int((v - low) * scale), BINS - 1)] += 1
    return tuple(counts)


def _by_hand(values: Any, count: int) -> Statistics:
    flat = _flat(values)
    xs = [abs(v) if isinstance(v, complex) else float(v) for v in flat]
    uniform = all(v == flat[0] for v in flat)
    finite = [v for v in xs if math.isfinite(v)]
    nan = sum(v != v for v in xs)
    zeros = sum(v == 0 for v in xs) / count
    if not finite:
        return Statistics(count, _text(values, flat, uniform, None, None), zeros=zeros, nan=nan, inf=count - nan)
    low, high, mean = min(finite), max(finite), math.fsum(finite) / len(finite)
    std = math.sqrt(math.fsum((v - mean) * (v - mean) for v in finite) / len(finite))
    return Statistics(
        count,
        _text(values, flat, uniform, low, high),
        low,
        high,
        mean,
        std,
        math.hypot(*finite) if len(finite) == count else None,
        zeros,
        nan,
        count - len(finite) - nan,
        _bins(finite, low, high),
        uniform,
    )


def _by_operations(x: Any, count: int) -> Statistics:
    x = x.abs() if x.is_complex() else x
    x = x.to(_core.float64).reshape(-1)
    nan, inf = int(x.isnan().sum().item()), int(x.isinf().sum().item())
    zeros = int((x == 0).sum().item()) / count
    finite = x if nan + inf == 0 else x[x.isfinite()]
    if finite.numel() == 0:
        return Statistics(count, _range(None, None), zeros=zeros, nan=nan, inf=inf)
    low, high, mean = (float(v.item()) for v in (finite.amin(), finite.amax(), finite.mean()))
    off = finite - mean
    uniform = low == high and nan + inf == 0
    histogram: tuple[int, ...] = ()
    if high > low and math.isfinite(high - low):
        histogram = tuple(int(v) for v in finite.histc(BINS, low, high).tolist())
    return Statistics(
        count,
        f"{number(low)} everywhere" if uniform else _range(low, high),
        low,
        high,
        mean,
        math.sqrt(float((off * off).mean().item())),
        math.sqrt(float((x * x).sum().item())) if nan + inf == 0 else None,
        zeros,
        nan,
        inf,
        histogram,
        uniform,
    )
