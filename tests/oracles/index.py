"""Oracles of indexing: gather and scatter, index_select and its inverses, masks, flat positions (core/ops/index/)."""

from __future__ import annotations

import numpy as np

from .rules import BOOL, FIRST, INDEX, Oracle


def _gather(x, dim, index):
    """By the definition, an element at a time."""
    found = np.empty(index.shape, x.dtype)
    for at in np.ndindex(index.shape):
        found[at] = x[_moved(at, dim, index[at])]
    return found


def _moved(at, dim, to):
    at = list(at)
    at[dim] = to
    return tuple(at)


def _writing(write):
    """A copy of x, with the elements of a source written where an index sends them."""

    def f(x, dim, index, source, *args, **options):
        found = x.copy()
        source = np.broadcast_to(np.asarray(source).astype(x.dtype), index.shape) if np.ndim(source) == 0 else source
        write(found, [(_moved(at, dim, index[at]), source[at]) for at in np.ndindex(index.shape)], *args, **options)
        return found

    return f


def _put_each(found, pairs):
    for at, value in pairs:
        found[at] = value


def _add_each(found, pairs):
    for at, value in pairs:
        found[at] += value


_operators = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _reduce_each(found, pairs, kind, include_self=True):
    heaps = {}
    for at, value in pairs:
        heaps.setdefault(at, [found[at]] if include_self else []).append(value)
    for at, heap in heaps.items():
        heap = np.array(heap)
        if kind == "mean":
            total = heap.sum(dtype=heap.dtype)
            found[at] = total / len(heap) if heap.dtype.kind in "fc" else total // len(heap)
        else:
            found[at] = _operators[kind].reduce(heap)


def _lines(write):
    """The same for whole slices: `index` has their numbers along a dimension."""

    def f(x, dim, index, source, **options):
        found = x.copy()
        for k, i in enumerate(np.atleast_1d(index)):
            write(
                np.moveaxis(found, dim, 0),
                i,
                source if np.ndim(source) == 0 else np.moveaxis(source, dim, 0)[k],
                **options,
            )
        return found

    return f


def _set_line(found, i, value):
    found[i] = np.asarray(value).astype(found.dtype)


def _add_line(found, i, value, alpha=1):
    found[i] += np.asarray(alpha).astype(found.dtype) * value


def _sum_size(*args, **_):
    return 2 * sum(np.max(np.abs(a)) for a in args if isinstance(a, np.ndarray) and a.dtype.kind in "fc")


def _index_put(x, indices, values, accumulate=False):
    found = x.copy()
    if accumulate:
        np.add.at(found, tuple(indices), values)
    else:
        found[tuple(indices)] = values
    return found


def _put(x, index, source, accumulate=False):
    return _index_put(x.ravel(), (index.ravel(),), source.ravel(), accumulate).reshape(x.shape)


def _masked_scatter(x, mask, source):
    found = np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape)).copy()
    mask = np.broadcast_to(mask, found.shape)
    found[mask] = source.ravel()[: int(mask.sum())]
    return found


def _searchsorted(x, values, right=False, side=None, sorter=None, out_int32=False):
    side = side or ("right" if right else "left")
    if x.ndim == 1:
        return np.asarray(np.searchsorted(x, values, side=side, sorter=sorter))
    return np.array([np.searchsorted(row, v, side=side) for row, v in zip(x, values)])


def _index_type(dtype, options, args):
    return "int32" if options.get("out_int32") else "int64"


def _take_along(x, index, dim=None):
    return x.ravel()[index.ravel()] if dim is None else np.take_along_axis(x, index, dim)


def _nonzero(x):
    return np.stack(np.nonzero(x), -1)


def _isin(x, test, invert=False, assume_unique=False):
    return np.isin(x, test, invert=invert)


ORACLE = {
    "gather": Oracle(_gather, FIRST),
    "scatter": Oracle(_writing(_put_each), FIRST),
    "scatter_add": Oracle(_writing(_add_each), FIRST, scale=_sum_size, steps=2),
    "scatter_reduce": Oracle(_writing(_reduce_each), FIRST, steps=2),
    "take_along_dim": Oracle(_take_along, FIRST),
    "index_select": Oracle(lambda x, dim, index: np.take(x, np.atleast_1d(index), dim), FIRST),
    "index_add": Oracle(_lines(_add_line), FIRST, scale=_sum_size, steps=2),
    "index_copy": Oracle(_lines(_set_line), FIRST),
    "index_fill": Oracle(_lines(_set_line), FIRST),
    "index_put": Oracle(_index_put, FIRST, scale=_sum_size, steps=2),
    "masked_select": Oracle(lambda x, mask: np.broadcast_to(x, mask.shape)[mask], FIRST),
    "masked_scatter": Oracle(_masked_scatter, FIRST),
    **dict.fromkeys(["nonzero", "argwhere"], Oracle(_nonzero, INDEX)),
    "take": Oracle(lambda x, index: x.ravel()[index], FIRST),
    "put": Oracle(_put, FIRST, scale=_sum_size, steps=2),
    "searchsorted": Oracle(_searchsorted, _index_type),
    "bucketize": Oracle(lambda x, edges, **options: _searchsorted(edges, x, **options), _index_type),
    "isin": Oracle(_isin, BOOL),
}
REFUSES = {
    "bc": "searchsorted bucketize".split(),
}
PARTLY = {
    "b": "index_add".split(),
    "bc": "scatter_reduce".split(),
    "c": "isin".split(),
}
