"""Oracles of orthogonal factors, least squares, pseudo-inverses and exponentials, by NumPy."""

from __future__ import annotations

import numpy as np

from .rules import INDEX, REAL, SAME, Oracle
from .spectral import double, largest, singular_norm, svdvals


def _adjoint(x):
    return np.swapaxes(x, -1, -2).conj()


def _matrices(x, tail=2):
    """The batch in one dimension."""
    return x.reshape(-1, *x.shape[x.ndim - tail :]) if x.size else np.zeros((0, *x.shape[x.ndim - tail :]), x.dtype)


def _qr(a, mode="reduced"):
    if mode == "r":
        return np.zeros(0, a.dtype), np.linalg.qr(double(a), mode="r")
    return tuple(np.linalg.qr(double(a), mode="complete" if mode == "complete" else "reduced"))


def _geqrf(a):
    h, tau = np.linalg.qr(double(a), mode="raw")
    return np.swapaxes(h, -1, -2), tau


def _product(a, tau):
    """All of H₁ ... H_k, in long double."""
    m, k = a.shape[-2], tau.shape[-1]
    q = np.broadcast_to(np.eye(m, dtype=a.dtype), (*a.shape[:-2], m, m))
    for i in range(k):
        v = np.concatenate([np.zeros_like(a[..., :i, i]), np.ones_like(a[..., :1, i]), a[..., i + 1 :, i]], -1)
        outer = v[..., :, None] * v[..., None, :].conj()
        q = q @ (np.eye(m, dtype=a.dtype) - tau[..., i, None, None] * outer)
    return q


def _ormqr(a, tau, c, left=True, transpose=False):
    q = _product(a, tau)
    q = _adjoint(q) if transpose else q
    return q @ c if left else c @ q


def _pinv(a, rcond=None, *, atol=None, rtol=None, hermitian=False):
    if rcond is not None:
        atol, rtol = 0, rcond
    elif rtol is None:
        rtol = max(a.shape[-2:]) * _eps(a)
    if a.size == 0:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    u, s, vh = np.linalg.svd(double(a), full_matrices=False)
    least = np.maximum(atol or 0, np.asarray(rtol) * s[..., 0])[..., None]
    inverse = np.where(s > least, 1 / np.where(s > least, s, 1), 0)
    return _adjoint(vh) @ (inverse[..., :, None] * _adjoint(u))


def _eps(a):
    """Of float32: no sample has singular values between that and those of rounding in double."""
    return np.finfo(np.float32).eps


def _rank(a, tol=None, *, atol=None, rtol=None, hermitian=False):
    if a.size == 0:
        return np.zeros(a.shape[:-2], np.int64)
    if tol is not None:
        atol, rtol = tol, 0
    s = svdvals(a)
    relative = max(a.shape[-2:]) * _eps(a) if rtol is None else rtol
    return np.sum(s > np.maximum(atol or 0, relative * s[..., :1]), -1)


def _least_squares(a, b, rcond=None, *, driver=None):
    m, n = a.shape[-2:]
    vector = b.ndim == a.ndim - 1
    sides = b[..., None] if vector else b
    x = _pinv(a) @ double(sides)
    real = np.abs(a).dtype
    batch, found = a.shape[:-2], driver in ("gelsd", "gelss")
    rank = np.zeros(0, np.int64) if driver == "gels" else np.full(batch, min(m, n), np.int64)
    values = svdvals(a).reshape(*batch, min(m, n)) if found else np.zeros(0, real)
    left = np.sum(np.abs(sides - a @ x) ** 2, -2) if m > n and driver else np.zeros(0, real)
    return (x[..., 0] if vector else x), left, rank, values


def _least_squares_scale(a, b, rcond=None, *, driver=None):
    size = largest(b, of=np.abs) * (1 + largest(_pinv(a), of=np.abs))
    return size, size**2, 1, largest(a)


