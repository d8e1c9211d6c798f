"""Slopes of tanh, sigmoid and expm1 where their results are saturated: from operands kept for these elements alone, see
Note [Tails] in core/ops/tails.h."""

from __future__ import annotations

import math

import pytest

import adjoint as torch
from adjoint import _core

FUNCTIONS = pytest.mark.parametrize("f", [torch.tanh, torch.sigmoid, torch.expm1])
# A tail's number and the slope there.
FAR = {torch.tanh: (20.0, 4 * math.exp(-40)), torch.sigmoid: (40.0, math.exp(-40)), torch.expm1: (-40.0, math.exp(-40))}


def gradient(f, x: torch.Tensor, g: torch.Tensor | None = None) -> torch.Tensor:
    x = x.detach().requires_grad_()
    y = f(x)
    return torch.autograd.grad(y, x, torch.ones_like(y) if g is None else g)[0]


@FUNCTIONS
def test_an_operand_is_let_go_where_nothing_is_saturated(f) -> None:
    x = torch.linspace(-2, 2, 5000).requires_grad_()
    before = _core._live_tensors()
    y = f(x * 1)
    kept = _core._live_tensors() - before
    x2 = torch.linspace(-60, 60, 5000).requires_grad_()
    before = _core._live_tensors()
    y2 = f(x2 * 1)
    assert (kept, _core._live_tensors() - before) == (2, 3)  # the result and its alias; the operand of a tail
    del y, y2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64])
@FUNCTIONS
def test_few_and_many_and_lone_elements_have_the_same_bits(f, dtype: torch.dtype) -> None:
    g = torch.linspace(0.5, 2, 40000, dtype=torch.float64).to(dtype)
    few = torch.linspace(-1, 1, 40000, dtype=torch.float64)
    few[::997] = torch.linspace(-30, 30, 41, dtype=torch.float64)
    many = few.clone()
    many[1::2] = -50
    many[2::4] = 50
    few, many = few.to(dtype), many.to(dtype)
    a, b = gradient(f, few, g), gradient(f, many, g)
    same = few == many
    assert 0 < same.sum().item() < 40000 and torch.equal(a[same], b[same])
    for at in (0, 997, 40 * 997, 5):
        assert gradient(f, few[at], g[at]).item() == a[at].item()
        assert gradient(f, few[at : at + 3], g[at : at + 3])[0].item() == a[at].item()
    spaced = torch.stack([few, few], 1)[:, 0]
    assert torch.equal(gradient(f, spaced, g), a)
    assert torch.equal(gradient(f, few.reshape(200, 200).t(), g.reshape(200, 200).t()), a.reshape(200, 200).t())
    assert torch.equal(gradient(f, few, g[:1].expand(40000)), gradient(f, few, g[:1].expand(40000).clone()))


@FUNCTIONS
@pytest.mark.parametrize("many", [False, True])
def test_an_operand_may_be_overwritten(f, many: bool) -> None:
    far, slope = FAR[f]
    x = torch.zeros(1000, dtype=torch.float64)
    x[:: 2 if many else 300] = far
    x.requires_grad_()
    want = gradient(f, x)
    assert want[0].item() == pytest.approx(slope, rel=1e-12)
    z = x * 1
    y = f(z)
    z.zero_()
    assert torch.equal(torch.autograd.grad(y.sum(), x)[0], want)
    in_place = getattr(x * 1, f.__name__ + "_")()
    assert torch.equal(torch.autograd.grad(in_place.sum(), x)[0], want)
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        y = f(x)
    assert len(packed) == 1 and torch.equal(torch.autograd.grad(y.sum(), x)[0], want)
    assert [n for n in dir(f(x).grad_fn) if n.startswith("_saved")] == ["_saved_result"]
    z = f(x * 1)
    z.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.sum().backward()


@FUNCTIONS
def test_higher_derivatives_beside_tails(f) -> None:
    far, slope = FAR[f]
    for n in (10, 1000):
        x = torch.linspace(-1, 1, n, dtype=torch.float64)
        x[3] = far
        x.requires_grad_()
        z = x * 1  # once from a leaf, once from a node
        for operand in (x, z):
            rows = [f(operand)]
            for _ in range(3):
                rows.append(torch.autograd.grad(rows[-1].sum(), operand, create_graph=True)[0])
            ratio = 1 if f is torch.expm1 else -math.copysign(2 if f is torch.tanh else 1, far)
            assert [row[3].item() for row in rows[1:]] == pytest.approx(
                [slope, ratio * slope, ratio**2 * slope], rel=1e-6
            )
            plain = torch.cat([x[:3], x[4:]]).detach().requires_grad_()
            want = f(plain)
            for row in rows[1:]:
                (want,) = torch.autograd.grad(want.sum(), plain, create_graph=True)
                assert torch.equal(torch.cat([row[:3], row[4:]]), want)


@FUNCTIONS
def test_infinite_and_undefined_operands(f) -> None:
    x = torch.tensor([math.inf, -math.inf, math.nan, 0.5] * 50)
    got = gradient(f, x)
    ends = [math.inf, 0.0] if f is torch.expm1 else [0.0, 0.0]
    assert got[:2].tolist() == ends and got[2].isnan() and got[3].item() == gradient(f, x[3]).item()
