"""Results have the same bits for 1, 2 and 4 threads."""

import pytest

import adjoint as torch


@pytest.fixture(autouse=True)
def threads():
    n = torch.get_num_threads()
    yield
    torch.set_num_threads(n)


def noise(*shape, dtype=torch.float32):
    torch.manual_seed(1)
    return torch.randn(*shape, dtype=dtype)


CASES = {
    "add": lambda: noise(300_001) + 1.5,
    "exp": lambda: noise(1000, 513).exp(),
    "strided": lambda: noise(700, 700).t() * noise(700, 700),
    "sum": lambda: noise(3_000_001).sum(),
    "sum64": lambda: noise(1_000_001, dtype=torch.float64).sum(),
    "sum0": lambda: noise(2000, 700).sum(0),
    "sum1": lambda: noise(700, 2000).sum(1),
    "mean": lambda: noise(1 << 20).mean(),
    "var": lambda: noise(1 << 20).var(),
    "prod": lambda: (noise(1 << 18) * 0.001 + 1).prod(),
    "norm": lambda: noise(1 << 20).norm(),
    "logsumexp": lambda: noise(300, 5000).logsumexp(1),
    "softmax": lambda: noise(300, 5000).softmax(1),
    "cumsum": lambda: noise(50, 20_000).cumsum(1),
    "max": lambda: noise(1 << 20).max(),
    "matmul": lambda: noise(257, 311) @ noise(311, 263),
    "matmul_large": lambda: noise(700, 900) @ noise(900, 650),
    "matmul_t": lambda: noise(700, 900).t() @ noise(700, 650),
    "matmul64": lambda: noise(300, 400, dtype=torch.float64) @ noise(400, 500, dtype=torch.float64),
    "mv": lambda: noise(2000, 3000) @ noise(3000),
    "dot": lambda: noise(1 << 20) @ noise(1 << 20),
    "bmm": lambda: noise(16, 120, 64) @ noise(16, 64, 130),
    "sort": lambda: noise(100, 10_000).sort(1)[0],
}


@pytest.mark.parametrize("name", CASES)
def test_bits(name):
    results = []
    for n in (1, 2, 4):
        torch.set_num_threads(n)
        results.append(CASES[name]())
    for other in results[1:]:
        assert torch.equal(results[0], other), name


def test_gradients():
    results = []
    for n in (1, 2, 4):
        torch.set_num_threads(n)
        x, w = noise(600, 800).requires_grad_(), noise(800, 500).requires_grad_()
        ((x @ w).tanh().softmax(1) ** 2).sum().backward()
        results.append((x.grad, w.grad))
    for other in results[1:]:
        assert torch.equal(results[0][0], other[0]) and torch.equal(results[0][1], other[1])
