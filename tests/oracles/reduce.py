"""Oracles of reductions, scans, selections and statistics (core/ops/reduce/)."""

from __future__ import annotations

import numpy as np

from .rules import FLOAT, INDEX, REAL, SAME, SUMMED, Oracle, Places, Rule, total
from .spectral import singular_norm
from .types import summed as summed_type


def axes(x, dim):
    """As NumPy's axis: all of them for None and for an empty list."""
    if dim is None or (isinstance(dim, (list, tuple)) and not dim):
        return tuple(range(x.ndim))
    if x.ndim == 0:
        return ()
    return tuple(dim) if isinstance(dim, (list, tuple)) else (dim,)


def over(f):
    """f(x, axis=, keepdims=) as an operation of dim and keepdim."""
    return lambda x, dim=None, keepdim=False, **options: f(x, axis=axes(x, dim), keepdims=keepdim, **options)


def scan(f):
    return lambda x, dim: x.copy() if x.ndim == 0 else f(x, axis=dim)


def along(f, x, dim, keepdim=False):
    """f of each vector along a dimension: rows of results, one for each of its values."""
    if x.ndim == 0:
        return tuple(np.asarray(v).reshape(()) for v in f(x.reshape(1)))
    rows = np.moveaxis(x, dim, -1)
    shape = rows.shape[:-1]
    found = [f(row) for row in rows.reshape(-1, rows.shape[-1])]
    parts = [np.array(v).reshape(shape) for v in zip(*found)]
    return tuple(np.expand_dims(p, dim) if keepdim else p for p in parts)


def sum_of(x, **options):
    return np.sum(x, dtype=np.int64 if x.dtype.kind in "biu" else None, **options)


def _nansum(x, dim=None, keepdim=False):
    return over(sum_of)(np.where(np.isnan(x), 0, x) if x.dtype.kind in "fc" else x, dim, keepdim)


def _nanmean(x, dim=None, keepdim=False):
    count = over(np.sum)(~np.isnan(x), dim, keepdim)
    return _nansum(x, dim, keepdim) / count


def _prod(x, **options):
    return np.prod(x, dtype=np.int64 if x.dtype.kind in "biu" else None, **options)


def _sum_to_size(x, *size):
    size = size[0] if isinstance(size[0], tuple) else size
    lead = x.ndim - len(size)
    ones = [i for i in range(x.ndim) if i < lead or (size[i - lead] == 1 != x.shape[i])]
    return sum_of(x, axis=tuple(ones), keepdims=True).reshape(size) if ones else x


def _sum_to_size_type(dtype, options, args):
    x, *size = args
    return dtype if tuple(x.shape) in (size[0], tuple(size)) else summed_type(dtype)


def _var(x, dim=None, unbiased=True, keepdim=False, correction=None):
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    ax = axes(x, dim)
    n = int(np.prod([x.shape[a] for a in ax], dtype=int))
    less = correction if correction is not None else int(unbiased)
    mean = np.mean(x, axis=ax, keepdims=True)
    return np.sum(np.abs(x - mean) ** 2, axis=ax, keepdims=keepdim) / max(n - less, 0)


def _with_mean(f):
    def both(x, dim=None, unbiased=True, keepdim=False, correction=None):
        return f(x, dim, unbiased, keepdim, correction), np.mean(x, axis=axes(x, dim), keepdims=keepdim)

    return both


def _std(*args, **options):
    return np.sqrt(_var(*args, **options))


def _extreme(value, index):
    """Two values along a dimension, one of the whole."""

    def f(x, dim=None, keepdim=False):
        if dim is None:
            return value(x)
        return along(lambda row: (value(row), index(row)), x, dim, keepdim)

    return f


def _argument(index):
    def f(x, dim=None, keepdim=False):
        if dim is None:
            return np.asarray(index(x))
        return np.asarray(index(x, axis=dim, keepdims=keepdim)) if x.ndim else np.zeros((), np.int64)

    return f


def _cumulated(better):
    """The best so far and where it stands: the last of equal ones."""

    def f(x, dim):
        def row(v):
            best, at = [v[0]], [0]
            for i, e in enumerate(v[1:], 1):
                later = np.isnan(e) or (not np.isnan(best[-1]) and better(e, best[-1]))
                best.append(e if later else best[-1])
                at.append(i if later else at[-1])
            return best, at

        if x.ndim == 0:
            return x, np.zeros((), np.int64)
        rows = np.moveaxis(x, dim, -1)
        found = [row(v) for v in rows.reshape(-1, rows.shape[-1])]
        values, places = (np.array(part).reshape(rows.shape) for part in zip(*found))
        return np.moveaxis(values, -1, dim), np.moveaxis(places, -1, dim)

    return f


