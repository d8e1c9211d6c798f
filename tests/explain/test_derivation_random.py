"""Random graphs: the sum over the paths is the gradient, the number of paths is right."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

import adjoint as torch
from adjoint.explain import explain

BINARY = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, torch.maximum, lambda a, b: a / (b * b + 1)]
UNARY = [torch.tanh, torch.sin, lambda a: a * 0.5, lambda a: a.exp() * 0.1, torch.relu, lambda a: a.clone()]
SHAPES = [(2, 3), (3,), (2, 1), (), (1, 3)]


def graph(seed, size, dtype=torch.float64):
    """A random graph over leaves of shapes that broadcast; the leaves and the output."""
    rng = random.Random(seed)
    leaves = []
    for shape in rng.sample(SHAPES, 3):
        values = [rng.uniform(-2, 2) for _ in range(math.prod(shape))]
        leaves.append(torch.tensor(values, dtype=dtype).reshape(shape).requires_grad_())
    pool = list(leaves)
    for _ in range(size):
        f = rng.choice(BINARY + UNARY)
        pool.append(f(rng.choice(pool), rng.choice(pool)) if f in BINARY else f(rng.choice(pool)))
    return leaves, sum((p.sum() for p in pool[-3:]), leaves[0].sum())


def ways(output, leaf):
    """Paths from the output to a leaf, by walking the engine's nodes."""
    known = {}

    def count(node):
        if node not in known:
            known[node] = (
                int(node.variable is leaf)
                if type(node).__name__ == "AccumulateGrad"
                else sum(count(n) for n, _ in node.next_functions if n is not None)
            )
        return known[node]

    return count(output.grad_fn)


@given(st.integers(0, 10**9), st.integers(1, 14))
def test_sums_agree(seed, size):
    leaves, output = graph(seed, size)
    d = explain(output, *leaves[:1], paths=100_000, budget=200_000)
    g = d[0]
    (engine,) = torch.autograd.grad(output, leaves[:1], retain_graph=True)
    assert torch.allclose(g.tensor, engine, rtol=1e-10, atol=1e-12)
    assert g.count == ways(output, leaves[0])
    if g.count <= 1000:
        assert len(g.paths) == g.count and g.rest is None
        if leaves[0].numel() <= 8:
            for i, want in enumerate(engine.reshape(-1).tolist()):
                total = math.fsum(p.gradient.numbers[i] for p in g.paths)
                assert math.isclose(total, want, rel_tol=1e-8, abs_tol=1e-8)


@given(st.integers(0, 10**9), st.integers(5, 25), st.integers(1, 5))
def test_few_paths_and_the_rest(seed, size, most):
    leaves, output = graph(seed, size)
    used = [x for x in leaves if torch.autograd.grad(output, x, retain_graph=True, allow_unused=True)[0] is not None]
    d = explain(output, *used, paths=most, budget=3000)
    for x, g in zip(used, d.gradients):
        (engine,) = torch.autograd.grad(output, x, retain_graph=True)
        assert torch.allclose(g.tensor, engine, rtol=1e-10, atol=1e-12) and g.engine
        assert len(g.paths) <= most and (g.rest is None) == (len(g.paths) == g.count)
        assert all(p.steps[-1].by is not None and len(p.steps) == len(p.pushed) for p in g.paths)
    assert max(map(len, d.text(60).splitlines())) <= 60
    assert d.text(60) == explain(output, *used, paths=most, budget=3000).text(60)


@given(st.integers(0, 10**9))
def test_float32_and_half(seed):
    for dtype in (torch.float32, torch.bfloat16):
        leaves, output = graph(seed, 8, dtype)
        assert explain(output, leaves[0])[0].engine
