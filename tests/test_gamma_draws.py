"""Gamma, Dirichlet and binomial numbers: PyTorch's streams, their distributions, and how they move with their parameters."""

import mpmath as mp
import pytest

import adjoint as torch

F64 = torch.float64


def tensor(*values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype)


# Drawn by PyTorch 2.13 after manual_seed(0).
STREAMS = [
    (
        lambda: torch._standard_gamma(tensor(0.3, 0.9, 1.0, 4.5, 120.0)),
        [5.906951628276147e-06, 0.18114250898361206, 1.05320405960083, 6.1220550537109375, 113.25787353515625],
    ),
    (lambda: torch._standard_gamma(tensor(0.3, 4.5, dtype=F64)), [5.90695073130949e-06, 2.3414292545529856]),
    (
        lambda: torch._sample_dirichlet(tensor(0.5, 2.0, 3.0, dtype=F64)),
        [0.00022113564084090109, 0.17692365171596452, 0.8228552126431946],
    ),
    (
        lambda: torch.binomial(tensor(5.0, 40.0, 1000.0, 7.0, 1e6), tensor(0.3, 0.5, 0.9, 0.99, 1e-3)),
        [3.0, 21.0, 910.0, 7.0, 980.0],
    ),
]


@pytest.mark.parametrize("i", range(len(STREAMS)))
def test_streams_are_pytorchs(i):
    draw, expected = STREAMS[i]
    torch.manual_seed(0)
    assert draw().tolist() == pytest.approx(expected, rel=1e-14)


def test_distributions():
    torch.manual_seed(1)
    shape = tensor(0.2, 1.0, 7.0, dtype=F64).expand(20000, 3)
    x = torch._standard_gamma(shape)
    torch.testing.assert_close(x.mean(0), shape[0], rtol=0.05, atol=0)
    torch.testing.assert_close(x.var(0), shape[0], rtol=0.1, atol=0)
    y = torch._sample_dirichlet(shape)
    torch.testing.assert_close(y.sum(-1), torch.ones(20000, dtype=F64))
    torch.testing.assert_close(y.mean(0), shape[0] / 8.2, rtol=0.1, atol=0)
    k = torch.binomial(torch.full((20000,), 30.0), torch.full((20000,), 0.7))
    assert k.mean().item() == pytest.approx(21, rel=0.01) and k.var().item() == pytest.approx(6.3, rel=0.05)


@pytest.mark.parametrize("shape", [1e-3, 0.7, 3.0, 100.0, 3e4])
@pytest.mark.parametrize("quantile", [0.01, 0.5, 0.999])
def test_gamma_numbers_move_with_their_shape(shape, quantile):
    with mp.workdps(40):
        a = mp.mpf(shape)
        spread = mp.sqrt(a)
        x = {
            0.01: a - 2 * spread if a > 9 else a / 50,
            0.5: a - spread / 10 if a > 9 else a * 0.9,
            0.999: a + 4 * spread,
        }[quantile]
        x = mp.mpf(float(x))
        density = mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
        expected = -mp.diff(lambda s: mp.gammainc(s, 0, x, regularized=True), a) / density
        found = torch._standard_gamma_grad(tensor(shape, dtype=F64), tensor(float(x), dtype=F64)).item()
    assert found == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("a, b", [(0.05, 1.0), (0.5, 0.5), (3.0, 7.0), (30.0, 200.0)])
@pytest.mark.parametrize("x", [1e-4, 0.1, 0.4])
def test_beta_numbers_move_with_their_parameter(a, b, x):
    with mp.workdps(120):
        p, q, at = mp.mpf(a), mp.mpf(b), mp.mpf(x)
        density = at ** (p - 1) * (1 - at) ** (q - 1) / mp.beta(p, q)
        expected = -mp.diff(lambda s: mp.betainc(s, q, 0, at, regularized=True), p) / density / (1 - at)
        found = torch._dirichlet_grad(tensor(x, dtype=F64), tensor(a, dtype=F64), tensor(a + b, dtype=F64)).item()
    assert found == pytest.approx(float(expected), rel=1e-9)


def test_gradients_of_means():
    """E x = shape for gamma numbers: the mean of ∂x/∂shape is 1; a Dirichlet point's first mean is a / Σ a."""
    torch.manual_seed(0)
    shape = tensor(
        0.5,
        2.0,
        8.0,
        dtype=F64,
    ).requires_grad_()
    (g,) = torch.autograd.grad(torch._standard_gamma(shape.expand(20000, 3)).mean(0).sum(), shape)
    torch.testing.assert_close(g, torch.ones(3, dtype=F64), rtol=0.05, atol=0)
    (g,) = torch.autograd.grad(torch._sample_dirichlet(shape.expand(20000, 3))[:, 0].mean(), shape)
    total = 10.5
    expected = tensor((total - 0.5) / total**2, -0.5 / total**2, -0.5 / total**2, dtype=F64)
    torch.testing.assert_close(g, expected, rtol=0.1, atol=0)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: torch._standard_gamma(tensor(-1.0)), "not negative, got -1"),
        (lambda: torch._sample_dirichlet(tensor(1.0, float("inf"))), "finite"),
        (lambda: torch._sample_dirichlet(torch.tensor(1.0)), "a number has no categories"),
        (lambda: torch.binomial(tensor(-1.0), tensor(0.5)), "counts must be"),
        (lambda: torch.binomial(tensor(1.0), tensor(1.5)), "probabilities must be"),
        (lambda: torch.binomial(tensor(1.0), tensor(0.5, dtype=F64)), "expected scalar type Float but found Double"),
    ],
)
def test_errors(call, text):
    with pytest.raises(RuntimeError, match=text):
        call()


def test_edges():
    assert torch.binomial(tensor(0.0, 5.0, 5.0), tensor(0.5, 0.0, 1.0)).tolist() == [0, 0, 5]
    assert torch._standard_gamma(torch.zeros(2)).tolist() == [torch.finfo(torch.float32).tiny] * 2
    assert torch._sample_dirichlet(torch.zeros(0, 3)).shape == (0, 3)
    assert torch._standard_gamma(torch.ones(3, dtype=torch.float16)).dtype == torch.float16
