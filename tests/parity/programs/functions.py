"""Custom autograd Functions."""


def make(torch, forward, backward):
    return type(
        "Made", (torch.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    )


def prog_cube(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    print(y, y.grad_fn.name(), type(y.grad_fn).__name__)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    print(g.detach())
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    print(h.detach(), torch.autograd.grad(h.sum(), x))


def prog_setup_context(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor=3):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.factor = inputs
            print("inputs", len(inputs), output.requires_grad)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = torch.ones(2, requires_grad=True)
    Scale.apply(x, 5).sum().backward()
    print(x.grad)
    Scale.apply(x).sum().backward()
    print(x.grad)


def prog_several_outputs(torch):
    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            print(ctx.needs_input_grad)
            return x * 2, y * 3, 7, None

        @staticmethod
        def backward(ctx, g, h, *rest):
            print(g, h, rest)
            return g * 2, h * 3

    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2)
    a, b, c, d = Two.apply(x, y)
    print(a, b, c, d)
    a.sum().backward()
    print(x.grad)


def prog_materialize(torch):
    def run(flag):
        def forward(ctx, x):
            ctx.set_materialize_grads(flag)
            return x * 1, x * 2

        def backward(ctx, g, h):
            print(g, h)
            return h * 2

        x = torch.ones(2, requires_grad=True)
        make(torch, forward, backward).apply(x)[1].sum().backward()
        print(x.grad)

    run(True)
    run(False)


def prog_non_differentiable(torch):
    def forward(ctx, x):
        mask = x > 0
        idx = x * 2
        ctx.mark_non_differentiable(mask, idx)
        return x * 3, mask, idx

    def backward(ctx, g, *rest):
        print(rest)
        return g * 3

    x = torch.tensor([1.0, -1.0], requires_grad=True)
    y, mask, idx = make(torch, forward, backward).apply(x)
    print(y.requires_grad, mask.requires_grad, idx.requires_grad)
    y.sum().backward()
    print(x.grad)


def prog_dirty(torch):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    double = make(torch, forward, lambda ctx, g: g * 2)
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    z = double.apply(y)
    print(z is y, z, y._version)
    z.sum().backward()
    print(x.grad)
    try:
        double.apply(x)
    except RuntimeError as e:
        print("leaf" in str(e))
    y = x * 3
    v = y[:1]
    double.apply(v)
    print(y, v)
    y.sum().backward()
    print(x.grad)


def prog_dirty_not_returned(torch):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x * 1

    try:
        make(torch, forward, lambda ctx, g: g).apply(torch.ones(2, requires_grad=True) * 1)
    except RuntimeError as e:
        print("dirty" in str(e))


def prog_returned_as_is(torch):
    x = torch.ones(2, requires_grad=True)
    y = make(torch, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    print(y is x, y, y.data_ptr() == x.data_ptr())
    y.sum().backward()
    print(x.grad)
    try:
        y.add_(1)
    except RuntimeError as e:
        print("custom Function" in str(e))


def prog_wrong_counts(torch):
    x = torch.ones(2, requires_grad=True)
    for bad in (lambda ctx, g: (g, g), lambda ctx, g: (), lambda ctx, g: "s", lambda ctx, g: torch.ones(3)):
        try:
            make(torch, lambda ctx, x: x * 2, bad).apply(x).sum().backward()
            print("taken")
        except (RuntimeError, TypeError) as e:
            print(type(e).__name__)
    make(torch, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    print(x.grad)


def prog_none_gradients(torch):
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    f = make(torch, lambda ctx, a, b: a * b, lambda ctx, g: (None, g))
    f.apply(x, y).sum().backward()
    print(x.grad, y.grad)


def prog_once_differentiable(torch):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            print(torch.is_grad_enabled())
            return 2 * x * g

    x = torch.tensor([3.0], requires_grad=True)
    print(torch.autograd.grad(Once.apply(x).sum(), x))
    y = Once.apply(x * 1) * x
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    try:
        g.sum().backward()
    except RuntimeError as e:
        print("once_differentiable" in str(e))


def prog_grad_mode_inside(torch):
    def forward(ctx, x):
        print("forward", torch.is_grad_enabled(), x.requires_grad, (x * 2).requires_grad)
        return x * 2

    def backward(ctx, g):
        print("backward", torch.is_grad_enabled())
        return g * 2

    x = torch.ones(1, requires_grad=True)
    f = make(torch, forward, backward)
    f.apply(x).sum().backward()
    torch.autograd.grad(f.apply(x).sum(), x, create_graph=True)
    with torch.no_grad():
        print(f.apply(x).requires_grad)


def prog_exceptions_pass(torch):
    def boom(*a):
        raise KeyError("mine")

    x = torch.ones(1, requires_grad=True)
    for f, b in ((boom, boom), (lambda ctx, x: x * 2, boom)):
        try:
            make(torch, f, b).apply(x).sum().backward()
        except KeyError as e:
            print("KeyError", e)


def prog_reentrant(torch):
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.y = (ctx.x**3).sum()
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            ctx.y.backward(g, retain_graph=True)
            return ctx.x.grad

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Inner.apply(x * 2).backward()
    print(x.grad)


def prog_checkpoint_by_hand(torch):
    class Checkpoint(torch.autograd.Function):
        @staticmethod
        def forward(ctx, f, x):
            ctx.f = f
            ctx.save_for_backward(x)
            return f(x)

        @staticmethod
        def backward(ctx, g):
            x = ctx.saved_tensors[0].detach().requires_grad_()
            with torch.enable_grad():
                y = ctx.f(x)
            y.backward(g)
            return None, x.grad

    x = torch.linspace(0, 1, 4).requires_grad_()
    y = x * 2
    for _ in range(3):
        y = Checkpoint.apply(lambda t: (t.sin() * t).exp(), y)
    y.sum().backward()
    print(x.grad)


def prog_straight_through(torch):
    rounded = make(torch, lambda ctx, x: x.round(), lambda ctx, g: g)
    x = torch.tensor([0.3, 1.7, -2.4], requires_grad=True)
    (rounded.apply(x) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    print(x.grad)


def prog_saved_output(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            print(y.grad_fn.name())
            return y * g

    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = Exp.apply(x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    print(g.detach(), torch.autograd.grad(g.sum(), x))
    y = Exp.apply(x)
    y.add_(1)
    try:
        y.sum().backward()
    except RuntimeError as e:
        print("modified by an inplace" in str(e))


def prog_ctx_attributes(torch):
    def forward(ctx, x, n, word=None):
        ctx.n, ctx.word = n, word
        return x * n

    def backward(ctx, g):
        print(ctx.n, ctx.word, ctx.needs_input_grad)
        return g * ctx.n, None, None

    x = torch.ones(1, requires_grad=True)
    y = make(torch, forward, backward).apply(x, 4, "hi")
    print(y.grad_fn.n, y.grad_fn.word)
    y.backward()
    print(x.grad)


def prog_missing_methods(torch):
    class Empty(torch.autograd.Function):
        pass

    class NoBackward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = torch.ones(1, requires_grad=True)
    for c in (Empty, NoBackward):
        try:
            c.apply(x).backward()
        except NotImplementedError as e:
            print("must implement" in str(e))


def prog_save_for_backward_of_junk(torch):
    def forward(ctx, x):
        ctx.save_for_backward(3)
        return x * 2

    try:
        make(torch, forward, lambda ctx, g: g).apply(torch.ones(1, requires_grad=True))
    except TypeError as e:
        print("save_for_backward" in str(e))


def prog_list_of_tensors(torch):
    f = make(torch, lambda ctx, xs, k: xs[0] * k, lambda ctx, g: (None, None))
    print(f.apply([torch.ones(2, requires_grad=True)], 3))


def prog_view_in_forward(torch):
    x = torch.arange(4.0).requires_grad_()
    y = make(torch, lambda ctx, x: x.view(2, 2), lambda ctx, g: g.reshape(4)).apply(x * 1)
    print(y)
    y.sum().backward()
    print(x.grad)


def prog_gradient_of_wrong_dtype(torch):
    x = torch.ones(2, requires_grad=True)
    y = make(torch, lambda ctx, x: x * 2, lambda ctx, g: g.double()).apply(x)
    y.sum().backward()
    print(x.grad)


def prog_broadcast_gradient(torch):
    x = torch.ones(2, requires_grad=True)
    y = make(torch, lambda ctx, x: x * 2, lambda ctx, g: torch.ones(3, 2)).apply(x * 1)
    y.sum().backward()
    print(x.grad)
