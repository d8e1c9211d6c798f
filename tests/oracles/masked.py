"""Oracles of torch.masked: each line's elements that count, taken out and given to NumPy."""

from __future__ import annotations

import numpy as np

from .rules import FIRST, FLOAT, REAL, SAME, SUMMED, Oracle


def _lines(x, dim, mask):
    """For each place of the result, what counts of the line above it; and the result's sizes, kept and not."""
    dims = range(x.ndim) if dim is None or dim == () else np.atleast_1d(dim)
    dims = sorted(int(d) % max(x.ndim, 1) for d in dims) if x.ndim else []
    keep = [d for d in range(x.ndim) if d not in dims]
    mask = np.ones(x.shape, bool) if mask is None else np.broadcast_to(mask, x.shape)
    rows = int(np.prod([x.shape[d] for d in keep]))
    moved, there = (a.transpose(keep + dims).reshape(rows, -1) for a in (x, mask))
    kept = [1 if d in dims else n for d, n in enumerate(x.shape)]
    return [line[at] for line, at in zip(moved, there)], kept, [x.shape[d] for d in keep]


def _reduction(f):
    def g(x, dim=None, *args, keepdim=False, mask=None, **options):
        lines, kept, dropped = _lines(x, dim, mask)
        return np.array([f(line, *args, **options) for line in lines]).reshape(kept if keepdim else dropped)

    return g


def _along(f, filled):
    """Of a function of a line's counting elements that gives as many; the others are `filled`."""

    def g(x, dim, mask=None, **options):
        mask = np.ones(x.shape, bool) if mask is None else np.broadcast_to(mask, x.shape)
        found = np.full(x.shape, filled, x.dtype)
        moved, there, out = (np.moveaxis(a, dim, -1) for a in (x, mask, found))
        for at in np.ndindex(out.shape[:-1]):
            out[at][there[at]] = f(moved[at][there[at]], **options)
        return found

    return g


def _place(f):
    def g(x, dim=None, mask=None):
        mask = np.ones(x.shape, bool) if mask is None else np.broadcast_to(mask, x.shape)
        worst = (np.inf if f is np.argmin else -np.inf) if x.dtype.kind == "f" else None
        if worst is None:
            worst = np.iinfo(x.dtype).max if f is np.argmin else np.iinfo(x.dtype).min
        return f(np.where(mask, x, np.asarray(worst, x.dtype)), dim)

    return g


def _summing(f):
    """Small integers add up as int64."""
    return lambda line: f(line.astype(np.int64) if line.dtype.kind in "bui" else line)


def _logsumexp(line):
    x = line if line.dtype.kind in "fc" else line.astype(np.longdouble)
    most = x[np.argmax(x.real)]
    return _fitted(most + np.log(np.exp(x - most).sum()), line.dtype)


def _fitted(x, dtype):
    """As a number of that type: the nearest, towards 0."""
    if dtype.kind in "iu":
        x = np.clip(x, np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.asarray(x).astype(dtype)


def _variance(line, unbiased=None, correction=None):
    less = correction if correction is not None else 0 if unbiased is False else 1
    line = line if line.dtype.kind in "fc" else line.astype(np.longdouble)
    return (np.abs(line - line.mean()) ** 2).sum() / (len(line) - less)


def _median(line):
    return np.sort(line)[(len(line) - 1) // 2]


def _norm(x, order=2.0, dim=None, mask=None):
    return _reduction(lambda line: np.linalg.norm(line, order))(x, dim, mask=mask)


def _softmax(line):
    e = np.exp(line - line.max())
    return e / e.sum()


def _running(f):
    """What does not count repeats the sum so far."""

    def g(x, dim, mask=None):
        neutral = 0 if f is np.cumsum else 1
        mask = True if mask is None else mask
        return f(np.where(mask, x, np.asarray(neutral, x.dtype)), dim, dtype=x.dtype)

    return g


def _normalize(x, order, dim, mask=None):
    mask = True if mask is None else mask
    x = np.where(mask, x, 0)
    return x / np.linalg.norm(x, order, dim, keepdims=True)


def _logaddexp(a, b, input_mask=None, other_mask=None):
    kind = a.dtype
    a, b = (x if x.dtype.kind in "fc" else x.astype(np.longdouble) for x in (a, b))
    a = a if input_mask is None else np.where(input_mask, a, -np.inf)
    b = b if other_mask is None else np.where(other_mask, b, -np.inf)
    return _fitted(np.log(np.exp(a) + np.exp(b)), kind)


def _size(x, *_, **__):
    return 16 * np.max(np.abs(x), initial=0)


ORACLE = {
    "masked.sum": Oracle(_reduction(_summing(np.sum)), SUMMED, scale=_size, steps=2),
    "masked.prod": Oracle(_reduction(_summing(np.prod)), SUMMED, steps=12),
    "masked.amax": Oracle(_reduction(np.max)),
    "masked.amin": Oracle(_reduction(np.min)),
    "masked.argmax": Oracle(_place(np.argmax)),
    "masked.argmin": Oracle(_place(np.argmin)),
    "masked.mean": Oracle(_reduction(np.mean), SAME, scale=_size, steps=3),
    "masked.median": Oracle(_reduction(_median)),
    "masked.logsumexp": Oracle(_reduction(_logsumexp), FIRST, scale=_size, steps=2),
    "masked.norm": Oracle(_norm, REAL, ulps=8, steps=2),
    "masked.var": Oracle(_reduction(_variance), FLOAT, scale=lambda x, *_, **__: _size(x) ** 2, steps=5),
    "masked.std": Oracle(
        _reduction(lambda line, *a, **k: np.sqrt(_variance(line, *a, **k))), FLOAT, scale=_size, steps=6
    ),
    "masked.cumsum": Oracle(_running(np.cumsum), scale=_size, steps=2),
    "masked.cumprod": Oracle(_running(np.cumprod), steps=4),
    "masked.softmax": Oracle(_along(_softmax, 0), ulps=8, steps=2),
    "masked.log_softmax": Oracle(_along(lambda line: np.log(_softmax(line)), -np.inf), scale=_size, steps=2),
    "masked.softmin": Oracle(_along(lambda line: _softmax(-line), 0), ulps=8, steps=2),
    "masked.normalize": Oracle(_normalize, ulps=8, steps=3),
    "masked.logaddexp": Oracle(_logaddexp, FIRST, ulps=8, scale=_size, steps=2),
}
REFUSES = {
    "b": "masked.var masked.std".split(),
    "c": "masked.median masked.amax masked.amin".split(),
    "bc": "masked.argmax masked.argmin".split(),
    "bic": "masked.softmax masked.log_softmax masked.softmin".split(),
    "bi": "masked.mean masked.norm masked.normalize masked.logaddexp".split(),
}
PARTLY = {
    "b": "masked.logsumexp masked.amax masked.amin".split(),
    "c": "masked.logaddexp".split(),
}
