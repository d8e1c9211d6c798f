"""Small training loops and numerical recipes written with tensors alone."""

import math


def err(f):
    """Prints what it returns or the class of what it raises."""
    try:
        print("ok", f())
    except Exception as e:
        print(type(e).__name__)


def prog_adam(torch):
    torch.manual_seed(0)
    w = torch.randn(4, requires_grad=True)
    m = torch.zeros(4)
    v = torch.zeros(4)
    for t in range(1, 21):
        loss = ((w - torch.arange(4.0)) ** 2).sum()
        loss.backward()
        with torch.no_grad():
            m.mul_(0.9).add_(w.grad, alpha=0.1)
            v.mul_(0.999).addcmul_(w.grad, w.grad, value=0.001)
            w.addcdiv_(m / (1 - 0.9**t), (v / (1 - 0.999**t)).sqrt_().add_(1e-8), value=-0.1)
            w.grad = None
    print(w, loss)


def prog_rnn(torch):
    torch.manual_seed(2)
    Wx = torch.randn(3, 5, requires_grad=True)
    Wh = torch.randn(5, 5, requires_grad=True)
    h = torch.zeros(2, 5)
    for _t in range(4):
        h = torch.tanh(torch.randn(2, 3) @ Wx + h @ Wh)
    h.pow(2).mean().backward()
    print(Wx.grad, Wh.grad.norm())


def prog_attention(torch):
    torch.manual_seed(3)
    q, k, v = [torch.randn(2, 4, 8, requires_grad=True) for _ in range(3)]
    s = (q @ k.transpose(-2, -1)) / math.sqrt(8)
    s = s.masked_fill(torch.triu(torch.ones(4, 4), 1).bool(), float("-inf"))
    a = s.softmax(-1)
    o = a @ v
    print(a[0], o.shape)
    o.sum().backward()
    print(q.grad[0, 1], v.grad[0, :, 0])


def prog_cross_entropy(torch):
    l = torch.tensor([[1.0, 2.0, 3.0], [1.0, 0.0, -1.0]], requires_grad=True)
    t = torch.tensor([2, 0])
    loss = -l.log_softmax(1).gather(1, t[:, None]).mean()
    loss.backward()
    print(loss, l.grad, (torch.logsumexp(l, 1) - l[range(2), t]).mean())


def prog_gan_penalty(torch):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = torch.tanh(x @ w).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    p = ((g.norm(2, dim=1) - 1) ** 2).mean()
    p.backward()
    print(g, p, w.grad)


def prog_maml(torch):
    w = torch.tensor(1.0, requires_grad=True)
    l = (w * 2 - 3) ** 2
    (g,) = torch.autograd.grad(l, w, create_graph=True)
    w2 = w - 0.1 * g
    l2 = (w2 * 3 - 1) ** 2
    l2.backward()
    print(w2, l2, w.grad)


def prog_hvp(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x**3).sum() + x.prod()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    print(g)
    v = torch.tensor([1.0, 0.0, 2.0])
    print(torch.autograd.grad((g * v).sum(), x))


def prog_newton(torch):
    x = torch.tensor(3.0, requires_grad=True)
    for _ in range(5):
        y = x**4 - 2 * x**2
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        (h,) = torch.autograd.grad(g, x)
        with torch.no_grad():
            x -= g / h
    print(x, g, h)


def prog_straight_through(torch):
    x = torch.tensor([0.2, 0.7, 1.6], requires_grad=True)
    y = x + (x.round() - x).detach()
    (y**2).sum().backward()
    print(y, x.grad)


def prog_grad_clip(torch):
    ps = [torch.full((3,), 2.0, requires_grad=True), torch.ones(2, requires_grad=True)]
    sum((p**3).sum() for p in ps).backward()
    n = torch.norm(torch.stack([p.grad.norm() for p in ps]))
    print(n)
    [p.grad.mul_(1.0 / (n + 1e-6)) for p in ps]
    print(*[p.grad for p in ps])


def prog_ema(torch):
    a = torch.zeros(3)
    b = torch.arange(3.0)
    for _ in range(5):
        a.lerp_(b, 0.5)
    print(a, torch.lerp(a, b, torch.tensor([0.1, 0.2, 0.3])))


def prog_onehot(torch):
    t = torch.tensor([0, 2, 1])
    print(torch.zeros(3, 3).scatter_(1, t[:, None], 1), torch.eye(3)[t], (t[:, None] == torch.arange(3)).float())


