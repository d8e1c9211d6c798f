"""Oracles of pointwise operations (core/ops/pointwise/ and the functions that choose among them)."""

from __future__ import annotations

import math

import numpy as np

from . import near
from .rules import (
    FLOAT,
    INT32,
    REAL,
    REAL_FLOAT,
    SAME,
    Oracle,
    Pointwise,
    floating,
    of_first,
    promoting,
    truth,
)
from .types import floating as float_type
from .types import letter

ZERO, ONE, TWO = np.longdouble(0), np.longdouble(1), np.longdouble(2)
PI = 2 * np.arccos(ZERO)


def of_kind(x, value):
    return np.asarray(value).astype(np.asarray(x).dtype)


def _add(x, y, alpha=1):
    return np.add(x, np.multiply(of_kind(y, alpha), y))


def _sub(x, y, alpha=1):
    return np.subtract(x, np.multiply(of_kind(y, alpha), y))


def _quotient_type(dtype, options):
    return dtype if options.get("rounding_mode") else float_type(dtype)


def _sinc_size(x):
    """The hyperbolic sine of a large product takes over the product's error."""
    return np.abs(_sinc(x)) * (1 + PI * np.abs(x.imag))


def _div(x, y, rounding_mode=None):
    if rounding_mode is None:
        return x / y
    if rounding_mode == "trunc" and x.dtype.kind == "f":
        return np.trunc(x / y)
    down = np.floor_divide(x, y)
    return down + ((down < 0) & (down * y != x)) if rounding_mode == "trunc" else down


def _frexp(x):
    mantissa, exponent = np.frexp(x)
    return mantissa, np.where(np.isfinite(x), exponent, 0)


def _pow(x, y):
    if x.dtype.kind in "fc":
        return np.power(x, y)
    # The whole part of a fraction is 0 but for the powers of 1 and -1.
    below = np.where(x == 1, 1, np.where(np.abs(x) == 1, 1 - 2 * (y & 1), 0))
    return np.where(y < 0, below, np.power(x, np.where(y < 0, 0, y).astype(x.dtype))).astype(x.dtype)


def _sinc(x):
    r = x - 2 * np.rint(x.real / 2)  # the nearest even number away
    r = np.where(np.abs(r.real) > 0.5, np.copysign(1, r.real) - r, r)
    return np.where(x == 0, 1, np.sin(PI * r) / (PI * x))


def _square_type(dtype, *_):
    """As the power with the exponent 2."""
    return "int64" if dtype == "bool" else dtype


def _float_power_type(dtype, options):
    return "complex128" if letter(dtype) == "c" else "float64"


def _times_log(log):
    """0 where the factor is 0, but NaN stays."""
    return lambda x, y: np.where((x == 0) & ~np.isnan(y), 0, x * log(y))


def _logaddexp(x, y):
    if x.dtype.kind != "c":
        return np.logaddexp(x, y)
    # Near the larger operand, whose imaginary part may be beyond π.
    low, high = np.where(x.real < y.real, x, y), np.where(x.real < y.real, y, x)
    return high + np.log1p(np.exp(low - high))


def _larger(x, y):
    return np.maximum(np.abs(x), np.abs(y))


def _logit(x, eps=None):
    x = x if eps is None else np.clip(x, np.longdouble(eps), 1 - np.longdouble(eps))
    return np.log(x / (1 - x))


def _ldexp(x, n):
    """0 stays 0, however large the power."""
    return np.where((x == 0) & np.isfinite(n), x, x * TWO**n)


def _lcm(x, y):
    """What leaves the type is left open."""
    found = [math.lcm(int(a), int(b)) for a, b in zip(x.ravel(), y.ravel())]
    top = np.iinfo(x.dtype).max
    kept = np.array([v if v <= top else 0 for v in found], x.dtype).reshape(x.shape)
    return np.ma.array(kept, mask=np.reshape([v > top for v in found], x.shape))


