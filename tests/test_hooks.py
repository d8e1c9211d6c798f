"""Hooks of tensors, leaves, nodes and saved tensors."""

import gc
import weakref

import pytest
from support import error_of, leaf, torch

graph = torch.autograd.graph


def test_hook_sees_the_gradient_and_changes_nothing():
    x, seen = leaf(1.0, 2.0), []
    y = x * 2
    y.register_hook(seen.append)
    (y * 3).sum().backward()
    assert seen[0].tolist() == [3.0, 3.0] and x.grad.tolist() == [6.0, 6.0]


def test_hook_replaces():
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.backward()
    assert x.grad.item() == 20


def test_hooks_run_in_order_of_registration():
    x = leaf(1.0)
    y = x * 1
    y.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: g * 10)
    y.backward()
    assert x.grad.item() == 20


@pytest.mark.parametrize("remove", [0, 1, 2])
def test_removal(remove):
    x, log = leaf(1.0), []
    y = x * 1
    handles = [y.register_hook(lambda g, i=i: log.append(i)) for i in range(3)]
    handles[remove].remove()
    handles[remove].remove()
    y.backward()
    assert log == [i for i in range(3) if i != remove]


def test_removal_during_the_call():
    x, log = leaf(1.0), []
    handle = x.register_hook(lambda g: (log.append(1), handle.remove())[0])
    for _ in range(3):
        (x * 1).backward()
    assert log == [1]


def test_registration_during_the_call_is_for_next_time():
    x, log = leaf(1.0), []
    x.register_hook(lambda g: x.register_hook(lambda g: log.append("new")) and None)
    (x * 1).backward()
    assert log == []
    (x * 1).backward()
    assert log == ["new"]


def test_handle_is_a_context():
    x, log = leaf(1.0), []
    with x.register_hook(lambda g: log.append(1)):
        (x * 1).backward()
    (x * 1).backward()
    assert log == [1]


def test_leaf_hook_sees_the_sum_once():
    x, seen = leaf(1.0), []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 2 + x * 3).backward()
    assert seen == [5.0]


def test_leaf_hook_sees_only_the_new_part():
    x, seen = leaf(1.0), []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 2).backward()
    (x * 2).backward()
    assert seen == [2.0, 2.0] and x.grad.item() == 4


def test_hook_of_tensor_without_gradient():
    assert "doesn't require gradient" in error_of(lambda: torch.ones(1).register_hook(print), RuntimeError)


@pytest.mark.parametrize("bad,classes", [(3, (TypeError,)), ("a", (TypeError,)), (lambda: torch.ones(5), (RuntimeError,)), (lambda: torch.ones(1, dtype=torch.float64), (RuntimeError,))])  # fmt: skip
def test_bad_results(bad, classes):
    y = leaf(1.0) * 2
    y.register_hook(lambda g: bad() if callable(bad) else bad)
    with pytest.raises(classes):
        y.backward()


def test_exception_passes():
    class Mine(Exception):
        pass

    def hook(g):
        raise Mine

    y = leaf(1.0) * 2
    y.register_hook(hook)
    with pytest.raises(Mine):
        y.backward()


def test_hook_runs_before_retain_grad_whatever_the_order():
    for first in (True, False):
        y = leaf(1.0) * 2
        if first:
            y.retain_grad()
        y.register_hook(lambda g: g * 5)
        if not first:
            y.retain_grad()
        y.backward()
        assert y.grad.item() == 5


def test_hook_of_output_1():
    x, seen = torch.arange(4.0).requires_grad_(), []
    a, b = x.split(2)
    b.register_hook(lambda g: seen.append(g.tolist()))
    (a.sum() * 2 + b.sum() * 3).backward()
    assert seen == [[3.0, 3.0]]


def test_hooks_stay_with_the_old_value_after_in_place():
    x, log = leaf(1.0), []
    y = x * 2
    y.register_hook(lambda g: log.append(("old", g.item())))
    y.mul_(3)
    y.register_hook(lambda g: log.append(("new", g.item())))
    y.backward()
    assert log == [("new", 1.0), ("old", 3.0)]


