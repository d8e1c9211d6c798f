"""Oracles of special functions, by mpmath: at special points what their limits are."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np

from .numbers import unbroken
from .pointwise import sigmoid
from .rules import FLOAT, Pointwise, floating

INF = np.inf


def _erfcx(x):
    with mp.extraprec(int(x * x * 1.5) + 10 if abs(x) < 12 else 0):
        if x < 12:
            return mp.exp(x * x) * mp.erfc(x)
    # The asymptotic series: its terms fall by 2x² each.
    terms, term = mp.mpf(0), mp.mpf(1)
    for k in range(1, 20):
        terms += term
        term *= -(2 * k - 1) / (2 * x * x)
    return terms / (x * mp.sqrt(mp.pi))


def _ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _ndtri(p):
    if not 0 < p < 1:
        return mp.nan
    with mp.workprec(mp.mp.prec + max(0, -int(mp.log(p, 2)))):
        return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def _log_gamma(x):
    return mp.inf if x <= 0 and x == mp.floor(x) else mp.re(mp.loggamma(x))


def _digamma(x):
    return (mp.nan if x else -mp.inf) if x <= 0 and x == mp.floor(x) else mp.digamma(x)


def _polygamma(n, x):
    if x <= 0 and x == mp.floor(x):
        return mp.inf if n % 2 or x < 0 else -mp.inf
    if n == 0:
        return _digamma(x)
    return mp.polygamma(n, x)


def _multi(x, p):
    constant = lambda: p * (p - 1) / mp.mpf(4) * mp.log(mp.pi)
    return unbroken(lambda a: constant() + sum(_log_gamma(a - mp.mpf(j) / 2) for j in range(p)))(x)


def _zeta(s, q):
    if s <= 1:
        return mp.inf if s == 1 else mp.nan
    if q <= 0:
        return mp.inf if q == mp.floor(q) else mp.zeta(s, q) if s == mp.floor(s) else mp.nan
    return mp.zeta(s, q)


def _airy(x):
    if x < -1e10:
        raise ValueError("its phase has digits to here")
    return mp.airyai(x)


def _positive(f):
    """Of positive numbers: infinite at 0 (its sign is the function's near by), undefined below."""
    return lambda x: mp.nan if x < 0 else f(x)


def _polynomial(first, step):
    """By the recurrence of three terms; `sign` 1 adds up the sizes of what is subtracted."""

    def f(x, n, sign=-1):
        before, now = mp.mpf(0), mp.mpf(1 if n >= 0 else 0)
        for k in range(int(n)):
            before, now = now, first(x, sign) if k == 0 else step(k, x, now, sign * before)
        return now

    return f


def _chebyshev(first):
    return _polynomial(first, lambda k, x, now, before: 2 * x * now + before)


def _shifted(f):
    return lambda x, n, sign=-1: f(2 * x + sign, n, sign)


_kinds = {
    "t": lambda x, sign: x,
    "u": lambda x, sign: 2 * x,
    "v": lambda x, sign: 2 * x + sign,
    "w": lambda x, sign: 2 * x + 1,
}
_polynomials = {
    **{f"chebyshev_polynomial_{kind}": _chebyshev(f) for kind, f in _kinds.items()},
    **{f"shifted_chebyshev_polynomial_{kind}": _shifted(_chebyshev(f)) for kind, f in _kinds.items()},
    "hermite_polynomial_h": _polynomial(lambda x, s: 2 * x, lambda k, x, now, before: 2 * (x * now + k * before)),
    "hermite_polynomial_he": _polynomial(lambda x, s: x, lambda k, x, now, before: x * now + k * before),
    "legendre_polynomial_p": _polynomial(
        lambda x, s: x, lambda k, x, now, before: ((2 * k + 1) * x * now + k * before) / (k + 1)
    ),
}


def _laguerre(x, n, sign=-1):
    before, now = mp.mpf(0), mp.mpf(1 if n >= 0 else 0)
    for k in range(int(n)):
        before, now = now, ((2 * k + 1 + sign * x) * now + sign * k * before) / (k + 1)
    return now


_polynomials["laguerre_polynomial_l"] = _laguerre
_symmetric = {INF: 1, -INF: -1}
_bessel = {
    "airy_ai": (_airy, {INF: 0, -INF: 0}),
    **{f"bessel_j{n}": (lambda x, n=n: mp.besselj(n, x), {INF: 0, -INF: 0}) for n in (0, 1)},
    **{f"bessel_y{n}": (_positive(lambda x, n=n: mp.bessely(n, x)), {0: -INF, INF: 0}) for n in (0, 1)},
    "modified_bessel_i0": (lambda x: mp.besseli(0, x), {INF: INF, -INF: INF}),
    "modified_bessel_i1": (lambda x: mp.besseli(1, x), {INF: INF, -INF: -INF}),
    **{f"modified_bessel_k{n}": (_positive(lambda x, n=n: mp.besselk(n, x)), {0: INF, INF: 0}) for n in (0, 1)},
    **{
        f"scaled_modified_bessel_k{n}": (_positive(lambda x, n=n: mp.exp(x) * mp.besselk(n, x)), {0: INF, INF: 0})
        for n in (0, 1)
    },
    "spherical_bessel_j0": (lambda x: mp.sin(x) / x if x else mp.mpf(1), {INF: 0, -INF: 0}),
    "i1": (lambda x: mp.besseli(1, x), {INF: INF, -INF: -INF}),
    "i0e": (lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), {INF: 0, -INF: 0}),
    "i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), {INF: 0, -INF: 0}),
}
_log_gammas = {INF: INF, -INF: INF}
_digammas = {INF: INF, -INF: np.nan}
_functions = {
    "erf": (mp.erf, _symmetric),
    "erfc": (mp.erfc, {INF: 0, -INF: 2}),
    "erfinv": (lambda x: mp.erfinv(x) if abs(x) < 1 else mp.nan, {1: INF, -1: -INF}),
    **dict.fromkeys(["lgamma", "special.gammaln"], (_log_gamma, _log_gammas)),
    "i0": (lambda x: mp.besseli(0, x), {INF: INF, -INF: INF}),
    "special.entr": (lambda x: -x * mp.log(x) if x > 0 else mp.mpf(0) if x == 0 else -mp.inf, {INF: -INF, -INF: -INF}),
    "special.erfcx": (_erfcx, {INF: 0, -INF: INF}),
    "special.ndtr": (_ndtr, {INF: 1, -INF: 0}),
    "special.ndtri": (_ndtri, {0: -INF, 1: INF}),
    "special.log_ndtr": (lambda x: mp.log1p(-_ndtr(-x)) if x > 0 else mp.log(_ndtr(x)), {INF: 0, -INF: -INF}),
    **{f"special.{name}": row for name, row in _bessel.items()},
}
_incomplete = {
    **dict.fromkeys(["igamma", "special.gammainc"], lambda a, x: mp.gammainc(a, 0, x, regularized=True)),
    **dict.fromkeys(["igammac", "special.gammaincc"], lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True)),
}


