"""Formulas where digits cancel, squares overflow or a limit is reached: right by the mathematics, PyTorch or not."""

from __future__ import annotations

import math

import pytest

import adjoint as torch

INF, NAN = math.inf, math.nan
BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
WIDE = torch.float64


def derivatives(f, *at: float, order: int, dtype: torch.dtype = WIDE) -> list[list[float]]:
    """f and its derivatives by its first argument up to `order`, at the points `at`."""
    x = torch.tensor(at, dtype=dtype, requires_grad=True)
    rows = [f(x)]
    for _ in range(order):
        rows.append(torch.autograd.grad(rows[-1].sum(), x, create_graph=True)[0])
    return [row.tolist() for row in rows]


def gradients(f, *at: float, dtype: torch.dtype = WIDE) -> list[float]:
    """By each of f's arguments."""
    xs = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in at]
    return [g.item() for g in torch.autograd.grad(f(*xs), xs)]


def close(dtype: torch.dtype) -> float:
    return 2e-6 if dtype == torch.float32 else 1e-14


@BOTH
def test_sinc_near_zero_and_far_out(dtype: torch.dtype) -> None:
    rows = derivatives(torch.sinc, 0.0, 1.0, -2.0, 0.1, order=2, dtype=dtype)
    assert rows[0] == pytest.approx([1, 0, 0, 0.983631643083466], rel=close(dtype), abs=0)
    assert rows[1] == pytest.approx([0, -1, -0.5, -0.325751267883124], rel=close(dtype), abs=0)
    assert rows[2][:1] + rows[2][3:] == pytest.approx([-(math.pi**2) / 3, -3.19302983596485], rel=close(dtype), abs=0)
    odd, even, half = 2.0**23 - 1, 2.0**40, 1e6 + 0.5
    assert torch.sinc(torch.tensor([odd, even, half, 1e300], dtype=WIDE)).tolist() == pytest.approx(
        [0, 0, 1 / (math.pi * half), 0], rel=1e-15, abs=0
    )
    assert derivatives(torch.sinc, odd, even, dtype=dtype, order=1)[1] == pytest.approx(
        [-1 / odd, 1 / even], rel=close(dtype)
    )


def test_sinc_of_complex_numbers_has_the_same_slope() -> None:
    z = torch.tensor([0.1 + 0.2j, 3.0 + 1j, 0j], dtype=torch.complex128, requires_grad=True)
    (got,) = torch.autograd.grad(torch.sinc(z).real.sum(), z)
    p = math.pi * z.detach()[:2]
    want = ((p * p.cos() - p.sin()) / (p * z.detach()[:2])).conj()
    assert torch.allclose(got[:2], want, rtol=1e-13) and got[2] == 0


@BOTH
def test_tails_of_saturated_functions_keep_their_slopes(dtype: torch.dtype) -> None:
    e = math.exp(-40.0)
    for sign in (1.0, -1.0):
        _, first, second = derivatives(torch.sigmoid, sign * 40.0, order=2, dtype=dtype)
        assert first == pytest.approx([e], rel=1e-5) and second == pytest.approx([-sign * e], rel=1e-5)
        _, first, second = derivatives(torch.tanh, sign * 20.0, order=2, dtype=dtype)
        assert first == pytest.approx([4 * e], rel=1e-5) and second == pytest.approx([-sign * 8 * e], rel=1e-5)
    _, first, second = derivatives(torch.nn.functional.logsigmoid, 40.0, order=2, dtype=dtype)
    assert first == pytest.approx([e], rel=1e-5) and second == pytest.approx([-e], rel=1e-5)
    _, first, second = derivatives(torch.nn.functional.softplus, -40.0, order=2, dtype=dtype)
    assert first == pytest.approx([e], rel=1e-5) and second == pytest.approx([e], rel=1e-5)
    assert derivatives(torch.expm1, -40.0, order=2, dtype=dtype)[1:] == [pytest.approx([e], rel=1e-5)] * 2
    assert derivatives(torch.nn.functional.silu, 30.0, order=2, dtype=dtype)[2] == pytest.approx(
        [-2.62013443e-12], rel=1e-4
    )
    assert derivatives(torch.nn.functional.mish, 10.0, order=2, dtype=dtype)[2] == pytest.approx(
        [-1.4837162e-07], rel=0.1
    )


def test_sigmoid_reaches_the_least_numbers() -> None:
    assert torch.sigmoid(torch.tensor([-100.0])).item() == pytest.approx(math.exp(-100.0), rel=0.02)
    assert torch.sigmoid(torch.tensor([-740.0], dtype=WIDE)).item() == pytest.approx(math.exp(-740.0), rel=0.02)
    z = torch.sigmoid(torch.tensor([-800 + 1j, 800 + 1j, -30 + 1j], dtype=torch.complex128))
    assert z[:2].tolist() == [0, 1]
    assert abs(z[2].item() / (math.exp(-30) * complex(math.cos(1), math.sin(1))) - 1) < 1e-12