def test_hook_in_create_graph_is_recorded():
    x = leaf(3.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    assert g.item() == 18 and torch.autograd.grad(g, x)[0].item() == 12


def test_grad_mode_inside_hooks():
    seen = []
    y = leaf(1.0) * 2
    y.register_hook(lambda g: seen.append(torch.is_grad_enabled()))
    y.backward(retain_graph=True)
    y.backward(create_graph=False)
    assert seen == [False, False]


def test_hook_keeps_no_tensor_alive_after_removal():
    class Box:
        pass

    box = Box()
    dead = weakref.ref(box)
    x = leaf(1.0)
    handle = x.register_hook(lambda g, b=box: None)
    del box
    handle.remove()
    gc.collect()
    assert dead() is None


def test_backward_hooks_attribute():
    x = leaf(1.0)
    assert x._backward_hooks is None
    h = x.register_hook(lambda g: None)
    assert len(x._backward_hooks) == 1
    h.remove()
    assert len(x._backward_hooks) == 0


# --- post-accumulate ---


def test_post_accumulate():
    x, seen = leaf(1.0), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.item())))
    (x * 2).backward()
    (x * 2).backward()
    assert seen == [(True, 2.0), (True, 4.0)]


def test_post_accumulate_order_and_removal():
    x, log = leaf(1.0), []
    h = x.register_post_accumulate_grad_hook(lambda t: log.append(1))
    x.register_post_accumulate_grad_hook(lambda t: log.append(2))
    (x * 2).backward()
    h.remove()
    (x * 2).backward()
    assert log == [1, 2, 2]


def test_post_accumulate_may_clear_the_gradient():
    x = leaf(1.0)
    x.register_post_accumulate_grad_hook(lambda t: setattr(t, "grad", None))
    (x * 2).backward()
    assert x.grad is None


def test_post_accumulate_only_on_leaves():
    assert "non-leaf" in error_of(lambda: (leaf(1.0) * 2).register_post_accumulate_grad_hook(print), RuntimeError)
    with pytest.raises(RuntimeError):
        torch.ones(1).register_post_accumulate_grad_hook(print)


def test_post_accumulate_not_for_grad():
    x, log = leaf(1.0), []
    x.register_post_accumulate_grad_hook(log.append)
    torch.autograd.grad(x * 2, x)
    assert not log


def test_post_accumulate_after_leaf_hook():
    x, log = leaf(1.0), []
    x.register_post_accumulate_grad_hook(lambda t: log.append("post"))
    x.register_hook(lambda g: log.append("pre"))
    (x * 2).backward()
    assert log == ["pre", "post"]


# --- nodes ---


def test_node_hook():
    x, seen = leaf(1.0), []
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: seen.append((gi[0].item(), gi[1], go[0].item())))
    y.backward()
    assert seen == [(2.0, None, 1.0)]


def test_node_hook_replaces():
    x = leaf(1.0)
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: (gi[0] * 100, None))
    y.backward()
    assert x.grad.item() == 200


def test_node_prehook():
    x, seen = leaf(1.0), []
    y = x * 2
    y.grad_fn.register_prehook(lambda go: seen.append(go[0].item()))
    y.grad_fn.register_prehook(lambda go: (go[0] * 3,))
    y.backward()
    assert seen == [1.0] and x.grad.item() == 6


@pytest.mark.parametrize("bad", [lambda g: 3, lambda g: (g[0], g[0], g[0]), lambda g: [g[0]], lambda g: ("a",)])
def test_node_prehook_bad_result(bad):
    y = leaf(1.0) * 2
    y.grad_fn.register_prehook(bad)
    with pytest.raises((TypeError, RuntimeError)):
        y.backward()


def test_node_hook_wrong_count():
    y = leaf(1.0) * 2
    y.grad_fn.register_hook(lambda gi, go: (gi[0],) * 5)
    with pytest.raises(RuntimeError, match="incorrect number"):
        y.backward()


def test_order_of_all_kinds():
    x, log = leaf(1.0), []
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: log.append("node post"))
    y.grad_fn.register_prehook(lambda go: log.append("node pre"))
    y.register_hook(lambda g: log.append("tensor"))
    x.register_hook(lambda g: log.append("leaf"))
    x.register_post_accumulate_grad_hook(lambda t: log.append("leaf post"))
    y.backward()
    assert log == ["tensor", "node pre", "node post", "leaf", "leaf post"]


def test_accumulate_grad_node():
    x, log = leaf(1.0), []
    acc = x.view_as(x).grad_fn.next_functions[0][0]
    assert acc.variable is x
    acc.register_prehook(lambda go: log.append(("pre", x.grad)))
    acc.register_hook(lambda gi, go: log.append(("post", gi, x.grad.item())))
    (x * 3).backward()
    assert log == [("pre", None), ("post", (), 3.0)]


