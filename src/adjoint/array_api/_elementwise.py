"""Elementwise functions: the standard's promotion around PyTorch's operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core
from .._core import Tensor
from .._core import where as _where
from ._types import Number, pair, result_type

Unary = Callable[[Tensor], Tensor]
Binary = Callable[["Tensor | Number", "Tensor | Number"], Tensor]


def _unary(name: str, operation: Callable[..., Any] | None = None) -> Unary:
    compute = operation or getattr(_core, name)

    def function(x: Tensor, /) -> Tensor:
        return compute(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = compute.__doc__
    return function


def _binary(name: str, operation: Callable[..., Any] | None = None) -> Binary:
    compute = operation or getattr(_core, name)

    def function(x1: Tensor | Number, x2: Tensor | Number, /) -> Tensor:
        a, b = pair(x1, x2)
        return compute(a, b)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = compute.__doc__
    return function


def _sign(x: Tensor) -> Tensor:
    r"""-1, 0 or 1; x / \|x\| of complex numbers; NaN of NaN, where PyTorch gives 0."""
    if x.dtype.is_complex:
        return _core.sgn(x)
    found = _core.sign(x)
    return _where(_core.isnan(x), x, found) if x.dtype.is_floating_point else found


def _imag(x: Tensor) -> Tensor:
    """The imaginary part; zeros of real numbers."""
    return _core.imag(x) if x.dtype.is_complex else _core.zeros_like(x)


def _round(x: Tensor) -> Tensor:
    """To the nearest integer, halves to the even one; complex numbers part by part."""
    if x.dtype.is_complex:
        return _core.complex(_core.round(x.real), _core.round(x.imag))
    return _core.round(x)


def _square(x: Tensor) -> Tensor:
    """x · x, in x's type."""
    return _core.mul(x, x)


abs = _unary("abs")
acos = _unary("acos")
acosh = _unary("acosh")
asin = _unary("asin")
asinh = _unary("asinh")
atan = _unary("atan")
atanh = _unary("atanh")
bitwise_invert = _unary("bitwise_invert", _core.bitwise_not)
ceil = _unary("ceil")
conj = _unary("conj")
cos = _unary("cos")
cosh = _unary("cosh")
exp = _unary("exp")
expm1 = _unary("expm1")
floor = _unary("floor")
imag = _unary("imag", _imag)
isfinite = _unary("isfinite")
isinf = _unary("isinf")
isnan = _unary("isnan")
log = _unary("log")
log10 = _unary("log10")
log1p = _unary("log1p")
log2 = _unary("log2")
logical_not = _unary("logical_not")
negative = _unary("negative")
positive = _unary("positive")
real = _unary("real")
reciprocal = _unary("reciprocal")
round = _unary("round", _round)
sign = _unary("sign", _sign)
signbit = _unary("signbit")
sin = _unary("sin")
sinh = _unary("sinh")
sqrt = _unary("sqrt")
square = _unary("square", _square)
tan = _unary("tan")
tanh = _unary("tanh")
trunc = _unary("trunc")

add = _binary("add")
atan2 = _binary("atan2")
bitwise_and = _binary("bitwise_and")
bitwise_left_shift = _binary("bitwise_left_shift")
bitwise_or = _binary("bitwise_or")
bitwise_right_shift = _binary("bitwise_right_shift")
bitwise_xor = _binary("bitwise_xor")
copysign = _binary("copysign")
divide = _binary("divide")
equal = _binary("equal", _core.eq)
floor_divide = _binary("floor_divide")
greater = _binary("greater")
greater_equal = _binary("greater_equal")
hypot = _binary("hypot")
less = _binary("less")
less_equal = _binary("less_equal")
logaddexp = _binary("logaddexp")
logical_and = _binary("logical_and")
logical_or = _binary("logical_or")
logical_xor = _binary("logical_xor")
maximum = _binary("maximum")
minimum = _binary("minimum")
multiply = _binary("multiply")
nextafter = _binary("nextafter")
not_equal = _binary("not_equal", _core.ne)
pow = _binary("pow")
remainder = _binary("remainder")
subtract = _binary("subtract")


def clip(x: Tensor, /, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """x, but not below `min` nor above `max`: numbers or arrays, which broadcast; of x's type."""
    if min is None and max is None:
        return x.clone()
    low, high = (
        None
        if b is None
        else b.to(x.dtype)
        if isinstance(b, Tensor)
        else _core.full((), b, dtype=x.dtype, device=x.device)
        for b in (min, max)
    )
    return _core.clamp(x, low, high)


def where(condition: Tensor, x1: Tensor | Number, x2: Tensor | Number, /) -> Tensor:
    """x1 where the condition holds, x2 elsewhere, in the type that they have together."""
    if not isinstance(x1, Tensor) and not isinstance(x2, Tensor):
        both = result_type(_core.get_default_dtype() if isinstance(x1, float) or isinstance(x2, float) else _core.int64)
        return _where(condition, _core.full((), x1, dtype=both), _core.full((), x2, dtype=both))
    a, b = pair(x1, x2)
    return _where(condition, a, b)