def _norm(x, p):
    if p in ("nuc", 2, -2):
        return singular_norm(x, p)
    return np.linalg.norm(x, p, axis=(-2, -1))


def _cond(a, p=None):
    if a.size == 0:
        return np.zeros(a.shape[:-2])
    if p in (None, 2, -2):
        s = svdvals(a)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    try:
        inverse = np.linalg.inv(double(a))
    except np.linalg.LinAlgError:
        return np.full(a.shape[:-2], np.inf)
    return _norm(double(a), p) * _norm(inverse, p)


def _exp(a):
    """Taylor's series of a small multiple, in long double, squared."""
    n, halvings = a.shape[-1], 8
    x = a / 2**halvings
    term = total = np.broadcast_to(np.eye(n, dtype=a.dtype), a.shape)
    for k in range(1, 30):
        term = term @ x / k
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total


def _nuclear(x, *options):
    dims = options[0] if options and isinstance(options[0], tuple) else (-2, -1)
    return singular_norm(x, "nuc", dims, bool(options) and options[-1] is True)


def _vander(x, N=None):
    n = x.shape[-1] if N is None else N
    kept = x if x.dtype.kind in "fc" else x.astype(np.int64)
    return np.cumprod(np.stack([np.ones_like(kept)] + [kept] * (n - 1), -1), -1)


def _size(x, *_, **__):
    return largest(x, of=np.abs)


def _exp_scale(a):
    return np.abs(_exp(np.abs(a))).max(initial=0)


def _vander_type(dtype, options, args):
    return dtype if dtype.startswith(("float", "complex")) else "int64"


_factors = {"scale": lambda a, *_, **__: 1 + largest(a), "ulps": 24}
_products = {"scale": lambda *xs, **__: np.prod([1 + largest(x, of=np.abs) for x in xs]) * 8, "ulps": 16}
_inverses = {"scale": lambda a, *_, **__: largest(_pinv(a), of=np.abs) ** 2 * largest(a) + 1, "ulps": 16}
ORACLE = {
    "linalg.qr": Oracle(_qr, **_factors),
    "qr": Oracle(lambda a, some=True: _qr(a, "reduced" if some else "complete"), **_factors),
    "geqrf": Oracle(_geqrf, **_factors),
    **dict.fromkeys(
        ["linalg.householder_product", "orgqr"],
        Oracle(lambda a, tau: _product(a, tau)[..., : a.shape[-1]], **_products),
    ),
    "ormqr": Oracle(_ormqr, **_products),
    "linalg.lstsq": Oracle(_least_squares, SAME, REAL, INDEX, REAL, scale=_least_squares_scale, ulps=64),
    "linalg.pinv": Oracle(_pinv, **_inverses),
    "pinverse": Oracle(lambda a, rcond=1e-15: _pinv(a), **_inverses),
    "linalg.matrix_rank": Oracle(_rank, INDEX),
    "linalg.cond": Oracle(_cond, REAL, scale=lambda a, p=None: _cond(a) ** 2 + 1, ulps=32),
    **dict.fromkeys(["matrix_exp", "linalg.matrix_exp"], Oracle(_exp, scale=_exp_scale, ulps=8)),
    "nuclear_norm": Oracle(_nuclear, REAL, scale=_size, ulps=16),
    "linalg.vander": Oracle(_vander, _vander_type, ulps=8, steps=3),
    "linalg.diagonal": Oracle(lambda x, offset=0, dim1=-2, dim2=-1: np.diagonal(x, offset, dim1, dim2)),
}
REFUSES = {
    "bih": (
        "linalg.qr qr geqrf linalg.householder_product orgqr ormqr linalg.lstsq linalg.pinv pinverse linalg.matrix_rank "
        "linalg.cond nuclear_norm"
    ).split(),
    "bi": ["matrix_exp", "linalg.matrix_exp"],
    "bh": ["linalg.vander"],
}