@BOTH
def test_logaddexp_far_apart_and_at_infinity(dtype: torch.dtype) -> None:
    for f, base in ((torch.logaddexp, math.e), (torch.logaddexp2, 2.0)):
        log = math.log(base)
        a, b = gradients(f, 0.0, 60.0, dtype=dtype)
        assert a == pytest.approx(base**-60, rel=1e-5) and b == 1
        for gap in (60.0, -60.0):
            x = torch.tensor([gap], dtype=dtype, requires_grad=True)
            (first,) = torch.autograd.grad(f(x, torch.zeros_like(x)), x, create_graph=True)
            assert torch.autograd.grad(first, x)[0].item() == pytest.approx(log * base**-60, rel=1e-4)
        assert gradients(f, -INF, -INF, dtype=dtype) == [0, 0]
        assert gradients(f, INF, INF, dtype=dtype) == [0.5, 0.5]
        assert gradients(f, -INF, 1.0, dtype=dtype) == [0, 1]
        assert gradients(f, 1.0, 1.0, dtype=dtype) == [0.5, 0.5]


@BOTH
def test_squares_neither_overflow_nor_vanish(dtype: torch.dtype) -> None:
    large, small = (1e30, 1e-30) if dtype == torch.float32 else (1e200, 1e-200)
    for r in (large, small):
        a, b = gradients(torch.atan2, 3 * r, 4 * r, dtype=dtype)
        assert [a * r, b * r] == pytest.approx([0.16, -0.12], rel=1e-5)
        assert gradients(torch.hypot, 3 * r, 4 * r, dtype=dtype) == pytest.approx([0.6, 0.8], rel=1e-5)
    assert derivatives(torch.asinh, large, -large, order=1, dtype=dtype)[1] == pytest.approx([1 / large] * 2, rel=1e-6)
    assert derivatives(torch.asinh, 0.0, 2.0, order=2, dtype=dtype)[2] == pytest.approx([0, -2 / 5**1.5], rel=1e-6)
    near = 1 - 2.0**-20
    slope = 1 / math.sqrt((1 - near) * (1 + near))
    for f, sign in ((torch.asin, 1), (torch.acos, -1)):
        assert derivatives(f, near, order=1, dtype=dtype)[1] == pytest.approx([sign * slope], rel=close(dtype))
    assert derivatives(torch.atanh, near, order=1, dtype=dtype)[1] == pytest.approx([slope**2], rel=close(dtype))


def test_limit_points() -> None:
    assert gradients(torch.hypot, 0.0, 0.0) == [0, 0]
    assert gradients(torch.hypot, -INF, 1.0) == [-1, 0]
    assert gradients(torch.atan2, 0.0, 0.0) == [0, 0]
    assert gradients(torch.atan2, 1.0, INF) == [0, 0]
    assert gradients(torch.xlogy, 0.0, 0.0) == [0, 0]
    assert gradients(torch.special.xlog1py, 0.0, -1.0) == [0, 0]
    for f, sign in ((torch.igamma, 1), (torch.igammac, -1)):
        a = torch.tensor([1.0, 2.0, 0.5, 3.0, INF], dtype=WIDE)
        x = torch.tensor([0.0, 0.0, 0.0, INF, 2.0], dtype=WIDE, requires_grad=True)
        (g,) = torch.autograd.grad(f(a, x).sum(), x)
        assert (sign * g).tolist() == [1, 0, INF, 0, 0]


def test_poles_of_the_gamma_functions() -> None:
    at = [-1 + 2.0**-20, -30 + 2.0**-14, -67 + 2.0**-13]
    digamma, trigamma = derivatives(torch.digamma, *at, order=1)
    assert digamma == pytest.approx([-1048575.5772131425, -16380.582029737341, -8187.7874634707078], rel=1e-14)
    assert trigamma == pytest.approx([1099511627778.6449, 268435459.25708414, 67108867.27505366], rel=1e-14)
    half = torch.polygamma(1, torch.tensor([0.5, 1.0, -0.5, -1.0]))
    assert half.tolist() == pytest.approx([math.pi**2 / 2, math.pi**2 / 6, math.pi**2 / 2 + 4, INF], rel=2e-7)


