"""Results and gradients have the same bits for 1, 2 and 4 threads: of chosen cases, and of every operation of the
catalogue with samples so large that their work is cut."""

import catalogue
import pytest
from enlarged import enlarged
from test_catalogue import bits, call, replace, tensors

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


def matrix(n):
    return noise(n, n) + n * torch.eye(n)


# Large inputs of what takes its sizes as numbers, or shapes that the samples' sizes do not scale to.
LARGE = {
    "addmv": lambda: ((noise(600), noise(600, 700), noise(700)), {}),
    "affine_grid_generator": lambda: ((noise(2, 2, 3), (2, 3, 200, 300), False), {}),
    "arange": lambda: ((300_000,), {"dtype": torch.float32}),
    "as_strided_scatter": lambda: ((noise(300, 300), noise(150, 300), (150, 300), (600, 1), 0), {}),
    "bartlett_window": lambda: ((100_000,), {}),
    "blackman_window": lambda: ((100_000,), {}),
    "broadcast_to": lambda: ((noise(1, 400), (400, 400)), {}),
    "expand_copy": lambda: ((noise(1, 400), (400, 400)), {}),
    "eye": lambda: ((400,), {}),
    "fft.fftfreq": lambda: ((100_000,), {}),
    "fft.rfftfreq": lambda: ((100_000,), {}),
    "full": lambda: (((300, 400), 2.5), {}),
    "hamming_window": lambda: ((100_000,), {}),
    "hann_window": lambda: ((100_000,), {}),
    "kaiser_window": lambda: ((100_000,), {}),
    "linalg.tensorinv": lambda: ((matrix(120).reshape(10, 12, 10, 12), 2), {}),
    "linalg.tensorsolve": lambda: ((matrix(120).reshape(10, 12, 10, 12), noise(10, 12)), {}),
    "linspace": lambda: ((0, 1, 100_000), {}),
    "logspace": lambda: ((0, 1, 100_000), {}),
    "native_group_norm": lambda: ((noise(8, 6, 1000), noise(6), noise(6), 8, 6, 1000, 3, 1e-5), {}),
    "nn.functional.affine_grid": lambda: ((noise(2, 2, 3), (2, 3, 200, 300)), {"align_corners": False}),
    "nn.functional.linear_cross_entropy": lambda: (
        (noise(600, 40), noise(700, 40), torch.arange(600) % 700),
        {},
    ),
    "ones": lambda: ((300, 400), {}),
    "rand": lambda: ((300, 400), {}),
    "randint": lambda: ((0, 9, (300, 400)), {}),
    "randn": lambda: ((300, 400), {}),
    "randperm": lambda: ((100_000,), {}),
    "range": lambda: ((0, 100_000), {}),
    "tril_indices": lambda: ((300, 300), {}),
    "triu_indices": lambda: ((300, 300), {}),
    "view_copy": lambda: ((noise(300, 300), (90_000,)), {}),
    "zeros": lambda: ((300, 400), {}),
}
# Not held to it, and why.
LEFT_OUT = {
    **dict.fromkeys(("empty", "empty_permuted", "empty_strided"), "what was in memory before"),
    "scalar_tensor": "one number",
    **dict.fromkeys(("get_rng_state", "set_rng_state"), "of one size, and made by nobody's thread"),
}


def outcome(name, args, kwargs):
    """The bits of an operation's results and of its inputs' gradients."""
    torch.manual_seed(0)
    leaves = [t.detach().clone() for t in tensors(args)]
    floats = [t.requires_grad_() for t in leaves if t.is_floating_point() or t.is_complex()]
    # In-place operations do not take leaves.
    inputs = [t * 1 if t.requires_grad and name.endswith("_") else t for t in leaves]
    outputs = tensors(call(name)(*replace(args, iter(inputs)), **kwargs))
    found = [bits(y) for y in outputs if y.device.type == "cpu"]
    wanted = [y for y in outputs if y.requires_grad and y.grad_fn is not None]
    if wanted and catalogue.differentiable(name):
        seeds = [torch.ones_like(y) * 0.75 for y in wanted]
        for g in torch.autograd.grad(wanted, floats, seeds, allow_unused=True):
            found.append(None if g is None else bits(g))
    return found


@pytest.mark.parametrize("name", [n for n in catalogue.names() if n not in LEFT_OUT])
def test_every_operation(name):
    cases = [LARGE[name]()] if name in LARGE else list(enlarged(name))
    assert cases, "no sample of it could be made large: give one in LARGE, or the reason in LEFT_OUT"
    for args, kwargs in cases:
        found = []
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            found.append(outcome(name, args, kwargs))
        assert found[0] == found[1] == found[2], [t.shape for t in tensors(args)]
