"""Indexing, printing, out=, functional and checked gradients, modes, higher derivatives."""


def err(f):
    """Prints what it returns or the class of what it raises."""
    try:
        print("ok", f())
    except Exception as e:
        print(type(e).__name__)


def prog_meta(torch):
    a = torch.empty(2, 3, device="meta")
    b = torch.ones(3, 4, device="meta")
    print(
        a @ b,
        (a @ b).shape,
        (a + 1).device,
        a.sum(0).shape,
        a.t().stride(),
        torch.cat([a, a]).shape,
        a.is_meta,
        a[0].shape,
        a.to(torch.float16).dtype,
    )
    err(lambda: a.tolist())
    err(lambda: a.item())
    err(lambda: a + torch.ones(2, 3))
    err(lambda: a @ a)
    print(
        torch.empty_like(a),
        torch.zeros(2, device="meta").argmax(),
        torch.nn.functional.softmax(a, 1).shape if hasattr(torch.nn.functional, "softmax") else 1,
    )


def prog_out(torch):
    o = torch.empty(3)
    r = torch.add(torch.ones(3), 1, out=o)
    print(r is o, o)
    torch.exp(torch.zeros(2), out=o)
    print(o.shape)
    o = torch.empty(0)
    torch.mul(torch.arange(4.0), 2, out=o)
    print(o)
    err(lambda: torch.add(torch.ones(3), 1.5, out=torch.empty(3, dtype=torch.int)))
    err(lambda: torch.add(torch.ones(3, requires_grad=True), 1, out=torch.empty(3)))
    v, i = torch.max(torch.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(torch.empty(2), torch.empty(2, dtype=torch.long)))
    print(v, i)
    m = torch.empty(2, 2)
    torch.matmul(torch.eye(2), torch.ones(2, 2), out=m)
    print(m)
    print(torch.cat([m, m], out=torch.empty(4, 2)))
    print(torch.sum(m, 0, out=torch.empty(2)))
    print(torch.arange(3, out=torch.empty(3)))
    print(
        torch.stack([m, m], out=torch.empty(2, 2, 2)).shape,
        torch.cumsum(m, 0, out=torch.empty(2, 2)),
        torch.sort(m, out=(torch.empty(2, 2), torch.empty(2, 2, dtype=torch.long))),
    )
    x = torch.arange(6.0)
    err(lambda: torch.add(x[:5], 1, out=x[1:]))


def prog_functional(torch):
    F = torch.autograd.functional
    f = lambda x: x.exp().sum()
    g = lambda x, y: (x * y.sin(), x.sum())
    x = torch.tensor([1.0, 2.0])
    y = torch.tensor([0.5, 0.25])
    print(
        F.jacobian(f, x),
        F.jacobian(g, (x, y)),
        F.hessian(f, x),
        F.hessian(lambda a, b: (a * b).sum() ** 2, (x, y)),
        F.vjp(g, (x, y), (torch.ones(2), torch.tensor(1.0))),
        F.jvp(g, (x, y), (torch.ones(2), torch.ones(2))),
        F.vhp(f, x, torch.ones(2)),
        F.hvp(f, x, torch.ones(2)),
    )
    err(lambda: F.jacobian(lambda x: 3, x))
    err(lambda: F.hessian(lambda x: x, x))
    err(lambda: F.vjp(f, x, torch.ones(3)))
    print(F.jacobian(lambda x: torch.ones(2), x))
    err(lambda: F.jacobian(lambda x: torch.ones(2), x, strict=True))
    print(F.jacobian(f, x, create_graph=True).requires_grad)
    print(F.jacobian(lambda x: x**3, x, vectorize=True))


def prog_gradcheck(torch):
    x = torch.rand(3, dtype=torch.double, requires_grad=True)
    print(
        torch.autograd.gradcheck(torch.sin, x),
        torch.autograd.gradcheck(
            lambda a, b: a @ b,
            (
                torch.rand(2, 3, dtype=torch.double, requires_grad=True),
                torch.rand(3, 2, dtype=torch.double, requires_grad=True),
            ),
        ),
    )

    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    err(lambda: torch.autograd.gradcheck(Bad.apply, x))
    print(torch.autograd.gradcheck(Bad.apply, x, raise_exception=False))
    print(
        torch.autograd.gradcheck(torch.cumsum, (x, 0)),
        torch.autograd.gradcheck(lambda z: z.abs(), torch.rand(2, dtype=torch.cdouble, requires_grad=True)),
    )
    err(lambda: torch.autograd.gradcheck(torch.sin, torch.rand(3)))
    print(torch.autograd.gradcheck(torch.sin, x, fast_mode=True))


def prog_anomaly(torch):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = torch.sqrt(x * 0) * 0
        err(lambda: y.sum().backward())
    print(torch.is_anomaly_enabled())
    torch.autograd.set_detect_anomaly(True)
    print(torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
    torch.autograd.set_detect_anomaly(False)


def prog_inference(torch):
    with torch.inference_mode():
        a = torch.ones(2)
        b = a * 2
        print(b.is_inference(), torch.is_inference_mode_enabled(), torch.is_grad_enabled())
    err(lambda: a.add_(1))
    w = torch.ones(2, requires_grad=True)
    err(lambda: a * w)
    print((a + 1).is_inference())
    err(lambda: a.requires_grad_())
    c = a.clone()
    print((c * w).requires_grad)
    err(lambda: a._version)
    v = a.view(2, 1)
    print(v.is_inference())

    @torch.inference_mode()
    def f(x):
        return x * 2

    print(f(w).requires_grad)


def prog_grad_modes(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        with torch.enable_grad():
            print((x * 2).requires_grad)
        print((x * 2).requires_grad)
    with torch.set_grad_enabled(False):
        print(torch.is_grad_enabled())

    @torch.no_grad()
    def f():
        return x * 2

    print(f().requires_grad)
    torch.set_grad_enabled(False)
    print((x * 1).requires_grad)
    torch.set_grad_enabled(True)
    err(lambda: (x * 2).backward())
    err(lambda: torch.ones(2).sum().backward())
    y = (x * 2).sum()
    y.backward()
    err(lambda: y.backward())
    err(lambda: torch.tensor([1], requires_grad=True))
    err(lambda: torch.autograd.grad(x.sum(), torch.ones(2, requires_grad=True)))
    print(
        torch.autograd.grad(x.sum(), torch.ones(2, requires_grad=True), allow_unused=True),
        torch.autograd.grad(x.sum(), [torch.ones(2, requires_grad=True)], materialize_grads=True),
    )
    err(lambda: (x * 2).backward(torch.ones(3)))
    err(lambda: x.detach().requires_grad_().grad_fn.name())
    z = x * 2
    err(lambda: setattr(z, "requires_grad", False))
    print((x * 2).grad)


def prog_higher(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x**4
    for _i in range(5):
        (g,) = torch.autograd.grad(y, x, create_graph=True) if y.requires_grad else (None,)
        print(g)
        if g is None:
            break
        y = g
    w = torch.randn(3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    l = (w**2).sum()
    g = torch.autograd.grad(l, w, create_graph=True)[0]
    (g.norm() ** 2).backward()
    print(w.grad)
    print(torch.autograd.grad((w * w).view(3, 1) @ w.view(1, 3), w, torch.ones(3, 3), is_grads_batched=False))
    print(torch.autograd.grad(w * w, w, torch.eye(3), is_grads_batched=True))
