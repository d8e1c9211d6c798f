"""A leaf's AccumulateGrad node: it is there while the graph or the program refers to it, and comes anew after that."""

from __future__ import annotations

import gc
import weakref

import pytest
from support import IS_TORCH, torch


def node_of(x: torch.Tensor):
    return x.view_as(x).grad_fn.next_functions[0][0]


def leaf() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


def test_it_is_one_object_while_something_refers_to_it() -> None:
    x = leaf()
    node = node_of(x)
    y = x * 2
    assert node_of(x) is node is y.grad_fn.next_functions[0][0] is torch.autograd.graph.get_gradient_edge(x).node
    x.requires_grad_(False).requires_grad_()
    assert node_of(x) is node and node.variable is x
    if not IS_TORCH:  # whose nodes take no weak references
        gone = weakref.ref(node)
        del node, y
        assert gone() is None


def test_its_metadata_ends_with_it() -> None:
    x = leaf()
    node_of(x).metadata["key"] = 1
    assert node_of(x).metadata == {}
    y = x * 2
    node_of(x).metadata["key"] = 1
    z = x * 3
    del y
    assert node_of(x).metadata == {"key": 1}
    del z
    assert node_of(x).metadata == {}
    node = node_of(x)
    node.metadata["key"] = 2
    assert node_of(x).metadata == {"key": 2}


@pytest.mark.parametrize("held_by", ["program", "graph"])
def test_its_hooks_end_with_it_and_the_tensors_hooks_stay(held_by: str) -> None:
    x, calls = leaf(), []
    x.register_hook(lambda g: calls.append("tensor"))
    x.register_post_accumulate_grad_hook(lambda t: calls.append("accumulated"))
    holder = node_of(x) if held_by == "program" else x * 2
    node_of(x).register_prehook(lambda go: calls.append("pre"))
    handle = node_of(x).register_hook(lambda gi, go: calls.append("post"))
    (x * 3).sum().backward()
    assert calls == ["tensor", "pre", "accumulated", "post"]
    del holder
    calls.clear()
    (x * 3).sum().backward()
    assert calls == ["tensor", "accumulated"]
    handle.remove()
    node_of(x).register_hook(lambda gi, go: calls.append("late"))
    (x * 3).sum().backward()
    assert "late" not in calls


def test_called_by_hand_it_runs_no_hooks_of_its_own() -> None:
    x, calls = leaf(), []
    node = node_of(x)
    node.register_prehook(lambda go: calls.append("pre"))
    node.register_hook(lambda gi, go: calls.append("post"))
    x.register_post_accumulate_grad_hook(lambda t: calls.append("accumulated"))
    node(torch.ones(3))
    assert calls == ["accumulated"] and x.grad.tolist() == [1, 1, 1]


def test_a_hook_may_end_the_graph_that_it_stands_on() -> None:
    x, kept = leaf(), []
    kept.append(x * 2)
    node_of(x).register_prehook(lambda go: kept.clear())
    node_of(x).register_hook(lambda gi, go: kept.append("post"))
    torch.autograd.backward([(x * 3).sum()])
    assert x.grad.tolist() == [3, 3, 3] and kept in ([], ["post"])


@pytest.mark.skipif(IS_TORCH, reason="PyTorch never frees it")
def test_metadata_that_holds_the_leaf_is_collected() -> None:
    x = leaf()
    y = x * 2
    node_of(x).metadata["all"] = [x, y, node_of(x)]
    gone = weakref.ref(y)
    del x, y
    gc.collect()
    assert gone() is None