def test_error_functions_far_out() -> None:
    s = torch.special
    huge = 1.7e308
    assert s.erfcx(torch.tensor([huge, INF], dtype=WIDE)).tolist() == [pytest.approx(1 / huge / math.sqrt(math.pi)), 0]
    value, first, second = derivatives(s.erfcx, 13.0, 20.0, 100.0, 1e5, order=2)
    assert value[:3] == pytest.approx([0.043271921864609693, 0.028174348741051319, 0.0056416137829894329], rel=1e-15)
    assert first == pytest.approx(
        [-0.0033091986156605647, -0.0014052174534598012, -5.6410497625993185e-5, -1e-10 / math.sqrt(math.pi)], rel=1e-9
    )
    assert second[:3] == pytest.approx(
        [0.00050467972204470434, 0.00013999934371059263, 1.1280407802288336e-6], rel=1e-9
    )
    x = torch.tensor([-10.0, -30.0, -37.0, 0.0, 40.0], dtype=WIDE)
    assert s.ndtr(x).tolist() == pytest.approx(
        [7.6198530241605261e-24, 4.9067139271481871e-198, 5.7255712225245768e-300, 0.5, 1.0], rel=1e-14, abs=0
    )
    assert derivatives(s.log_ndtr, -1e30, order=2, dtype=torch.float32)[1:] == [[pytest.approx(1e30)], [-1]]


@BOTH
def test_logit_near_one_half(dtype: torch.dtype) -> None:
    for d in (2.0**-20, -(2.0**-10), 0.125):
        want = 2 * math.atanh(2 * d)
        assert torch.logit(torch.tensor([0.5 + d], dtype=dtype)).item() == pytest.approx(want, rel=close(dtype) / 4)
        assert torch.logit(torch.tensor([0.5 + d], dtype=dtype), 1e-3).item() == pytest.approx(
            want, rel=close(dtype) / 4
        )


INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_comparisons_with_numbers_are_true_to_the_numbers(dtype: torch.dtype) -> None:
    info = torch.iinfo(dtype)
    values = [info.min, info.max, 0, 44, info.max - 1]
    numbers = [
        -1,
        300,
        256.5,
        -0.5,
        INF,
        -INF,
        NAN,
        float(info.max),
        info.max + 1.0,
        2.0**63,
        -(2.0**63),
        16777217.0,
        0.1,
    ]
    numbers += [v for v in (info.min - 1, info.max + 1, 2**53 + 1) if -(2**63) <= v < 2**63]
    for shape in ((len(values),), (1, len(values))):
        x = torch.tensor(values, dtype=dtype).reshape(shape)
        for v in numbers:
            for name in ("lt", "le", "gt", "ge", "eq", "ne"):
                want = (
                    [getattr(a, f"__{name}__")(v) for a in values]
                    if isinstance(v, int)
                    else [
                        {"lt": a < v, "le": a <= v, "gt": a > v, "ge": a >= v, "eq": a == v, "ne": a != v}[name]
                        for a in values
                    ]
                )
                assert getattr(x, name)(v).reshape(-1).tolist() == want, (name, v)
                assert getattr(x.reshape(-1)[1], name)(v).item() == want[1], (name, v)
    assert (torch.tensor([3], dtype=dtype) < 3.5).item() and not (3.5 < torch.tensor([3], dtype=dtype)).item()


def test_what_is_computed_becomes_of_the_results_type_before_it_becomes_of_outs() -> None:
    u = torch.tensor([200, 100], dtype=torch.uint8)
    out = torch.zeros(2, dtype=torch.int32)
    assert torch.add(u, u, out=out).tolist() == [144, 200]
    assert torch.mul(u, u, out=torch.zeros(2, dtype=torch.float32)).tolist() == [64, 16]
    strided = torch.zeros(2, 2, dtype=torch.int64)[:, 0]
    assert torch.neg(u, out=strided).tolist() == [56, 156]
    h = torch.tensor([1.0009765625], dtype=torch.float16)
    assert torch.mul(h, h, out=torch.zeros(1)).tolist() == (h * h).tolist()


def test_numbers_alone_are_refused_where_a_tensor_is_wanted() -> None:
    s = torch.special
    for f in (torch.xlogy_, torch.xlogy, s.xlogy, s.xlog1py, s.zeta, torch.pow, torch.float_power, torch.remainder):
        with pytest.raises(TypeError):
            f(1, 2)
    for f in (torch.bitwise_and, torch.bitwise_left_shift, s.chebyshev_polynomial_t, s.hermite_polynomial_h):
        with pytest.raises(TypeError, match="invalid combination of arguments"):
            f(1, 2)
    assert torch.add(1, 2).item() == 3 and torch.mul(1.5, 2).item() == 3 and torch.floor_divide(7, 2).item() == 3


