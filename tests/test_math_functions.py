"""The vectorised functions of core/kernels/math_*.h against the C library, at ordinary and at special arguments."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import adjoint as torch

INF, NAN = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 5e-324, 1e-310, -1e-310, 1e300, -1e300, 0.5, 2.0, 745.0, -745.0]
ORDINARY = [(-1) ** i * 1.37**i * 1e-6 for i in range(60)]

FUNCTIONS: list[tuple[str, Callable[[float], float]]] = [
    ("exp", math.exp),
    ("exp2", lambda x: 2.0**x),
    ("expm1", math.expm1),
    ("log", math.log),
    ("log2", math.log2),
    ("log10", math.log10),
    ("log1p", math.log1p),
    ("sin", math.sin),
    ("cos", math.cos),
    ("tan", math.tan),
    ("asin", math.asin),
    ("acos", math.acos),
    ("atan", math.atan),
    ("sinh", math.sinh),
    ("cosh", math.cosh),
    ("tanh", math.tanh),
    ("asinh", math.asinh),
    ("acosh", math.acosh),
    ("atanh", math.atanh),
    ("erf", math.erf),
    ("erfc", math.erfc),
]


def _expected(f: Callable[[float], float], name: str, x: float) -> float:
    try:
        return f(x)
    except OverflowError:
        return -INF if name in ("sinh", "expm1") and x < 0 else INF
    except ValueError:  # a pole, or outside the domain
        if name in ("log", "log2", "log10") and x == 0:
            return -INF
        if name == "log1p" and x == -1:
            return -INF
        if name == "atanh" and abs(x) == 1:
            return math.copysign(INF, x)
        return NAN


@pytest.mark.parametrize(("name", "f"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_double_functions_agree_with_the_c_library(name: str, f: Callable[[float], float]) -> None:
    xs = SPECIAL + ORDINARY
    got = getattr(torch, name)(torch.tensor(xs, dtype=torch.float64)).tolist()
    for x, y in zip(xs, got, strict=True):
        want = _expected(f, name, x)
        if math.isnan(want) or math.isinf(want):
            assert math.isnan(y) if math.isnan(want) else y == want, (x, y, want)
        else:
            assert abs(y - want) <= 6 * math.ulp(want), (x, y, want)
            assert math.copysign(1, y) == math.copysign(1, want), (x, y, want)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["sin", "cos", "tan", "sinc", "exp", "log", "erf", "log1p", "sigmoid"])
def test_an_element_has_the_same_bits_in_any_company(name: str, dtype: torch.dtype) -> None:
    xs = torch.tensor((SPECIAL + ORDINARY) * 20, dtype=dtype)
    strided = torch.stack([xs, xs], 1)[:, 0]
    f = getattr(torch, name)
    assert str(f(xs).tolist()) == str(f(strided).tolist())
    assert str(f(xs).tolist()[7:8]) == str(f(xs[7:8]).tolist())


def test_huge_angles_are_reduced_exactly() -> None:
    xs = [1e5, 1e6, 1e12, 1e16, 1e22, 1e300]
    assert torch.sin(torch.tensor(xs, dtype=torch.float64)).tolist() == pytest.approx(
        [math.sin(x) for x in xs], rel=1e-15
    )
    floats = torch.tensor([1e5, 1e6, 1e10, 1e30])
    assert torch.cos(floats).tolist() == pytest.approx([math.cos(x) for x in floats.tolist()], rel=2e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fmod_is_exact(dtype: torch.dtype) -> None:
    pairs = [(7.5, 2.0), (-7.5, 2.0), (1e30, 3.0), (5.0, INF), (0.3, 0.1), (1e6, 0.1), (6.0, 3.0), (1e-40, 3.0)]
    a = torch.tensor([x for x, _ in pairs], dtype=dtype)
    b = torch.tensor([y for _, y in pairs], dtype=dtype)
    assert torch.fmod(a, b).tolist() == [math.fmod(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    bad = torch.fmod(torch.tensor([1.0, INF, NAN], dtype=dtype), torch.tensor([0.0, 2.0, 2.0], dtype=dtype))
    assert bool(bad.isnan().all())


def test_special_functions_satisfy_their_identities() -> None:
    """Wronskians, inverses and closed forms, which no table of values is needed for."""
    s = torch.special
    x = torch.linspace(0.05, 30.0, 200, dtype=torch.float64)

    def same(got: torch.Tensor, want: torch.Tensor) -> bool:
        return torch.allclose(got, want, rtol=1e-13, atol=0)

    # Where Y0 and Y1 change sign the products cancel, at no more than their own size.
    wronskian = s.bessel_j1(x) * s.bessel_y0(x) - s.bessel_j0(x) * s.bessel_y1(x)
    assert same(wronskian, 2 / (math.pi * x))
    k0, k1 = s.modified_bessel_k0(x), s.modified_bessel_k1(x)
    assert same(s.i0(x) * k1 + s.i1(x) * k0, 1 / x)
    assert same(s.i0e(x) * s.scaled_modified_bessel_k1(x) + s.i1e(x) * s.scaled_modified_bessel_k0(x), 1 / x)
    small = x[x < 5]
    assert same(s.erfcx(small), torch.exp(small**2) * torch.erfc(small))
    assert same(s.log_ndtr(-small), torch.log(s.ndtr(-small)))
    p = torch.tensor([1e-300, 1e-50, 1e-5, 0.04, 0.06, 0.3, 0.7, 0.96], dtype=torch.float64)
    assert torch.allclose(s.ndtr(s.ndtri(p)), p, rtol=1e-11, atol=0)
    one = torch.ones_like(x)
    assert same(torch.igammac(one, x), torch.exp(-x)) and same(torch.igamma(one, x), -torch.expm1(-x))
    assert torch.allclose(torch.igamma(x * 1e4, x.flip(0) * 1e4) + torch.igammac(x * 1e4, x.flip(0) * 1e4), one)
    theta = torch.linspace(0.1, 3.0, 30, dtype=torch.float64)
    assert torch.allclose(s.chebyshev_polynomial_t(theta.cos(), 12), torch.cos(12 * theta), atol=1e-12)
    assert s.zeta(torch.tensor(2.0, dtype=torch.float64), 1).item() == pytest.approx(math.pi**2 / 6, rel=1e-14)


def test_log_ndtr_keeps_its_digits_far_out() -> None:
    x = torch.tensor([-1e3, -30.0, 1e3, INF], dtype=torch.float64, requires_grad=True)
    y = torch.special.log_ndtr(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert y.tolist() == pytest.approx([-500007.826694812, -454.321243956343, 0.0, 0.0], rel=1e-14, abs=0)
    # |x| + 1/|x| - 2/|x|³ + 10/|x|⁵ - 74/|x|⁷: Mills's ratio
    assert slope.tolist() == pytest.approx([1000.000999998, 30.0332596675, 0.0, 0.0], rel=1e-11, abs=0)


@pytest.mark.parametrize(
    ("dtype", "step", "largest"), [("float16", 2.0**-10, 65504.0), ("bfloat16", 2.0**-7, 3.3895313892515355e38)]
)
def test_nextafter_steps_in_its_own_type(dtype, step, largest):
    def half(*values):
        return torch.tensor(values, dtype=getattr(torch, dtype))

    tiny = half(0.0).nextafter(half(1.0)).item()
    assert 0 < tiny < 1e-7 and half(tiny / 2).item() == 0
    cases = [  # x, towards, result
        (1.0, 2.0, 1 + step), (1.0, 0.0, 1 - step / 2), (-1.0, -2.0, -1 - step), (-1.0, 0.0, step / 2 - 1), (1.0, 1.0, 1.0), (0.0, -1.0, -tiny),
        (-0.0, INF, tiny), (tiny, 0.0, 0.0), (-tiny, 1.0, -0.0), (largest, INF, INF), (INF, 0.0, largest), (-INF, 0.0, -largest), (0.0, -0.0, -0.0),
    ]  # fmt: skip
    x, towards, expected = (half(*column) for column in zip(*cases, strict=True))
    got = x.nextafter(towards)
    assert got.dtype == x.dtype and got.tolist() == expected.tolist()
    assert torch.signbit(got).tolist() == torch.signbit(expected).tolist()
    assert x.nextafter(half(NAN)).isnan().all() and half(NAN).nextafter(x).isnan().all()
    out = torch.empty(len(cases), dtype=torch.float32)
    assert torch.nextafter(x, towards, out=out).tolist() == expected.tolist()
    assert x.clone().nextafter_(towards).tolist() == expected.tolist()
    assert x[::2].nextafter(towards[::2]).tolist() == expected[::2].tolist()
    w = half(1.0, 2.0).requires_grad_()
    torch.nextafter(w, half(2.0, 2.0)).sum().backward()
    assert w.grad.tolist() == [1.0, 0.0]


def _close(got: list[float], want: list[float], relative: float) -> None:
    for x, y in zip(got, want, strict=True):
        assert abs(x - y) <= relative * abs(y) + 2e-45, (x, y)


def test_gelu_keeps_its_digits_in_the_negative_tail() -> None:
    xs = [i / 64 for i in range(-13 * 64, 8 * 64)] + [-100.0, 100.0, 1e30, -1e30, 0.0]
    x = torch.tensor(xs, requires_grad=True)
    y = torch.nn.functional.gelu(x)
    cdf = [0.5 * math.erfc(-v * math.sqrt(0.5)) for v in xs]
    _close(y.tolist(), [v * c for v, c in zip(xs, cdf, strict=True)], 1e-6)
    y.sum().backward()
    slopes = [
        c + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi) if abs(v) < 1e3 else c
        for v, c in zip(xs, cdf, strict=True)
    ]
    assert x.grad is not None
    for v, got, want in zip(xs, x.grad.tolist(), slopes, strict=True):
        assert abs(got - want) <= (1e-5 * abs(want) if v < -2 else 2e-7), v  # the slope is 0 at -0.75
    ends = torch.nn.functional.gelu(torch.tensor([INF, -INF, NAN])).tolist()
    assert ends[0] == INF and math.copysign(1, ends[1]) == -1 and ends[1] == 0 and math.isnan(ends[2])


GELU = [  # x, gelu(x) and its slope, computed with 50 digits
    (-37.0, -2.1184613523340935e-298, -7.838298669418516e-297),
    (-30.0, -1.472014178144456e-196, -4.416031690708495e-195),
    (-20.0, -5.507248237212468e-88, -1.1014360483133464e-86),
    (-12.5, -4.665705373597142e-35, -5.831668554480156e-34),
    (-6.0, -5.9195258702261885e-09, -3.5468709453902015e-08),
    (-3.0, -0.0040496940948902835, -0.011945647204183927),
    (-1.25, -0.13206221708356908, -0.12266158306942213),
    (-0.5, -0.15426876936299344, 0.13250487534383715),
    (0.25, 0.14967658142073093, 0.695373354883636),
    (0.625, 0.45875904434456216, 0.9391150762952839),
    (2.0, 1.9544997361036416, 1.085231801078197),
    (5.0, 4.999998566742141, 1.000007146946002),
]


def test_double_gelu_keeps_its_digits_in_the_negative_tail() -> None:
    x = torch.tensor([r[0] for r in GELU], dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.gelu(x)
    assert y.tolist() == pytest.approx([r[1] for r in GELU], rel=2e-15, abs=0)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == pytest.approx([r[2] for r in GELU], rel=5e-15, abs=0)


def test_float_exp_at_its_ends() -> None:
    xs = [88.72, -87.4, -95.0, -103.0, -103.9]  # the last four are below the smallest normal number
    x = torch.tensor(xs)
    _close(x.exp().tolist(), [math.exp(v) for v in x.tolist()], 2e-7)
    assert torch.tensor([88.73, 100.0, 3e38, INF]).exp().tolist() == [INF] * 4
    assert torch.tensor([-104.0, -105.0, -1e4, -3e38, -INF]).exp().tolist() == [0.0] * 5
    assert math.isnan(torch.tensor(NAN).exp().item()) and math.isnan((-torch.tensor(NAN)).exp().item())


def test_nextafter_steps_by_one_float() -> None:
    tiny = 2.0**-149
    values = [0.0, -0.0, tiny, -tiny, 1.0, -1.0, 2.0**-126, 3.4028234663852886e38, INF, -INF, NAN]
    pairs = [(a, b) for a in values for b in values]
    a, b = torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])
    with np.errstate(all="ignore"):
        want = np.nextafter(a.numpy(), b.numpy())
    got = torch.nextafter(a, b).numpy()
    assert (np.isnan(got) == np.isnan(want)).all()
    numbers = ~np.isnan(want)
    assert (got.view(np.int32)[numbers] == want.view(np.int32)[numbers]).all()


@pytest.mark.parametrize("dtype", [torch.int8, torch.int16, torch.int32, torch.int64])
def test_abs_of_the_smallest_integer_wraps(dtype: torch.dtype) -> None:
    low = torch.iinfo(dtype).min
    x = torch.tensor([low, low + 1, -1, 0, 5] * 30, dtype=dtype)
    assert x.abs().tolist() == [low, -(low + 1), 1, 0, 5] * 30


@pytest.mark.parametrize("n", [5, 17, 31, 32, 33, 65, 100, 127, 1100, 2100])
@pytest.mark.parametrize("f", [torch.nn.functional.softmax, torch.nn.functional.log_softmax])
def test_softmax_of_a_row_with_a_rest(n: int, f: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    row = [math.sin(i * 0.7) * 3 for i in range(n)]
    x = torch.tensor([row, row], requires_grad=True)
    y = f(x, 1)
    powers = [math.exp(v) for v in row]
    shares = [p / sum(powers) for p in powers]
    want = shares if f is torch.nn.functional.softmax else [math.log(s) for s in shares]
    assert y[0].tolist() == pytest.approx(want, rel=1e-5)
    y[0, -1].backward()
    assert x.grad is not None
    own = shares[-1] if f is torch.nn.functional.softmax else 1.0
    slopes = [own * ((i == n - 1) - s) for i, s in enumerate(shares)]
    assert x.grad[0].tolist() == pytest.approx(slopes, rel=1e-4, abs=1e-8)
    assert x.grad[1].tolist() == [0.0] * n


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [20, 32, 50, 100])
def test_softmax_of_what_is_masked(n: int, dtype: torch.dtype) -> None:
    x = torch.tensor([0.5 if i % 3 == 0 else -INF for i in range(n)], dtype=dtype).repeat(3, 1)
    kept = (n + 2) // 3
    want = [1 / kept if i % 3 == 0 else 0.0 for i in range(n)]
    for row in torch.nn.functional.softmax(x, 1).tolist():
        assert row == pytest.approx(want, rel=1e-6, abs=0)
    logs = torch.nn.functional.log_softmax(x, 1)[2].tolist()
    assert logs == pytest.approx([-math.log(kept) if i % 3 == 0 else -INF for i in range(n)], rel=1e-6)
    assert torch.nn.functional.softmax(torch.full((2, n), -INF, dtype=dtype), 1).isnan().all()


def test_double_powers() -> None:
    values = [0.0, 5e-324, 1e-310, 1e-5, 1 - 2**-53, 1.0, 1 + 2**-52, 0.5, 0.3, 1.5, 2.0, 3.0, 10.0, 1024.0, 1074.0]
    values += [2.0**53 - 1, 1e16, 1e300, 1.7e308, INF]
    values = [s * v for v in values for s in (1.0, -1.0)] + [NAN]
    pairs = [(x, y) for x in values for y in values]
    pairs += [(math.exp(math.sin(i) * 30), math.cos(i * 1.7) * 23) for i in range(500)]
    x, y = (torch.tensor([p[k] for p in pairs], dtype=torch.float64) for k in (0, 1))
    with np.errstate(all="ignore"):
        want = np.power(x.numpy(), y.numpy())
    for (a, b), got, right in zip(pairs, (x**y).tolist(), want.tolist(), strict=True):
        if math.isnan(right) or math.isinf(right):
            assert math.isnan(got) if math.isnan(right) else got == right, (a, b, got)
        else:
            assert abs(got - right) <= 2 * math.ulp(right), (a, b, got)
            assert math.copysign(1, got) == math.copysign(1, right), (a, b, got)


def test_double_powers_that_are_numbers_are_exact() -> None:
    whole = [(b, e) for b in range(2, 1000) for e in range(2, 20) if b**e < 2**53]
    bases, exponents = (torch.tensor([float(p[k]) for p in whole], dtype=torch.float64) for k in (0, 1))
    assert (bases**exponents).tolist() == [float(b**e) for b, e in whole]
