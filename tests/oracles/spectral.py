"""Oracles of singular values and eigenvalues, by NumPy in double precision: vectors up to their phases."""

from __future__ import annotations

import numpy as np

from .rules import REAL, SAME, Oracle, Vectors


def double(a):
    return np.asarray(a, np.complex128 if np.iscomplexobj(a) else np.float64)


def _svd(a, full_matrices=True):
    u, s, vh = np.linalg.svd(double(a), full_matrices=False)
    m, n, k = *a.shape[-2:], s.shape[-1]
    v = np.swapaxes(vh, -1, -2)
    return Vectors(u, m if full_matrices else k), s, Vectors(v, n if full_matrices else k, rows=True)


def _old_svd(a, some=True, compute_uv=True):
    u, s, v = _svd(a, not some)
    if not compute_uv:
        zeros = [np.zeros((*a.shape[:-2], n, n), a.dtype) for n in a.shape[-2:]]
        return zeros[0], s, zeros[1]
    return u, s, Vectors(v.want.conj(), v.count)


def svdvals(a):
    return np.linalg.svd(double(a), compute_uv=False)


def singular_norm(x, ord, dim=(-2, -1), keepdim=False):
    """The sum ('nuc'), the largest (2) or the least (-2) of the singular values."""
    s = svdvals(np.moveaxis(x, dim, (-2, -1)))
    found = np.sum(s, -1) if ord == "nuc" else (np.max if ord > 0 else np.min)(s, -1)
    return np.expand_dims(found, tuple(d % x.ndim for d in dim)) if keepdim else found


def _one_triangle(a, uplo):
    a = np.swapaxes(a, -1, -2).conj() if uplo == "U" else a
    low = np.tril(a, -1)
    return double(low + np.swapaxes(low, -1, -2).conj() + np.eye(a.shape[-1]) * a.real)


def _eigh(a, UPLO="L"):
    w, v = np.linalg.eigh(_one_triangle(a, UPLO))
    return w, Vectors(v, v.shape[-1])


class Unordered:
    """Stands for eigenvalues in any order."""

    def __init__(self, want):
        self.want = want

    def wrong(self, found):
        values = found.astype(np.complex128)
        distance = np.abs(values[..., :, None] - self.want[..., None, :])
        room = 64 * np.finfo(found.dtype).eps * np.abs(self.want).max(initial=0)
        if values.shape == self.want.shape and all((distance.min(k) <= room).all() for k in (-1, -2) if distance.size):
            return None
        return f"eigenvalues {found.tolist()}, not {self.want.tolist()}"


def _eig(a):
    w, v = np.linalg.eig(double(a))
    return Unordered(w.astype(np.complex128)), Vectors(v.astype(np.complex128), v.shape[-1], unit=False, ordered=False)


def _complex(dtype, *_):
    return "complex128" if dtype in ("float64", "complex128") else "complex64"


def largest(a, *_, of=svdvals, **__):
    """The largest singular value, or what `of` gives."""
    return np.abs(of(a)).max(initial=0)


_options = {"scale": largest, "ulps": 16}
ORACLE = {
    "linalg.svd": Oracle(_svd, SAME, REAL, SAME, **_options),
    "linalg.svdvals": Oracle(svdvals, REAL, **_options),
    "svd": Oracle(_old_svd, SAME, REAL, SAME, **_options),
    "linalg.eigh": Oracle(_eigh, REAL, SAME, **_options),
    "linalg.eigvalsh": Oracle(lambda a, UPLO="L": np.linalg.eigvalsh(_one_triangle(a, UPLO)), REAL, **_options),
}
ORACLE |= {
    "linalg.eig": Oracle(_eig, _complex),
    "linalg.eigvals": Oracle(lambda a: _eig(a)[:1], _complex),
}
REFUSES = {
    "bih": ["linalg.svd", "linalg.svdvals", "svd", "linalg.eigh", "linalg.eigvalsh", "linalg.eig", "linalg.eigvals"]
}
