"""Windows of M points n = 0 ... M - 1, with largest value 1.

``sym=True`` gives a symmetric window, for filters; ``sym=False`` a periodic one, for spectra: the symmetric one of M + 1
points without the last. Below, N is M - 1 or M. ``dtype`` is float32 or float64 (default: the default type).

>>> import adjoint as torch
>>> torch.signal.windows.hann(5)
tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
"""

from __future__ import annotations

import math

import adjoint as torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from adjoint import Tensor


def _checked(name: str, M: int, dtype: Any, layout: Any) -> Any:
    """The type that is meant."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not torch.strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    return dtype


def _period(M: int, sym: bool) -> int:
    return M - 1 if sym or M == 1 else M


def _line(start: float, step: float, M: int, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """start + n step."""
    end = start + (M - 1) * step
    return torch.linspace(start, end, M, dtype=dtype, device=device, requires_grad=requires_grad)


def _short(M: int, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """Of no point or of one."""
    return torch.ones(M, dtype=dtype, device=device, requires_grad=requires_grad)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-|n - center| / tau), where center is N / 2 unless given (for a periodic window).

    Raises:
        ValueError: tau is not positive, a symmetric window with a center, or another type.
    """
    dtype = _checked("exponential", M, dtype, layout)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if M == 0:
        return _short(M, dtype, device, requires_grad)
    middle = _period(M, sym) / 2.0 if center is None else center
    return torch.exp(-torch.abs(_line(-middle / tau, 1 / tau, M, dtype, device, requires_grad)))


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """sin(π (n + 1/2) / (N + 1))"""
    dtype = _checked("cosine", M, dtype, layout)
    if M == 0:
        return _short(M, dtype, device, requires_grad)
    step = math.pi / (_period(M, sym) + 1)
    return torch.sin(_line(step / 2, step, M, dtype, device, requires_grad))


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-((n - N / 2) / std)² / 2)

    Raises:
        ValueError: std is not positive, or another type.
    """
    dtype = _checked("gaussian", M, dtype, layout)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    if M == 0:
        return _short(M, dtype, device, requires_grad)
    step = 1 / (std * math.sqrt(2))
    return torch.exp(-(_line(-_period(M, sym) / 2.0 * step, step, M, dtype, device, requires_grad) ** 2))


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """I₀(beta √(1 - (2n / N - 1)²)) / I₀(beta)

    Raises:
        ValueError: beta is negative, or another type.
    """
    dtype = _checked("kaiser", M, dtype, layout)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    if M < 2:
        return _short(M, dtype, device, requires_grad)
    # In the window's own type throughout, so that its ends are where the root is 0.
    whole = torch.tensor(beta, dtype=dtype, device=device)
    step = 2.0 * whole / _period(M, sym)
    end = torch.minimum(whole, (M - 1) * step - whole)
    k = torch.linspace(-float(whole), float(end), M, dtype=dtype, device=device, requires_grad=requires_grad)
    return torch.i0(torch.sqrt(whole * whole - k * k)) / torch.i0(whole)


def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.54 - 0.46 cos(2π n / N)"""
    return general_hamming(M, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """sin²(π n / N)"""
    return general_hamming(
        M, alpha=0.5, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad
    )


def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.42 - 0.5 cos(2π n / N) + 0.08 cos(4π n / N)"""
    dtype = _checked("blackman", M, dtype, layout)
    a = [0.42, 0.5, 0.08]
    return general_cosine(M, a=a, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle: 1 - |2n / N - 1|"""
    dtype = _checked("bartlett", M, dtype, layout)
    if M < 2:
        return _short(M, dtype, device, requires_grad)
    return 1 - torch.abs(_line(-1, 2 / _period(M, sym), M, dtype, device, requires_grad))


def general_cosine(
    M: int,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Σ (-1)^i a[i] cos(2π i n / N)

    Raises:
        TypeError: a is no list of numbers.
        ValueError: a is empty, or another type.
    """
    dtype = _checked("general_cosine", M, dtype, layout)
    if M < 2:
        return _short(M, dtype, device, requires_grad)
    if not hasattr(a, "__iter__"):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    k = _line(0, 2 * math.pi / _period(M, sym), M, dtype, device, requires_grad)
    signed = [(-1) ** i * w for i, w in enumerate(a)]
    weights = torch.tensor(signed, dtype=dtype, device=device, requires_grad=requires_grad)
    i = torch.arange(len(signed), dtype=dtype, device=device, requires_grad=requires_grad)
    return (weights.unsqueeze(-1) * torch.cos(i.unsqueeze(-1) * k)).sum(0)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha - (1 - alpha) cos(2π n / N)"""
    a = [alpha, 1.0 - alpha]
    return general_cosine(M, a=a, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = torch.strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Four terms with low side lobes: Nuttall, "Some windows with very good sidelobe behavior", IEEE Transactions on
    Acoustics, Speech, and Signal Processing 29 (1981), table II.
    """
    a = [0.3635819, 0.4891775, 0.1365995, 0.0106411]
    return general_cosine(M, a=a, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)
