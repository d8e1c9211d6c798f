"""L-BFGS on functions whose minima are known."""

import pytest
from support import IS_TORCH, error_of, torch


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def minimise(f, x, steps=10, **options):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], **options)

    def closure():
        optimizer.zero_grad()
        loss = f(x)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return x, optimizer


def test_a_quadratic_is_done_in_few_steps():
    a = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    x, _ = minimise(lambda x: 0.5 * x @ a @ x - x.sum(), [5.0, -3.0], steps=2, line_search_fn="strong_wolfe")
    assert x.tolist() == pytest.approx([0.2, 0.4], abs=1e-4)


@pytest.mark.parametrize("history", [2, 100])
def test_rosenbrock(history):
    x, optimizer = minimise(rosenbrock, [-1.2, 1.0, 0.5], history_size=history, line_search_fn="strong_wolfe")
    assert x.tolist() == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)
    state = optimizer.state[x]
    assert state["func_evals"] >= state["n_iter"] and len(state["old_dirs"]) <= history


def test_without_a_line_search():
    x, _ = minimise(rosenbrock, [0.8, 0.6], steps=30, lr=0.3)
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-3)


def test_complex_parameters():
    z = torch.tensor([2.0 + 3.0j, -1.0j], dtype=torch.complex128, requires_grad=True)
    goal = torch.tensor([1.0 - 1.0j, 2.0], dtype=torch.complex128)
    optimizer = torch.optim.LBFGS([z], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (z - goal).abs().square().sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert torch.allclose(z, goal)


@pytest.mark.skipif(IS_TORCH, reason="PyTorch's copy shares its lists of tensors")
def test_it_goes_on_after_loading():
    def f(x):
        return rosenbrock(x)

    x, first = minimise(f, [-1.2, 1.0], steps=2, max_iter=4)
    y = x.detach().clone().requires_grad_()
    second = torch.optim.LBFGS([y], max_iter=4)
    second.load_state_dict(first.state_dict())
    for optimizer, p in ((first, x), (second, y)):

        def closure(optimizer=optimizer, p=p):
            optimizer.zero_grad()
            loss = f(p)
            loss.backward()
            return loss

        optimizer.step(closure)
    assert torch.equal(x, y)


def test_refused():
    p, q = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    text = error_of(lambda: torch.optim.LBFGS([{"params": [p]}, {"params": [q]}]), ValueError)
    assert "doesn't support per-parameter options" in text
    assert "only 'strong_wolfe' is supported" in error_of(lambda: minimise(rosenbrock, [0.0, 0.0], line_search_fn="x"))
