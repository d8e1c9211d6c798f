"""Oracles of losses (core/ops/nn/)."""

from __future__ import annotations

import itertools

import numpy as np

from . import types
from .rules import FIRST, FLOAT, REAL_FLOAT, Oracle

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


# Losses composed of other operations, each of which rounds to the result's type: (values, sizes of their parts).


def _composed(values, *results, first=2, **more):
    """`values` gives those of each element, and their sizes; the first arguments are positional."""

    def part(which):
        def f(*args, reduction="mean", **options):
            return _reduced(values(*args, **options)[which], reduction)

        return f

    return Oracle(part(0), *results, scale=part(1), ulps=16, **{"steps": 8} | more)


def _sized(*terms):
    """A sum of terms, and that of their sizes."""
    return sum(terms), sum(np.abs(t) for t in terms)


def _divergence(x, target, log_target=False):
    p, log_p = (np.exp(target), target) if log_target else (target, np.log(target))
    return _sized(p * log_p, -p * x)


def _batchmean(oracle):
    def of(f):
        def g(x, target, reduction="mean", **options):
            whole = f(x, target, reduction="sum" if reduction == "batchmean" else reduction, **options)
            return whole / len(x) if reduction == "batchmean" else whole

        return g

    return Oracle(of(oracle.function), scale=of(oracle.scale), ulps=16, steps=8)


def _poisson(x, target, log_input=True, full=False):
    product = target * x  # of integers: it may wrap
    x, target, product = (v.astype(np.longdouble) if v.dtype.kind in "iu" else v for v in (x, target, product))
    terms = [np.exp(x), -product] if log_input else [x, -target * np.log(x + np.longdouble(1e-8))]
    if full:
        stirling = target * np.log(target) - target + np.log(2 * np.longdouble(np.pi) * target) / 2
        terms.append(np.where(target <= 1, 0, stirling))
    return _sized(*terms)


def _gaussian(x, target, var, full=False):
    var = np.asarray(var, np.longdouble)
    var = np.maximum(var[:, None] if var.ndim == 1 else var, np.longdouble(1e-6))
    more = [np.log(2 * np.longdouble(np.pi)) / 2 * np.ones_like(x)] if full else []
    return _sized(np.log(var) / 2 * np.ones_like(x), (x - target) ** 2 / var / 2, *more)


def _hinge(x, target, margin=1.0):
    value = np.where(target == 1, x, np.maximum(np.longdouble(margin) - x, 0))
    return value, np.abs(x) + np.longdouble(margin)


def _ranking(a, b, target, margin=0.0):
    return np.maximum(-target * (a - b) + np.longdouble(margin), 0), np.abs(a) + np.abs(b) + abs(margin)


def _cosine(a, b, target, margin=0.0):
    a, b = (v.astype(np.longdouble) for v in (a, b))
    cosine = np.sum(a * b, -1) / np.sqrt(np.sum(a * a, -1) * np.sum(b * b, -1))
    value = np.where(target == 1, 1 - cosine, np.maximum(cosine - np.longdouble(margin), 0))
    return value, np.ones_like(value) * 4


def _triplet(anchor, positive, negative, margin=1.0, p=2.0, swap=False):
    def distance(a, b):
        return np.sum(np.abs(a - b + np.longdouble(1e-6)) ** p, -1) ** (1 / np.longdouble(p))

    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    size = sum(np.sum(np.abs(v), -1) for v in (anchor, positive, negative))
    return np.maximum(margin + near - far, 0), margin + size


def _soft(x, target, weight=ONE):
    terms = target * np.logaddexp(0, -x) * weight, (1 - target) * np.logaddexp(0, x) * weight
    return tuple(np.sum(v, -1) / x.shape[-1] for v in _sized(*terms))


def _multi(x, target, p=1, margin=1.0, weight=None):
    rows, target = np.atleast_2d(x), np.atleast_1d(target)
    at = np.arange(len(rows))
    z = np.maximum(np.longdouble(margin) - rows[at, target][:, None] + rows, 0) ** p
    z[at, target] = 0
    size = np.maximum(margin + np.max(np.abs(rows)) * 2, 0) ** p * np.ones(len(rows))
    value = np.sum(z, 1) / rows.shape[1] * (1 if weight is None else weight[target])
    return (value, size) if x.ndim == 2 else (value[0], size[0])


def _multilabel(x, target):
    found = []
    for row, classes in zip(np.atleast_2d(x), np.atleast_2d(target), strict=True):
        true = list(classes[: list(classes).index(-1)] if -1 in classes else classes)
        others = [j for j in range(len(row)) if j not in true]
        found.append(sum((max(1 - row[k] + row[j], 0) for k in true for j in others), np.longdouble(0)) / len(row))
    value = np.array(found)
    size = np.full(len(value), x.shape[-1] * (1 + 2 * np.max(np.abs(x))))
    return (value, size) if x.ndim == 2 else (value[0], size[0])


