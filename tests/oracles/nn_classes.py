"""Oracles of the losses of classes (core/ops/nn/)."""

from __future__ import annotations

import numpy as np

from .rules import FIRST, Oracle


def _log_softmax(x, axis):
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    return x - top - np.log(np.sum(np.exp(x - top), axis, keepdims=True))


def _reduced(losses, weights, reduction):
    if reduction == "none":
        return losses
    return np.sum(losses) / np.sum(weights) if reduction == "mean" else np.sum(losses)


def _shares(x, target, weight, ignored, smoothing):
    """What each class weighs, and what a mean divides by."""
    axis = 1 if x.ndim > 1 else 0
    classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - axis - 1))
    w = np.ones(x.shape[axis]) if weight is None else weight
    if target.dtype.kind == "f":
        q, counts = target, np.ones(np.sum(target, axis).shape)
    else:
        q = (np.expand_dims(target, axis) == classes).astype(np.longdouble)
        counts = np.where(target == ignored, 0, w[target])
    q = (q * (1 - smoothing) + smoothing / np.longdouble(x.shape[axis])) * w.reshape(classes.shape)
    if target.dtype.kind != "f":
        q = np.where(np.expand_dims(target == ignored, axis), 0, q)
    return q, counts, axis


def _nll(x, target, weight=None, ignore_index=-100, reduction="mean"):
    q, counts, axis = _shares(x, target, weight, ignore_index, 0)
    return _reduced(-np.sum(q * x, axis), counts, reduction)


def _cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    q, counts, axis = _shares(x, target, weight, ignore_index, np.longdouble(label_smoothing))
    return _reduced(-np.sum(q * _log_softmax(x, axis), axis), counts, reduction)


def _nll_size(x, target, **options):
    return _nll(-np.abs(x), target, **options)


def _cross_entropy_size(x, target, **options):
    return np.abs(_cross_entropy(x, target, **options)) + 2 * np.sum(np.abs(x))


ORACLE = {
    "nn.functional.nll_loss": Oracle(_nll, FIRST, scale=_nll_size),
    "nn.functional.cross_entropy": Oracle(_cross_entropy, FIRST, scale=_cross_entropy_size),
}
REFUSES = {"bic": list(ORACLE)}
