"""Every pointwise function that is not a single rounded operation: its true value by mpmath, and where to look."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import mpmath as mp

Number = mp.mpf
PRECISION = 160  # bits; functions that cancel take more themselves


@dataclass
class Function:
    """`exact` of mpmath's numbers; `near` are points whose neighbourhoods are searched, `ranges` are searched evenly.

    `size(x...)`, for functions with zeros that no type holds: how large the function is about there; errors count in the
    last place of the larger of the two. `call` is how both libraries spell it, with `x` (and `a` before it)."""

    name: str
    exact: Callable[..., Number]
    near: tuple[float, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ((-2, 2), (-30, 30), (-800, 800))
    size: Callable[..., Number] | None = None
    size_text: str = ""
    call: str = ""
    firsts: tuple[float, ...] | None = None  # what the first of two operands is; else it is drawn as the second is
    least: float = -math.inf
    largest: float = math.inf  # beyond, mpmath takes too long, or there is nothing
    dense: bool = True  # whether mpmath is quick enough for many points
    of: list[str] = field(default_factory=list)  # other names of the same loop
    operands: int = 1


def _erfcx(x: Number) -> Number:
    if x < 30:
        with mp.workprec(PRECISION + int(3 * x * x)):
            return mp.exp(x * x) * mp.erfc(x)
    terms, term = mp.mpf(0), mp.mpf(1)
    for k in range(1, 60):
        terms += term
        term *= -(2 * k - 1) / (2 * x * x)
        if abs(term) < mp.mpf(2) ** -PRECISION:
            break
    return terms / (x * mp.sqrt(mp.pi))


def _ndtr(x: Number) -> Number:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _log_ndtr(x: Number) -> Number:
    if x > 0:
        return mp.log1p(-_ndtr(-x))
    u = -x / mp.sqrt(2)
    return mp.log(_erfcx(u) / 2) - u * u


def _ndtri(p: Number) -> Number:
    if not 0 < p < 1:
        return mp.ninf if p == 0 else mp.inf if p == 1 else mp.nan
    q = p if p < 0.5 else 1 - p
    wanted, x = mp.log(q), -mp.sqrt(-2 * mp.log(q))
    if p == 0.5:
        return mp.mpf(0)
    for _ in range(60):  # Newton's method on a concave function
        step = (_log_ndtr(x) - wanted) * _erfcx(-x / mp.sqrt(2)) * mp.sqrt(mp.pi / 2)
        x -= step
        if abs(step) < abs(x) * mp.mpf(2) ** (10 - PRECISION // 2):
            break
    step = (_log_ndtr(x) - wanted) * _erfcx(-x / mp.sqrt(2)) * mp.sqrt(mp.pi / 2)
    x -= step
    return x if p < 0.5 else -x


def _erfinv(y: Number) -> Number:
    if not -1 < y < 1:
        return mp.inf * y if abs(y) == 1 else mp.nan
    x = abs(y)
    tail = 1 - x  # exact, as the precision is more than a double's
    if x < 0.5:
        return mp.erfinv(y)
    # erfc(v) = tail, so Q(v √2) = tail / 2
    v = -_ndtri(tail / 2) / mp.sqrt(2)
    return v if y > 0 else -v


def _log_gamma(x: Number) -> Number:
    return mp.inf if x <= 0 and x == mp.floor(x) else mp.re(mp.loggamma(x))


def _digamma(x: Number) -> Number:
    if x <= 0 and x == mp.floor(x):
        raise ValueError("a pole")
    return mp.digamma(x)


def _polygamma(n: int) -> Callable[[Number], Number]:
    def f(x: Number) -> Number:
        if x <= 0 and x == mp.floor(x):
            raise ValueError("a pole")
        if x > 0:
            return (-1) ** (n + 1) * mp.factorial(n) * mp.zeta(n + 1, x)
        if x < -1000:
            raise ValueError("too many steps")
        steps = int(mp.ceil(-x)) + 1
        sign = (-1) ** (n + 1) * mp.factorial(n)
        return sign * (mp.fsum((x + k) ** (-n - 1) for k in range(steps)) + mp.zeta(n + 1, x + steps))

    return f


def _zeta(s: Number, q: Number) -> Number:
    if s <= 1:
        return mp.inf if s == 1 else mp.nan
    if q <= 0:
        if q == mp.floor(q):
            return mp.inf
        if s != mp.floor(s):
            return mp.nan
        # Σ over the negative terms, then the positive function
        steps = int(mp.ceil(-q))
        return mp.fsum((q + k) ** -int(s) for k in range(steps)) + mp.zeta(s, q + steps)
    return mp.zeta(s, q)


def _lower(a: Number, x: Number) -> Number:
    """P(a, x) by its series of positive terms."""
    if a == 0 or x == 0:
        return mp.mpf(a == 0)
    term = total = mp.mpf(1)
    k = a
    while term > total * mp.mpf(2) ** -PRECISION:
        k += 1
        term *= x / k
        total += term
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * total


def _upper(a: Number, x: Number) -> Number:
    """Q(a, x): the fraction of Legendre where x is large, else what P leaves."""
    if a == 0 or x == 0:
        return mp.mpf(a != 0)
    if x > a + 1 and x > 2:
        b, c = x + 1 - a, mp.mpf(10) ** 300
        d = 1 / b
        f = d
        for i in range(1, 1_000_000):
            n = -i * (i - a)
            b += 2
            d = 1 / (n * d + b)
            c = b + n / c
            f *= d * c
            if abs(d * c - 1) < mp.mpf(2) ** (10 - PRECISION):
                break
        return mp.exp(a * mp.log(x) - x - mp.loggamma(a)) * f
    with mp.workprec(PRECISION + 400):
        return 1 - _lower(a, x) if a > 1e-10 else mp.gammainc(a, x, mp.inf, regularized=True)


def _polynomial(first: Callable, step: Callable) -> Callable:
    def f(n: Number, x: Number) -> Number:
        before, now = mp.mpf(0), mp.mpf(1 if n >= 0 else 0)
        with mp.workprec(PRECISION + 60):
            for k in range(int(n)):
                before, now = now, first(x) if k == 0 else step(k, x, now, before)
            return +now

    return f


def _chebyshev(first: Callable) -> Callable:
    return _polynomial(first, lambda k, x, now, before: 2 * x * now - before)


def _shifted(f: Callable) -> Callable:
    return lambda n, x: f(n, 2 * x - 1)


_KINDS = {"t": lambda x: x, "u": lambda x: 2 * x, "v": lambda x: 2 * x - 1, "w": lambda x: 2 * x + 1}


def _wave(x: Number) -> Number:
    """Bessel functions between their zeros."""
    return mp.sqrt(2 / mp.pi / max(abs(x), 1))


def _sinc(x: Number) -> Number:
    return mp.sinpi(x) / (mp.pi * x) if x else mp.mpf(1)


def _softplus(x: Number) -> Number:
    return x if x > 20 else mp.log1p(mp.exp(x))


def _gelu_tanh(x: Number) -> Number:
    return x * _sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)) if x < 50 else x


def _sigmoid(x: Number) -> Number:
    return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))


def _power(x: Number, y: Number) -> Number:
    if x < 0 and y != mp.floor(y):
        return mp.nan
    if x == 0:
        return mp.mpf(1) if y == 0 else mp.mpf(0) if y > 0 else mp.nan
    if abs(y * mp.log(abs(x))) > 2000:
        return (mp.inf if (y > 0) == (abs(x) > 1) else mp.mpf(0)) * (-1 if x < 0 and int(y) % 2 else 1)
    return mp.power(x, int(y)) if y == mp.floor(y) and abs(y) < 2**60 else mp.exp(y * mp.log(x))


def _none() -> Number:
    raise ValueError("not measured here")


def _domain(f: Callable, low: float, high: float = math.inf) -> Callable:
    return lambda *xs: f(*xs) if low <= xs[-1] <= high else mp.nan


def _cut(f: Callable, most: float = 2000) -> Callable:
    """Of arguments held where the result is 0 or infinite."""
    return lambda x: f(max(min(x, mp.mpf(most)), mp.mpf(-most)))


MOST = math.inf
_SMALL = ((-1.5, 1.5), (-30, 30), (-800, 800))
_TURNS = (
    *tuple(k * math.pi / 2 for k in (1, 2, 3, 4, 5, 22, 710, 100000.0, 1000000000.0)),
    6381956970095103 * 2.0**797,
    1e22,
)
_EXPONENTS = (709.78, -708.39, -745.13, 88.72, -87.3, -103.97, 0.3466, 1024.0, -1074.0, 128.0, -149.0)
_J_ZEROS = (2.404825557695773, 5.520078110286311, 8.653727912911013, 11.791534439014281, 14.930917708487785, 4096.3)
_J1_ZEROS = (3.8317059702075125, 7.015586669815619, 10.173468135062722, 13.323691936314223)
_Y_ZEROS = (0.8935769662791675, 3.957678419314858, 7.086051060301773, 10.222345043496417)
_Y1_ZEROS = (2.197141326031017, 5.429681040794135, 8.596005868331169)
_AI_ZEROS = (-2.338107410459767, -4.08794944413097, -5.520559828095551, -6.786708090071759, -9.02265085334098)


def _terms(step: Callable) -> Callable:
    """The size of a polynomial's terms: the recurrence with all signs equal."""

    def f(n: Number, x: Number) -> Number:
        before, now = mp.mpf(0), mp.mpf(1)
        for k in range(int(n)):
            before, now = now, step(k, abs(x), now, before)
        return now

    return f


