"""backward: accumulation, graphs of every shape, freeing, threads, errors."""

import threading

import pytest
from support import IS_TORCH, custom, error_of, leaf, torch

pytestmark = pytest.mark.filterwarnings("ignore:Using backward")  # with create_graph=True: once a process


def test_accumulates():
    x = leaf(1.0, 2.0)
    for k in range(1, 4):
        (x * 3).sum().backward()
        assert x.grad.tolist() == [3.0 * k] * 2


def test_accumulation_is_in_place_without_graph():
    x = leaf(1.0)
    (x * 2).sum().backward()
    g = x.grad
    (x * 2).sum().backward()
    assert x.grad is g and g.item() == 4


def test_accumulation_with_graph_makes_a_new_tensor():
    x = leaf(1.0)
    (x * x).sum().backward(create_graph=True)
    g = x.grad
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not g and x.grad.requires_grad
    x.grad = None


def test_first_gradient_is_not_the_users_tensor():
    x = leaf(1.0, 1.0)
    g = torch.ones(2)
    x.backward(g)
    x.grad.add_(5)
    assert g.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("depth", [1, 10, 1000, 20000])
def test_chains(depth):
    x = leaf(1.0)
    y = x
    for _ in range(depth):
        y = y * 1.0 + 1
    y.backward()
    assert x.grad.item() == 1.0 and y.item() == depth + 1


def test_wide_graph():
    x = leaf(1.0)
    sum((x * i for i in range(500)), torch.zeros(1)).backward()
    assert x.grad.item() == 500 * 499 / 2


def test_exponential_paths_are_summed_not_walked():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


@pytest.mark.parametrize("seed", range(20))
def test_random_dags(seed):
    import random

    rng = random.Random(seed)
    x = torch.tensor([0.5, -0.25, 0.75], dtype=torch.float64, requires_grad=True)
    eps = 1e-6

    def build(x, rng):
        nodes = [x, x * 0.5 + 0.1]
        for _ in range(rng.randrange(3, 15)):
            a, b = rng.choice(nodes), rng.choice(nodes)
            kind = rng.randrange(7)
            nodes.append(
                [lambda: a + b, lambda: a * b, lambda: a - b * 0.5, lambda: a.sin(), lambda: (a * 0.3).exp(), lambda: a.tanh() * b, lambda: a.sum() * b * 0.2][kind]()
            )  # fmt: skip
        return sum(n.sum() for n in nodes[-3:])

    state = rng.getstate()
    (g,) = torch.autograd.grad(build(x, rng), x)
    for i in range(3):
        vals = []
        for s in (eps, -eps):
            z = x.detach().clone()
            z[i] += s
            rng.setstate(state)
            vals.append(build(z, rng).item())
        assert abs((vals[0] - vals[1]) / (2 * eps) - g[i].item()) < 1e-5 * max(1, abs(g[i].item()))


# --- threads, re-entry, exceptions ---


