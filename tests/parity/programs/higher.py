"""jacobian, hessian, products, gradcheck."""


def prog_jacobian(torch):
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    J = torch.autograd.functional.jacobian
    print(J(lambda x: x**2, x))
    print(J(lambda x, y: (x * y).sum(), (x, y)))
    print(J(lambda x, y: (x * y, x + y), (x, y)))


def prog_hessian(torch):
    x = torch.tensor([1.0, 2.0])
    print(torch.autograd.functional.hessian(lambda x: (x**3).sum(), x))
    print(torch.autograd.functional.hessian(lambda x, y: (x * x * y).sum(), (x, x)))


def prog_products(torch):
    F = torch.autograd.functional
    x, v = torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0])
    print(F.vjp(lambda x: x**2, x, v))
    print(F.jvp(lambda x: x**2, x, v))
    print(F.hvp(lambda x: (x**3).sum(), x, v))
    print(F.vhp(lambda x: (x**3).sum(), x, v))


def prog_gradcheck(torch):
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    z = torch.tensor([0.3 + 1j, 0.7 - 0.2j], dtype=torch.complex128, requires_grad=True)
    for f, i in (
        (lambda x: x.sin() * x, x), (lambda x: x.exp().sum(), x), (lambda x: x[0] / x[1], x),
        (lambda z: z * z, z), (lambda z: z.abs(), z), (lambda z: z.real * z.imag, z),
    ):  # fmt: skip
        print(torch.autograd.gradcheck(f, (i,)), torch.autograd.gradgradcheck(f, (i,)))


def prog_gradcheck_finds_wrong(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    try:
        torch.autograd.gradcheck(Wrong.apply, (x,))
    except RuntimeError as e:
        print(type(e).__name__, str(e).splitlines()[0])
    print(torch.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False))


def prog_newton(torch):
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    for _ in range(6):
        f = x**3 - 2 * x - 5
        (g,) = torch.autograd.grad(f, x)
        x = (x - f / g).detach().requires_grad_()
    print(f"{x.item():.10f}")


def prog_hessian_vector_by_double_backward(torch):
    w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    v = torch.tensor([1.0, 1.0, 1.0])
    loss = (w**4).sum() + w.prod()
    (g,) = torch.autograd.grad(loss, w, create_graph=True)
    print(torch.autograd.grad((g * v).sum(), w))


def prog_is_grads_batched(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x**2
    print(torch.autograd.grad(y, x, torch.eye(2), is_grads_batched=True))


def prog_gradient_edge(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    e = torch.autograd.graph.get_gradient_edge(y)
    print(e.node.name(), e.output_nr)
    print(torch.autograd.grad((y * 3).sum(), e))
    e = torch.autograd.graph.get_gradient_edge(x)
    print(e.node.name())