def test_node_hooks_survive_the_python_object():
    x, log = leaf(1.0), []
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: log.append(1))
    gc.collect()
    z = y + 1
    del y
    z.backward()
    assert log == [1]


def test_metadata_survives():
    y = leaf(1.0) * 2
    y.grad_fn.metadata["k"] = "v"
    gc.collect()
    assert y.grad_fn.metadata == {"k": "v"}


def test_node_hook_removal():
    y, log = leaf(1.0) * 2, []
    h = y.grad_fn.register_hook(lambda gi, go: log.append(1))
    h.remove()
    y.backward()
    assert log == []


# --- several tensors ---


def test_multi_grad_hook_all():
    a, b, c = leaf(1.0), leaf(1.0), leaf(1.0)
    seen = []
    h = graph.register_multi_grad_hook((a, b, c), lambda gs: seen.append([g and g.item() for g in gs]))
    (a * 2 + b * 3).backward()
    (a + b + c).backward()
    h.remove()
    (a + b + c).backward()
    assert seen == [[2.0, 3.0, None], [1.0, 1.0, 1.0]]


def test_multi_grad_hook_any():
    a, b = leaf(1.0), leaf(1.0)
    seen = []
    graph.register_multi_grad_hook((a, b), lambda g: seen.append(g.item()), mode="any")
    (a * 2 + b * 3).backward()
    (b * 7).backward()
    assert len(seen) == 2 and seen[1] == 7.0


def test_multi_grad_hook_mode():
    with pytest.raises(ValueError, match="mode"):
        graph.register_multi_grad_hook((leaf(1.0),), print, mode="foo")


def test_multi_grad_hook_on_intermediates():
    x = leaf(2.0)
    y, z = x * 2, x * 3
    seen = []
    graph.register_multi_grad_hook((y, z), lambda gs: seen.append([g.item() for g in gs]))
    (y * z).backward()
    assert seen == [[6.0, 4.0]]


def test_increment_version():
    x = leaf(1.0) * 1
    y = x * x
    graph.increment_version(x)
    assert x._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.backward()


def test_gradient_edge():
    x = leaf(2.0)
    y = x * x
    e = graph.get_gradient_edge(y)
    assert e.node is y.grad_fn and e.output_nr == 0
    assert torch.autograd.grad(y * 3, e)[0].item() == 3
    assert graph.get_gradient_edge(x).node.variable is x
    assert "does not require gradients" in error_of(lambda: graph.get_gradient_edge(torch.ones(1)), RuntimeError)


def test_gradient_edge_of_second_output():
    a, b = torch.arange(4.0).requires_grad_().split(2)
    assert graph.get_gradient_edge(b).output_nr == 1


def test_backward_from_gradient_edge():
    x = leaf(2.0)
    e = graph.get_gradient_edge(x * x)
    assert torch.autograd.grad(e, x, torch.tensor([1.0]))[0].item() == 4


def test_nodes_are_nodes():
    y = leaf(1.0) * 2
    assert isinstance(y.grad_fn, graph.Node) and not isinstance(3, graph.Node)
    assert issubclass(type(y.grad_fn), graph.Node)


@pytest.mark.parametrize("where", ["leaf", "tensor", "pre", "post", "sees"])
@pytest.mark.parametrize("size", [(7,), (0,), (100, 100)])
def test_a_hook_that_resizes_the_gradient_is_refused(where, size):
    x = torch.ones(3, 4, requires_grad=True)
    y = x * 2

    def resize(g):
        g.resize_(size)

    if where == "pre":
        y.grad_fn.register_prehook(lambda gs: resize(gs[0]))
    elif where in ("post", "sees"):
        y.grad_fn.register_hook(lambda gx, gs: resize(gx[0] if where == "post" else gs[0]))
    else:
        (x if where == "leaf" else y).register_hook(resize)
    assert "changed the size of value" in error_of(lambda: y.backward(torch.ones(3, 4)), RuntimeError)


@pytest.mark.parametrize("name", ["_backward_hooks", "_post_accumulate_grad_hooks"])
def test_hooks_are_a_dict_or_none(name):
    x = torch.ones(1, requires_grad=True)
    for nonsense in (x, [], 1, "a"):
        with pytest.raises(TypeError, match=f"{name} must be a dict or None"):
            setattr(x, name, nonsense)
    setattr(x, name, None)