def _round(x, decimals=0):
    if x.dtype.kind != "f":
        return x
    scale = np.longdouble(10) ** abs(decimals)
    return np.rint(x * scale) / scale if decimals >= 0 else np.rint(x / scale) * scale


def _sgn(x):
    return np.where(x == 0, 0, x / np.abs(x)) if x.dtype.kind == "c" else _sign(x)


def _sign(x):
    if x.dtype.kind == "b":
        return x
    return ((x > 0).astype(np.int8) - (x < 0)).astype(x.dtype)


def _angle(x):
    if x.dtype.kind == "c":
        return np.arctan2(x.imag, x.real)
    return np.where(np.isnan(x), x, np.where(x < 0, PI, ZERO))


def _close(x, y, rtol=1e-5, atol=1e-8, equal_nan=False):
    x, y = (v if v.dtype.kind == "c" else v.astype(np.longdouble) for v in (x, y))
    near_by = np.isfinite(x) & np.isfinite(y) & (np.abs(x - y) <= atol + np.abs(np.longdouble(rtol) * y))
    return (x == y) | near_by | (equal_nan & np.isnan(x) & np.isnan(y))


def _shift(f, beyond):
    """By less than nothing or more than the width: as by the width."""

    def shifted(x, y):
        x, y = np.broadcast_arrays(x, y)
        width = 8 * x.dtype.itemsize
        inside = (y >= 0) & (y < width)
        return np.where(inside, f(x, np.where(inside, y, 0).astype(x.dtype)), beyond(x)).astype(x.dtype)

    return shifted


def _clamp(x, min=None, max=None):
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _where(condition, x=None, y=None):
    return np.nonzero(condition) if x is None else np.where(condition, x, y)


def _where_type(dtype, options, args):
    return dtype if len(args) > 1 else "int64"


def _lerp(x, y, weight):
    return x + weight * (y - x)


def _addcmul(x, a, b, value=1, type=""):
    return _without_overflow(x, of_kind(x, value) * a * b, type)


def _addcdiv(x, a, b, value=1, type=""):
    return _without_overflow(x, of_kind(x, value) * a / b, type)


def _without_overflow(x, product, type):
    """A product that leaves the type before it is added is left open."""
    if product.dtype.kind != "f":
        return x + product
    large = np.isfinite(product) & (np.abs(product) > near.largest(type))
    return np.ma.array(x + product, mask=large)


def _sized(f):
    def sizes(*args, value=1, type=""):
        return np.ma.getdata(f(*(np.abs(x) for x in args), abs(value), type))

    return sizes


def _nan_to_num(x, nan=0.0, posinf=None, neginf=None, type=""):
    if x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c":
        parts = [_nan_to_num(p, nan, posinf, neginf, type) for p in (x.real, x.imag)]
        return parts[0] + 1j * parts[1]
    top = near.largest(type)
    x = np.where(np.isnan(x), np.longdouble(nan), x)
    x = np.where(x == np.inf, np.longdouble(top if posinf is None else posinf), x)
    return np.where(x == -np.inf, np.longdouble(-top if neginf is None else neginf), x)


def _nextafter(x, y, type):
    if type != "bfloat16":
        native = np.dtype(type)
        return np.nextafter(x.astype(native), y.astype(native))
    # A bfloat16 is the upper half of a float32.
    x, y = np.broadcast_arrays(x, y)
    bits = x.astype(np.float32).view(np.int32).astype(np.int64)
    away = (np.abs(y) > np.abs(x)) & (np.signbit(x) == np.signbit(y))
    step = np.where(away, 1 << 16, -(1 << 16))
    moved = (bits + step).astype(np.int32).view(np.float32)
    least = np.copysign(np.array(1 << 16, np.int32).view(np.float32), y)
    moved = np.where(x == 0, least, moved)
    return np.where(np.isnan(x) | np.isnan(y), np.float32(np.nan), np.where(x == y, y, moved))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