def test_threads_accumulate():
    x = leaf(0.0)
    n = 8

    def work():
        for _ in range(50):
            (x * 1).backward()

    ts = [threading.Thread(target=work) for _ in range(n)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    assert x.grad.item() == (n * 50) or IS_TORCH


def test_threads_with_own_graphs():
    results = []

    def work(k):
        x = leaf(float(k))
        y = x
        for _ in range(200):
            y = y * 1.01
        y.backward()
        results.append((k, x.grad.item()))

    ts = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    assert len(results) == 6 and len({g for _, g in results}) == 1


def test_thread_runs_graph_of_another():
    x = leaf(2.0)
    y = x * x
    t = threading.Thread(target=y.backward)
    t.start()
    t.join()
    assert x.grad.item() == 4


def test_reentrant_depth():
    def nest(k):
        def backward(ctx, g):
            if k:
                with torch.enable_grad():
                    x = leaf(1.0)
                    nest(k - 1).apply(x).sum().backward()
            return g

        return custom(lambda ctx, x: x * 1, backward)

    x = leaf(1.0)
    nest(30).apply(x).backward()
    assert x.grad.item() == 1


def test_exception_in_backward_is_the_users():
    class Mine(Exception):
        def __init__(self, a, b):
            super().__init__(a, b)
            self.b = b

    def backward(ctx, g):
        raise Mine(1, "two")

    x = leaf(1.0)
    y = custom(lambda ctx, x: x * 1, backward).apply(x)
    with pytest.raises(Mine) as e:
        y.backward()
    assert e.value.b == "two" and e.value.args == (1, "two")


def test_engine_works_after_an_exception():
    def backward(ctx, g):
        raise ValueError

    x = leaf(1.0)
    for _ in range(3):
        y = custom(lambda ctx, x: x * 1, backward).apply(x) + x * 2
        with pytest.raises(ValueError):
            y.backward()
    x.grad = None
    (x * 5).backward()
    assert x.grad.item() == 5


def test_keyboard_interrupt_passes():
    def backward(ctx, g):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        custom(lambda ctx, x: x * 1, backward).apply(leaf(1.0)).backward()


def test_system_exit_passes():
    def backward(ctx, g):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        custom(lambda ctx, x: x * 1, backward).apply(leaf(1.0)).backward()


def test_no_grad_during_backward():
    seen = []
    f = custom(lambda ctx, x: x * 1, lambda ctx, g: (seen.append(torch.is_grad_enabled()), g)[1])
    f.apply(leaf(1.0)).backward()
    f.apply(leaf(1.0)).backward(create_graph=True)
    assert seen == [False, True]


def test_backward_inside_no_grad():
    x = leaf(3.0)
    y = x * x
    with torch.no_grad():
        y.backward()
    assert x.grad.item() == 6


def test_grad_mode_is_restored_after_backward():
    x = leaf(1.0)
    (x * x).backward()
    assert torch.is_grad_enabled()
    with torch.no_grad():
        y = None
        with torch.enable_grad():
            y = x * x
        y.backward(create_graph=True)
        assert not torch.is_grad_enabled()


# --- order of execution ---


def test_nodes_run_in_reverse_order_of_creation():
    log = []

    def f(name):
        return custom(lambda ctx, x: x * 1, lambda ctx, g: (log.append(name), g)[1])

    x = leaf(1.0)
    a = f("a").apply(x)
    b = f("b").apply(x)
    c = f("c").apply(a)
    (a + b + c).backward()
    assert log == ["c", "b", "a"]


def test_node_runs_once_with_summed_cotangent():
    log = []
    f = custom(lambda ctx, x: x * 1, lambda ctx, g: (log.append(g.item()), g)[1])
    y = f.apply(leaf(1.0))
    (y * 2 + y * 3 + y).backward()
    assert log == [6.0]


def test_zero_dim_and_empty():
    x = torch.zeros(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    assert x.grad.shape == (0, 3)
    s = torch.tensor(2.0, requires_grad=True)
    (s * s * s).backward()
    assert s.grad.shape == () and s.grad.item() == 12


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_dtypes(dtype):
    d = getattr(torch, dtype)
    x = torch.ones(2, dtype=d, requires_grad=True)
    y = (x * 3).sum()
    y.backward(torch.ones((), dtype=d))
    assert x.grad.dtype == d
    assert x.grad.tolist() == [3.0, 3.0]  # of a complex type, too: 3 + 0j == 3


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_integers_do_not_require_grad(dtype):
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(2, dtype=getattr(torch, dtype), requires_grad=True)
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(2, dtype=getattr(torch, dtype)).requires_grad_()


def test_integer_result_of_differentiable_input():
    x = leaf(1.0, 2.0)
    for y in (x > 1, x.long(), x.argmax(), x.int() * 2, x.bool()):
        assert not y.requires_grad and y.grad_fn is None


def test_sum_to_size_in_every_broadcast():
    for sa, sb in (
        ((3,), (2, 3)),
        ((1, 3), (2, 3)),
        ((2, 1), (2, 3)),
        ((), (2, 3)),
        ((2, 1, 4), (3, 1)),
        ((1,), (1, 1)),
    ):
        a = torch.ones(sa, requires_grad=True)
        b = torch.full(sb, 2.0, requires_grad=True)
        y = a * b
        y.sum().backward()
        assert a.grad.shape == sa and b.grad.shape == sb
        assert a.grad.sum().item() == 2 * y.numel() and b.grad.sum().item() == y.numel()


def test_materialized_zeros_of_unused_outputs():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    a, b = x.split([1, 2], 1)
    (b * 2).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 2.0]] * 2


def test_higher_orders():
    x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    y = x.sin()
    import math

    expected = [math.cos, lambda v: -math.sin(v), lambda v: -math.cos(v), math.sin]
    for k in range(8):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        assert abs(y.item() - expected[k % 4](0.7)) < 1e-12


def test_backward_of_backward_accumulates():
    x = leaf(2.0)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (g * g).sum().backward()
    assert x.grad.item() == 2 * 12 * 12


def test_grad_with_create_graph_of_linear_has_no_graph():
    x = leaf(2.0)
    (g,) = torch.autograd.grad((x * 3).sum(), x, create_graph=True)
    assert not g.requires_grad and g.item() == 3


def test_non_requires_grad_cotangent_and_requires_grad_cotangent():
    x, v = leaf(2.0), leaf(5.0)
    (g,) = torch.autograd.grad(x * x, x, v, create_graph=True)
    assert torch.autograd.grad(g, v)[0].item() == 4
    assert g.item() == 20


def test_backward_returns_none():
    assert leaf(1.0).sum().backward() is None


def test_assigning_grad():
    x = leaf(1.0, 2.0)
    x.grad = torch.tensor([1.0, 1.0])
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    x.grad = None
    assert x.grad is None
    del x.grad
    assert x.grad is None


@pytest.mark.parametrize(
    "bad", [lambda: torch.ones(3), lambda: torch.ones(2, dtype=torch.float64), lambda: 3, lambda: torch.ones(1, 2)]
)
def test_assigning_bad_grad(bad):
    with pytest.raises((RuntimeError, TypeError)):
        leaf(1.0, 2.0).grad = bad()


def test_grad_of_non_leaf_warns():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="non-leaf"):
        assert y.grad is None


def test_retain_grad_does_not_warn():
    y = leaf(1.0) * 2
    y.retain_grad()
    y.backward()
    assert y.grad.item() == 1


def test_one_backward_over_many_leaves():
    xs = [leaf(float(i)) for i in range(50)]
    sum((x * x for x in xs), torch.zeros(1)).backward()
    assert [x.grad.item() for x in xs] == [2.0 * i for i in range(50)]


def test_independent_backwards_in_any_order():
    """Graphs that share a leaf are gone through one after another; each frees its own values only."""
    shared = leaf(1.0)
    xs = [leaf(float(i)) for i in range(50)]
    losses = [shared * x * x for x in xs]
    for k in range(0, 50, 2):
        losses[k].backward()
    for k in reversed(range(1, 50, 2)):
        losses[k].backward()
    assert [x.grad.item() for x in xs] == [2.0 * i for i in range(50)]
    assert shared.grad.item() == sum(i * i for i in range(50))
    for loss in losses:
        assert "second time" in error_of(loss.backward, RuntimeError)
