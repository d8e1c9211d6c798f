"""A Function of one's own: a straight-through estimator, checked with gradcheck where it has a true derivative."""

import adjoint as torch


class Round(torch.autograd.Function):
    """Rounds on the way forward; passes the gradient on as if it had not."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


x = torch.tensor([0.2, 1.7, -2.6], dtype=torch.float64, requires_grad=True)
(2 * Round.apply(x)).sum().backward()
print(x.grad)

assert torch.autograd.gradcheck(Cube.apply, (x,))
assert torch.autograd.gradgradcheck(Cube.apply, (x,))
print(Cube.apply(x).grad_fn)
