"""Every node that a differentiable operation leaves says its rule as a formula: structured operations by the text beside
their vjp, pointwise ones by the formula that their derivative is read from."""

import catalogue
import pytest

import adjoint as torch
from adjoint import _core

NAMES = [n for n in catalogue.names() if catalogue.differentiable(n)]
LONGEST = 99


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors(v)]
    return []


def tracked(value):
    """`value` with its tensors as leaves that require grad, where they can."""
    if isinstance(value, torch.Tensor):
        copy = value.detach().clone()
        return copy.requires_grad_() if copy.is_floating_point() or copy.is_complex() else copy
    if isinstance(value, (list, tuple)):
        return type(value)(tracked(v) for v in value)
    return value


def nodes_behind(tensor):
    todo, seen = [tensor.grad_fn], {}
    while todo:
        node = todo.pop()
        if node is None or id(node) in seen:
            continue
        seen[id(node)] = node
        todo += [source for source, _ in node.next_functions]
    return list(seen.values())


def complaint(node):
    """What is wrong with a node's formula; None if nothing."""
    d = _core._describe_node(node)
    if "leaf" in d:
        return None
    name = type(node).__name__
    if "pulls" in d:
        if not d["value"]:
            return f"{name}: no formula of its value"
        wanted = [i for i, (source, _) in enumerate(d["edges"]) if source is not None]
        if any(d["pulls"][i] is None or d["slopes"][i] is None for i in wanted):
            return f"{name}: an input that needs a gradient has no formula"
        return None
    rule = d["rule"]
    if not rule:
        return f"{name}: no rule"
    if len(rule) > LONGEST:
        return f"{name}: its rule has {len(rule)} characters"
    parts = rule.split("; ")
    if not all(p.startswith("g") and " = " in p for p in parts):
        return f"{name}: not of the form 'gx = ...; gy = ...': {rule}"
    if len(d["edges"]) < len(parts):
        return f"{name}: the rule speaks of {len(parts)} inputs, there are {len(d['edges'])}: {rule}"
    return None


@pytest.mark.parametrize("name", NAMES)
def test_every_node_says_its_rule(name):
    found, recorded = set(), 0
    for args, kwargs in catalogue.samples(torch, name, torch.float64):
        for out in tensors(catalogue.resolve(torch, name)(*tracked(args), **kwargs)):
            if out.requires_grad:
                recorded += 1
                found.update(complaint(node) for node in nodes_behind(out))
    assert found - {None} == set()
    assert recorded or catalogue.no_gradient(name)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda x: x.sum(), "gx = expand(g)"),
        (lambda x: x.mean(), "gx = expand(g)/n"),
        (lambda x: x @ x, "ga = g·bᵀ; gb = aᵀ·g"),
        (lambda x: x.softmax(0), "gx = y·(g − sum(g·y))"),
        (lambda x: x.log_softmax(0), "gx = g − exp(y)·sum(g)"),
        (lambda x: x[0], "gx = zeros with g at index"),
        (lambda x: x[:, 1:], "gx = zeros with g in the slice"),
        (lambda x: x.t(), "gx = gᵀ"),
        (lambda x: x.norm(), "gx = g·x/y"),
        (lambda x: x.norm(1), "gx = g·sgn(x)"),
        (lambda x: x.max(0).values, "gx = zeros with g at the indices"),
    ],
)
def test_rule_of(make, rule):
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    assert _core._describe_node(make(x).grad_fn)["rule"] == rule


def test_rule_follows_the_attributes():
    x, at = torch.ones(3, requires_grad=True), (torch.tensor([0]),)
    v = torch.ones(1, requires_grad=True)
    plain, added = (_core._describe_node(x.index_put(at, v, accumulate=a).grad_fn)["rule"] for a in (False, True))
    assert plain == "gx = g with 0 at the indices; gvalues = g at the indices"
    assert added == "gx = g; gvalues = g at the indices"


def test_rule_of_a_view_written_in_place():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y[0] = 5.0
    node = y.grad_fn
    assert type(node).__name__.endswith("CopySlices")
    assert "view" in _core._describe_node(node)["rule"]


def rules_to_try():
    """(call, inputs, the rule in Python): the text's meaning, against the engine."""
    t = lambda *s: torch.arange(1, 1 + torch.Size(s).numel()).reshape(s).double() / 3
    x = t(2, 3)
    yield "sum", lambda x: x.sum(0), (x,), lambda g, y, x: (g.expand(2, 3),)
    yield "mean", lambda x: x.mean(1), (x,), lambda g, y, x: (g[:, None].expand(2, 3) / 3,)
    yield "mm", torch.mm, (x, t(3, 2)), lambda g, y, a, b: (g @ b.t(), a.t() @ g)
    yield "mv", torch.mv, (x, t(3)), lambda g, y, a, b: (torch.outer(g, b), a.t() @ g)
    yield "addr", torch.addr, (x, t(2), t(3)), lambda g, y, x, a, b: (g, g @ b, g.t() @ a)
    yield "addmv", torch.addmv, (t(2), x, t(3)), lambda g, y, x, a, b: (g, torch.outer(g, b), a.t() @ g)
    yield "var", lambda x: x.var(), (x,), lambda g, y, x: (2 * g * (x - x.mean()) / 5,)
    yield "std", lambda x: x.std(), (x,), lambda g, y, x: (g * (x - x.mean()) / (5 * y),)
    yield "prod", lambda x: x.prod(), (x,), lambda g, y, x: (g * y / x,)
    yield "norm 3", lambda x: x.norm(3), (x,), lambda g, y, x: (g * x.sgn() * (x.abs() / y) ** 2,)
    yield "norm inf", lambda x: x.norm(float("inf")), (x,), lambda g, y, x: (g * x.sgn() * (x.abs() == y),)
    yield "logsumexp", lambda x: x.logsumexp((0, 1)), (x,), lambda g, y, x: (g * (x - y).exp(),)
    yield "cross", torch.linalg.cross, (x, t(2, 3).sin()), lambda g, y, a, b: (b.cross(g, -1), g.cross(a, -1))
    yield (
        "softmax",
        lambda x: x.softmax(1),
        (x,),
        lambda g, y, x: (y * (g - (g * y).sum(1, keepdim=True)),),
    )
    yield "cumsum", lambda x: x.cumsum(1), (x,), lambda g, y, x: (g.flip(1).cumsum(1).flip(1),)
    yield "amax", lambda x: x.amax(), (x,), lambda g, y, x: ((x == y) * g / (x == y).sum(),)


@pytest.mark.parametrize("case", list(rules_to_try()), ids=lambda c: c[0])
def test_rules_hold(case):
    _, call, inputs, rule = case
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = call(*leaves)
    g = torch.full_like(y, 1.5) + torch.arange(y.numel()).reshape(y.shape)
    with torch.no_grad():
        told = rule(g, y.detach(), *inputs)
    for a, b in zip(torch.autograd.grad(y, leaves, g), told, strict=True):
        assert torch.allclose(a, b)
