"""What the backward of a custom Function returns, and derivatives of it."""

import pytest
from support import custom, error_of, leaf, torch

Function = torch.autograd.Function


def mul2(ctx, x):
    return x * 2


def double(ctx, g):
    return g * 2


# --- backward's results ---


@pytest.mark.parametrize("bad,words", [(lambda g: (g, g), "incorrect number of gradients (expected 1, got 2)"), (lambda g: (), "incorrect number of gradients (expected 1, got 0)"), (lambda g: "s", "expected Variable or None"), (lambda g: 3.0, "expected Variable or None"), (lambda g: torch.ones(3), "invalid gradient at index 0")])  # fmt: skip
def test_bad_results(bad, words):
    x = leaf(1.0, 2.0)
    y = custom(mul2, lambda ctx, g: bad(g)).apply(x)
    assert words in error_of(lambda: y.sum().backward(), RuntimeError)


def test_extra_nones_are_cut():
    x = leaf(1.0)
    custom(mul2, lambda ctx, g: (g, None, None)).apply(x).backward()
    assert x.grad.item() == 1


def test_gradient_for_non_tensor():
    y = custom(lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(leaf(1.0), 3)
    assert "different than None at position 2" in error_of(y.backward, RuntimeError)


def test_gradient_for_tensor_that_needs_none():
    x = leaf(1.0)
    custom(lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(x, torch.ones(1)).backward()
    assert x.grad.item() == 1


def test_none_gradient():
    x = leaf(1.0)
    y = custom(mul2, lambda ctx, g: None).apply(x)
    y.backward()
    assert x.grad is None
    assert torch.autograd.grad(custom(mul2, lambda ctx, g: None).apply(x), x, allow_unused=True) == (None,)


def test_none_stops_the_flow_but_others_go_on():
    x = leaf(1.0)
    m = x * 2
    (custom(mul2, lambda ctx, g: None).apply(m) + m).backward()
    assert x.grad.item() == 2


def test_gradient_is_reduced_to_the_inputs_shape():
    x = leaf(1.0, 2.0)
    custom(mul2, lambda ctx, g: torch.ones(4, 2)).apply(x).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_gradient_is_cast_to_the_inputs_dtype():
    x = leaf(1.0)
    custom(mul2, lambda ctx, g: g.double() * 2).apply(x).backward()
    assert x.grad.dtype == torch.float32 and x.grad.item() == 2


def test_wrong_number_of_arguments():
    with pytest.raises(TypeError):
        custom(mul2, double).apply()
    with pytest.raises(TypeError):
        custom(mul2, double).apply(leaf(1.0), 2, 3)


# --- second derivatives ---


def test_double_backward():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, (x,)) and torch.autograd.gradgradcheck(Cube.apply, (x,))


def test_double_backward_through_output():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return ctx.saved_tensors[0] * g

    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(Exp.apply, (x,))


def test_custom_function_in_backward():
    inner = custom(lambda ctx, g: g * 3, lambda ctx, g: g * 3)
    x = leaf(2.0)
    (g,) = torch.autograd.grad(
        custom(lambda ctx, x: x * 3, lambda ctx, g: inner.apply(g)).apply(x) ** 2, x, create_graph=True
    )
    assert g.item() == 36 and torch.autograd.grad(g, x)[0].item() == 18


def once(backward):
    return custom(
        lambda ctx, x: (ctx.save_for_backward(x), x**2)[1], torch.autograd.function.once_differentiable(backward)
    )


def test_once_differentiable():
    x = leaf(3.0)
    f = once(lambda ctx, g: 2 * ctx.saved_tensors[0] * g)
    assert torch.autograd.grad(f.apply(x), x)[0].item() == 6
    (g,) = torch.autograd.grad(f.apply(x) ** 2, x, create_graph=True)
    assert g.requires_grad and g.item() == 108
    assert "once_differentiable" in error_of(lambda: g.sum().backward(), RuntimeError)


def test_once_differentiable_runs_without_recording():
    seen = []
    f = once(lambda ctx, g: (seen.append(torch.is_grad_enabled()), g)[1])
    x = leaf(3.0)
    torch.autograd.grad(f.apply(x), x, create_graph=True)
    assert seen == [False]
