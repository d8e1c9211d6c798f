"""Oracles of statistics and finite differences (core/ops/reduce/quantile, unique, histogram, statistics)."""

from __future__ import annotations

import numpy as np

from .reduce import vector_norm
from .rules import FLOAT, INDEX, REAL_FLOAT, SAME, Oracle
from .types import name


def _quantile(f):
    def g(x, q, dim=None, keepdim=False, interpolation="linear"):
        q = np.asarray(q, np.longdouble) if not isinstance(q, float) else np.longdouble(q)
        return f(x, q, axis=dim, keepdims=keepdim, method=interpolation)

    return g


def _unique(x, sorted=True, return_inverse=False, return_counts=False, dim=None):
    found = np.unique(x, return_inverse=True, return_counts=True, axis=dim)
    inverse = found[1].reshape(x.shape if dim is None else -1)
    return _chosen(found[0], inverse, found[2], return_inverse, return_counts)


def _chosen(values, inverse, counts, return_inverse, return_counts):
    kept = [values, *([inverse] if return_inverse else []), *([counts] if return_counts else [])]
    return tuple(kept) if len(kept) > 1 else kept[0]


def _unique_consecutive(x, return_inverse=False, return_counts=False):
    new = np.concatenate([[True], x[1:] != x[:-1]])
    starts = np.nonzero(new)[0]
    return _chosen(x[new], np.cumsum(new) - 1, np.diff([*starts, len(x)]), return_inverse, return_counts)


def _histc(x, bins=100, min=0, max=0):
    low, high = (x.min(), x.max()) if min == max else (min, max)
    return np.histogram(x, bins=bins, range=(low, high))[0].astype(np.longdouble)


def _bincount(x, weights=None, minlength=0):
    found = np.zeros(max(minlength, int(x.max()) + 1), np.int64 if weights is None else np.longdouble)
    np.add.at(found, x, 1 if weights is None else weights.real)
    return found


def _bincount_type(dtype, options, args):
    weights = [name(w.dtype) for w in args[1:]]
    return "int64" if not weights else "float32" if weights == ["float32"] else "float64"


def _cov(x, correction=1, fweights=None, aweights=None):
    x = np.atleast_2d(x)
    w = np.ones(x.shape[1]) if fweights is None else fweights
    mean = np.sum(x * w, axis=1, keepdims=True) / w.sum()
    found = ((x - mean) * w) @ np.conj(x - mean).T / (w.sum() - correction)
    return found.reshape(()) if found.shape == (1, 1) else found


def _corrcoef(x):
    c = _cov(x)
    d = np.sqrt(np.diag(c).real)
    return c / d[:, None] / d[None, :]


def _diff(x, n=1, dim=-1, prepend=None, append=None):
    x = np.concatenate([v for v in (prepend, x, append) if v is not None], axis=dim)
    if x.dtype.kind == "b":
        for _ in range(n):
            x = np.logical_xor(np.take(x, range(1, x.shape[dim]), dim), np.take(x, range(x.shape[dim] - 1), dim))
        return x
    return np.diff(x, n, axis=dim)


def _trapezoid(y, x=None, dx=1, dim=-1):
    return np.sum(_pieces(y, x, dx, dim), axis=dim)


def _cumulative_trapezoid(y, x=None, dx=1, dim=-1):
    return np.cumsum(_pieces(y, x, dx, dim), axis=dim)


def _products(y, x=None, **_):
    return 8 * np.max(np.abs(y)) * (1 if x is None else np.max(np.abs(x)))


def _pieces(y, x, dx, dim):
    real = lambda v: v if v.dtype.kind in "fc" else v.astype(np.longdouble)
    y = np.moveaxis(real(y), dim, -1)
    width = np.longdouble(dx) if x is None else np.diff(np.moveaxis(real(x), dim if x.ndim > 1 else 0, -1))
    return np.moveaxis((y[..., 1:] + y[..., :-1]) * width / 2, -1, dim)


def _cosine(x, y, dim=1, eps=1e-8):
    floor = lambda v: np.maximum(vector_norm(v, 2, dim, True), np.longdouble(eps))
    x, y = np.broadcast_arrays(x, y)
    return np.sum(x / floor(x) * (y / floor(y)), axis=dim)


def _pairwise(x, y, p=2.0, eps=1e-6, keepdim=False):
    return vector_norm(x - y + np.longdouble(np.float64(eps)), p, -1, keepdim)


_quantiles = {"scale": lambda x, *args, **options: np.nanmax(np.abs(x))}

ORACLE = {
    "quantile": Oracle(_quantile(np.quantile), **_quantiles),
    "nanquantile": Oracle(_quantile(np.nanquantile), **_quantiles),
    "unique": Oracle(_unique, SAME, INDEX, INDEX),
    "unique_consecutive": Oracle(_unique_consecutive, SAME, INDEX, INDEX),
    "histc": Oracle(_histc),
    "bincount": Oracle(_bincount, _bincount_type),
    "cov": Oracle(_cov, FLOAT, scale=lambda x, **options: 4 * np.max(np.abs(x)) ** 2, steps=2),
    "corrcoef": Oracle(_corrcoef, FLOAT, ulps=16, scale=lambda x: 1, steps=2),
    "diff": Oracle(_diff, scale=lambda x, *_, **__: 4 * np.max(np.abs(x)), steps=2),
    **dict.fromkeys(["trapezoid", "trapz"], Oracle(_trapezoid, FLOAT, scale=_products, steps=3)),
    "cumulative_trapezoid": Oracle(_cumulative_trapezoid, FLOAT, scale=_products, steps=3),
    **dict.fromkeys(
        ["cosine_similarity", "nn.functional.cosine_similarity"],
        Oracle(_cosine, scale=lambda *args, **options: 1, steps=2, ulps=8),
    ),
    **dict.fromkeys(
        ["pairwise_distance", "nn.functional.pairwise_distance"], Oracle(_pairwise, REAL_FLOAT, ulps=8, steps=2)
    ),
}
REFUSES = {
    "b": "cov corrcoef trapezoid trapz cumulative_trapezoid pairwise_distance nn.functional.pairwise_distance".split(),
    "bic": "histc cosine_similarity nn.functional.cosine_similarity".split(),
    "bihc": "quantile nanquantile".split(),
}
PARTLY = {
    "c": "unique".split(),
}
