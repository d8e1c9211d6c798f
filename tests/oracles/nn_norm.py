"""Oracles of normalisations (core/ops/nn/)."""

from __future__ import annotations

import numpy as np

from . import types
from .reduce import axes
from .rules import FIRST, FLOAT, SAME, Oracle


def _moments(x, over, centred=True):
    """What is subtracted, and the variance around it; NaN where nothing is averaged."""
    n = np.longdouble(np.prod([x.shape[i] for i in over]))
    total = lambda v: np.sum(v, axis=over, keepdims=True) / n
    mean = total(x) if centred else np.zeros((1,) * x.ndim, x.dtype)
    return mean, total((x - mean) ** 2)


def _part(p, like, shape):
    return like if p is None else np.reshape(p, shape)


def _normalised(x, over, w, b, shape, eps, mean=None, var=None, centred=True):
    """(result, mean, 1 / deviation, the size of its parts)."""
    if mean is None:
        mean, var = _moments(x, over, centred)
    scale = 1 / np.sqrt(var + eps)
    weight, bias = _part(w, 1, shape), _part(b, 0, shape)
    h = (x - mean) * scale
    size = ((np.abs(x) + np.abs(mean)) * scale + 1) * np.abs(weight) + np.abs(bias)
    return h * weight + bias, mean, scale, size


def _layer(x, shape, w=None, b=None, eps=1e-5, centred=True):
    over = tuple(range(x.ndim - len(shape), x.ndim))
    return _normalised(x, over, w, b, shape, eps, centred=centred)


def _rms(x, shape, w=None, eps=None, type="float32"):
    eps = eps if eps is not None else np.finfo("float64" if types.real(type) == "float64" else "float32").eps
    return _layer(x, shape, w, None, eps, centred=False)


def _group(x, groups, w=None, b=None, eps=1e-5):
    n, c, *rest = x.shape
    grid = x.reshape(n, groups, c // groups, -1) if x.size else np.zeros((n, groups, c // groups, 0), x.dtype)
    y, mean, scale, size = _normalised(grid, (2, 3), w, b, (1, groups, c // groups, 1), eps)
    return y.reshape(x.shape), mean.reshape(n, groups), scale.reshape(n, groups), size.reshape(x.shape)


def _native_group(x, w, b, n, c, inner, groups, eps):
    return _group(x.reshape(n, c, inner) if x.ndim > 2 else x, groups, w, b, eps)


def _batch(x, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    shape = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    over = (0, *range(2, x.ndim))
    given = () if training else (running_mean.reshape(shape), running_var.reshape(shape))
    return _normalised(x, over, weight, bias, shape, eps, *given)


def _torch_batch(x, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=False):
    return _batch(x, running_mean, running_var, weight, bias, training, momentum, eps)


def _native_batch(x, *args, **options):
    y, mean, scale, size = _torch_batch(x, *args, **options)
    training = args[4] if len(args) > 4 else options["training"]
    kept = (mean.reshape(-1), scale.reshape(-1)) if training else (np.zeros(0), np.zeros(0))
    return y, *kept, size


def _instance(
    x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    if not use_input_stats:
        return _batch(x, running_mean, running_var, weight, bias, False, momentum, eps)
    return _normalised(x, tuple(range(2, x.ndim)), weight, bias, (1, x.shape[1]) + (1,) * (x.ndim - 2), eps)


def _torch_instance(x, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled):
    return _instance(x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def _one(f, **more):
    """The result alone, beside the size of its parts."""
    return Oracle(lambda *a, **k: f(*a, **k)[0], scale=lambda *a, **k: f(*a, **k)[3], ulps=8, **more)


def _three(f):
    """With the statistics, whose own parts are of no larger size."""
    size = lambda *a, **k: np.max(f(*a, **k)[3], initial=0) * 4 + np.max(np.abs(f(*a, **k)[2]), initial=0)
    return Oracle(lambda *a, **k: f(*a, **k)[:3], FIRST, FIRST, FIRST, scale=size, ulps=8)


def _normalize(x, p=2.0, dim=1, eps=1e-12):
    over, size = axes(x, dim), np.abs(x)
    norm = (
        np.max(size, axis=over, keepdims=True, initial=0)
        if np.isinf(p)
        else np.sum(size**p, over, keepdims=True) ** (1 / np.longdouble(p))
    )
    return x / np.maximum(norm, eps)


def _local_response(x, size, alpha=1e-4, beta=0.75, k=1.0, type="float32"):
    if types.letter(type) == "i":
        x = x.astype("int64")
    squares = np.pad(x * x, [(0, 0), (size // 2, (size - 1) // 2)] + [(0, 0)] * (x.ndim - 2))
    mean = sum(squares[:, i : i + x.shape[1]] for i in range(size)) / np.longdouble(size)
    if types.letter(type) == "i":  # a mean of integers is one
        mean = np.floor(mean)
    return x / (alpha * mean + k) ** np.longdouble(beta)


ORACLE = {
    "nn.functional.layer_norm": _one(_layer),
    "layer_norm": _one(_layer),
    "native_layer_norm": _three(_layer),
    "nn.functional.rms_norm": _one(_rms, typed=True),
    "rms_norm": _one(_rms, typed=True),
    "nn.functional.group_norm": _one(_group),
    "group_norm": _one(_group),
    "native_group_norm": _three(_native_group),
    "nn.functional.batch_norm": _one(_batch),
    "batch_norm": _one(_torch_batch),
    "native_batch_norm": _three(_native_batch),
    "nn.functional.instance_norm": _one(_instance),
    "instance_norm": _one(_torch_instance),
    "nn.functional.normalize": Oracle(_normalize, SAME, ulps=8, steps=3),
    "nn.functional.local_response_norm": Oracle(_local_response, FLOAT, ulps=8, steps=16, typed=True),
}
_counts = "nn.functional.local_response_norm"
_refuse_complex = [name for name in ORACLE if "rms" not in name and "normalize" not in name and name != _counts]
REFUSES = {
    "bi": [name for name in ORACLE if name not in (*_refuse_complex, _counts)],
    "bic": _refuse_complex,
    "bc": [_counts],
}
