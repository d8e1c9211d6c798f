"""Activations where chance decides: rrelu in training and gumbel_softmax."""

import pytest

import adjoint as torch

F = torch.nn.functional


def test_rrelu_draws_a_slope_for_each_element_that_is_not_positive():
    """Recorded from PyTorch 2.13: torch.manual_seed(0); F.rrelu(torch.tensor([-1.0, 2, -1, -1, 0, -1]), training=True)."""
    x = torch.tensor([-1.0, 2, -1, -1, 0, -1])
    torch.manual_seed(0)
    y = F.rrelu(x, training=True)
    assert torch.allclose(y, torch.tensor([RECORDED[0], 2, RECORDED[1], RECORDED[2], 0, RECORDED[4]]), atol=5e-5)
    slopes = -y[[0, 2, 3, 5]]
    assert ((slopes >= 1 / 8) & (slopes <= 1 / 3)).all() and len(set(slopes.tolist())) == 4


RECORDED = [-0.3271, -0.2725, -0.2207, -0.3168, -0.2594]  # of six times -1


def test_rrelu_in_place_and_its_gradient():
    x = torch.randn(50, dtype=torch.float64).requires_grad_()
    torch.manual_seed(1)
    y = F.rrelu(x, training=True)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert torch.allclose(slope * x, y) and (slope[x > 0] == 1).all()
    for f in (lambda z: F.rrelu(z, training=True, inplace=True), lambda z: torch.rrelu_(z, training=True)):
        torch.manual_seed(1)
        z = x.clone()
        assert f(z) is z and torch.equal(z, y) and torch.equal(torch.autograd.grad(z.sum(), x)[0], slope)
    assert type(y.grad_fn).__name__ == type(F.rrelu(x).grad_fn).__name__ == "RreluWithNoiseBackward0"
    with pytest.raises(RuntimeError, match="Lower bound"):
        F.rrelu(x, 0.5, 0.1)


def test_gumbel_softmax_picks_by_the_probabilities():
    torch.manual_seed(0)
    logits = torch.tensor([0.1, 0.2, 0.7]).log().expand(20_000, 3).contiguous().requires_grad_()
    picked = F.gumbel_softmax(logits, tau=0.5, hard=True)
    assert (picked.sum(1) == 1).all() and ((picked == 0) | ((picked - 1).abs() < 1e-6)).all()
    assert torch.allclose(picked.mean(0), torch.tensor([0.1, 0.2, 0.7]), atol=0.02)
    torch.manual_seed(0)
    soft = F.gumbel_softmax(logits, tau=0.5)
    assert (soft.argmax(1) == picked.argmax(1)).all() and torch.allclose(soft.sum(1), torch.ones(20_000))
    g = torch.randn(20_000, 3)
    assert torch.equal(*(torch.autograd.grad(y, logits, g)[0] for y in (soft, picked)))
    with pytest.warns(UserWarning, match="`eps` parameter is deprecated"):
        F.gumbel_softmax(logits, eps=1e-8)
