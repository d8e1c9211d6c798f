"""Oracles of embeddings and one_hot (core/ops/nn/)."""

from __future__ import annotations

import numpy as np

from .rules import INDEX, Oracle


def _weights_type(dtype, options, args):
    """Indices beside a table do not count."""
    return next(str(a.dtype).split(".")[-1] for a in args if hasattr(a, "dim") and a.dim() == 2 and _table(a))


def _table(t):
    return tuple(t.shape) in ((5, 3), (4, 3))


def _embedding(index, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    return weight[index]


def _reduce(rows, mode, width):
    if len(rows) == 0:
        return np.zeros(width, np.longdouble)
    return {0: np.sum, 1: np.mean, 2: np.max}[mode](rows, axis=0)


def _bag(
    weight,
    index,
    starts,
    freq=False,
    mode=0,
    sparse=False,
    scale=None,
    include_last_offset=False,
    padding_idx=None,
    **_,
):
    ends = [*starts[1:]] + ([] if include_last_offset else [len(index)])
    bag = np.concatenate([[b] * (e - s) for b, (s, e) in enumerate(zip(starts, ends))] or [[]]).astype(np.int64)
    used = index != (-1 if padding_idx is None else padding_idx)
    rows = weight[index] * (1 if scale is None else scale[:, None])
    picked = [np.flatnonzero((bag == b) & used) for b in range(len(ends))]
    out = np.array([_reduce(rows[p], mode, weight.shape[1]) for p in picked])
    counts = np.array([len(p) for p in picked])
    largest = counts
    if mode == 2:
        largest = np.array([index[p[np.argmax(rows[p], 0)]] if len(p) else [0] * weight.shape[1] for p in picked])
    return out, bag, counts, largest


def _nn_bag(
    index, weight, starts=None, max_norm=None, norm_type=2, freq=False, mode="mean", sparse=False, scale=None, **more
):
    if index.ndim == 2:
        starts, index = np.arange(len(index)) * index.shape[1], index.ravel()
    return _bag(weight, index, starts, mode=("sum", "mean", "max").index(mode), scale=scale, **more)[0]


def _renorm(weight, index, max_norm, norm_type):
    norms = np.linalg.norm(weight.astype(np.float64), axis=1)
    used = np.isin(np.arange(len(weight)), index) & (norms > max_norm)
    return np.where(used[:, None], weight * (max_norm / (norms + 1e-7))[:, None], weight)


def _one_hot(index, num_classes=-1):
    n = num_classes if num_classes > 0 else index.max() + 1
    return (index[..., None] == np.arange(n)).astype(np.int64)


ORACLE = {
    "nn.functional.embedding": Oracle(_embedding, _weights_type),
    "embedding": Oracle(lambda weight, index, *_: weight[index], _weights_type),
    "nn.functional.embedding_bag": Oracle(_nn_bag, _weights_type, ulps=8),
    "embedding_bag": Oracle(_bag, _weights_type, INDEX, INDEX, INDEX, ulps=8),
    "embedding_renorm_": Oracle(_renorm, _weights_type, ulps=8, steps=2),
    "nn.functional.one_hot": Oracle(_one_hot, INDEX),
}
REFUSES = {"bic": "nn.functional.embedding_bag embedding_bag embedding_renorm_".split()}