def _waves(x):
    """Between their zeros the Bessel functions are as large as this."""
    return np.where(x == 0, 0, np.sqrt(2 / np.pi / np.maximum(np.abs(x), 0.1)))


def _airy_waves(x):
    return np.where(x < -1, (np.pi * np.sqrt(np.maximum(np.abs(x), 1))) ** -0.5, 0)


def _poles(x):
    return 1 + 1 / np.abs(x)


def _signed_pole(x):
    return np.where((x == 0) & np.signbit(x), INF, unbroken(_digamma, _digammas)(x))


def _poles_of(n, x):
    return (1 if n == 0 else 0) + math.factorial(n) / np.abs(x) ** (n + 1)


_near = {
    **{f"special.bessel_{name}": {"scale": _waves, "ulps": 8} for name in ("j0", "j1", "y0", "y1")},
    **{name: {"ulps": 8} for name in ("i0", "special.i1", "special.i0e", "special.i1e")},
    **{f"special.{name}": {"ulps": 8} for name in _bessel if "modified" in name},
    "special.airy_ai": {"scale": _airy_waves, "ulps": 8},
}

ORACLE = {
    **{
        name: floating(unbroken(f, ends), signed=False, **_near.get(name, {})) for name, (f, ends) in _functions.items()
    },
    **dict.fromkeys(["digamma", "special.psi"], floating(_signed_pole, scale=_poles)),
    **{name: floating(unbroken(f), ulps=16, signed=False) for name, f in _incomplete.items()},
    **{
        f"special.{name}": floating(
            unbroken(f), scale=lambda x, n, f=f: unbroken(lambda x, n: f(abs(x), n, 1))(x, n), ulps=8
        )
        for name, f in _polynomials.items()
    },
    "special.zeta": floating(unbroken(_zeta), ulps=8),
    "special.expit": floating(sigmoid),
    "polygamma": Pointwise(
        lambda n, x: unbroken(lambda v: _polygamma(n, v))(x), computed=FLOAT, first=1, scale=_poles_of
    ),
    **dict.fromkeys(["mvlgamma", "special.multigammaln"], Pointwise(_multi, computed=FLOAT, last=1, steps=4)),
}
REFUSES = {
    "bc": "mvlgamma special.multigammaln".split(),
    "bic": "igamma igammac special.gammainc special.gammaincc".split(),
    "c": (
        "erf erfc erfinv lgamma digamma polygamma i0 special.i1 special.entr special.psi special.gammaln "
        "special.erfcx special.ndtr special.ndtri special.log_ndtr special.i0e special.i1e special.zeta "
        "special.airy_ai special.bessel_j0 special.bessel_j1 special.modified_bessel_i0 special.modified_bessel_i1 "
        "special.spherical_bessel_j0 special.bessel_y0 special.bessel_y1 special.modified_bessel_k0 "
        "special.modified_bessel_k1 special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1 "
        "special.chebyshev_polynomial_t special.chebyshev_polynomial_u special.chebyshev_polynomial_v "
        "special.chebyshev_polynomial_w special.shifted_chebyshev_polynomial_t special.shifted_chebyshev_polynomial_u "
        "special.shifted_chebyshev_polynomial_v special.shifted_chebyshev_polynomial_w special.hermite_polynomial_h "
        "special.hermite_polynomial_he special.laguerre_polynomial_l special.legendre_polynomial_p"
    ).split(),
}
