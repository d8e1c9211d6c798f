"""Samples of special functions (core/ops/pointwise/special, normal, gamma, bessel, polynomials)."""

from .pointwise import INF, NAN
from .pointwise import _at as at
from .pointwise import _unary as unary

BESSEL = ("airy_ai", "bessel_j0", "bessel_j1", "modified_bessel_i0", "modified_bessel_i1", "spherical_bessel_j0")
BESSEL_POSITIVE = (
    *("bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1"),
    *("scaled_modified_bessel_k0", "scaled_modified_bessel_k1"),
)
POLYNOMIALS = (
    *(f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"),
    *("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"),
)


def _polynomial(make):
    n = make.torch.tensor([0, 1, 2, 5]).to(make(1).dtype)
    return [((make(3, 4), n), {}), ((make(3, 1), n), {}), ((make(3, 4), 3), {}), ((0.5, n), {}), ((make(2), -1), {})]


def _incomplete_gamma(make):
    """The first argument has no derivative, so it is of integers here; tests/parity compares others' values."""
    t = make.torch.tensor
    return [
        ((t([1, 2, 5, 12]), make(3, 4, low=0.05, high=8.0)), {}),
        ((t([30, 100]), make(2, 1, low=20.0, high=110.0)), {}),
    ]


def _zeta(make):
    return [((1.5, make(3, 4, low=0.2, high=5.0)), {}), ((3, make(low=0.2, high=5.0)), {})]


def _zeta_points(make):
    return [((make.torch.tensor([2.0, 3.5]).to(make(1).dtype), x), {}) for x in (1, 0.5, -1.5)]


SAMPLES = {
    "erf": unary(),
    "erfc": unary(),
    "erfinv": unary(-0.9, 0.9),
    "lgamma": unary(0.3, 4.0),
    "digamma": unary(0.3, 4.0),
    "polygamma": lambda make: [((n, make(3, 4, low=0.3, high=4.0)), {}) for n in (0, 1, 2, 3)],
    "mvlgamma": lambda make: [((make(3, 4, low=2.0, high=5.0), p), {}) for p in (1, 3)],
    "special.multigammaln": lambda make: [((make(3, 4, low=2.0, high=5.0), 2), {})],
    "i0": unary(-30.0, 30.0),
    "special.i1": unary(-30.0, 30.0),
    "special.entr": unary(0.1, 3.0),
    "special.psi": unary(0.3, 4.0),
    "special.gammaln": unary(0.3, 4.0),
    "special.expit": unary(),
    "special.erfcx": unary(-3.0, 40.0),
    "special.ndtr": unary(-6.0, 6.0),
    "special.ndtri": unary(0.001, 0.999),
    "special.log_ndtr": unary(-20.0, 6.0),
    "special.i0e": unary(-30.0, 30.0),
    "special.i1e": unary(-30.0, 30.0),
    "igamma": _incomplete_gamma,
    "igammac": _incomplete_gamma,
    "special.gammainc": _incomplete_gamma,
    "special.gammaincc": _incomplete_gamma,
    "special.zeta": _zeta,
    **{f"special.{name}": unary(-30.0, 30.0) for name in BESSEL},
    **{f"special.{name}": unary(0.01, 30.0) for name in BESSEL_POSITIVE},
    **{f"special.{name}": _polynomial for name in POLYNOMIALS},
}
EDGES = {
    "erf": at(0.0, 4.0, -4.0, INF, NAN),
    "erfc": at(0.0, 4.0, -4.0, INF, NAN),
    "special.entr": at(0.0, -1.0, INF, NAN),
    "special.erfcx": at(0.0, INF, -INF, NAN, 1e10),
    "special.ndtri": at(0.0, 1.0, -0.5, 1.5, NAN, 1e-20, 1e-300),
    # Further out PyTorch's derivatives cancel or overflow: tests/test_math_functions.py has the truth.
    "special.log_ndtr": at(-5.0, NAN),
    "special.zeta": _zeta_points,
    **{f"special.{name}": at(0.0, -1.0, NAN) for name in BESSEL_POSITIVE},
}
NO_GRADIENT = {f"special.{name}" for name in (*BESSEL, *BESSEL_POSITIVE, *POLYNOMIALS)}
