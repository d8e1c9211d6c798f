"""Oracles of products: matrices, batches, einsum, distances (core/ops/linalg/)."""

from __future__ import annotations

import functools

import numpy as np

from .reduce import sum_of, vector_norm
from .rules import REAL, SUMMED, Oracle, total
from .types import summed as summed_type


def _adding(product):
    """beta * x + alpha * product; with beta 0 x is not read."""

    def f(x, a, b, beta=1, alpha=1):
        number = lambda v: np.asarray(v).astype(a.dtype)
        found = product(a, b) * number(alpha)
        return found + (number(0) if beta == 0 else x * number(beta))

    return lambda x, a, b, **options: _sized(f(x, a, b, **options), product(a, b))


def _sized(x, like):
    return np.broadcast_to(x, np.broadcast_shapes(np.shape(x), np.shape(like)))


def _einsum_type(dtype, options, args):
    """One operand is sum_of as by sum; products have their operands' type."""
    equation, *operands = args
    return summed_type(dtype) if _sums(equation, operands) else dtype


def _sums(equation, operands):
    return len(operands) == 1 and equation in ("ij->", "ii")


def _einsum(equation, *operands):
    if _sums(equation, operands) and operands[0].dtype.kind in "biu":
        operands = [operands[0].astype(np.int64)]
    return np.einsum(equation, *operands)


def _tensordot(a, b, dims):
    return np.tensordot(a, b, axes=dims)


def _cross(a, b, dim=-1):
    return np.cross(*np.broadcast_arrays(a, b), axis=dim)


def _vecdot(a, b, dim=-1):
    return np.sum(np.conj(a) * b, axis=dim)


def _bilinear(x, y, weight, bias=0):
    return np.einsum("...i,kij,...j->...k", x, weight, y) + bias


def _linear(x, weight, bias=0):
    return x @ weight.T + bias


def _distances(x, y, p=2.0):
    return vector_norm(x[..., :, None, :] - y[..., None, :, :], p, -1)


def _pdist(x, p=2):
    return np.array([vector_norm(a - b, p) for i, a in enumerate(x) for b in x[i + 1 :]])


def _absolute_values(f):
    """Distances: their error is of the size of the coordinates."""
    return Oracle(
        f, REAL, scale=lambda *args, **options: max(np.max(np.abs(a)) for a in args if hasattr(a, "max")), ulps=16
    )


def _matrix_power(x, n):
    return functools.reduce(np.matmul, [x] * n) if n else np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)


def _kron(a, b):
    n = max(a.ndim, b.ndim)
    return np.kron(a.reshape((1,) * (n - a.ndim) + a.shape), b.reshape((1,) * (n - b.ndim) + b.shape))


def _grouped(a, b, offs=None):
    if offs is None:
        return a @ b
    parts = list(zip([0, *offs[:-1]], offs, strict=True))
    if a.ndim == b.ndim:
        return np.stack([a[:, i:j] @ b[i:j] for i, j in parts])
    out = np.zeros((a.shape[0], b.shape[2]) if a.ndim == 2 else (a.shape[1], b.shape[1]), np.result_type(a, b))
    for k, (i, j) in enumerate(parts):
        if a.ndim == 2:
            out[i:j] = a[i:j] @ b[k]
        else:
            out[:, i:j] = a[k] @ b[:, i:j]
    return out


ORACLE = {
    **dict.fromkeys(["mm", "bmm", "mv", "dot", "matmul", "linalg.matmul"], total(np.matmul)),
    "vdot": total(lambda a, b: np.sum(np.conj(a) * b)),
    **dict.fromkeys(["outer", "ger"], total(np.outer)),
    "inner": total(np.inner),
    "addmm": total(_adding(np.matmul)),
    "addmv": total(_adding(np.matmul)),
    "addr": total(_adding(np.outer)),
    "addbmm": total(_adding(lambda a, b: np.sum(a @ b, axis=0, dtype=a.dtype)), steps=2),
    "baddbmm": total(_adding(np.matmul)),
    "nn.functional.linear": total(_linear),
    **dict.fromkeys(["bilinear", "nn.functional.bilinear"], total(_bilinear, steps=2)),
    "kron": total(_kron),
    "chain_matmul": total(lambda *xs: functools.reduce(np.matmul, xs), steps=2),
    "linalg.multi_dot": total(lambda xs: functools.reduce(np.matmul, xs), steps=2),
    **dict.fromkeys(["matrix_power", "linalg.matrix_power"], total(_matrix_power, steps=4)),
    "nn.functional.grouped_mm": total(_grouped),
    "einsum": total(_einsum, _einsum_type, steps=2),
    "tensordot": total(_tensordot),
    **dict.fromkeys(
        ["cross", "linalg.cross"],
        Oracle(_cross, scale=lambda a, b, dim=-1: np.max(np.abs(a)) * np.max(np.abs(b)), steps=2),
    ),
    "linalg.vecdot": total(_vecdot, steps=1),
    "trace": total(lambda x: sum_of(np.diagonal(x)), SUMMED),
    "cdist": _absolute_values(_distances),
    **dict.fromkeys(["pdist", "nn.functional.pdist"], _absolute_values(_pdist)),
}
REFUSES = {
    "b": (
        "mv dot vdot addmm addmv addbmm baddbmm nn.functional.linear bilinear nn.functional.bilinear chain_matmul "
        "linalg.multi_dot linalg.matrix_power tensordot cross linalg.cross trace"
    ).split(),
    "bi": "linalg.vecdot".split(),
    "bic": ["nn.functional.grouped_mm"],
    "bihc": "cdist pdist nn.functional.pdist".split(),
}
PARTLY = {
    "b": "mm bmm matmul linalg.matmul inner matrix_power".split(),
    "bi": "addr einsum".split(),
}