_quotient = floating(lambda x, y: x / y)
_addition, _subtraction = promoting(_add), promoting(_sub)
_product = promoting(np.multiply)
_divide = Pointwise(_div, computed=_quotient_type)
_clip, _closeness = promoting(_clamp), truth(_close)
_absolute = Pointwise(np.abs, REAL)
_itself, _conjugate = promoting(lambda x: x), promoting(np.conj)
_negative = promoting(np.negative)
_maximum = {"maximum": np.maximum, "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin}
_comparisons = {
    **dict.fromkeys(["eq"], np.equal),
    **dict.fromkeys(["ne", "not_equal"], np.not_equal),
    **dict.fromkeys(["lt", "less"], np.less),
    **dict.fromkeys(["le", "less_equal"], np.less_equal),
    **dict.fromkeys(["gt", "greater"], np.greater),
    **dict.fromkeys(["ge", "greater_equal"], np.greater_equal),
    **{f"logical_{f}": getattr(np, f"logical_{f}") for f in ("not", "and", "or", "xor")},
    **{f: getattr(np, f) for f in ("isnan", "isinf", "isfinite", "isreal")},
    "isposinf": lambda x: x == np.inf,
    "isneginf": lambda x: x == -np.inf,
    "signbit": lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0,
}
_functions = {
    **{f: getattr(np, f) for f in ("sqrt", "exp", "expm1", "log", "log2", "log10", "log1p")},
    **{f: getattr(np, f) for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "deg2rad", "rad2deg")},
    **dict.fromkeys(["asin", "arcsin"], np.arcsin),
    **dict.fromkeys(["acos", "arccos"], np.arccos),
    **dict.fromkeys(["atan", "arctan"], np.arctan),
    **dict.fromkeys(["asinh", "arcsinh"], np.arcsinh),
    **dict.fromkeys(["acosh", "arccosh"], np.arccosh),
    **dict.fromkeys(["atanh", "arctanh"], np.arctanh),
    **dict.fromkeys(["atan2", "arctan2"], np.arctan2),
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "hypot": np.hypot,
    "xlogy": _times_log(np.log),
    "special.xlog1py": _times_log(np.log1p),
    "copysign": np.copysign,
    "sigmoid": sigmoid,
}
_left = promoting(_shift(np.left_shift, lambda x: 0 * x))
_right = promoting(_shift(np.right_shift, lambda x: np.where(x < 0, -1, 0)))
_rounded = {"ceil": np.ceil, "floor": np.floor, "trunc": np.trunc, "fix": np.trunc}

