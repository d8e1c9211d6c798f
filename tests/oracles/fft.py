"""Oracles of Fourier transforms: sums of products with roots of unity in long double, an axis after the other."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .rules import CLONG, LONG, Oracle
from .types import DEFAULT, floating, real

FFTS = [f"fft.{f}{n}" for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for n in ("", "2", "n")]


@functools.cache
def roots(n, sign):
    """exp(sign 2πi t / n): angles within the first octant alone, so that the others have the same digits."""
    t = np.arange(n)
    octant, rest = 8 * t // n, 8 * t % n
    angle = np.arctan(LONG(1)) * np.where(octant % 2, n - rest, rest).astype(LONG) / n
    c, s = np.cos(angle), np.sin(angle)
    by_octant = [(c, s), (s, c), (-s, c), (-c, s), (-c, -s), (-s, -c), (s, -c), (c, -s)]
    cos, sin = (np.choose(octant, [pair[i] for pair in by_octant]) for i in (0, 1))
    return cos + CLONG(1j) * sign * sin


def dft(x, axis, sign):
    """Σ x[j] exp(sign 2πi jk / n) along an axis."""
    n = x.shape[axis]
    table = roots(n, sign)[np.outer(np.arange(n), np.arange(n)) % n]
    return np.moveaxis(np.moveaxis(x, axis, -1).astype(CLONG) @ table, -1, axis)


def _resized(x, axis, n):
    pad = [(0, 0)] * x.ndim
    pad[axis] = (0, max(0, n - x.shape[axis]))
    return np.pad(x, pad)[tuple(slice(n) if d == axis % x.ndim else slice(None) for d in range(x.ndim))]


def _whole(x, axis, n):
    """All n places of what is its own conjugate at n - k, of which x has n // 2 + 1."""
    half = np.moveaxis(_resized(x, axis, n // 2 + 1), axis, -1).astype(CLONG)
    half[..., 0] = half[..., 0].real
    if n % 2 == 0:
        half[..., -1] = half[..., -1].real
    rest = half[..., 1 : (n + 1) // 2][..., ::-1].conj()
    return np.moveaxis(np.concatenate([half, rest], -1), -1, axis)


def _half(x, axis):
    return np.take(x, range(x.shape[axis] // 2 + 1), axis)


def _divisor(sizes, norm, forward):
    n = LONG(np.prod(sizes))
    return {"ortho": np.sqrt(n), "forward": n if forward else 1, "backward": 1 if forward else n}[norm or "backward"]


def _axes(x, s, dim):
    s = None if s is None else tuple(np.atleast_1d(s))
    count = x.ndim if s is None else len(s)
    dims = list(range(x.ndim - count, x.ndim)) if dim is None else [d % x.ndim for d in np.atleast_1d(dim)]
    sizes = [x.shape[d] for d in dims] if s is None else [x.shape[d] if n == -1 else int(n) for n, d in zip(s, dims)]
    return dims, sizes, s


def _complex(x, s, dim, norm, forward, half):
    dims, sizes, _ = _axes(x, s, dim)
    for d, n in zip(dims, sizes):
        x = dft(_resized(x, d, n), d, -1 if forward else 1)
    x = x / _divisor(sizes, norm, forward)
    return _half(x, dims[-1]) if half else x


def _to_real(x, s, dim, norm, forward):
    dims, sizes, given = _axes(x, s, dim)
    last = dims[-1]
    if given is None or given[-1] == -1:
        sizes[-1] = 2 * (x.shape[last] - 1)
    for d, n in zip(dims[:-1], sizes):
        x = dft(_resized(x, d, n), d, -1 if forward else 1)
    x = dft(_whole(np.conj(x) if forward else x, last, sizes[-1]), last, 1).real
    return x / _divisor(sizes, norm, forward)


def _run(name, x, s, dim, norm):
    plain = name.removeprefix("fft.").rstrip("2n")
    forward = not plain.startswith("i")
    if plain in ("irfft", "hfft"):
        return _to_real(x, s, dim, norm, forward)
    return _complex(x, s, dim, norm, forward, plain in ("rfft", "ihfft"))


def _call(name):
    """With the signature of its number of dimensions."""
    if name.endswith("n"):
        return lambda x, s=None, dim=None, norm=None: _run(name, x, s, dim, norm)
    if name.endswith("2"):
        return lambda x, s=None, dim=(-2, -1), norm=None: _run(name, x, s, dim, norm)
    return lambda x, n=None, dim=-1, norm=None: _run(name, x, None if n is None else (n,), (dim,), norm)


def _size(x, *_, **__):
    """Errors are those of sums of all that is transformed, at most."""
    return 2 * np.sqrt((np.abs(x.astype(CLONG)) ** 2).sum())


_NORMS = {0: "backward", 1: "ortho", 2: "forward"}


def _c2c(x, dim, norm, forward):
    y = functools.reduce(lambda y, d: dft(y, d, -1 if forward else 1), dim, x)
    return y / _divisor([x.shape[d] for d in dim], _NORMS[norm], True)


def _r2c(x, dim, norm, onesided):
    y = _c2c(x, dim, norm, True)
    return _half(y, dim[-1]) if onesided else y


def _c2r(x, dim, norm, last):
    y = functools.reduce(lambda y, d: dft(y, d, 1), dim[:-1], x)
    y = dft(_whole(y, dim[-1], last), dim[-1], 1).real
    return y / _divisor([y.shape[d] for d in dim], _NORMS[norm], True)


# --- short-time transforms ---


def _centered(window, n_fft, win_length):
    window = np.ones(win_length or n_fft) if window is None else window
    left = (n_fft - len(window)) // 2
    return np.pad(window, (left, n_fft - len(window) - left))


def _stft(
    x,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    pad_mode: Any = "reflect",
    normalized=False,
    onesided=None,
    return_complex=None,
    align_to_window=None,
):
    hop, border = hop_length or n_fft // 4, n_fft // 2
    flat = x.ndim == 1
    is_real = x.dtype.kind != "c" and (window is None or window.dtype.kind != "c")
    x = x.reshape(1, -1) if flat else x
    if center:
        x = np.pad(x, ((0, 0), (border, border)), mode=pad_mode)
    if align_to_window:
        left = (n_fft - win_length) // 2
        x = np.pad(x, ((0, 0), (left, n_fft - win_length - left)))
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft, 1)[:, ::hop] * _centered(window, n_fft, win_length)
    y = np.swapaxes(dft(frames, 2, -1), 1, 2) / (np.sqrt(LONG(n_fft)) if normalized else 1)
    y = _half(y, 1) if (is_real if onesided is None else onesided) else y
    return y[0] if flat else y


def _istft(
    x,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    normalized=False,
    onesided=None,
    length=None,
    return_complex=False,
):
    hop, flat, start = hop_length or n_fft // 4, x.ndim == 2, n_fft // 2 if center else 0
    x = np.swapaxes(x[None] if flat else x, 1, 2)
    x = x if return_complex else _whole(x, 2, n_fft)
    frames = dft(x, 2, 1) / (np.sqrt(LONG(n_fft)) if normalized else n_fft)
    frames = frames if return_complex else frames.real
    window, whole = _centered(window, n_fft, win_length), n_fft + hop * (frames.shape[1] - 1)
    y, weight = np.zeros((len(frames), whole), frames.dtype), np.zeros(whole, window.dtype)
    for k in range(frames.shape[1]):
        y[:, k * hop : k * hop + n_fft] += frames[:, k] * window
        weight[k * hop : k * hop + n_fft] += window**2
    end = start + length if length else whole - start
    y = y[:, start:end] / weight[start:end]
    return y[0] if flat else y


def _frequencies(n, d=1.0, half=False):
    k = np.arange(n // 2 + 1) if half else np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)])
    return k / (LONG(n) * LONG(d))


def _shift(back):
    def run(x, dim=None):
        dims = range(x.ndim) if dim is None else np.atleast_1d(dim)
        return functools.reduce(lambda y, d: np.roll(y, (y.shape[d] + back) // 2, d), dims, x)

    return run


def COMPLEX(dtype, *_):
    return "complex128" if floating(dtype) in ("float64", "complex128") else "complex64"


def _real(dtype, *_):
    return real(floating(dtype))


_near = {"scale": _size, "ulps": 8}
ORACLE = {
    **{f: Oracle(_call(f), _real if f.rstrip("2n")[4:] in ("irfft", "hfft") else COMPLEX, **_near) for f in FFTS},
    "_fft_c2c": Oracle(_c2c, COMPLEX, **_near),
    "_fft_r2c": Oracle(_r2c, COMPLEX, **_near),
    "_fft_c2r": Oracle(_c2r, _real, **_near),
    "fft.fftfreq": Oracle(_frequencies, lambda *_: DEFAULT),
    "fft.rfftfreq": Oracle(functools.partial(_frequencies, half=True), lambda *_: DEFAULT),
    "fft.fftshift": Oracle(_shift(0)),
    "fft.ifftshift": Oracle(_shift(1)),
    "stft": Oracle(_stft, COMPLEX, **_near),
    "istft": Oracle(
        _istft, lambda dtype, options, args: COMPLEX(dtype) if options.get("return_complex") else _real(dtype), **_near
    ),
}
_FROM_REAL = [f for f in FFTS if f.rstrip("2n")[4:] in ("rfft", "ihfft")]
REFUSES = {
    "hg": [f for f in FFTS if f not in _FROM_REAL],
    "hgc": _FROM_REAL,
    "bihgc": ["_fft_r2c"],
    "bihg": ["_fft_c2c", "_fft_c2r", "stft", "istft"],
}