@pytest.mark.parametrize("dtype", INTEGERS[1:])
def test_integers_at_their_limits(dtype: torch.dtype) -> None:
    low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    width = torch.iinfo(dtype).bits
    for shape in ((), (3,), (70,)):
        x, minus = torch.full(shape, low, dtype=dtype), torch.full(shape, -1, dtype=dtype)

        def all_(y: torch.Tensor, value: int) -> bool:
            return y.dtype == dtype and bool((y == value).all())

        assert all_(x // minus, low) and all_(x // -1, low) and all_(x % minus, 0) and all_(torch.fmod(x, minus), 0)
        assert all_(torch.div(x, minus, rounding_mode="trunc"), low)
        assert all_(abs(x), low) and all_(-x, low) and all_(x - 1, high) and all_(x * minus, low)
        assert all_(x << width, 0) and all_(x << -1, 0) and all_(x >> width, -1) and all_(x >> -1, -1)
        assert all_(minus << (width - 1), low) and all_(x >> (width - 1), -1)
        assert all_(torch.gcd(x, x), low) and all_(torch.gcd(x, minus), 1) and all_(torch.lcm(x, 0 * x), 0)
        two = torch.full(shape, 2, dtype=dtype)
        assert all_(minus ** (-two), 1) and all_(two ** (-two), 0) and all_(minus ** (-two - 1), -1)
        for f in (torch.floor_divide, torch.remainder, torch.fmod):
            with pytest.raises(RuntimeError, match="ZeroDivisionError"):
                f(x, 0)
            with pytest.raises(RuntimeError, match="ZeroDivisionError"):
                f(x, torch.zeros_like(x))


def test_second_derivatives_where_a_formula_changes() -> None:
    def hessian(f, *at: float) -> list[list[float]]:
        xs = [torch.tensor(v, dtype=WIDE, requires_grad=True) for v in at]
        rows = torch.autograd.grad(f(*xs), xs, create_graph=True)
        return [
            [0 if h is None else h.item() for h in torch.autograd.grad(row, xs, retain_graph=True, allow_unused=True)]
            for row in rows
        ]

    assert hessian(torch.xlogy, 0.0, 0.0) == hessian(torch.special.xlog1py, 0.0, -1.0) == [[0, 0], [0, 0]]
    assert hessian(torch.xlogy, 2.0, 4.0) == [[0, 0.25], [0.25, -0.125]]
    for at in ((INF, 1.0), (-INF, 1.0), (1.0, INF), (INF, -INF), (0.0, 0.0)):
        assert hessian(torch.hypot, *at) == [[0, 0], [0, 0]]
    for f, slope in ((torch.atanh, 2), (torch.asin, 1), (torch.acos, -1), (torch.tanh, -2)):
        for x in (1e-30, -1e-300):
            assert hessian(f, x) == [[pytest.approx(slope * x, rel=1e-15)]]
    assert hessian(torch.asin, 0.5)[0][0] == pytest.approx(0.75**-1.5 / 2, rel=1e-14)
    near = 1 - 2.0**-40
    assert hessian(torch.atanh, near)[0][0] == pytest.approx(2 * near / ((1 - near) * (1 + near)) ** 2, rel=1e-14)


@pytest.mark.parametrize("zeros", [[], [0], [3], [6], [2, 4], [0, 1, 2, 3, 4, 5, 6]])
def test_running_products_with_zeros(zeros: list[int]) -> None:
    x = torch.tensor([0.5, -2.0, 3.0, 1.5, -0.25, 2.0, 0.75], dtype=WIDE)
    x[zeros] = 0
    g = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.0, -1.0, 2.0], dtype=WIDE)
    n = len(x)

    def others(j: int, *without: int) -> float:
        return math.prod(v for i, v in enumerate(x[: j + 1].tolist()) if i not in without)

    leaf = x.clone().requires_grad_()
    (got,) = torch.autograd.grad((g * leaf.cumprod(0)).sum(), leaf, create_graph=True)
    assert got.tolist() == [sum(g[j].item() * others(j, k) for j in range(k, n)) for k in range(n)]
    for k in range(n):
        (row,) = torch.autograd.grad(got[k], leaf, retain_graph=True)
        assert row.tolist() == [
            0 if k == m else sum(g[j].item() * others(j, k, m) for j in range(max(k, m), n)) for m in range(n)
        ]
    table = torch.stack([x, x.flip(0)], 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda t: t.cumprod(0), table)
    assert torch.autograd.gradgradcheck(lambda t: t.cumprod(0), table)
    turned = (x * (1 + 2j)).requires_grad_()
    assert torch.autograd.gradcheck(lambda t: t.cumprod(0), turned)
    assert torch.autograd.gradgradcheck(lambda t: t.cumprod(0), turned)


def test_long_running_products_with_a_zero() -> None:
    n, zero = 300_000, 100_000
    x = torch.ones(n)
    x[zero] = 0
    x.requires_grad_()
    x.cumprod(0).sum().backward()
    want = torch.zeros(n)
    want[:zero] = torch.arange(zero, 0, -1)
    want[zero] = n - zero
    assert torch.equal(x.grad, want)