def _count_nonzero(x, dim=None):
    return np.sum(x != 0, axis=axes(x, dim), dtype=np.int64)


def vector_norm(x, ord=2, dim=None, keepdim=False):
    ax = axes(x, dim)
    x = np.abs(x)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(x, axis=ax, keepdims=keepdim)
    if ord == 0:
        return np.sum(x != 0, axis=ax, keepdims=keepdim).astype(np.longdouble)
    return np.sum(x ** np.longdouble(ord), axis=ax, keepdims=keepdim) ** (1 / np.longdouble(ord))


def _norm(x, p=2, dim=None, keepdim=False):
    if p == "nuc":
        return singular_norm(x, p, dim or (-2, -1), keepdim)
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim)


def _matrix_norm(x, ord="fro", dim=(-2, -1), keepdim=False):
    rows, columns = dim
    if ord == "fro":
        return vector_norm(x, 2, dim, keepdim)
    if ord in ("nuc", 2, -2):
        return singular_norm(x, ord, dim, keepdim)
    sums, best = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = np.sum(np.abs(x), axis=sums, keepdims=True)
    found = (np.max if ord > 0 else np.min)(sums, axis=best, keepdims=True)
    return found if keepdim else np.squeeze(found, axis=(rows, columns))


def _linalg_norm(x, ord=None, dim=None, keepdim=False):
    matrix = x.ndim == 2 and ord is not None
    return (
        _matrix_norm(x, ord, (-2, -1), keepdim) if matrix else vector_norm(x, 2 if ord is None else ord, dim, keepdim)
    )


def _renorm(x, p, dim, maxnorm):
    others = tuple(a for a in range(x.ndim) if a != dim % x.ndim)
    norms = vector_norm(x, p, others, True)
    return np.where(norms > maxnorm, x * (maxnorm / (norms + np.longdouble(1e-7))), x)


def _logsumexp(x, dim, keepdim=False):
    ax = axes(x, dim)
    if x.dtype.kind == "c":
        return np.log(np.sum(np.exp(x), axis=ax, keepdims=keepdim))
    x = x.astype(np.longdouble)
    top = np.max(x, axis=ax, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    found = np.log(np.sum(np.exp(x - top), axis=ax, keepdims=True)) + top
    return found if keepdim else np.squeeze(found, axis=ax)


def _logcumsumexp(x, dim):
    if x.ndim == 0:
        return x
    return np.log(np.cumsum(np.exp(x), axis=dim)) if x.dtype.kind == "c" else np.logaddexp.accumulate(x, axis=dim)


def _log_softmax(x, dim):
    if x.ndim == 0:
        return x * 0
    x = x.astype(np.longdouble)
    x = x - np.max(x, axis=dim, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=dim, keepdims=True))


def _softmax(x, dim):
    return np.exp(_log_softmax(x, dim))


def _sorted(x, dim=-1, descending=False, stable=False):
    """Which of equal ones comes first is left open unless it is asked for."""
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    if descending:  # equal ones keep their order
        at = x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    else:
        at = np.argsort(x, axis=dim, kind="stable")
    values = np.take_along_axis(x, at, dim)
    return values, at if stable else Places(x, values, dim)


def _topk(x, k, dim=-1, largest=True, sorted=True):
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    values, _ = _sorted(x, dim, largest)
    first = (slice(None),) * (dim % x.ndim) + (slice(k),)
    return values[first], Places(x, values[first], dim)


def _kth(x, k, dim=-1, keepdim=False):
    (values,) = along(lambda row: (np.sort(row)[k - 1],), x, dim, keepdim)
    return values, Places(x, values, dim, keepdim)


