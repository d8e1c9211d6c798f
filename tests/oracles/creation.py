"""Oracles of creation functions (core/ops/creation/); random sources have their own tests."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np

from .numbers import unbroken
from .rules import CLONG, FIRST, LONG, Oracle
from .types import DEFAULT, letter, result_type

_RANDOM = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli"),
    *("poisson", "binomial", "multinomial", "get_rng_state", "set_rng_state"),
)
_EMPTY = ("empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "empty_permuted")


def _value_type(position):
    """Of the number that fills, whose type is the default one of its kind."""
    return lambda dtype, options, args: result_type([args[position]])


def _default(*_):
    return DEFAULT


def _of_numbers(dtype, options, args):
    found = result_type(args)
    return found if letter(found) in "fc" else "int64"


def _spaced(dtype, options, args):
    return "complex64" if any(isinstance(a, complex) for a in args) else DEFAULT


def _size(size):
    return (size,) if isinstance(size, int) else tuple(size)


def _filled(value):
    return Oracle(lambda size: np.full(_size(size), value), _default)


class _Constant(Oracle):
    """The value in the result's type."""

    def __call__(self, args, options):
        for value, dtype, size in super().__call__(args, options):
            yield value.astype(np.float64 if dtype == "bfloat16" else dtype), dtype, size


def _like(value=None):
    return _Constant(lambda x, v=value: np.full(x.shape, v), FIRST)


def _new(value=None):
    return _Constant(lambda x, size, v=value: np.full(_size(size), v), FIRST)


def _arange(*bounds):
    start, end, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    n = (
        math.ceil((LONG(end) - LONG(start)) / LONG(step))
        if any(isinstance(b, float) for b in bounds)
        else len(range(start, end, step))
    )
    return LONG(start) + np.arange(n) * LONG(step)


def _linspace(start, end, steps, whole=False):
    kind = CLONG if isinstance(start + end, complex) else LONG
    found = np.linspace(kind(start), kind(end), steps, dtype=kind)
    return np.trunc(found) if whole else found


class _Whole(Oracle):
    """A range of integers where an integer type is asked for: what follows the point is cut."""

    def arguments(self, args, options):
        asked = str(options.get("dtype", "")).split(".")[-1]
        return args, {k: v for k, v in options.items()} | ({"whole": True} if asked in ("int64", "int32") else {})


def _logspace(start, end, steps, base=10.0, whole=False):
    found = LONG(base) ** _linspace(start, end, steps)
    return np.trunc(found) if whole else found


def _eye(n, m=None):
    return np.eye(n, m)


def _indices(f):
    return Oracle(
        lambda rows, columns, offset=0: np.array(f(np.ones((rows, columns)), offset).nonzero()), lambda *_: "int64"
    )


def _window(f):
    """Of n points; a periodic one is the symmetric one of n + 1 without the last."""

    def points(n, periodic=True, *more):
        if n < 2:
            return np.ones(n)
        last = LONG(n if periodic else n - 1)
        return f(np.arange(n) / last, *more)

    # What cancels at the ends is of the size of 1.
    return Oracle(points, _default, scale=lambda n, *_, **__: LONG(1), ulps=8)


def _turn(t, k=1):
    return np.cos(2 * np.arccos(LONG(-1)) * k * t)


def _kaiser(t, beta=12.0):
    bessel = unbroken(lambda x: mp.besseli(0, x))
    return bessel(LONG(beta) * np.sqrt(1 - (2 * t - 1) ** 2)) / bessel(LONG(beta))


_windows = {
    "hann_window": lambda t: (1 - _turn(t)) / 2,
    "hamming_window": lambda t, alpha=0.54, beta=0.46: LONG(alpha) - LONG(beta) * _turn(t),
    "blackman_window": lambda t: LONG("0.42") - _turn(t) / 2 + LONG("0.08") * _turn(t, 2),
    "bartlett_window": lambda t: 1 - np.abs(2 * t - 1),
    "kaiser_window": _kaiser,
}
_complex = lambda dtype, *_: "complex128" if dtype == "float64" else "complex64"

ORACLE = {
    "zeros": _filled(0),
    "ones": _filled(1),
    "full": Oracle(lambda size, value: np.full(_size(size), value), _value_type(1)),
    "zeros_like": _like(0),
    "ones_like": _like(1),
    "full_like": _like(),
    "new_zeros": _new(0),
    "new_ones": _new(1),
    "new_full": _new(),
    "scalar_tensor": Oracle(np.asarray, _default),
    "arange": Oracle(_arange, _of_numbers),
    "linspace": _Whole(_linspace, _spaced, scale=lambda start, end, *_, **__: max(abs(start), abs(end))),
    "logspace": _Whole(_logspace, _spaced, ulps=8),
    "eye": Oracle(_eye, _default),
    "tril_indices": _indices(np.tril),
    "triu_indices": _indices(np.triu),
    **{name: _window(f) for name, f in _windows.items()},
    "complex": Oracle(lambda x, y: x + 1j * y, _complex),
    "polar": Oracle(lambda r, angle: r * np.exp(1j * angle), _complex),
}
WITHOUT = {
    **dict.fromkeys(
        _RANDOM, "random: tests/test_draws_and_searches.py, and tests/parity/test_random.py draws as PyTorch does"
    ),
    **dict.fromkeys(_EMPTY, "its elements are whatever lay in memory"),
}
REFUSES = {
    "big": "complex polar".split(),
}
PARTLY = {
    "bic": "hann_window blackman_window bartlett_window hamming_window kaiser_window".split(),
}
