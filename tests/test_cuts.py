"""Results that lose their history remember where: what `why` and error messages tell."""

import pytest

import adjoint as torch
from adjoint import _core


def tracked():
    return torch.ones(2, 2, requires_grad=True) * 2


def cut(t):
    c = _core._cut_of(t)
    return c and (c["kind"], c["operation"])


def test_cuts_of_the_user():
    x = tracked()
    assert cut(x.detach()) == ("detach", None)
    assert cut(torch.detach(x)) == ("detach", None)
    assert cut(x.data) == ("data", None)
    with pytest.warns(UserWarning, match="copy construct"):
        assert cut(torch.tensor(x)) == ("copy", "tensor")


@pytest.mark.parametrize(
    "op",
    [
        lambda x: x * 2,
        lambda x: x.exp(),
        lambda x: x @ x,
        lambda x: x[None] @ x[None],
        lambda x: x.sum(),
        lambda x: x.sum(0),
        lambda x: x.mean(),
        lambda x: x.max(0).values,
        lambda x: torch.cat([x, x]),
        lambda x: torch.stack([x, x]),
        lambda x: x[torch.tensor([0])],
        lambda x: x.reshape(4),
        lambda x: x[0],
        lambda x: x.softmax(0),
        lambda x: x.clone(),
    ],
)
def test_no_grad_leaves_a_cut_and_results_inherit_it(op):
    x = tracked()
    assert _core._cut_of(op(x)) is None
    with torch.no_grad():
        y = op(x)
    assert cut(y)[0] == "no_grad"
    where = _core._cut_of(y)["where"]
    assert where[0] == __file__ and "lambda x" in where[2]
    if not y.requires_grad:  # a view of what requires grad does so, too, as in PyTorch
        assert cut(y * 3 + torch.ones(()))[0] == "no_grad"
        assert _core._cut_of(y.sum())["where"] == where


@pytest.mark.parametrize(
    "op",
    [lambda x: x > 1, lambda x: x.long(), lambda x: x.argmax(), lambda x: x.max(0).indices, lambda x: x.isnan()],
)
def test_types_without_gradient(op):
    x = tracked()
    assert cut(op(x))[0] == "not_differentiable"
    assert cut(op(x) * torch.ones(()))[0] == "not_differentiable"


def test_escapes_are_noted():
    x = tracked()
    before = _core._cuts()[-1]["id"] if _core._cuts() else 0
    s = x.sum()
    s.item()
    x.tolist()
    kinds = [c["kind"] for c in _core._cuts(before)]
    assert kinds == ["item", "tolist"]
    assert "s.item()" in _core._cuts(before)[0]["where"][2]


def test_plain_data_and_backward_passes_leave_none():
    x = tracked()
    before = _core._cuts()[-1]["id"] if _core._cuts() else 0
    a = torch.ones(3)
    assert cut(a + a) is None
    (x @ x).exp().sum().backward()
    with torch.no_grad():
        a = a * 2  # no history to lose
    assert cut(a) is None
    assert _core._cuts(before) == []


def test_the_ring_forgets():
    x = tracked()
    first = x.detach()
    for _ in range(5000):
        x.detach()
    assert _core._cut_of(first) is None
    assert len(_core._cuts()) <= 4096
