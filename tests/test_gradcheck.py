"""gradcheck and gradgradcheck find what is wrong, and nothing else."""

import pytest
from support import custom, error_of, torch

check, check2 = torch.autograd.gradcheck, torch.autograd.gradgradcheck
f64, c128 = torch.float64, torch.complex128


def real():
    return torch.tensor([0.3, 0.8, -0.5], dtype=f64, requires_grad=True)


def cplx():
    return torch.tensor([0.3 + 0.4j, 0.8 - 1j], dtype=c128, requires_grad=True)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    "f,make",
    [
        (lambda x: x.sin(), real), (lambda x: (x * x).sum(), real), (lambda x: (x.exp(), x * 2), real), (lambda x: x[:0], real), (lambda x: x.unbind(), real), (lambda x: x.tanh().prod(), real),
        (lambda z: z * z, cplx), (lambda z: z.abs(), cplx), (lambda z: (z.real, z.imag * 2), cplx), (lambda z: z * z.conj(), cplx), (lambda z: z.exp().sum(), cplx), (lambda x: x * (1 + 2j), real), (lambda z: (z * z, z.abs()), cplx),
    ],
)  # fmt: skip
def test_right_derivatives(f, make, fast):
    assert check(f, (make(),), fast_mode=fast) and check2(f, (make(),), fast_mode=fast)


def test_several_inputs_and_constants():
    a, b = real(), real().detach()
    assert check(lambda a, b, k: a * b * k, (a, b, 3)) and check(lambda a: a * 2, a) and check(lambda a: a * 2, [a])


def wrong(forward, backward):
    return custom(forward, backward).apply


@pytest.mark.parametrize("fast", [False, True])
def test_wrong_derivative(fast):
    text = error_of(
        lambda: check(wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 3), (real(),), fast_mode=fast), RuntimeError
    )
    assert "Jacobian mismatch for output 0 with respect to input 0" in text


def test_mismatch_shows_both():
    text = error_of(lambda: check(wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 3), (real(),)), RuntimeError)
    assert "numerical:tensor" in text and "analytical:tensor" in text and "2.0000" in text and "[3., 0., 0.]" in text


def test_wrong_second_input():
    f = custom(lambda ctx, a, b: a * 2 + b * 3, lambda ctx, g: (g * 2, g * 4)).apply
    assert "with respect to input 1" in error_of(lambda: check(f, (real(), real())), RuntimeError)


def test_wrong_second_output():
    f = custom(lambda ctx, a: (a * 2, a * 3), lambda ctx, g, h: g * 2 + h * 4).apply
    assert "output 1" in error_of(lambda: check(f, (real(),)), RuntimeError)


def test_class_of_error():
    from importlib import import_module

    error = import_module(torch.__name__ + ".autograd.gradcheck").GradcheckError
    with pytest.raises(error):
        check(wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 3), (real(),))
    assert issubclass(error, RuntimeError)


def test_no_raise():
    assert check(wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 3), (real(),), raise_exception=False) is False


def test_random_backward():
    state = [0]

    def backward(ctx, g):
        state[0] += 1
        return g * 2 + state[0] * 1e-7

    f = wrong(lambda ctx, x: x * 2, backward)
    assert "not reentrant" in error_of(lambda: check(f, (real(),)), RuntimeError)
    assert check(f, (real(),), nondet_tol=1e-3, check_undefined_grad=False, raise_exception=False) in (True, False)


def test_backward_ignores_cotangent():
    text = error_of(
        lambda: check(wrong(lambda ctx, x: x * 2, lambda ctx, g: torch.full_like(g, 2.0)), (real(),)), RuntimeError
    )
    assert "mismatch" in text or "multiplied by grad_output" in text


def test_undefined_gradients():
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2

    def backward(ctx, g):
        return torch.ones(3, dtype=f64) if g is None else g * 2

    f = wrong(forward, backward)
    assert "undefined" in error_of(lambda: check(f, (real(),)), RuntimeError)
    assert check(f, (real(),), check_undefined_grad=False)


def test_non_differentiable_output_that_varies():
    def forward(ctx, x):
        y = x * 2
        ctx.mark_non_differentiable(y)
        return y

    assert "expected to be zero" in error_of(lambda: check(wrong(forward, lambda ctx, g: g), (real(),)), RuntimeError)


def test_non_differentiable_output_that_is_constant():
    assert check(lambda x: x.detach() * 0, (real(),))


def test_gradient_dtypes():
    f = wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 2)
    assert check(f, (real(),), check_grad_dtypes=True)


def test_nothing_to_check():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        check(lambda x: x * 2, (torch.ones(2, dtype=f64),))


def test_single_precision_warns():
    with pytest.warns(UserWarning, match="not a double precision"):
        check(lambda x: x * 2, (torch.ones(2, requires_grad=True),), atol=0.1, eps=1e-2)


def test_expanded_input():
    with pytest.raises(RuntimeError, match="stride 0"):
        check(lambda x: x * 2, (torch.ones(1, dtype=f64, requires_grad=True).expand(3),))


def test_transposed_input():
    x = torch.arange(6, dtype=f64).reshape(2, 3).t().detach().requires_grad_()
    assert check(lambda x: (x**2)[1:], (x,)) and check2(lambda x: (x**3)[1:], (x,))


def test_second_derivative_wrong():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x.detach() * g

    assert check(Once.apply, (real(),))
    with pytest.raises(RuntimeError, match="mismatch"):
        check2(Once.apply, (real(),))


def test_function_that_closes_over_the_input():
    w = real()
    assert check(lambda *unused: w.sin(), (w,))


def test_inputs_are_left_as_they_were():
    x = real()
    before = x.tolist()
    check(lambda x: x.exp(), (x,))
    assert x.tolist() == before and x.is_leaf


def test_given_grad_outputs():
    x = real()
    assert check2(lambda x: x**3, (x,), (torch.ones(3, dtype=f64, requires_grad=True),))
    assert check2(lambda x: x**3, (x,), gen_non_contig_grad_outputs=True)


def test_tolerances():
    f = wrong(lambda ctx, x: x * 2, lambda ctx, g: g * 2.01)
    assert check(f, (real(),), atol=0.1)
    assert not check(f, (real(),), raise_exception=False)


def test_neither_mode():
    with pytest.raises(AssertionError):
        check(lambda x: x, (real(),), check_backward_ad=False)


def test_complex_mismatch_says_which_part():
    f = wrong(lambda ctx, z: z * 2j, lambda ctx, g: g * 2j)
    assert "part of complex outputs only" in error_of(lambda: check(f, (cplx(),)), RuntimeError)
