"""Oracles of losses (core/ops/nn/)."""

from __future__ import annotations

import numpy as np

from . import types
from .rules import Oracle

ONE = np.longdouble(1)


def _reduced(values, reduction):
    if reduction == "none":
        return values
    total = np.sum(values)
    return total / values.size if reduction == "mean" else total


def _loss(element, *results, **more):
    """Of input and target; `element` gives each value. Its error is that of the largest one."""

    def f(x, target, reduction="mean", **options):
        return _reduced(element(x, target, **options), reduction)

    def size(x, target, reduction="mean", **options):
        return _reduced(np.abs(element(x, target, **options)), reduction)

    return Oracle(f, *results, scale=size, **more)


def _weighted(element, by_weights=True):
    def f(x, target, reduction="mean", weight=None, **options):
        values = element(x, target, **options)
        if weight is None:
            return _reduced(values, reduction)
        values = values * weight
        return np.sum(values) / np.sum(weight) if by_weights and reduction == "mean" else _reduced(values, reduction)

    return f


def _squares(x, t):
    return (x - t) ** 2


def _distances(x, t):
    return np.abs(x - t)


def _distance_type(dtype, options, args):
    """Sums of integers are int64, a quotient of such is a float."""
    how = options.get("reduction", "mean")
    if types.letter(dtype) != "i" or how == "none":
        return dtype if "weight" in options else types.real(dtype)
    return "int64" if how == "sum" else "float32"


def _smooth(x, t, beta=1.0):
    d = np.abs(x - t)
    return np.where(d < beta, d * d / (2 * beta) if beta else d, d - np.longdouble(beta) / 2)


def _huber(x, t, delta=1.0):
    d, delta = np.abs(x - t), np.longdouble(delta)
    return np.where(d <= delta, d * d / 2, delta * (d - delta / 2))


def _entropy(x, t, weight=ONE):
    return -weight * (t * np.log(x) + (1 - t) * np.log1p(-x))


def _entropy_of_logits(x, t, weight=ONE, pos_weight=ONE):
    return weight * ((1 - t) * np.logaddexp(0, x) + pos_weight * t * np.logaddexp(0, -x))


def _numbered(f):
    return lambda x, t, w, p, r: _reduced(f(x, t, w, p), ("none", "mean", "sum")[r])


ORACLE = {
    "nn.functional.mse_loss": Oracle(
        _weighted(_squares), _distance_type, scale=lambda *a, **o: np.abs(_weighted(_squares)(*a, **o)), ulps=8, steps=3
    ),
    "nn.functional.l1_loss": Oracle(
        _weighted(_distances), _distance_type, scale=_weighted(_distances), ulps=8, steps=3
    ),
    "nn.functional.smooth_l1_loss": _loss(_smooth, _distance_type, ulps=8, steps=2),
    "nn.functional.huber_loss": Oracle(_weighted(_huber, False), scale=_weighted(_huber, False), ulps=8, steps=2),
    "nn.functional.soft_margin_loss": _loss(lambda x, t: np.logaddexp(0, -t * x), ulps=8),
    "nn.functional.binary_cross_entropy": _loss(_entropy, ulps=16),
    "nn.functional.binary_cross_entropy_with_logits": _loss(_entropy_of_logits, ulps=16),
    "binary_cross_entropy_with_logits": Oracle(
        _numbered(_entropy_of_logits), scale=_numbered(lambda *a: np.abs(_entropy_of_logits(*a))), ulps=16
    ),
}
REFUSES = {
    "bic": (
        "nn.functional.huber_loss "
        "nn.functional.soft_margin_loss nn.functional.binary_cross_entropy "
        "nn.functional.binary_cross_entropy_with_logits binary_cross_entropy_with_logits"
    ).split(),
    "b": "nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss".split(),
}
PARTLY = {"ic": "nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss".split()}
