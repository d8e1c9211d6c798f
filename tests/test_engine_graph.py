"""Parts of graphs: when they are freed, gradients of some inputs, several roots."""

import gc
import weakref

import pytest
from support import IS_TORCH, custom, error_of, leaf, torch

pytestmark = pytest.mark.filterwarnings("ignore:Using backward")  # with create_graph=True: once a process

# --- freeing ---


def test_second_backward_raises():
    x = leaf(1.0)
    y = (x * x).sum()
    y.backward()
    assert "backward through the graph a second time" in error_of(y.backward, RuntimeError)


def test_second_backward_without_saved_tensors_is_fine():
    x = leaf(1.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_retain_graph():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12
    assert "second time" in error_of(y.backward, RuntimeError)


def test_create_graph_retains():
    x = leaf(3.0)
    y = (x * x).sum()
    torch.autograd.grad(y, x, create_graph=True)
    assert torch.autograd.grad(y, x)[0].item() == 6


def test_partial_graph_is_freed_where_it_ran():
    x = leaf(2.0)
    a = x * x
    b, c = a * a, a * 3
    c.backward()
    assert "second time" in error_of(b.backward, RuntimeError)


def test_graph_dies_with_the_result():
    class Box:
        pass

    box = Box()
    dead = weakref.ref(box)
    x = leaf(1.0)
    y = x * 2
    y.grad_fn.metadata["box"] = box
    del box
    z = y + 1
    del y
    assert dead() is not None
    del z
    gc.collect()
    assert dead() is None


def test_saved_tensors_are_freed_by_backward():
    x = leaf(1.0, 2.0)
    saved = x * 2
    dead = weakref.ref(saved)
    loss = (saved * saved).sum()
    del saved
    loss.backward()
    gc.collect()
    assert dead() is None or IS_TORCH


def test_million_node_chain_is_freed():
    x = leaf(1.0)
    y = x
    for _ in range(200_000):
        y = y + 1
    y.backward()
    del y
    assert x.grad.item() == 1


@pytest.mark.parametrize("what", ["grad", "hook", "attribute", "ctx"])
def test_cycles_are_collected(what):
    class Box:
        pass

    def make():
        box = Box()
        x = leaf(1.0)
        if what == "grad":
            (x * x).sum().backward(create_graph=True)
            x.box = box
        elif what == "hook":
            y = x * 2
            y.register_hook(lambda g, y=y, b=box: None)
        elif what == "attribute":
            y = x * 2
            y.me, y.box = y, box
        else:

            def forward(ctx, x):
                ctx.box = box
                return x * 2

            y = custom(forward, lambda ctx, g: g).apply(x)
            y.grad_fn.y = y
        return weakref.ref(box)

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dead = make()
    gc.collect()
    gc.collect()
    assert dead() is None or IS_TORCH  # PyTorch leaks some of these


# --- inputs= ---


def test_inputs_only():
    a, b = leaf(1.0), leaf(2.0)
    (a * b).backward(inputs=a)
    assert a.grad.item() == 2 and b.grad is None


def test_inputs_of_non_leaf():
    x = leaf(2.0)
    y = x * 3
    (y * y).backward(inputs=[y])
    assert y.grad.item() == 12 and x.grad is None


def test_inputs_both_leaf_and_non_leaf():
    x = leaf(2.0)
    y = x * 3
    (y * y).backward(inputs=[y, x])
    assert y.grad.item() == 12 and x.grad.item() == 36


def test_inputs_skip_what_is_not_needed():
    ran = []
    f = custom(lambda ctx, x: x * 2, lambda ctx, g: (ran.append(1), g * 2)[1])
    a, b = leaf(1.0), leaf(1.0)
    (f.apply(a) + b).backward(inputs=[b])
    assert not ran


def test_inputs_empty():
    assert "cannot be empty" in error_of(lambda: leaf(1.0).sum().backward(inputs=[]), RuntimeError)


def test_grad_of_leaf_by_itself():
    x = leaf(1.0, 2.0)
    assert torch.autograd.grad(x, x, torch.tensor([3.0, 4.0]))[0].tolist() == [3.0, 4.0]


def test_grad_same_input_twice():
    x = leaf(2.0)
    assert [g.item() for g in torch.autograd.grad(x * x, [x, x])] == [4.0, 4.0]


def test_grad_does_not_touch_dot_grad():
    x, w = leaf(2.0), leaf(3.0)
    torch.autograd.grad(x * w, x)
    assert x.grad is None and w.grad is None


def test_grad_through_intermediate_that_is_input():
    x = leaf(2.0)
    y = x * x
    z = y * x
    gy, gx = torch.autograd.grad(z, [y, x])
    assert (gy.item(), gx.item()) == (2.0, 12.0)


def test_unused_intermediate():
    x = leaf(2.0)
    y, z = x * 2, x * 3
    assert torch.autograd.grad(z, [y, x], allow_unused=True) == (None, torch.tensor([3.0]))


# --- roots ---


def test_several_roots_share_the_graph():
    x = leaf(1.0)
    y = x * x
    torch.autograd.backward([y * 2, y * 3])
    assert x.grad.item() == 10


def test_root_twice():
    x = leaf(1.0)
    y = x * 2
    torch.autograd.backward([y, y])
    assert x.grad.item() == 4


def test_root_and_its_input():
    x = leaf(1.0)
    y = x * 2
    z = y * 3
    torch.autograd.backward([y, z])
    assert x.grad.item() == 8


def test_root_is_leaf():
    x = leaf(1.0)
    x.backward()
    assert x.grad.item() == 1


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_implicit_ones(shape):
    x = torch.full(shape, 3.0, requires_grad=True)
    (x * 2).backward()
    assert x.grad.shape == shape and x.grad.item() == 2


def test_gradient_dtype_is_cast():
    x = leaf(1.0)
    (x * 2).backward(torch.ones(1, dtype=torch.float64))
    assert x.grad.dtype == torch.float32


def test_copies_of_views_have_the_nodes_of_their_views():
    x = leaf(1.0, 2.0, 3.0)
    a, b = torch.split_with_sizes_copy(x, [1, 2])
    assert a.grad_fn is b.grad_fn and a.grad_fn.name() == "SplitWithSizesBackward0_copy"
    assert a.grad_fn._saved_split_sizes == (1, 2) and a.grad_fn._saved_self_sym_sizes == (3,)
    assert torch.narrow_copy(x, 0, 1, 2).grad_fn.name() == "NarrowCopyBackward0"
    assert torch.alias_copy(x).grad_fn.name() == "AliasBackward0_copy"
    assert a.grad_fn.next_functions[0][0].variable is x
    a.mul_(5)  # no view: the others and x stay
    (a * a).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [50.0, 0.0, 0.0] and x.tolist() == [1.0, 2.0, 3.0]
    y = torch.view_copy(x * x, (3, 1))
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    assert g.tolist() == [4.0, 32.0, 108.0]
    assert torch.autograd.grad(g.sum(), x)[0].tolist() == [12.0, 48.0, 108.0]
