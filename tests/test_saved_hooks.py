"""Hooks that pack and unpack saved tensors."""

import pytest
from support import error_of, leaf, torch

graph = torch.autograd.graph


# --- saved tensors ---


def test_pack_and_unpack():
    log = []
    x = leaf(2.0)
    with graph.saved_tensors_hooks(
        lambda t: (log.append("pack"), t.item())[1], lambda v: (log.append("unpack"), torch.tensor([v]))[1]
    ):
        y = x.exp() * 3
    y.backward()
    assert log == ["pack", "unpack"] and abs(x.grad.item() - 3 * 7.389056) < 1e-4


def test_pack_hooks_are_innermost_only():
    log = []
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: log.append("outer") or t, lambda t: t):
        with graph.saved_tensors_hooks(lambda t: log.append("inner") or t, lambda t: t):
            x * x
        x.exp()
    assert log == ["inner", "inner", "outer"]


@pytest.mark.keeps_tensors  # an operation that fails while it saves leaves its node behind
def test_pack_hook_may_not_change_its_input():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t.add_(1), lambda t: t):
        assert "modifying its input" in error_of(lambda: (x.detach().requires_grad_() * 1).exp(), RuntimeError)


def test_unpack_must_return_a_tensor():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: 3, lambda v: v):
        y = x.exp()
    assert "unpack_hook expected to be a Tensor" in error_of(y.backward, TypeError)


@pytest.mark.keeps_tensors  # an operation that fails while it saves leaves its node behind
def test_exceptions_in_pack_and_unpack():
    def bad(_):
        raise KeyError("pack")

    x = leaf(2.0)
    with graph.saved_tensors_hooks(bad, bad), pytest.raises(KeyError):
        x.exp()
    with graph.saved_tensors_hooks(lambda t: t, bad):
        y = x.exp()
    with pytest.raises(KeyError):
        y.backward()
    x.exp().backward()


def test_hooks_do_not_reach_what_is_not_saved():
    log = []
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: log.append(1) or t, lambda t: t):
        x + 1
        x.sum()
        x.view(1)
        x * 2
        with torch.no_grad():
            x * x
        x.detach() * x.detach()
    assert log == []


def test_disable_saved_tensors_hooks():
    x = leaf(1.0)
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            x * x
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        x * x


def test_save_on_cpu():
    x = leaf(2.0, 3.0)
    with graph.save_on_cpu():
        y = (x * x).exp().sum()
    y.backward()
    assert abs(x.grad[0].item() - 4 * 54.59815) < 1e-2


def test_raw_saved():
    x = leaf(2.0)
    y = x.exp()
    y.grad_fn._raw_saved_result.register_hooks(lambda t: t.item(), lambda v: torch.tensor([v]))
    y.backward()
    assert abs(x.grad.item() - 7.389056) < 1e-5


def test_raw_saved_twice():
    y = leaf(2.0) ** 2
    y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
    with pytest.raises(RuntimeError, match="already been set"):
        y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)


def test_raw_saved_after_backward():
    y = leaf(2.0) ** 2
    saved = y.grad_fn._raw_saved_self
    y.backward()
    with pytest.raises(RuntimeError, match="freed"):
        saved.register_hooks(lambda t: t, lambda t: t)


def test_allow_mutation_on_saved_tensors():
    x = leaf(2.0)
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        z = y**2
        y.zero_()
        z.backward()
    assert x.grad.item() == 4
