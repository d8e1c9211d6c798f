"""What docs/accuracy.md says: tools/accuracy measures it, here at fewer points."""

from __future__ import annotations

import math
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import adjoint as torch
from adjoint import _core

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from measures import functions, measure

SPECIAL = {f.name for f in functions.SPECIAL}
# Where the definition magnifies roundings: measured in docs/accuracy.md.
MORE = {
    "nn.functional.gelu": 4.0,
    "nn.functional.gelu_tanh": 4000.0,
    "special.gammainc": 64.0,
    "special.gammaincc": 64.0,
    "polygamma(2)": 6.0,
    "polygamma(3)": 8.0,
    "polygamma(10)": 16.0,
    "special.airy_ai": 6.0,
    "special.hermite_polynomial_he": 32.0,
    "special.hermite_polynomial_h": 32.0,
    "special.legendre_polynomial_p": 64.0,
}


def bound(f: functions.Function) -> float:
    if "chebyshev" in f.name:
        return 2000.0  # n up to 1000
    return MORE.get(f.name, 4.0 if f.name in SPECIAL else 3.2)


@pytest.mark.parametrize("f", functions.ALL, ids=lambda f: f.name)
def test_values_have_all_digits(f: functions.Function) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy's casts
        call = measure.caller(torch, f)
        wide = [x[:: 1 if f.dense else 4] for x in measure.drawn(f, np.float64, 30, 5)]
        values, sizes = measure.truth(f, wide)
        worst = measure.against(call(*wide), values, sizes, wide)
        assert worst.error <= bound(f), worst
        assert sum(v is not None for v in values) > 20
        narrow = measure.single(f, call, call, measure.drawn(f, np.float32, 2000, 6))
        assert narrow.error <= bound(f), narrow


def test_the_page_names_every_pointwise_function() -> None:
    words = set(re.findall(r"`(?:[a-z]+\.)*(\w+)(?:\(\d+\))?`", (ROOT / "docs" / "accuracy.md").read_text()))
    assert not {f[0] for f in _core._formulas() if not f[0].startswith("_")} - words


def test_huge_angles_at_their_hardest() -> None:
    """The double nearest to a multiple of π/2, where the C library's own cosine has lost three digits."""
    x = 6381956970095103 * 2.0**797
    y = torch.tensor([x, -x], dtype=torch.float64)
    assert torch.cos(y).tolist() == [-4.68716592425462761112e-19] * 2
    assert torch.sin(y).tolist() == [1.0, -1.0]
    turns = torch.tensor([1e5, 3e10, 2.0**41 + 0.5, 1e13, 1e15, 2.0**60, 1e22], dtype=torch.float64)
    for f, exact in ((torch.sin, math.sin), (torch.cos, math.cos), (torch.tan, math.tan)):
        assert f(turns).tolist() == pytest.approx([exact(v) for v in turns.tolist()], rel=4e-16)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_activations_at_infinity(dtype: torch.dtype) -> None:
    F = torch.nn.functional
    for f in (F.gelu, lambda x: F.gelu(x, approximate="tanh"), F.silu, F.mish):
        x = torch.tensor([-math.inf, -1e30, 1e30, math.inf, math.nan], dtype=dtype, requires_grad=True)
        y = f(x)
        assert y.tolist()[:2] == [0, 0] and all(math.copysign(1, v) == -1 for v in y.tolist()[:2])
        assert y.tolist()[3] == math.inf and y[2] == x[2] and math.isnan(y.tolist()[4])
        (slope,) = torch.autograd.grad(y[:4].sum(), x, create_graph=True)
        assert slope.tolist()[:4] == [0, 0, 1, 1]
        (second,) = torch.autograd.grad(slope[:4].sum(), x)
        assert second.tolist()[:4] == [0, 0, 0, 0]


def test_slopes_of_atan2_where_squares_vanish() -> None:
    y, x = (torch.tensor(1e-150, dtype=torch.float64, requires_grad=True) for _ in range(2))
    gy, gx = torch.autograd.grad(torch.atan2(y, x), (y, x), create_graph=True)
    assert gy.item() == pytest.approx(5e149, rel=1e-14) and gx.item() == pytest.approx(-5e149, rel=1e-14)
    yy, yx = torch.autograd.grad(gy, (y, x), retain_graph=True)
    assert yy.item() == pytest.approx(-5e299, rel=1e-14) and yx.item() == 0
    tiny = torch.tensor(1e-200, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.atan2(tiny, tiny.detach()), tiny, create_graph=True)
    (second,) = torch.autograd.grad(slope, tiny)
    assert slope.item() == pytest.approx(5e199) and second.item() == -math.inf


def test_polynomials_beyond_the_range() -> None:
    s, x = torch.special, torch.tensor([-1.5, 1.5], dtype=torch.float64)
    for name in ("chebyshev_polynomial_t", "chebyshev_polynomial_u", "legendre_polynomial_p"):
        assert getattr(s, name)(x, 5001).tolist() == [-math.inf, math.inf], name
    assert s.hermite_polynomial_h(x * 100, 301).tolist() == [-math.inf, math.inf]
    ends = torch.tensor([1.0, -1.0], dtype=torch.float64)
    assert s.chebyshev_polynomial_t(ends, 100001).tolist() == [1, -1]
    assert s.legendre_polynomial_p(ends, 100001).tolist() == [1, -1]
    assert s.shifted_chebyshev_polynomial_t(torch.tensor([0.0, 1.0], dtype=torch.float64), 999).tolist() == [-1, 1]


def test_second_slopes_at_the_ends() -> None:
    """Limits, where a product of 0 and infinity would be NaN."""

    def slopes(f, x: float) -> tuple[float, float]:
        t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        (first,) = torch.autograd.grad(f(t), t, create_graph=True)
        (second,) = torch.autograd.grad(first, t)
        return first.item(), second.item()

    s = torch.special
    assert slopes(torch.asin, 1.0) == (math.inf, math.inf) and slopes(torch.asin, -1.0) == (math.inf, -math.inf)
    assert slopes(torch.acos, 1.0) == (-math.inf, -math.inf) and slopes(torch.atanh, 1.0) == (math.inf, math.inf)
    for f in (torch.erf, torch.erfc, s.ndtr):
        assert slopes(f, math.inf) == (0, 0) and slopes(f, -math.inf) == (0, 0)
    assert slopes(s.log_ndtr, math.inf) == (0, 0) and slopes(s.log_ndtr, 1e200) == (0, 0)
    assert slopes(s.i1, math.inf)[0] == math.inf and slopes(lambda x: torch.polygamma(1, x), math.inf)[0] == 0
