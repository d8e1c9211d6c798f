"""The standard's Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import fft as _fft
from .._core import Tensor, device, dtype


def _one(name: str) -> Callable[..., Tensor]:
    transform = getattr(_fft, name)

    def function(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Tensor:
        return transform(x, n, axis, norm)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = transform.__doc__
    return function


def _several(name: str) -> Callable[..., Tensor]:
    transform = getattr(_fft, name)

    def function(
        x: Tensor, /, *, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = "backward"
    ) -> Tensor:
        return transform(x, s, axes, norm)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = transform.__doc__
    return function


fft, ifft, rfft, irfft, hfft, ihfft = map(_one, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fftn, ifftn, rfftn, irfftn = map(_several, ("fftn", "ifftn", "rfftn", "irfftn"))


def fftfreq(n: int, /, *, d: float = 1.0, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """The frequencies of a transform of n samples, d apart."""
    return _fft.fftfreq(n, d, dtype=dtype, device=device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: dtype | None = None, device: device | None = None) -> Tensor:
    """The frequencies of a real transform of n samples, d apart."""
    return _fft.rfftfreq(n, d, dtype=dtype, device=device)


def fftshift(x: Tensor, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """The zero frequency moved to the middle."""
    return _fft.fftshift(x, axes)


def ifftshift(x: Tensor, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
    """The zero frequency moved back to the front."""
    return _fft.ifftshift(x, axes)