def prog_conway(torch):
    g = torch.zeros(6, 6, dtype=torch.int64)
    g[1, 2] = g[2, 3] = g[3, 1] = g[3, 2] = g[3, 3] = 1
    for _ in range(4):
        n = sum(g.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
        g = ((n == 3) | ((g == 1) & (n == 2))).long()
    print(g)


def prog_kmeans(torch):
    torch.manual_seed(0)
    x = torch.cat([torch.randn(20, 2), torch.randn(20, 2) + 5])
    c = x[[0, -1]].clone()
    for _ in range(5):
        a = torch.cdist(x, c).argmin(1)
        c = torch.stack([x[a == k].mean(0) for k in range(2)])
    print(c, a.bincount())


def prog_pca_power(torch):
    torch.manual_seed(0)
    A = torch.randn(5, 5)
    A = A @ A.T
    v = torch.ones(5)
    for _ in range(100):
        v = A @ v
        v /= v.norm()
    print(v @ A @ v, A.trace(), torch.linalg.norm(A), A.tril().sum())


def prog_moving_average(torch):
    x = torch.arange(10.0)
    print(
        x.unfold(0, 3, 1).mean(-1),
        x.cumsum(0),
        torch.nn.functional.pad(x, (1, 1)),
        x.view(2, 5).T.reshape(-1),
        x[::3],
        x[torch.tensor([True, False] * 5)],
        x.flip(0)[:3],
    )


def prog_mask_ops(torch):
    a = torch.tensor([1.0, float("nan"), 3.0, float("inf")])
    print(
        a.isnan(),
        a.isinf(),
        a.isfinite(),
        a.nan_to_num(0.0, 9.0),
        a[~a.isnan()].sum(),
        torch.where(a.isnan(), 0.0, a),
        a.nanmean(),
        a.nansum(),
        a == a,
        a.max(),
        a.argmax(),
        a.sort(),
        torch.nanmedian(a),
    )


def prog_intdiv(torch):
    a = torch.tensor([7, -7, 8, -8])
    print(
        a // 2,
        a % 3,
        torch.div(a, 3, rounding_mode="trunc"),
        torch.div(a, 3, rounding_mode="floor"),
        torch.fmod(a, 3),
        torch.remainder(a, -3),
        a / 2,
        a.float() // -3,
        divmod(7, 2),
        a >> 1,
        a << 1,
        a & 3,
        a | 1,
        a ^ 2,
        ~a,
        torch.gcd(a, torch.tensor(6)),
        torch.lcm(a, torch.tensor(6)),
        a.abs(),
        a.sign(),
        -a,
        a.pow(2),
    )
    err(lambda: a // 0)
    err(lambda: torch.div(a, 2, rounding_mode="x"))


def prog_bool_ops(torch):
    t = torch.tensor([True, False, True])
    print(
        t & ~t,
        t | t,
        t ^ t,
        t.sum(),
        t.all(),
        t.any(),
        t.int(),
        t + t,
        t * 2,
        t.logical_not(),
        t.float().mean(),
        t.argmax(),
        t.nonzero(),
        t.eq(True),
        t.cumsum(0),
        t.max(),
        t.sort(),
    )
    err(lambda: t - t)
    err(lambda: -t)
    err(lambda: t.mean())
    print(torch.tensor([1, 2])[t[:2]])


def prog_iter(torch):
    for r in torch.arange(4).view(2, 2):
        print(r, r.tolist())
    print(
        len(torch.zeros(3, 2)),
        [float(v) for v in torch.arange(3.0)],
        sum(torch.arange(4)),
        max(torch.tensor([1, 3, 2])),
        sorted(torch.tensor([3, 1, 2])),
        list(reversed(torch.arange(3))),
        [*torch.arange(2)],
        bool(torch.tensor(0)),
        int(torch.tensor(3.7)),
        float(torch.tensor(2)),
        complex(torch.tensor(1.0)),
        round(float(torch.tensor(1.26)), 1),
        range(10)[torch.tensor(3)],
        [0, 1, 2][torch.tensor(1)],
        "%d" % torch.tensor(3),
        "%.2f" % torch.tensor(3.14159),
        abs(torch.tensor(-1)),
        pow(torch.tensor(2), 3),
        divmod(7, 3),
        torch.tensor(3).__index__(),
        hash(torch.float32) == hash(torch.float32),
    )


def prog_random_more(torch):
    torch.manual_seed(11)
    print(
        torch.rand(2, 3),
        torch.randn(2, 3),
        torch.randint(3, 9, (4,)),
        torch.randperm(5),
        torch.bernoulli(torch.full((4,), 0.5)),
        torch.normal(1.0, 2.0, (3,)),
        torch.normal(torch.arange(3.0), 1.0),
        torch.rand_like(torch.ones(2)),
        torch.randn_like(torch.ones(2, dtype=torch.float64)),
        torch.randint_like(torch.ones(3), 5),
        torch.empty(3).uniform_(2, 3),
        torch.empty(3, dtype=torch.int).random_(),
        torch.empty(3).bernoulli_(0.3),
        torch.rand(20).sum(),
        torch.randn(33).sum(),
        torch.rand(3, dtype=torch.float16),
        torch.randn(2, dtype=torch.cfloat),
        torch.multinomial(torch.ones(5), 5),
    )
    with torch.random.fork_rng():
        torch.rand(3)
    print(torch.rand(1))


def prog_scan_dtype(torch):
    for d in (torch.bool, torch.uint8, torch.int32, torch.float16):
        x = torch.tensor([[1, 0, 1], [1, 1, 1]]).to(d)
        print(
            x.sum().dtype,
            x.cumsum(0).dtype,
            x.prod().dtype,
            x.cumprod(1).dtype,
            x.sum(dtype=torch.float64).dtype,
            x.max().dtype,
            x.any().dtype,
            x.argmax().dtype,
            (x.mean(dtype=torch.float32)).dtype,
            x.norm(dtype=torch.float32).dtype if d == torch.float16 else 0,
            (x + 1).dtype,
            (x + 1.0).dtype,
            (x / 2).dtype,
            (x * True).dtype,
            x.float().dtype,
            torch.exp(x).dtype,
            (x == 1).dtype,
            x.abs().dtype if d != torch.bool else 0,
        )


def prog_view_dtype(torch):
    x = torch.tensor([1.0, -2.0])
    print(
        x.view(torch.int32),
        x.view(torch.uint8).shape,
        torch.tensor([1, 2], dtype=torch.int16).view(torch.int32),
        x.view(torch.complex64),
        torch.view_as_complex(torch.ones(2, 2)),
        x.to(torch.int8),
        torch.tensor([3.9, -3.9]).int(),
        torch.tensor([1e20]).half(),
        torch.tensor([1, 0]).bool(),
        torch.tensor([0.1]).double(),
        torch.tensor([1 + 2j]).abs(),
    )
    err(lambda: x.view(torch.float64).shape)


def prog_accumulate(torch):
    w = torch.ones(3, requires_grad=True)
    g = []
    for i in range(3):
        (w * (i + 1)).sum().backward()
        g.append(w.grad)
        print(w.grad)
    print(g[0] is g[2])
    w.grad.zero_()
    print(g[0])
    w.grad = None
    l = sum((w * i).sum() for i in range(4))
    l.backward()
    print(w.grad)


def prog_leaf_rules(torch):
    a = torch.ones(2, requires_grad=True)
    b = a
    b = b * 1
    print(a.is_leaf, b.is_leaf, a.detach().is_leaf, torch.ones(2).is_leaf, a.clone().is_leaf)
    err(lambda: a.mul_(2))
    a.data.mul_(3)
    print(a)
    a.data = torch.zeros(3)
    print(a.shape, a.requires_grad)
    err(lambda: b.detach_())
    print(b.requires_grad)
    c = torch.zeros(2)
    c.requires_grad = True
    print(c.requires_grad)
    d = (a * 2).requires_grad_()
    print(d.is_leaf)
    err(lambda: (a * 2).requires_grad_(False))


def prog_nan_grads(torch):
    x = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    for f in (
        torch.sqrt,
        torch.log,
        torch.rsqrt,
        torch.acos,
        torch.asin,
        torch.atanh,
        torch.reciprocal,
        lambda t: t**0.5,
        lambda t: t**-1,
        lambda t: 0**t,
        lambda t: t.abs() ** 0.5,
        torch.lgamma,
        torch.erfinv,
        torch.logit,
        torch.tan,
        torch.log1p,
        lambda t: torch.where(t > 0, t.log(), t * 0),
    ):
        y = f(x)
        print(y.detach(), torch.autograd.grad(y, x, torch.ones(3))[0])
