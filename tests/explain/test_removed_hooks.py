"""A hook that was removed keeps nobody from running the engine."""

import pytest

import adjoint as torch
from adjoint import _core


@pytest.mark.parametrize(
    "register", [lambda y: y.register_hook, lambda y: y.grad_fn.register_prehook, lambda y: y.grad_fn.register_hook]
)
def test_a_removed_hook_is_no_hook(register):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    assert not _core._has_hooks(y.grad_fn)
    handle = register(y)(lambda *g: None)
    assert _core._has_hooks(y.grad_fn)
    handle.remove()
    assert not _core._has_hooks(y.grad_fn)


def test_of_a_leaf():
    x = torch.ones(2, requires_grad=True)
    node = (x * 2).grad_fn.next_functions[0][0]
    handle = x.register_hook(lambda g: None)
    assert _core._has_hooks(node)
    handle.remove()
    assert not _core._has_hooks(node)


def test_retained_gradients_count():
    y = torch.ones(2, requires_grad=True) * 2
    y.retain_grad()
    assert _core._has_hooks(y.grad_fn)
