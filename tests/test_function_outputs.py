"""What custom Functions return: outputs of every kind, inputs handed on, inputs changed in place."""

import pytest
from support import custom, error_of, leaf, torch

Function = torch.autograd.Function


def mul2(ctx, x):
    return x * 2


def double(ctx, g):
    return g * 2


# --- outputs ---


@pytest.mark.parametrize("out", [3, None, "text", 2.5, {"a": 1}, []])
def test_non_tensor_outputs(out):
    assert custom(lambda ctx, x: out, double).apply(leaf(1.0)) == out


def test_list_output_is_not_unpacked():
    (y,) = custom(lambda ctx, x: [x * 2], double).apply(leaf(1.0))
    assert y.grad_fn is None


def test_tuple_of_one():
    y = custom(lambda ctx, x: (x * 2,), double).apply(leaf(1.0))
    assert isinstance(y, tuple) and len(y) == 1 and y[0].requires_grad


def test_empty_tuple():
    assert custom(lambda ctx, x: (), double).apply(leaf(1.0)) == ()


def test_mixed_outputs_and_their_cotangents():
    seen = []

    def backward(ctx, *gs):
        seen.extend(gs)
        return gs[0]

    a, b, c = custom(lambda ctx, x: (x * 2, 7, x * 3), backward).apply(leaf(1.0))
    assert b == 7 and a.requires_grad and c.requires_grad
    a.backward()
    assert [None if g is None else g.item() for g in seen] == [1.0, None, 0.0]


def test_outputs_number():
    a, b = custom(lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g + h).apply(leaf(1.0))
    assert (a.output_nr, b.output_nr) == (0, 1) and a.grad_fn is b.grad_fn


def test_integer_output_is_not_differentiable():
    y, i = custom(lambda ctx, x: (x * 2, x.long()), lambda ctx, g, h: g * 2).apply(leaf(1.5))
    assert y.requires_grad and not i.requires_grad
    y.backward()


def test_materialized_zeros_have_the_outputs_dtype_and_shape():
    seen = []
    f = custom(
        lambda ctx, x: (x * 2, x.double().reshape(1, 1), x.long()), lambda ctx, g, h, i: (seen.append((h, i)), g)[1]
    )
    f.apply(leaf(1.5))[0].backward()
    h, i = seen[0]
    assert h.dtype == torch.float64 and h.shape == (1, 1) and i.dtype == torch.int64 and h.item() == 0


def test_set_materialize_grads_false():
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    custom(forward, lambda ctx, g, h: (seen.append(g), h)[1]).apply(leaf(1.0))[1].backward()
    assert seen == [None]


def test_mark_non_differentiable():
    def forward(ctx, x):
        a = x * 2
        ctx.mark_non_differentiable(a)
        return a, x * 3

    a, b = custom(forward, lambda ctx, g, h: h * 3).apply(leaf(1.0))
    assert not a.requires_grad and a.is_leaf and b.requires_grad


def test_mark_non_differentiable_input():
    def forward(ctx, x):
        ctx.mark_non_differentiable(x)
        return x

    x = leaf(1.0)
    y = custom(forward, double).apply(x)
    assert y is not x and not y.requires_grad and x.requires_grad


def test_all_outputs_non_differentiable():
    def forward(ctx, x):
        y = x * 2
        ctx.mark_non_differentiable(y)
        return y

    y = custom(forward, double).apply(leaf(1.0))
    assert not y.requires_grad
    assert "does not require grad" in error_of(y.backward, RuntimeError)


@pytest.mark.parametrize("mark", ["mark_dirty", "mark_non_differentiable"])
def test_marking_junk(mark):
    def forward(ctx, x):
        getattr(ctx, mark)(3)
        return x * 2

    with pytest.raises((TypeError, RuntimeError), match="variable"):
        custom(forward, double).apply(leaf(1.0))


# --- an input returned as it is ---


def test_identity_of_leaf():
    x = leaf(1.0)
    y = custom(lambda ctx, x: x, lambda ctx, g: g * 7).apply(x)
    assert y is not x and y._is_view() and y._base is x
    assert x.is_leaf and x.grad_fn is None
    y.backward()
    assert x.grad.item() == 7


