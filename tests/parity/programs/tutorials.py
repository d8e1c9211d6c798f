"""Models by hand, custom Functions, hooks and saved tensors, as tutorials show them."""

import math


def err(f):
    """Prints what it returns or the class of what it raises."""
    try:
        print("ok", f())
    except Exception as e:
        print(type(e).__name__)


def prog_linreg(torch):
    torch.manual_seed(0)
    X = torch.randn(100, 3)
    w = torch.tensor([1.0, -2.0, 3.0])
    y = X @ w + 0.5 + 0.01 * torch.randn(100)
    W = torch.zeros(3, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for i in range(50):
        loss = ((X @ W + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            W -= 0.1 * W.grad
            b -= 0.1 * b.grad
        W.grad.zero_()
        b.grad = None
        if i % 10 == 0:
            print(i, loss.item())
    print(W, b)


def prog_mlp(torch):
    torch.manual_seed(1)
    x = torch.randn(16, 4)
    y = torch.randint(0, 3, (16,))
    W1 = (torch.randn(4, 8) * 0.5).requires_grad_()
    b1 = torch.zeros(8, requires_grad=True)
    W2 = (torch.randn(8, 3) * 0.5).requires_grad_()
    b2 = torch.zeros(3, requires_grad=True)
    for _i in range(20):
        h = torch.relu(x @ W1 + b1)
        logits = h @ W2 + b2
        lp = torch.log_softmax(logits, 1)
        loss = -lp[torch.arange(16), y].mean()
        gs = torch.autograd.grad(loss, [W1, b1, W2, b2])
        with torch.no_grad():
            for p, g in zip([W1, b1, W2, b2], gs):
                p.sub_(0.5 * g)
    print(loss, (logits.argmax(1) == y).float().mean())
    print(W2)


def prog_polyfit(torch):
    x = torch.linspace(-math.pi, math.pi, 200)
    y = torch.sin(x)
    torch.manual_seed(3)
    a, b, c, d = [torch.randn((), requires_grad=True) for _ in range(4)]
    for _t in range(100):
        loss = (a + b * x + c * x**2 + d * x**3 - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= 1e-6 * p.grad
                p.grad = None
    print(loss.item())
    print(a.item(), b.item(), c.item(), d.item())


def prog_legendre(torch):
    class L(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return 0.5 * (5 * x**3 - 3 * x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 1.5 * (5 * x**2 - 1)

    x = torch.linspace(-1, 1, 5, dtype=torch.double, requires_grad=True)
    y = L.apply(x)
    print(y)
    y.sum().backward()
    print(x.grad)
    print(y.grad_fn.name())
    print(torch.autograd.gradcheck(L.apply, (x,)), torch.autograd.gradgradcheck(L.apply, (x,)))


def prog_once_diff(torch):
    from_ = torch.autograd.function.once_differentiable

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        @from_
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x.exp()

    x = torch.ones(2, requires_grad=True)
    y = F.apply(x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    print(g, g.requires_grad)
    err(lambda: g.sum().backward())


def prog_setup_context(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(x, k):
            return x * k, x.clone()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]
            ctx.mark_non_differentiable(output[1])

        @staticmethod
        def backward(ctx, g, h):
            print(g, h)
            return g * ctx.k, None

    x = torch.ones(2, requires_grad=True)
    a, b = F.apply(x, 3.0)
    print(a, b)
    a.sum().backward()
    print(x.grad)


def prog_materialize(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x + 1, x + 2

        @staticmethod
        def backward(ctx, a, b):
            print(a, b, ctx.needs_input_grad)
            return a

    x = torch.ones(2, requires_grad=True)
    F.apply(x)[0].sum().backward()
    print(x.grad)


def prog_dirty(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(2, requires_grad=True)
    y = x.clone()
    z = F.apply(y)
    print(z is y, y.grad_fn.name())
    z.sum().backward()
    print(x.grad)
    err(lambda: F.apply(x))


def prog_fn_errors(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g, g

    x = torch.ones(2, requires_grad=True)
    err(lambda: F.apply(x).sum().backward())

    class G(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g[:1]

    err(lambda: G.apply(torch.ones(3, requires_grad=True)).sum().backward())

    class H(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

    err(lambda: H.apply(x).sum().backward())

    class Raises(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError("k")

    err(lambda: Raises.apply(x).sum().backward())


def prog_hooks(torch):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    h = y.register_hook(lambda g: g * 10)
    z = y.sum()
    z.backward(retain_graph=True)
    print(x.grad)
    h.remove()
    x.grad = None
    z.backward()
    print(x.grad)
    x = torch.ones(3, requires_grad=True)
    x.register_hook(lambda g: print("pre", g))
    x.register_post_accumulate_grad_hook(lambda p: print("post", p.grad))
    (x * 3).sum().backward()
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: print(gi, go))
    y.grad_fn.register_prehook(lambda go: print("p", go))
    y.sum().backward()
    err(lambda: torch.ones(2).register_hook(lambda g: g))


def prog_multi_hook(torch):
    a = torch.ones(2, requires_grad=True)
    b = torch.ones(2, requires_grad=True)
    c = torch.ones(2, requires_grad=True)
    with torch.autograd.graph.register_multi_grad_hook([a, b, c], lambda gs: print(gs)):
        (a * b).sum().backward()
    torch.autograd.graph.register_multi_grad_hook([a, b], lambda g: print("any", g), mode="any")
    (a * b + c).sum().backward()


def prog_saved_hooks(torch):
    def pack(x):
        print("pack", tuple(x.shape))
        return x.detach().clone()

    def unpack(x):
        print("unpack")
        return x

    a = torch.ones(3, requires_grad=True)
    b = torch.full((3,), 2.0, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = a * b
        z = y.exp()
    z.sum().backward()
    print(a.grad, b.grad)
    with torch.autograd.graph.disable_saved_tensors_hooks("no!"):

        def f():
            with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
                pass

        err(f)
    with torch.autograd.graph.save_on_cpu():
        w = a * a
    w.sum().backward()
    print(a.grad)


def prog_checkpointlike(torch):
    class C(torch.autograd.Function):
        @staticmethod
        def forward(ctx, f, x):
            ctx.f = f
            ctx.save_for_backward(x)
            with torch.no_grad():
                return f(x)

        @staticmethod
        def backward(ctx, g):
            x = ctx.saved_tensors[0].detach().requires_grad_()
            with torch.enable_grad():
                y = ctx.f(x)
            torch.autograd.backward(y, g)
            return None, x.grad

    x = torch.linspace(0, 1, 4, requires_grad=True)
    y = C.apply(lambda t: t.sin() * t, x)
    print(y)
    y.sum().backward()
    print(x.grad)


def prog_versions(torch):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    print(y._version)
    z = y * y
    y.add_(1)
    print(y._version)
    err(lambda: z.sum().backward())
    y = x.exp()
    y += 1
    err(lambda: y.sum().backward())
    y = x.sigmoid()
    v = y[:1]
    v.zero_()
    print(y._version, v._version)
    err(lambda: y.sum().backward())
    with torch.no_grad():
        x.fill_(2.0)
    print(x._version)
    err(lambda: x.add_(1))
    err(lambda: x[0].fill_(1))
    a = torch.ones(3, requires_grad=True).unbind(0)
    err(lambda: a[0].add_(1))
    a = (torch.ones(3, requires_grad=True) * 1).unbind(0)
    err(lambda: a[0].add_(1))
    a = (torch.ones(4, requires_grad=True) * 1).split(2)
    err(lambda: a[0].mul_(2))


def prog_inplace_views(torch):
    x = torch.zeros(4, requires_grad=True)
    y = x.clone()
    v = y[1:3]
    v.mul_(3)
    v += torch.tensor([1.0, 2.0])
    print(y, y.grad_fn.name(), v.grad_fn.name())
    (y**2).sum().backward()
    print(x.grad)
    a = torch.zeros(3, 3)
    b = torch.ones(3, requires_grad=True)
    a[1] = b
    a[:, 2] = b * 2
    print(a, a.requires_grad)
    a.sum().backward()
    print(b.grad)
    a = torch.zeros(3, 3)
    a.diagonal().copy_(b)
    a.t()[0] += 5
    print(a)
    a = torch.arange(6.0).view(2, 3)
    a.transpose_(0, 1)
    print(a, a.stride(), a.is_contiguous())
    a.unsqueeze_(0)
    print(a.shape)
    a.squeeze_()
    print(a.shape)
    y = x.clone()
    z = y.view(2, 2)
    y.mul_(2)
    print(z.grad_fn.name())
    with torch.no_grad():
        n = y.view(2, 2)
    err(lambda: n.mul_(2))


def prog_index(torch):
    a = torch.arange(24).view(2, 3, 4)
    print(
        a[0],
        a[:, 1],
        a[..., -1],
        a[None].shape,
        a[:, None, :, ::2].shape,
        a[1, 2, 3],
        a[[0, 1], [1, 2]],
        a[:, [0, 2]],
        a[a > 20],
        a[torch.tensor([1, 0])].shape,
    )
    print(
        a[[True, False]],
        a[:, torch.tensor([True, False, True])],
        a[0, ..., None].shape,
        a[[[0, 1], [1, 0]]].shape,
        a[[0, 1], :, [1, 2]].shape,
        a[:, [0, 1], [1, 2]].shape,
    )
    for i in (
        (5,),
        (0, 5),
        (slice(None, None, -1),),
        (0, 0, 0, 0),
        ("a",),
        (1.0,),
        (torch.tensor([5]),),
        (torch.tensor([1.0]),),
        ([True] * 3,),
        (None,) * 3,
        (True,),
        (False,),
    ):
        err(lambda: a[i].shape)
    a = torch.zeros(5)
    a[torch.tensor([0, 0, 1])] += 1
    print(a)
    a.index_put_((torch.tensor([0, 0, 1]),), torch.ones(3), accumulate=True)
    print(a)
    a[a == 0] = -1
    print(a)
    a[[0, 2]] = torch.tensor([8.0, 9.0])
    print(a)
    a[1:4:2] = 7
    print(a)
    err(lambda: a.__setitem__(slice(0, 3), torch.zeros(2)))
    err(lambda: a.__setitem__(0, torch.zeros(2)))
    err(lambda: a.__setitem__(9, 1))
    err(lambda: a.__setitem__(0, "a"))
    err(lambda: int(torch.zeros(2)))
    err(lambda: bool(torch.zeros(2)))
    err(lambda: bool(torch.zeros(0)))
    err(lambda: len(torch.tensor(1)))
    err(lambda: list(torch.tensor(1)))
    print(2 in torch.tensor([1, 2]), torch.arange(3)[torch.tensor(1)], [i for i in torch.arange(2)])


def prog_print_dtypes(torch):
    for dt in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    ):
        print(torch.arange(4).to(dt))
        print(torch.zeros(2, 0, dtype=dt))
        print(torch.ones((), dtype=dt))
        print(torch.eye(2).to(dt))
        print(dt, torch.tensor([], dtype=dt))