def _median(lacking):
    """The lower of the two in the middle; NaN if there is one, or of those that are numbers."""

    def row(v):
        numbers = ~np.isnan(v)
        if not lacking and not numbers.all():
            return v[~numbers][0], int(np.argmin(numbers))
        if not numbers.any():
            return v[0], 0
        at = np.argsort(v, kind="stable")[(int(numbers.sum()) - 1) // 2]
        return v[at], at

    def f(x, dim=None, keepdim=False):
        if dim is None:
            return np.asarray(row(x.ravel())[0])
        values, _ = along(row, x, dim, keepdim)
        return values, Places(x, values, dim, keepdim)

    return f


def _mode(x, dim=-1, keepdim=False):
    def row(v):
        values, counts = np.unique(v, return_counts=True)
        return (values[np.argmax(counts)],)

    (values,) = along(row, x, dim, keepdim)
    return values, Places(x, values, dim, keepdim)


_all = over(lambda x, **options: np.all(x != 0, **options))
_any = over(lambda x, **options: np.any(x != 0, **options))
# Of truth values as bool, of uint8 as uint8.
TRUTH: Rule = lambda dtype, *_: "uint8" if dtype == "uint8" else "bool"


def _largest(x, *args, **options):
    return np.max(np.abs(x), where=np.isfinite(x), initial=1)


_near_one = {"scale": _largest}
_soft = {"softmax": Oracle(_softmax, ulps=8), "log_softmax": Oracle(_log_softmax, **_near_one)}

ORACLE = {
    "sum": total(over(sum_of), SUMMED),
    "mean": total(over(np.mean)),
    "nansum": total(_nansum, SUMMED),
    "nanmean": total(_nanmean, FLOAT, steps=2),
    "Tensor.sum_to_size": total(_sum_to_size, _sum_to_size_type),
    "prod": Oracle(over(_prod), SUMMED, ulps=8, signed=False),
    "var": Oracle(_var, REAL, ulps=8, steps=1),
    "std": Oracle(_std, REAL, ulps=8, steps=1),
    "var_mean": Oracle(_with_mean(_var), REAL, SAME, ulps=8, **_near_one),
    "std_mean": Oracle(_with_mean(_std), REAL, SAME, ulps=8, **_near_one),
    "max": Oracle(_extreme(np.max, np.argmax), SAME, INDEX),
    "min": Oracle(_extreme(np.min, np.argmin), SAME, INDEX),
    "amax": Oracle(over(np.max)),
    "amin": Oracle(over(np.min)),
    "aminmax": Oracle(lambda x, dim=None, keepdim=False: tuple(over(f)(x, dim, keepdim) for f in (np.min, np.max))),
    "argmax": Oracle(_argument(np.argmax), INDEX),
    "argmin": Oracle(_argument(np.argmin), INDEX),
    "any": Oracle(_any, TRUTH),
    "all": Oracle(_all, TRUTH),
    "count_nonzero": Oracle(_count_nonzero, INDEX),
    "norm": Oracle(_norm, REAL, ulps=8),
    "linalg.vector_norm": Oracle(vector_norm, REAL, ulps=8),
    "linalg.norm": Oracle(_linalg_norm, REAL, ulps=16),
    "linalg.matrix_norm": Oracle(_matrix_norm, REAL, ulps=16),
    "dist": Oracle(lambda x, y, p=2: vector_norm(x - y, p), REAL, ulps=8, steps=2),
    "renorm": Oracle(_renorm, ulps=8, steps=2),
    **dict.fromkeys(["logsumexp", "special.logsumexp"], Oracle(_logsumexp, FLOAT, **_near_one)),
    "cumsum": total(
        scan(lambda x, axis: np.cumsum(x, axis, dtype=np.int64 if x.dtype.kind in "biu" else None)), SUMMED
    ),
    "cumprod": Oracle(
        scan(lambda x, axis: np.cumprod(x, axis, dtype=np.int64 if x.dtype.kind in "biu" else None)),
        SUMMED,
        ulps=8,
        signed=False,
    ),
    "cummax": Oracle(_cumulated(lambda a, b: a >= b), SAME, INDEX),
    "cummin": Oracle(_cumulated(lambda a, b: a <= b), SAME, INDEX),
    "logcumsumexp": Oracle(_logcumsumexp, **_near_one),
    **{f"{module}{name}": o for name, o in _soft.items() for module in ("", "special.", "nn.functional.")},
    "nn.functional.softmin": Oracle(lambda x, dim: _softmax(-x, dim)),
    "median": Oracle(_median(False), SAME, INDEX),
    "nanmedian": Oracle(_median(True), SAME, INDEX),
    "mode": Oracle(_mode, SAME, INDEX),
    "kthvalue": Oracle(_kth, SAME, INDEX),
    "sort": Oracle(_sorted, SAME, INDEX),
    "argsort": Oracle(lambda *args, **options: _sorted(*args, **options)[1], INDEX),
    "msort": Oracle(lambda x: np.sort(x, axis=0)),
    "topk": Oracle(_topk, SAME, INDEX),
}
REFUSES = {
    "bc": "argmax argmin median nanmedian topk".split(),
    "bi": (
        "var std var_mean std_mean norm linalg.vector_norm linalg.norm linalg.matrix_norm dist renorm logcumsumexp"
    ).split(),
    "bic": (
        "nanmean special.softmax special.log_softmax nn.functional.softmax nn.functional.log_softmax "
        "nn.functional.softmin"
    ).split(),
    "c": "nansum softmax log_softmax max min amax amin aminmax mode sort argsort msort".split(),
}
PARTLY = {
    "bc": "kthvalue".split(),
    "bi": "mean softmax log_softmax".split(),
    "c": "cummax cummin".split(),
    "h": "norm linalg.norm linalg.matrix_norm".split(),  # no singular values of halves
}