def test_identity_of_non_leaf_keeps_its_history():
    x = leaf(1.0) * 1
    node = x.grad_fn
    y = custom(lambda ctx, x: x, lambda ctx, g: g * 7).apply(x)
    assert x.grad_fn is node and y.grad_fn is not node


def test_identity_without_grad():
    x = torch.ones(1)
    y = custom(lambda ctx, x: x, double).apply(x)
    assert y is not x and y.data_ptr() == x.data_ptr() and not y.requires_grad


def test_identity_in_place_is_refused():
    y = custom(lambda ctx, x: x, double).apply(leaf(1.0) * 1)
    assert "custom Function" in error_of(lambda: y.add_(1), RuntimeError)


def test_view_of_input_in_place_is_refused():
    y = custom(lambda ctx, x: x.view(1, 1), lambda ctx, g: g.view(1)).apply(leaf(1.0) * 1)
    assert y._is_view() and "custom Function" in error_of(lambda: y.add_(1), RuntimeError)


def test_several_views_in_place_are_refused():
    y, z = custom(lambda ctx, x: (x[:1], x[1:]), lambda ctx, g, h: torch.cat([g, h])).apply(leaf(1.0, 2.0) * 1)
    assert "multiple views" in error_of(lambda: y.add_(1), RuntimeError)


def test_fresh_output_in_place_is_fine():
    x = leaf(1.0)
    y = custom(mul2, double).apply(x)
    y.mul_(3)
    y.backward()
    assert x.grad.item() == 6


# --- in place ---


def add_one(ctx, x):
    x.add_(1)
    ctx.mark_dirty(x)
    return x


def test_dirty_returns_the_same_object():
    x = leaf(1.0) * 1
    y = custom(add_one, lambda ctx, g: g).apply(x)
    assert y is x and x.item() == 2 and x.grad_fn.name() == "CustomBackward"


def test_dirty_leaf_is_refused():
    assert "a leaf Variable that requires grad" in error_of(
        lambda: custom(add_one, double).apply(leaf(1.0)), RuntimeError
    )


def test_dirty_without_recording():
    x = torch.ones(1)
    assert custom(add_one, double).apply(x) is x and x.item() == 2 and not x.requires_grad


def test_dirty_tensor_that_takes_history():
    def forward(ctx, x, w):
        x.mul_(w)
        ctx.mark_dirty(x)
        ctx.save_for_backward(w)
        return x

    x, w = torch.ones(1), leaf(3.0)
    y = custom(forward, lambda ctx, g: (g * ctx.saved_tensors[0], g)).apply(x, w)
    assert y is x and x.requires_grad
    y.backward()
    assert w.grad.item() == 1


def test_dirty_view_rebases_its_base():
    x = leaf(1.0, 2.0)
    b = x * 1
    v = b[:1]
    custom(add_one, lambda ctx, g: g * 5).apply(v)
    assert b.grad_fn.name().endswith("CopySlices") and v.tolist() == [2.0]
    b.sum().backward()
    assert x.grad.tolist() == [5.0, 1.0]


def test_dirty_must_be_returned():
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x * 1

    assert "marked as dirty" in error_of(lambda: custom(forward, double).apply(leaf(1.0) * 1), RuntimeError)


def test_dirty_view_with_several_outputs():
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x, x * 2

    b = leaf(1.0, 2.0) * 1
    assert "more than one Tensor" in error_of(lambda: custom(forward, lambda ctx, g, h: g).apply(b[:1]), RuntimeError)
    y, z = custom(forward, lambda ctx, g, h: g).apply(b)
    assert y is b


def test_dirty_multi_output_view():
    v = (leaf(1.0, 2.0) * 1).unbind()[0]
    assert "multiple views" in error_of(lambda: custom(add_one, double).apply(v), RuntimeError)


def test_dirty_breaks_saved_tensors():
    x = leaf(2.0) * 1
    z = x * x
    custom(add_one, lambda ctx, g: g).apply(x)
    assert "modified by an inplace operation" in error_of(z.backward, RuntimeError)
