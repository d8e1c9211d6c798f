"""Oracles of activation functions (core/ops/activations.cpp)."""

from __future__ import annotations

import mpmath
import numpy as np

from .numbers import unbroken
from .pointwise import PI, ZERO, of_kind, sigmoid
from .rules import FLOAT, Pointwise, of_first, promoting


def _softplus(x, beta=1.0, threshold=20.0):
    b = np.longdouble(beta)
    return np.where(x * b > threshold, x, np.logaddexp(x * b, ZERO) / b)


def _elu(x, alpha=1.0, scale=1.0, inside=1.0):
    a, s, i = map(np.longdouble, (alpha, scale, inside))
    return np.where(x > 0, x * s, np.where(np.isnan(x), x, a * s * np.expm1(x * i)))


def _celu(x, alpha=1.0):
    return _elu(x, alpha, 1.0, 1 / np.longdouble(alpha))


def _selu(x):
    return _elu(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


def _to_nothing(f):
    """At -inf the limit, where the formula is infinity times 0."""

    def limited(x, *options, **named):
        y = f(x, *options, **named)
        return y if np.iscomplexobj(x) else np.where(np.isneginf(x), -ZERO, y)

    return limited


@_to_nothing
def _gelu(x, approximate="none"):
    if approximate == "tanh":
        u = 2 * np.sqrt(2 / PI) * (x + np.longdouble("0.044715") * x**3)
        return x * sigmoid(u)
    return unbroken(lambda v: v * mpmath.erfc(-v / mpmath.sqrt(2)) / 2, {np.inf: np.inf})(x)


def _prelu(x, weight):
    w = weight.reshape((1, -1) + (1,) * (x.ndim - 2)) if x.ndim > 1 else weight
    return np.where(x > 0, x, w * x)


def _hardsigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def _softsign(x):
    return x / (1 + np.abs(x))


def _threshold(x, threshold, value):
    return np.where(x <= threshold, of_kind(x, value), x)


def _shrink(f):
    return lambda x, lambd=0.5: f(x, np.longdouble(lambd))


_leaky = lambda x, negative_slope=0.01: np.where(x > 0, x, np.longdouble(negative_slope) * x)
_softshrink = _shrink(lambda x, l: np.where(np.isnan(x), x, np.where(x > l, x - l, np.where(x < -l, x + l, 0 * x))))
_hardshrink = _shrink(lambda x, l: np.where((x >= -l) & (x <= l), 0, x))
_hardtanh = lambda x, min_val=-1.0, max_val=1.0: np.clip(x, of_kind(x, min_val), of_kind(x, max_val))
_relu = lambda x: np.where(x < 0, of_kind(x, 0), x)

ORACLE = {
    **{name: of_first(_relu) for name in ("relu", "nn.functional.relu")},
    **{name: of_first(_selu) for name in ("selu", "nn.functional.selu")},
    **{name: of_first(_celu) for name in ("celu", "nn.functional.celu")},
    **{name: of_first(_threshold) for name in ("threshold", "nn.functional.threshold")},
    **{name: of_first(_hardshrink) for name in ("hardshrink", "nn.functional.hardshrink")},
    **{name: promoting(_prelu) for name in ("prelu", "nn.functional.prelu")},
    "nn.functional.silu": of_first(_to_nothing(lambda x: x * sigmoid(x))),
    "nn.functional.mish": of_first(_to_nothing(lambda x: x * np.tanh(np.logaddexp(x, ZERO)))),
    "nn.functional.hardsigmoid": of_first(_hardsigmoid),
    "nn.functional.hardswish": of_first(lambda x: x * _hardsigmoid(x)),
    "nn.functional.relu6": of_first(lambda x: np.clip(x, of_kind(x, 0), of_kind(x, 6)), signed=False),
    "nn.functional.logsigmoid": of_first(lambda x: -np.logaddexp(ZERO, -x), signed=False),
    "nn.functional.softsign": Pointwise(_softsign, computed=FLOAT, steps=2),
    "nn.functional.tanhshrink": Pointwise(lambda x: x - np.tanh(x), computed=FLOAT, scale=np.abs, steps=2),
    "nn.functional.gelu": of_first(_gelu, signed=False),
    "nn.functional.softplus": of_first(_softplus),
    "nn.functional.leaky_relu": of_first(_leaky),
    "nn.functional.elu": of_first(_elu),
    "nn.functional.hardtanh": of_first(_hardtanh),
    "nn.functional.softshrink": of_first(_softshrink),
}
REFUSES = {
    "b": "nn.functional.softsign nn.functional.tanhshrink".split(),
    "bc": "relu threshold nn.functional.threshold nn.functional.relu nn.functional.relu6 nn.functional.hardtanh".split(),
    "bi": "nn.functional.silu".split(),
    "bic": (
        "selu celu hardshrink prelu nn.functional.prelu nn.functional.mish nn.functional.hardsigmoid "
        "nn.functional.hardswish nn.functional.selu nn.functional.logsigmoid nn.functional.gelu "
        "nn.functional.softplus nn.functional.leaky_relu nn.functional.elu nn.functional.celu "
        "nn.functional.hardshrink nn.functional.softshrink"
    ).split(),
}
PARTLY = {
    "i": "nn.functional.hardtanh".split(),
}
