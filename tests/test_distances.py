"""cdist: kernels against differences made by hand, over orders, batches, ends of the range; slopes; threads."""

import pytest

import adjoint as torch

INF, NAN = float("inf"), float("nan")
ORDERS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, INF]


def by_hand(x, z, p):
    return torch.linalg.vector_norm(x.unsqueeze(-2) - z.unsqueeze(-3), p, -1)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kernels_agree_with_differences(p, dtype):
    torch.manual_seed(0)
    for x, z in (
        (torch.randn(300, 5), torch.randn(70, 5)),
        (torch.randn(2, 1, 3, 200), torch.randn(4, 66, 200)),
        (torch.randn(4, 3).T, torch.randn(1, 4)),
        (torch.randn(3, 0), torch.randn(2, 0)),
        (torch.randn(0, 3), torch.randn(2, 3)),
    ):
        x, z = x.to(dtype), z.to(dtype)
        assert torch.allclose(torch.cdist(x, z, p), by_hand(x, z, p) if x.shape[-1] else torch.zeros(3, 2, dtype=dtype))


@pytest.mark.parametrize("p", ORDERS)
def test_slopes_of_the_kernel_agree_with_the_recorded_ones(p):
    torch.manual_seed(0)
    x, z = torch.randint(-2, 3, (2, 9, 3)).double(), torch.randint(-2, 3, (7, 3)).double()
    x.requires_grad_(), z.requires_grad_()
    y = torch.cdist(x, z, p)
    g = torch.arange(1.0, y.numel() + 1, dtype=torch.float64).reshape(y.shape).cos()
    raw = torch.autograd.grad(y, (x, z), g, retain_graph=True)
    recorded = torch.autograd.grad(y, (x, z), g, create_graph=True)
    for a, b in zip(raw, recorded):
        assert torch.allclose(a, b, equal_nan=True)


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_powers_may_leave_the_range(p, size):
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]]) * size
    want = torch.linalg.vector_norm(torch.tensor([3.0, 4.0]), p) * size
    assert torch.allclose(torch.cdist(x, x, p) / size, torch.tensor([[0.0, 1], [1, 0]]) * want / size)


def test_not_a_number_stays_in_its_pairs():
    x = torch.tensor([[NAN, 1.0], [INF, 2.0], [0.0, 0.0]])
    for p in (1.0, 1.5, 2.0, 3.0, INF):
        y = torch.cdist(x, torch.zeros(2, 2), p)
        assert y[0].isnan().all() and y[1].isinf().all() and y[2].tolist() == [0, 0], p


def test_near_points_keep_their_digits():
    x = torch.full((30, 4), 1e4)
    y = torch.cdist(x, x + 0.0078125)
    assert torch.equal(y, torch.full((30, 30), 0.015625))


def test_the_same_bits_for_any_number_of_threads():
    torch.manual_seed(0)
    x, z, threads = torch.randn(700, 33), torch.randn(400, 33), torch.get_num_threads()
    found = []
    try:
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            y = torch.cdist(x.requires_grad_(), z, 2.0)
            found.append((y, torch.cdist(x, z, 1.5), *torch.autograd.grad(y.sum(), x)))
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))
