"""Oracles of elements in groups, bins and grids: by their definitions, with loops."""

from __future__ import annotations

import numpy as np

from .rules import FIRST, FLOAT, INDEX, Oracle

_operators = {"sum": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _reduced(rows, kind):
    """Of the rows of an array; whole numbers' means are rounded down."""
    if kind != "mean":
        return _operators[kind].reduce(rows, 0)
    total = rows.sum(0, dtype=rows.dtype)
    return total / len(rows) if rows.dtype.kind in "fc" else total // len(rows)


def _index_reduce(x, dim, index, source, kind, include_self=True):
    if x.ndim == 0:
        return _index_reduce(x[None], 0, index, source[None], kind, include_self)[0]
    found = np.moveaxis(x, dim, 0).copy()
    moved, index = np.moveaxis(source, dim, 0), np.atleast_1d(index)
    for i in np.unique(index):
        rows = moved[index == i]
        found[i] = _reduced(np.concatenate([found[i][None], rows]) if include_self else rows, kind)
    return np.moveaxis(found, 0, dim)


def _segments(x, kind, lengths=None, offsets=None, axis=0, initial=None, unsafe=False):
    given = lengths if offsets is None else offsets
    before = given.shape[:-1]
    count = given.shape[-1] - (offsets is not None)
    found = np.empty((*before, count, *x.shape[axis + 1 :]), x.dtype)
    for o in np.ndindex(before):
        ends = given[o] if lengths is None else np.concatenate([[0], np.cumsum(given[o])])
        for s in range(count):
            rows = x[o][int(ends[s]) : int(ends[s + 1])]
            start = [] if initial is None else [np.full((1, *rows.shape[1:]), initial, x.dtype)]
            if kind == "mean":
                total = np.concatenate([*start, rows]).sum(0)
                found[(*o, s)] = total / len(rows) if len(rows) else total
            else:
                found[(*o, s)] = _reduced(np.concatenate([*start, rows]), kind) if len(rows) or start else 0
    return found


def _edges(x, bins, given):
    low, high = given or ((x.min(), x.max()) if x.size else (0, 1))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def _histogram(x, bins, range=None, weight=None, density=False):
    edges = _edges(x, bins, range) if np.ndim(bins) == 0 else np.asarray(bins)
    weights = None if weight is None else weight.ravel()
    return np.histogram(x.ravel(), edges, weights=weights, density=density and x.size > 0)[0], edges


def _histogramdd(x, bins, range=None, weight=None, density=False):
    x = x.reshape(-1, x.shape[-1])
    each = bins if isinstance(bins, list) else [bins] * x.shape[1]
    spans = [None] * x.shape[1] if range is None else list(zip(range[::2], range[1::2]))
    edges = [_edges(c, b, s) if np.ndim(b) == 0 else b for c, b, s in zip(x.T, each, spans)]
    weight = None if weight is None else weight.astype(np.float64)
    return (np.histogramdd(x, edges, weights=weight, density=density)[0], *edges)


def _gradient(x, spacing=1, dim=None, edge_order=1):
    dims = range(x.ndim) if dim is None else np.atleast_1d(dim)
    steps = spacing if isinstance(spacing, (list, tuple)) else [spacing] * len(dims)
    x = x if x.dtype.kind in "fc" else x.astype(np.longdouble)
    return [np.gradient(x, s, axis=int(d), edge_order=edge_order) for d, s in zip(dims, steps)]


def _nonzero_static(x, size, fill_value=-1):
    found = np.full((size, x.ndim), fill_value)
    places = np.argwhere(x)[:size]
    found[: len(places)] = places
    return found


def _hash(x, dim=None, keepdim=False):
    bits = x.astype(np.float64).view(np.int64) if x.dtype.kind == "f" else x.astype(np.int64)
    return np.bitwise_xor.reduce(bits, dim, keepdims=keepdim)


ORACLE = {
    "index_reduce": Oracle(_index_reduce, FIRST, steps=3),
    "segment_reduce": Oracle(_segments, FIRST, scale=lambda x, *_, **__: 50 * np.max(np.abs(x), initial=0), steps=3),
    "histogram": Oracle(_histogram, FIRST, steps=2),
    "histogramdd": Oracle(_histogramdd, FIRST, steps=2),
    "gradient": Oracle(_gradient, FLOAT, scale=lambda x, *_, **__: 16 * np.max(np.abs(x)), steps=6),
    "unravel_index": Oracle(lambda index, shape: np.unravel_index(index, shape), INDEX),
    "nonzero_static": Oracle(_nonzero_static, INDEX),
    "hash_tensor": Oracle(_hash, INDEX),
}
REFUSES = {
    "bc": "index_reduce".split(),
    "bic": "segment_reduce".split(),
    "bihc": "histogram histogramdd".split(),
    "b": "gradient".split(),
    "c": "hash_tensor".split(),
}
