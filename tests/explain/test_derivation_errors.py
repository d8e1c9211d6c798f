"""explain() with bad input: clear errors with the remedy. And enormous graphs."""

import subprocess
import sys

import pytest

import adjoint as torch
from adjoint.explain import Freed, explain


def small():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return x, (x * x).sum()


def test_output_is_no_tensor():
    with pytest.raises(TypeError, match="expected a tensor as output, got int"):
        explain([3])
    with pytest.raises(ValueError, match="at least one output"):
        explain([])


def test_output_without_graph():
    with pytest.raises(RuntimeError, match="no graph behind it"):
        explain(torch.ones(()))
    x, y = small()
    with pytest.raises(RuntimeError, match="cut by detach"):
        explain(y.detach(), x)


def test_output_that_is_not_scalar():
    x, _ = small()
    with pytest.raises(RuntimeError, match=r"float32\[2\].*pass grad_output="):
        explain(x * 2, x)
    with pytest.raises(RuntimeError, match=r"grad_output\[0\] has a shape of \[3\]"):
        explain(x * 2, x, grad_output=torch.ones(3))
    with pytest.raises(RuntimeError, match="1 outputs and 2 cotangents"):
        explain(x * 2, x, grad_output=[torch.ones(2)] * 2)
    with pytest.raises(TypeError, match="grad_output must be a tensor, got float"):
        explain([x * 2], x, grad_output=[1.0])


def test_input_that_is_no_tensor():
    _, y = small()
    with pytest.raises(TypeError, match="expected a tensor as input, got float"):
        explain(y, 1.0)


def test_input_outside_the_graph():
    _, y = small()
    other = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"other is not part of the graph.*adjoint.why\(other\)"):
        explain(y, other)
    plain = torch.ones(2)
    with pytest.raises(RuntimeError, match=r"plain does not require grad.*requires_grad_\(\)"):
        explain(y, plain)
    with pytest.raises(RuntimeError, match="nothing in this graph is called 'w9'; there are: weight, b"):
        a = torch.ones(2, requires_grad=True)
        b = a * 2
        explain((b * b).sum(), "w9", names={"weight": a})


def test_names_that_are_no_tensors():
    x, y = small()
    with pytest.raises(TypeError, match="expected a dict of names to tensors"):
        explain(y, x, names={"x": 3})


def test_bad_numbers():
    x, y = small()
    for bad in ({"paths": 0}, {"budget": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            explain(y, x, **bad)


def test_freed_graph():
    x, y = small()
    y.backward()
    with pytest.raises(Freed, match=r"freed by a backward pass[\s\S]*retain_graph=True"):
        explain(y, x)


def test_changed_value():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    y = (h * h).sum()
    with torch.no_grad():
        h.add_(1)
    with pytest.raises(Freed, match="was changed since[\\s\\S]*explain before changing it"):
        explain(y, x)


def test_no_gradient_flows():
    class Stop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="no gradient flows to x"):
        explain(Stop.apply(x).sum(), x)


def test_an_error_of_ours_asks_for_a_report(monkeypatch):
    from adjoint.explain import check

    x, y = small()
    real = check.engine_gradients
    monkeypatch.setattr(check, "engine_gradients", lambda *a: tuple(g * 1.01 for g in real(*a)))
    with pytest.raises(RuntimeError, match="an error of Adjoint's [^ ]+, not yours: please report") as e:
        explain(y, x)
    assert "derived: [2, 4]" in str(e.value) and "operations: mul, sum" in str(e.value)


def test_a_wrong_path_sum_is_an_error_of_ours(monkeypatch):
    from adjoint.explain import paths

    x, y = small()
    real = paths.search

    def wrong(*args):
        found = real(*args)
        for f in found:
            f.pushed[-1] = f.pushed[-1] * 1.01
        return found

    monkeypatch.setattr(paths, "search", wrong)
    with pytest.raises(RuntimeError, match="the sum over all paths differ beyond rounding"):
        explain(y, x)


def test_nothing_is_left_behind_by_an_error():
    import gc

    from adjoint import _core

    x, y = small()
    gc.collect()
    gc.disable()
    try:
        before = _core._live_tensors()
        for _ in range(5):
            with pytest.raises(RuntimeError):
                explain(y, torch.ones(2))
            explain(y, x).text(80)
        assert _core._live_tensors() <= before + 2
    finally:
        gc.enable()


# --- enormous graphs ---


def deep(n, double=False):
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(n):
        y = (y + y) * 0.5 if double else y * 1.0
    return x, y.sum()


def test_beyond_the_limit_the_graph_is_folded():
    x, y = deep(30_000)
    d = explain(y, x)
    assert d[0].count == 1 and d[0].value.numbers == (1.0,) * 3 and d[0].engine and d.operations["mul"] == 30_000
    text = d.text(80)
    assert "30,002 nodes" in text and "30,000 × mul" in text and max(map(len, text.splitlines())) <= 80
    assert d.markdown() and d.latex() and d.html() and d.json()


def test_folded_counts_and_follows():
    x, y = deep(9_000, double=True)
    start = torch.ones(3, requires_grad=True)
    for _ in range(8_000):
        start = start * 1.0
    total = y + (x * 5).sum() + start.sum()
    d = explain(total, x)
    assert d[0].value.numbers == (6.0,) * 3 and d[0].engine
    assert d[0].count == 2**9000 + 1 or d[0].count == "about 10^2,709"
    assert len(d[0].paths) == 1 and d[0].paths[0].gradient.numbers in ((5.0,) * 3, (0.0,) * 3)
    assert d[0].rest is not None and "about 10^2,709 paths" in d.text(80)


def test_folded_errors():
    x, y = deep(21_000)
    with pytest.raises(RuntimeError, match="does not require grad"):
        explain(y, torch.ones(2))
    with pytest.raises(RuntimeError, match="not part of the graph"):
        explain(y, torch.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match="nothing in this graph is called 'q'"):
        explain(y, "q")
    assert explain(y, "x")[0].engine
    z = (x * x).sum()
    for _ in range(21_000):
        z = z * 1.0
    z.backward()
    with pytest.raises(Freed, match="retain_graph"):
        explain(z, x)


@pytest.mark.slow
def test_very_many_nodes():
    """In bounded memory, and in steps that grow with their number: their square would take hours."""
    program = """
import resource
import adjoint as torch
x = torch.ones(3, requires_grad=True)
y = x
for _ in range(150_000):
    y = (y + y) * 0.5
y = y.sum()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
d = torch.explain(y, x)
more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
assert d[0].value.numbers == (1.0,) * 3 and d[0].engine and d[0].count == "about 10^45,154", d[0]
assert more < 310, more
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
