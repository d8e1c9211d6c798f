"""A tensor's value in a few numbers: small ones written out, large ones summarised."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from .. import _core

WRITTEN_OUT = 8  # the most elements that are written out


def short(x: Any, digits: int = 5) -> str:
    """A number, short and right: 28, 2.5, 1.25e-07, 3+4i.

    >>> short(28.0), short(0.1 + 0.2), short(1 / 3), short(1.25e-7), short(3 - 4j)
    ('28', '0.3', '0.33333', '1.25e-07', '3-4i')
    """
    if isinstance(x, complex):
        if math.isnan(x.real) or math.isnan(x.imag):
            return "nan"
        sign = "-" if math.copysign(1, x.imag) < 0 else "+"
        return f"{short(x.real, digits)}{sign}{short(abs(x.imag), digits)}i"
    if isinstance(x, (bool, int)):
        return str(int(x)) if not isinstance(x, bool) else str(x)
    if math.isfinite(x) and x == int(x) and abs(x) < 1e9:
        return str(int(x))
    return f"{x:.{digits}g}"


def shape_text(shape: tuple[int, ...]) -> str:
    """ "2×3"; "scalar" for no dimensions."""
    if len(shape) == 1:
        return f"{shape[0]} element" + "s" * (shape[0] != 1)
    return "×".join(map(str, shape)) if shape else "scalar"


@dataclass(frozen=True)
class Value:
    """What is told of a tensor.

    Attributes:
        shape, dtype: as they are; `dtype` without "torch.".
        numbers: every element in row-major order if there are at most `WRITTEN_OUT`, else None.
        constant: the number that every element is, or None.
        min, mean, max, norm: of real tensors (of the magnitudes, for complex ones); None for empty tensors.
        bad: how many elements are nan or infinite.
    """

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[Any, ...] | None
    constant: Any
    min: float | None = None
    mean: float | None = None
    max: float | None = None
    norm: float | None = None
    bad: int = 0

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        if self.numbers is not None:
            if not self.shape:
                return short(self.numbers[0])
            return "[" + ", ".join(map(short, self.numbers)) + "]"
        if self.constant is not None:
            return f"{short(self.constant)} everywhere"
        parts = [f"{k} {short(v)}" for k, v in self.statistics().items()]
        if self.bad:
            parts.append(f"{self.bad:,} nan or inf")
        return f"[{shape_text(self.shape)}: {', '.join(parts)}]"

    def statistics(self) -> dict[str, float]:
        found = {"min": self.min, "mean": self.mean, "max": self.max, "norm": self.norm}
        return {k: v for k, v in found.items() if v is not None}

    def brief(self) -> Value:
        """One number where all are the same."""
        if self.constant is None or self.numel <= 1:
            return self
        return replace(self, shape=(), numbers=(self.constant,))

    def factor(self) -> str:
        """As a factor of a product: one number where all are the same."""
        return short(self.constant) if self.constant is not None else str(self)

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "shape": list(self.shape),
            "dtype": self.dtype,
            "numbers": None if self.numbers is None else [_plain(n) for n in self.numbers],
            "constant": _plain(self.constant),
            **{k: _plain(v) for k, v in self.statistics().items()},
            "nonfinite": self.bad,
        }


def _plain(x: Any) -> Any:
    """JSON has neither complex numbers nor nan."""
    if isinstance(x, complex):
        return [_plain(x.real), _plain(x.imag)]
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    return x


def value_of(t: Any) -> Value:
    """The summary of a tensor without history."""
    shape, dtype = tuple(t.shape), str(t.dtype).removeprefix("torch.")
    n = t.numel()
    if n == 0:
        return Value(shape, dtype, (), None)
    if n <= WRITTEN_OUT:
        numbers = tuple(_exact(x, dtype) for x in t.reshape(-1).tolist())
        constant = numbers[0] if all(x == numbers[0] for x in numbers) else None
    else:
        numbers, first = None, t.reshape(-1)[0]
        constant = _exact(first.item(), dtype) if bool((t == first).all().item()) else None
    wide = _wide(t)
    finite = _core.isfinite(wide)
    bad = n - int(finite.sum().item())
    size = wide.abs() if wide.is_complex() else wide
    return Value(
        shape,
        dtype,
        numbers,
        constant,
        float(size.min().item()),
        float(size.mean().item()),
        float(size.max().item()),
        norm(t),
        bad,
    )


def norm(t: Any) -> float:
    """The Euclidean norm, computed in double precision."""
    return float(_wide(t).reshape(-1).norm().item()) if t.numel() else 0.0


def _wide(t: Any) -> Any:
    return t.to(_core.complex128 if t.is_complex() else _core.float64)


_DIGITS = {"float32": 7, "float16": 4, "bfloat16": 3, "complex64": 7}


def _exact(x: Any, dtype: str) -> Any:
    """The shortest number that the dtype means: float32's 0.1 is 0.1, not 0.10000000149."""
    digits = _DIGITS.get(dtype)
    if digits is None or isinstance(x, (bool, int)):
        return x
    if isinstance(x, complex):
        return complex(float(f"{x.real:.{digits}g}"), float(f"{x.imag:.{digits}g}"))
    return float(f"{x:.{digits}g}")