ORACLE = {
    # arithmetic
    "add": _addition,
    **dict.fromkeys(["sub", "subtract"], _subtraction),
    "rsub": promoting(lambda x, y, alpha=1: _sub(y, x, alpha)),
    **dict.fromkeys(["mul", "multiply"], _product),
    **dict.fromkeys(["div", "divide"], _divide),
    "true_divide": _quotient,
    "floor_divide": promoting(lambda x, y: _div(x, y, "floor")),
    "remainder": promoting(np.remainder, signed=False),
    "fmod": promoting(np.fmod),
    **dict.fromkeys(["neg", "negative"], _negative),
    "positive": _itself,
    "pow": promoting(_pow, ulps=8),
    "float_power": Pointwise(np.power, computed=_float_power_type, ulps=8),
    "square": Pointwise(lambda x: x * x, computed=_square_type),
    # functions of floats
    **{name: floating(f) for name, f in _functions.items()},
    "sinc": floating(_sinc, scale=_sinc_size),
    "exp2": floating(np.exp2, ulps=16),
    "ldexp": floating(_ldexp, ulps=16),
    "logaddexp": floating(_logaddexp, scale=_larger),
    "logaddexp2": floating(np.logaddexp2, scale=_larger),
    "logit": Pointwise(_logit, computed=FLOAT, last=1),
    "frexp": Pointwise(_frexp, SAME, INT32),
    # rounding
    **{name: promoting(lambda x, f=f: f(x) if x.dtype.kind == "f" else x) for name, f in _rounded.items()},
    "frac": promoting(lambda x: x - np.trunc(x)),
    "round": promoting(_round),
    "sign": promoting(_sign),
    "sgn": promoting(_sgn),
    # comparison, logic
    **{name: truth(f) for name, f in _comparisons.items()},
    "isclose": _closeness,
    "allclose": truth(lambda *args, **options: bool(np.all(_close(*args, **options)))),
    "equal": truth(lambda x, y: bool(np.array_equal(x, y))),
    "bitwise_not": promoting(np.invert),
    "bitwise_and": promoting(np.bitwise_and),
    "bitwise_or": promoting(np.bitwise_or),
    "bitwise_xor": promoting(np.bitwise_xor),
    **dict.fromkeys(["bitwise_left_shift", "Tensor.__lshift__"], _left),
    **dict.fromkeys(["bitwise_right_shift", "Tensor.__rshift__"], _right),
    "gcd": promoting(np.gcd),
    "lcm": promoting(lambda x, y: _lcm(*np.broadcast_arrays(x, y))),
    # order
    **{name: promoting(f, signed=False) for name, f in _maximum.items()},
    **dict.fromkeys(["clamp", "clip"], _clip),
    "clamp_min": promoting(lambda x, low: np.maximum(x, low)),
    "clamp_max": promoting(lambda x, high: np.minimum(x, high)),
    # choice and mixing
    "where": Pointwise(_where, _where_type, first=1),
    "masked_fill": Oracle(lambda x, mask, value: np.where(mask, of_kind(x, value), x)),
    "lerp": promoting(_lerp, last=2, scale=lambda x, y, weight: np.abs(x) + np.abs(y)),
    "addcmul": promoting(_addcmul, scale=_sized(_addcmul), typed=True),
    "addcdiv": promoting(_addcdiv, scale=_sized(_addcdiv), typed=True),
    "nan_to_num": of_first(_nan_to_num, typed=True),
    "heaviside": promoting(lambda x, y: np.where(x == 0, y, of_kind(x, 1) * (x > 0))),
    "nextafter": promoting(_nextafter, typed=True, ulps=0, signed=False),
    # parts of complex numbers
    **dict.fromkeys(["abs", "absolute"], _absolute),
    "angle": Pointwise(_angle, REAL_FLOAT, computed=FLOAT),
    **dict.fromkeys(["conj", "conj_physical"], _conjugate),
    **dict.fromkeys(["resolve_conj", "resolve_neg"], _itself),
}
REFUSES = {
    "hfc": (
        "bitwise_not bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift Tensor.__lshift__ "
        "Tensor.__rshift__"
    ).split(),
    "b": "sub subtract rsub neg negative positive addcmul abs absolute".split(),
    "bc": "ceil floor trunc fix round".split(),
    "bhfc": "gcd lcm".split(),
    "bi": "logaddexp lerp addcdiv".split(),
    "bic": "hypot logaddexp2 frexp frac nextafter".split(),
    "c": (
        "floor_divide remainder fmod xlogy special.xlog1py logit atan2 arctan2 deg2rad rad2deg sign lt less le "
        "less_equal gt greater ge greater_equal isposinf isneginf signbit maximum minimum fmax fmin clamp clip "
        "clamp_min clamp_max heaviside copysign"
    ).split(),
}
PARTLY = {
    "b": "pow bitwise_left_shift bitwise_right_shift Tensor.__lshift__ Tensor.__rshift__ clamp clip".split(),
    "bi": "floor_divide remainder fmod".split(),
    "bic": "div divide".split(),
    "i": "round".split(),
}
EACH = {"sub", "subtract", "rsub"}
SAME_TYPE = {"isclose", "allclose", "heaviside"}