def _ctc(log_probs, targets, inputs, lengths, blank=0, reduction="mean", zero_infinity=False):
    """-log of the sum over all alignments, each spelt out."""
    reduction = ("none", "mean", "sum")[reduction] if isinstance(reduction, int) else reduction
    x = log_probs if log_probs.ndim == 3 else log_probs[:, None]
    found, at = [], 0
    for i, (steps, length) in enumerate(zip(inputs, lengths, strict=True)):
        mine = targets[i, :length] if targets.ndim == 2 else targets[at : at + length]
        at += length
        total = np.longdouble(0)
        for path in itertools.product(range(x.shape[2]), repeat=int(steps)):
            labels = [c for c, _ in itertools.groupby(path) if c != blank]
            if labels == list(mine):
                total += np.exp(sum((x[t, i, c] for t, c in enumerate(path)), np.longdouble(0)))
        found.append(-np.log(total) if total > 0 or not zero_infinity else np.longdouble(0))
    value = np.array(found)
    if reduction == "none":
        return value if log_probs.ndim == 3 else value[0]
    return np.mean(value / np.maximum(lengths, 1)) if reduction == "mean" else np.sum(value)


def _linear(x, matrix, target, linear_bias=0, weight=None, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    """cross_entropy of logits, each loss beside the size of its parts."""
    rows = np.atleast_2d(x)
    logits = np.moveaxis(np.tensordot(rows, matrix, (1, matrix.ndim - 1)) + linear_bias, 1, -1)
    classes = logits.shape[-1]
    log_p = logits - np.log(np.sum(np.exp(logits), -1, keepdims=True))
    if np.shape(target) == logits.shape:
        values = -np.sum(target * log_p, -1)
        return values, np.full(len(values), len(values))
    target = np.atleast_1d(target)
    counts = target != ignore_index
    at = np.where(counts, target, 0)
    w = np.ones(classes, np.longdouble) if weight is None else weight
    onehot = at[..., None] == np.arange(classes)
    q = w * ((1 - label_smoothing) * onehot + label_smoothing / np.longdouble(classes))
    return -np.sum(q * log_p, -1) * counts, w[at] * counts


def _linear_loss(x, matrix, target, reduction="mean", **options):
    values, weights = _linear(x, matrix, target, **options)
    if reduction == "none":
        return values if np.ndim(x) == 2 else values[0]
    total = np.sum(values)
    return total / (np.sum(weights) if np.shape(target) != (4, 5) else len(values)) if reduction == "mean" else total


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
    "nn.functional.kl_div": _batchmean(_composed(_divergence)),
    "kl_div": Oracle(
        lambda x, t, r: np.sum(_divergence(x, t)[0]), scale=lambda x, t, r: np.sum(_divergence(x, t)[1]), steps=8
    ),
    "nn.functional.poisson_nll_loss": _composed(_poisson, FLOAT),
    "nn.functional.gaussian_nll_loss": _composed(_gaussian),
    "nn.functional.hinge_embedding_loss": _composed(_hinge, FLOAT),
    "nn.functional.margin_ranking_loss": _composed(_ranking, FLOAT),
    "nn.functional.cosine_embedding_loss": _composed(_cosine, FLOAT),
    "nn.functional.triplet_margin_loss": _composed(_triplet, REAL_FLOAT),
    "nn.functional.multilabel_soft_margin_loss": _composed(_soft),
    "nn.functional.multi_margin_loss": _composed(_multi, FIRST),
    "nn.functional.multilabel_margin_loss": _composed(_multilabel, FIRST),
    "nn.functional.linear_cross_entropy": Oracle(
        _linear_loss,
        FIRST,
        scale=lambda *args, reduction="mean", **options: (
            np.max(np.abs(args[0])) * np.max(np.abs(args[1])) * 30
            + np.ones_like(_linear_loss(*args, reduction=reduction, **options))
        ),
        steps=8,
    ),
    "nn.functional.ctc_loss": Oracle(_ctc, FIRST, ulps=32),
    "ctc_loss": Oracle(
        lambda x, t, a, b, blank=0, reduction=0, **more: _ctc(x, t, a, b, blank, reduction, **more), FIRST, ulps=32
    ),
    "binary_cross_entropy_with_logits": Oracle(
        _numbered(_entropy_of_logits), scale=_numbered(lambda *a: np.abs(_entropy_of_logits(*a))), ulps=16
    ),
}
REFUSES = {
    "bihc": ["ctc_loss", "nn.functional.ctc_loss"],
    "bic": (
        "nn.functional.linear_cross_entropy nn.functional.kl_div kl_div nn.functional.gaussian_nll_loss nn.functional.multilabel_soft_margin_loss "
        "nn.functional.multi_margin_loss nn.functional.multilabel_margin_loss "
        "nn.functional.huber_loss "
        "nn.functional.soft_margin_loss nn.functional.binary_cross_entropy "
        "nn.functional.binary_cross_entropy_with_logits binary_cross_entropy_with_logits"
    ).split(),
    "bc": "nn.functional.hinge_embedding_loss nn.functional.margin_ranking_loss".split(),
    "c": "nn.functional.cosine_embedding_loss".split(),
    "b": "nn.functional.poisson_nll_loss nn.functional.triplet_margin_loss nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss".split(),
}
PARTLY = {
    "c": ["nn.functional.poisson_nll_loss"],
    "ic": "nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss".split(),
}
