"""Every operation of the catalogue explains itself, in every form, and agrees with the engine."""

import json

import catalogue
import pytest

import adjoint as torch
from adjoint.explain import explain

NAMES = [n for n in catalogue.names() if catalogue.differentiable(n)]
FLOATING = {torch.float64: "real", torch.complex128: "complex"}


# One path alone, of the several that reach the loss, depends on the phase of the vectors, which their rules refuse.
PHASES = {"linalg.eig", "linalg.eigh", "linalg.svd", "svd"}


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for v in value for t in tensors(v)] if isinstance(value, (list, tuple)) else []


def differentiable_sample(name, dtype):
    """The first sample whose result has a graph: its inputs and output. None if there is none."""
    for args, kwargs in catalogue.samples(torch, name, dtype):
        inputs = [t for t in tensors(args) if t.is_floating_point() or t.is_complex()]
        for t in inputs:
            t.requires_grad_()
        call = catalogue.determined(name, catalogue.resolve(torch, name))
        results = tensors(call(*args, **kwargs))
        results = [r for r in results if r.requires_grad]
        if results and inputs:
            return inputs, results
    return None


def check(name, dtype):
    sample = differentiable_sample(name, dtype)
    if sample is None:
        return False
    inputs, outputs = sample
    cotangents = [torch.ones_like(o) * 0.7 for o in outputs]
    gradients = torch.autograd.grad(outputs, inputs, cotangents, retain_graph=True, allow_unused=True)
    used = [(t, g) for t, g in zip(inputs, gradients) if g is not None]
    if not used:
        return False
    d = explain(
        outputs, *(t for t, _ in used), grad_output=cotangents, names={f"v{i}": t for i, (t, _) in enumerate(used)}
    )
    for got, (_, wanted) in zip(d.gradients, used):
        assert torch.allclose(got.tensor, wanted, rtol=1e-9, atol=1e-12, equal_nan=True), name
        assert got.engine is True and not got.notes, (name, got.notes)
        assert isinstance(got.count, int) and got.count >= len(got.paths) >= 1
    for width in (30, 80):
        assert max(map(len, d.text(width).splitlines())) <= width
    assert d.markdown() and d.html().count("<details") == d.html().count("</details>")
    assert d.latex().count(r"\begin{align*}") == d.latex().count(r"\end{align*}")
    assert json.loads(d.json())
    return d


@pytest.mark.parametrize("name", NAMES)
def test_explains(name):
    d = check(name, torch.float64)
    assert d or catalogue.no_gradient(name)
    if d:  # a formula of a real pointwise operation is one that can be computed, not only shown
        for s in d.steps:
            assert s.elementwise or s.rule is not None, (name, str(s.derivative))


def pointwise_complex():
    found = []
    for name in NAMES:
        if name in PHASES:
            continue
        try:
            sample = differentiable_sample(name, torch.complex128)
        except (RuntimeError, TypeError, NotImplementedError, IndexError, ValueError, Warning):
            continue
        if sample is not None:
            found.append(name)
    return found


def test_explains_complex():
    names = pointwise_complex()
    assert len(names) > 100
    for name in names:
        check(name, torch.complex128)


def test_formulas_are_the_rules():
    """A written slope, computed, is what the rule multiplies by: the text of every record is right."""
    from adjoint.explain import capture
    from adjoint.explain.flow import gradients, pull, tracked
    from adjoint.explain.steps import _close
    from adjoint.explain.symbols import compute, read
    from adjoint.explain.wording import values_of

    seen, unknown = set(), set()
    for name in NAMES:
        sample = differentiable_sample(name, torch.float64)
        for output in sample[1] if sample else ():
            graph = capture(output)
            gradients(graph)
            for node in graph.nodes:
                if node.kind != "operation" or node.formula is None or 0 not in node.grads:
                    continue
                ones = torch.ones_like(node.grads[0])
                if ones.is_complex():
                    continue
                for edge, pulled in zip(tracked(node), pull(node, {0: ones})):
                    text = node.slopes[edge.input]
                    if text is None or pulled is None or pulled.is_complex():
                        continue
                    try:
                        slope = compute(read(text), values_of(node))
                    except KeyError:  # an operand whose value is not kept, and which the rule does not need either
                        unknown.add(node.operation)
                        continue
                    full = torch.broadcast_to(torch.as_tensor(slope, dtype=torch.float64), ones.shape)
                    assert _close(full.sum_to_size(tuple(pulled.shape)), pulled), (name, text)
                    seen.add(node.operation)
    assert len(seen) > 85, sorted(seen)
    assert len(unknown) < 8, sorted(unknown)