_HERMITE = _polynomial(lambda x: 2 * x, lambda k, x, now, before: 2 * (x * now - k * before))
_HERMITE_E = _polynomial(lambda x: x, lambda k, x, now, before: x * now - k * before)
_LAGUERRE = _polynomial(lambda x: 1 - x, lambda k, x, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1))
_LEGENDRE = _polynomial(lambda x: x, lambda k, x, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1))
_CLASSICAL = [
    ("hermite_polynomial_h", _HERMITE, ((-4, 4), (-30, 30)), _terms(lambda k, x, now, before: 2 * (x * now + k * before))),
    ("hermite_polynomial_he", _HERMITE_E, ((-4, 4), (-30, 30)), _terms(lambda k, x, now, before: x * now + k * before)),
    ("laguerre_polynomial_l", _LAGUERRE, ((0, 4), (-30, 60)), _terms(lambda k, x, now, before: ((2 * k + 1 + x) * now + k * before) / (k + 1))),
    ("legendre_polynomial_p", _LEGENDRE, ((-1, 1), (-3, 3)), lambda n, x: 1),
]  # fmt: skip

ELEMENTARY = [
    Function("exp", _cut(mp.exp), _EXPONENTS),
    Function("exp2", _cut(lambda x: mp.mpf(2) ** x), (*_EXPONENTS, 0.5, 1.5), ((-2, 2), (-1080, 1030))),
    Function("expm1", _cut(mp.expm1), (*_EXPONENTS, 0.0, -37.0, 37.0, 44.0)),
    Function("log", _domain(lambda x: mp.log(x) if x else mp.ninf, 0), (1.0, 0.7071, 1.4142)),
    Function("log2", _domain(lambda x: mp.log(x, 2) if x else mp.ninf, 0), (1.0, 0.7071, 1.4142, 8.0)),
    Function("log10", _domain(lambda x: mp.log10(x) if x else mp.ninf, 0), (1.0, 0.7071, 1.4142, 1000.0)),
    Function("log1p", _domain(lambda x: mp.log1p(x) if x > -1 else mp.ninf, -1), (0.0, -1.0, -0.2929, 0.4142, 1.0)),
    Function("sin", mp.sin, _TURNS, ((-2, 2), (-100, 100), (-1e6, 1e6))),
    Function("cos", mp.cos, _TURNS, ((-2, 2), (-100, 100), (-1e6, 1e6))),
    Function("tan", mp.tan, _TURNS, ((-2, 2), (-100, 100), (-1e6, 1e6))),
    Function("asin", lambda x: mp.asin(x) if abs(x) <= 1 else mp.nan, (1.0, -1.0, 0.5, -0.5, 0.0), ((-1, 1),)),
    Function("acos", lambda x: mp.acos(x) if abs(x) <= 1 else mp.nan, (1.0, -1.0, 0.5, -0.5, 0.0), ((-1, 1),)),
    Function("atan", mp.atan, (1.0, -1.0, 0.4142, 2.4142)),
    Function("sinh", _cut(mp.sinh), (*_EXPONENTS, 710.47, 89.4, 0.0, 40.0)),
    Function("cosh", _cut(mp.cosh), (*_EXPONENTS, 710.47, 89.4, 0.0)),
    Function("tanh", _cut(mp.tanh), (0.0, 19.06, 22.0, 9.01, 0.17, 0.55)),
    Function("asinh", mp.asinh, (0.0, 1.0, 2.0**28, 2.0**512)),
    Function("acosh", _domain(mp.acosh, 1), (1.0, 1.5, 2.0, 2.0**28), ((1, 3), (1, 100))),
    Function("atanh", lambda x: mp.atanh(x) if abs(x) < 1 else mp.inf * x if abs(x) == 1 else mp.nan, (0.0, 1.0, -1.0, 0.5), ((-1, 1),)),
    Function("sqrt", _domain(mp.sqrt, 0), (1.0,)),
    Function("rsqrt", _domain(lambda x: 1 / mp.sqrt(x) if x else _none(), 0), (1.0,)),
    Function("sinc", _sinc, (1.0, -2.0, 0.5, 100.0, 1e6), size=lambda x: 1 / max(abs(x), 1) / mp.pi if x == mp.floor(x) else 0),
    Function("sigmoid", _cut(_sigmoid), (0.0, -37.0, 37.0, *_EXPONENTS), of=["special.expit"]),
    Function("nn.functional.logsigmoid", _cut(lambda x: -mp.log1p(mp.exp(-x)) if x > 0 else x - mp.log1p(mp.exp(x)), MOST), (0.0, -37.0, 37.0, *_EXPONENTS)),
    Function("nn.functional.softplus", _softplus, (0.0, 20.0, -37.0, *_EXPONENTS)),
    Function("nn.functional.gelu", _cut(lambda x: x * _ndtr(x), MOST), (0.0, -1.2, 1.2, -38.0, 6.0, -13.0), ((-2, 2), (-40, 10))),
    Function("nn.functional.gelu_tanh", _cut(_gelu_tanh, MOST), (0.0, -1.0, -20.0), ((-2, 2), (-25, 10)), call="nn.functional.gelu(x, approximate='tanh')"),
    Function("nn.functional.silu", _cut(lambda x: x * _sigmoid(x), MOST), (0.0, -37.0, *_EXPONENTS)),
    Function("nn.functional.mish", _cut(lambda x: x * mp.tanh(_softplus(x)) if x < 20 else x, MOST), (0.0, 20.0, -37.0, *_EXPONENTS)),
    Function("nn.functional.hardsigmoid", lambda x: min(max((x + 3) / 6, mp.mpf(0)), mp.mpf(1)), (-3.0, 3.0), ((-4, 4),)),
    Function("nn.functional.hardswish", lambda x: x * min(max((x + 3) / 6, mp.mpf(0)), mp.mpf(1)), (-3.0, 3.0, 0.0), ((-4, 4),)),
    Function("nn.functional.elu", lambda x: x if x > 0 else mp.expm1(max(x, mp.mpf(-2000))), (0.0,)),
    Function("nn.functional.selu", lambda x: mp.mpf("1.0507009873554804934193349852946") * (x if x > 0 else mp.mpf("1.6732632423543772848170429916717") * mp.expm1(max(x, mp.mpf(-2000)))), (0.0,)),
    Function("nn.functional.softsign", lambda x: x / (1 + abs(x)), (0.0, 1.0)),
    Function("nn.functional.tanhshrink", lambda x: x - mp.tanh(x) if abs(x) < 1e3 else x - mp.sign(x), (0.0, 0.5), size=abs, size_text="x"),
    Function("logit", lambda x: mp.log(x / (1 - x)) if 0 < x < 1 else mp.ninf if x == 0 else mp.inf if x == 1 else mp.nan, (0.0, 0.25, 0.5, 0.75, 1.0), ((0, 1),), of=["special.logit"]),
    Function("deg2rad", lambda x: x * mp.pi / 180), Function("rad2deg", lambda x: x * 180 / mp.pi),
]  # fmt: skip
PAIRS = [
    Function("pow", _power, (1.0, 2.0, 0.5, 0.0), ((-3, 3), (0, 20), (-300, 300))),
    Function("atan2", lambda y, x: mp.atan2(y, x), (1.0, -1.0), ((-2, 2), (-1e6, 1e6))),
    Function("hypot", lambda x, y: mp.hypot(x, y), (1.0, 1e-160, 1e160), ((-2, 2),)),
    Function("logaddexp", lambda a, b: max(a, b) + mp.log1p(mp.exp(max(-abs(a - b), -3000))), (0.0, 1.0, -1.0), ((-2, 2), (-40, 40)), size=lambda a, b: 1, size_text="1"),
    Function("logaddexp2", lambda a, b: max(a, b) + mp.log1p(mp.mpf(2) ** max(-abs(a - b), -3000)) / mp.log(2), (0.0, 1.0, -1.0), ((-2, 2), (-40, 40)), size=lambda a, b: 1, size_text="1"),
    Function("xlogy", _domain(lambda a, x: (a * mp.log(x) if x else -a * mp.inf) if a else mp.mpf(0), 0), (1.0,), ((0, 3), (0, 100))),
    Function("special.xlog1py", _domain(lambda a, x: (a * mp.log1p(x) if x > -1 else -a * mp.inf) if a else mp.mpf(0), -1), (0.0, -1.0), ((-1, 3),)),
]  # fmt: skip
SPECIAL = [
    Function("erf", mp.erf, (0.0, 0.5, 0.9277, 1.0, 4.0, 6.0), ((-1, 1), (-7, 7))),
    Function("erfc", lambda x: mp.erfc(min(x, mp.mpf(60))), (0.0, 0.5, 1.0, 4.0, 26.5, 10.0), ((-1, 1), (-7, 28))),
    Function("erfinv", _erfinv, (0.0, 1.0, -1.0, 0.5), ((-1, 1), (-0.01, 0.01))),
    Function("special.erfcx", lambda x: _erfcx(x) if x > -60 else mp.inf, (0.0, -1.0, -26.6, 10.0, 50.0), ((-2, 2), (-27, 60))),
    Function("special.ndtr", lambda x: _ndtr(max(x, mp.mpf(-80))), (0.0, -1.0, 1.2, -38.0, 8.0), ((-2, 2), (-40, 10))),
    Function("special.log_ndtr", _log_ndtr, (0.0, -1.0, 1.2, -38.0, 8.0), ((-2, 2), (-40, 40), (-1000, 0))),
    Function("special.ndtri", _ndtri, (0.0, 0.05, 0.5, 0.95, 1.0, 0.1353), ((0, 1), (0, 0.01))),
    Function("special.entr", lambda x: -x * mp.log(x) if x > 0 else mp.mpf(0) if x == 0 else mp.ninf, (0.0, 1.0)),
    Function("lgamma", _log_gamma, (0.0, 1.0, 2.0, 0.5, 7.0, 8.0, -1.0, -2.0, -10.0, -20.5), ((-5, 5), (0, 20), (-100, 200)), size=lambda x: 1 if x < 0 else 0, size_text="1 for x < 0", of=["special.gammaln"]),
    Function("digamma", _digamma, (1.4616321449683623, 1.0, 2.0, 10.0, -1.0, -2.0, -10.0), ((-5, 5), (0, 20), (-100, 200)), size=lambda x: max(1, mp.log(-x)) if x < 0 else 0, size_text="log -x for x < 0", largest=1e300, of=["special.psi"]),
    *(Function(f"polygamma({n})", _polygamma(n), (0.0, 1.0, 10.0, -1.0, 0.5), ((-5, 5), (0, 20), (-50, 200)), call=f"polygamma({n}, x)", dense=False, largest=1e4, size=(lambda x: 10 if x < 0 else 0) if n % 2 == 0 else None, size_text="10 for x < 0" if n % 2 == 0 else "") for n in (1, 2, 3, 10)),
    Function("special.zeta", _zeta, (1.0, 9.0, 2.0), ((0, 10), (1, 60)), firsts=(1.0001, 1.1, 1.5, 2.0, 3.0, 3.7, 5.0, 10.0, 20.5, 60.0, 200.0), largest=1e15, dense=False),
    Function("special.gammainc", lambda a, x: _lower(a, x) if x <= a + 10 else 1 - _upper(a, x), (1.0, 10.0), ((0, 3), (0, 30), (80, 120)), firsts=(1e-8, 0.01, 0.3, 1.0, 1.7, 5.0, 9.9, 10.5, 33.0, 100.0, 900.0), largest=1e4, dense=False, of=["igamma"]),
    Function("special.gammaincc", _upper, (1.0, 10.0), ((0, 3), (0, 30), (80, 120)), firsts=(1e-8, 0.01, 0.3, 1.0, 1.7, 5.0, 9.9, 10.5, 33.0, 100.0, 900.0), largest=1e4, dense=False, of=["igammac"]),
    Function("special.multigammaln", lambda x: mp.log(mp.pi) / 2 + _log_gamma(x) + _log_gamma(x - 0.5) if x > 0.5 else _none(), (0.6, 1.0, 1.5, 2.0), ((0.5, 5), (1, 100)), call="special.multigammaln(x, 2)", least=0.51, size=lambda x: 2, size_text="2", of=["mvlgamma"]),
    Function("i0", lambda x: mp.besseli(0, x), (0.0, 8.0, 25.0, 700.0, 713.0, 90.0), ((-10, 10), (-720, 720)), largest=800, of=["special.i0", "special.modified_bessel_i0"]),
    Function("special.i1", lambda x: mp.besseli(1, x), (0.0, 8.0, 25.0, 700.0, 713.0, 90.0), ((-10, 10), (-720, 720)), largest=800, of=["special.modified_bessel_i1"]),
    Function("special.i0e", lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), (0.0, 8.0, 25.0, 700.0), ((-10, 10), (-720, 720)), largest=1e5),
    Function("special.i1e", lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), (0.0, 8.0, 25.0, 700.0), ((-10, 10), (-720, 720)), largest=1e5),
    Function("special.bessel_j0", lambda x: mp.besselj(0, x), _J_ZEROS, ((-5, 5), (-40, 40), (0, 1e4)), _wave, "√(2/πx)"),
    Function("special.bessel_j1", lambda x: mp.besselj(1, x), _J1_ZEROS, ((-5, 5), (-40, 40), (0, 1e4)), lambda x: _wave(x) if abs(x) > 2 else 0, "√(2/πx) beyond 2"),
    Function("special.bessel_y0", _domain(lambda x: mp.bessely(0, x) if x else mp.ninf, 0), _Y_ZEROS, ((0, 5), (0, 40), (0, 1e4)), _wave, "√(2/πx)"),
    Function("special.bessel_y1", _domain(lambda x: mp.bessely(1, x) if x else mp.ninf, 0), _Y1_ZEROS, ((0, 5), (0, 40), (0, 1e4)), _wave, "√(2/πx)"),
    Function("special.modified_bessel_k0", _domain(lambda x: mp.besselk(0, x) if x else mp.inf, 0), (0.0, 1.0, 2.0, 8.0, 9.0, 700.0), ((0, 3), (0, 50), (0, 750)), largest=800),
    Function("special.modified_bessel_k1", _domain(lambda x: mp.besselk(1, x) if x else mp.inf, 0), (0.0, 1.0, 2.0, 8.0, 9.0, 700.0), ((0, 3), (0, 50), (0, 750)), largest=800),
    Function("special.scaled_modified_bessel_k0", _domain(lambda x: mp.exp(x) * mp.besselk(0, x) if x else mp.inf, 0), (0.0, 1.0, 2.0, 8.0, 9.0, 700.0), ((0, 3), (0, 50), (0, 750)), largest=1e5),
    Function("special.scaled_modified_bessel_k1", _domain(lambda x: mp.exp(x) * mp.besselk(1, x) if x else mp.inf, 0), (0.0, 1.0, 2.0, 8.0, 9.0, 700.0), ((0, 3), (0, 50), (0, 750)), largest=1e5),
    Function("special.spherical_bessel_j0", lambda x: mp.sin(x) / x if x else mp.mpf(1), (0.0, math.pi, 0.5), ((-5, 5), (-100, 100))),
    Function("special.airy_ai", mp.airyai, (0.0, 1.0, 2.0, 5.0, 100.0, *_AI_ZEROS), ((-5, 5), (-30, 10), (0, 110), (-1e4, 0)), lambda x: 0 if x > -1 else (-x) ** -0.25 / mp.sqrt(mp.pi), "|πx^½|^-½ for x < -1", largest=1e10),
    *(Function(f"special.{s}chebyshev_polynomial_{k}", (_shifted if s else lambda f: f)(_chebyshev(f)), (1.0, 0.0, -1.0, 0.5), ((0, 1), (-1, 1), (-3, 3)), firsts=(0.0, 1.0, 2.0, 5.0, 6.0, 12.0, 33.0, 100.0, 1000.0), largest=1e3, size=(lambda n, x: n + 1) if k in "uvw" else lambda n, x: 1, size_text="n + 1" if k in "uvw" else "1", dense=False, call=f"special.{s}chebyshev_polynomial_{k}(x, a)") for s in ("", "shifted_") for k, f in _KINDS.items()),
    *(Function(f"special.{name}", f, (1.0, 0.0, -1.0, 0.5), ranges, firsts=(0.0, 1.0, 2.0, 5.0, 6.0, 12.0, 33.0, 100.0), largest=1e3, size=size, size_text="sum of the terms", dense=False, call=f"special.{name}(x, a)") for name, f, ranges, size in _CLASSICAL),
]  # fmt: skip
for _f in PAIRS:
    _f.operands = 2
for _f in SPECIAL:
    if _f.firsts is not None:
        _f.operands = 2
ALL = [*ELEMENTARY, *PAIRS, *SPECIAL]
