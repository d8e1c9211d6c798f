"""Pointwise operations, reductions, shapes, products: values, dtypes and gradients."""


def attempt(*fs):
    for f in fs:
        try:
            print(f())
        except Exception as e:
            print(type(e).__name__)


def grads(torch, x, *fs):
    for f in fs:
        y = f(x)
        w = torch.arange(1.0, y.numel() + 1, dtype=y.dtype).reshape(y.shape)
        (g,) = torch.autograd.grad((y * w).sum(), x)
        print([round(v, 4) for v in g.flatten().tolist()])


def prog_arithmetic(torch):
    a, b = torch.tensor([7, -7, 3]), torch.tensor([2, 2, -2])
    attempt(
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: a // b, lambda: a % b, lambda: a**2, lambda: a ** torch.tensor([0, 1, 2]), lambda: -a, lambda: abs(a), lambda: +a, lambda: a // 0, lambda: a % 0, lambda: a / 0,
        lambda: torch.remainder(a, 3), lambda: torch.fmod(a, 3), lambda: torch.div(a, b, rounding_mode="trunc"), lambda: torch.div(a, b, rounding_mode="floor"), lambda: torch.floor_divide(a, 2), lambda: a.true_divide(2), lambda: torch.add(a, b, alpha=3), lambda: torch.sub(a, b, alpha=2),
        lambda: torch.rsub(a, b), lambda: 10 - a, lambda: 10 / a, lambda: 10 // a, lambda: 10 % a, lambda: 2**a, lambda: a ** -1, lambda: a.float() ** -1, lambda: torch.mul(a, 2.5), lambda: a.add(b, alpha=1.5), lambda: torch.true_divide(1, a), lambda: a + [1, 2, 3],
        lambda: a + "s", lambda: a + None, lambda: torch.tensor([True]) + torch.tensor([True]), lambda: torch.tensor([True]) - torch.tensor([True]), lambda: -torch.tensor([True]), lambda: torch.tensor([200], dtype=torch.uint8) + 100, lambda: a.square(), lambda: a.reciprocal(), lambda: torch.gcd(a, b), lambda: torch.lcm(a, b),
    )  # fmt: skip


def prog_comparison_logic(torch):
    a, b = torch.tensor([1.0, 2.0, float("nan")]), torch.tensor([2.0, 2.0, float("nan")])
    i, j = torch.tensor([5, 3]), torch.tensor([1, 3])
    attempt(
        lambda: a == b, lambda: a != b, lambda: a < b, lambda: a <= b, lambda: a > 1, lambda: a >= 2, lambda: a.eq(2), lambda: torch.isclose(a, b, equal_nan=True), lambda: torch.allclose(a[:1], b[:1]), lambda: torch.equal(a, b), lambda: torch.equal(i, i.clone()),
        lambda: a.isnan(), lambda: a.isfinite(), lambda: a.isinf(), lambda: torch.maximum(a, b), lambda: torch.minimum(a, b), lambda: torch.fmax(a, torch.ones(3)), lambda: i & j, lambda: i | j, lambda: i ^ j, lambda: ~i, lambda: i << 1, lambda: i >> 1, lambda: a & b,
        lambda: torch.logical_and(a, b), lambda: torch.logical_or(i, j), lambda: torch.logical_not(i), lambda: torch.logical_xor(i, j), lambda: (a > 1) & (b > 1), lambda: ~(a > 1), lambda: a == "x", lambda: a == None, lambda: i == 5.0, lambda: 3 < i, lambda: torch.signbit(a), lambda: torch.sign(torch.tensor([-2.0, 0.0, 3.0])),
        lambda: a.nan_to_num(0.0), lambda: torch.heaviside(torch.tensor([-1.0, 0.0, 1.0]), torch.tensor(0.5)), lambda: torch.copysign(torch.ones(2), torch.tensor([-0.0, 2.0])), lambda: torch.nextafter(torch.tensor(1.0), torch.tensor(2.0)) > 1,
    )  # fmt: skip


def prog_unary(torch):
    x = torch.tensor([0.25, 0.5, 0.75])
    names = "abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sin cos tan asin acos atan sinh cosh tanh asinh atanh sigmoid relu erf erfc erfinv lgamma digamma floor ceil round trunc frac sign logit sinc deg2rad rad2deg i0"
    for n in names.split():
        print(n, getattr(torch, n)(x), getattr(x, n)())
    print(torch.round(torch.tensor([0.5, 1.5, 2.5, -0.5])), torch.round(torch.tensor([1.2345]), decimals=2))
    attempt(lambda: torch.sqrt(torch.tensor([4, 9])), lambda: torch.exp(torch.tensor([0, 1])), lambda: torch.floor(torch.tensor([1, 2])), lambda: torch.sin(torch.tensor([True])), lambda: torch.sqrt(torch.tensor([-1.0])), lambda: torch.log(torch.tensor([0.0])), lambda: torch.exp(3.0))  # fmt: skip


def prog_unary_gradients(torch):
    x = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64, requires_grad=True)
    names = "abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sin cos tan asin acos atan sinh cosh tanh asinh atanh sigmoid relu erf erfc erfinv lgamma digamma floor ceil round trunc frac sign logit sinc"
    for n in names.split():
        print(n, end=" ")
        grads(torch, x, lambda x, n=n: getattr(torch, n)(x))


def prog_activations(torch):
    import math

    x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0], requires_grad=True)
    F = torch.nn.functional if hasattr(torch, "nn") else None
    del F
    grads(torch, x, torch.relu, torch.sigmoid, torch.tanh, lambda x: x.clamp(-1, 1), lambda x: x.clamp(min=0), lambda x: x.clamp_max(1), lambda x: torch.where(x > 0, x, 0.1 * x), lambda x: x.abs(), lambda x: x * torch.sigmoid(x), lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))))  # fmt: skip
    print(
        torch.clamp(torch.tensor([1, 5]), 2, 4),
        torch.clamp(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0])),
        torch.clip(torch.tensor([1, 5]), max=2.5),
    )
    attempt(lambda: torch.ones(2).clamp())


def prog_binary_gradients(torch):
    x = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.5, 2.0, 0.5], dtype=torch.float64)
    grads(
        torch, x, lambda x: x + y, lambda x: x - y, lambda x: y - x, lambda x: x * y, lambda x: x / y, lambda x: y / x, lambda x: x**2, lambda x: y**x, lambda x: x % y, lambda x: torch.maximum(x, y), lambda x: torch.minimum(x, x * 1), lambda x: torch.atan2(x, y),
        lambda x: torch.hypot(x, y), lambda x: torch.lerp(x, y, 0.3), lambda x: torch.lerp(y, x, x), lambda x: torch.addcmul(x, y, x, value=2), lambda x: torch.addcdiv(x, y, x), lambda x: torch.where(x > 0, x, y), lambda x: torch.logaddexp(x, y), lambda x: torch.fmod(x, y),
        lambda x: x.clamp(y - 2, y), lambda x: torch.dist(x, y), lambda x: torch.copysign(x, y), lambda x: x.abs() ** 1.5, lambda x: torch.xlogy(x.abs(), y), lambda x: (x > 0) * x,
    )  # fmt: skip


def prog_reductions(torch):
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    i = torch.tensor([[1, 2], [3, 4]])
    attempt(
        lambda: x.sum(), lambda: x.sum(0), lambda: x.sum(1, keepdim=True), lambda: x.sum((0, 1)), lambda: x.sum(-1), lambda: x.mean(), lambda: x.mean(0), lambda: x.prod(), lambda: x.prod(1), lambda: x.var(), lambda: x.var(1), lambda: x.std(0, unbiased=False), lambda: x.var(1, correction=0), lambda: x.max(), lambda: x.min(),
        lambda: x.max(1), lambda: x.min(0), lambda: x.argmax(), lambda: x.argmax(1), lambda: x.argmin(0, keepdim=True), lambda: x.amax(1), lambda: x.amin((0, 1)), lambda: x.aminmax(), lambda: x.any(), lambda: (x > 3).all(1), lambda: x.norm(), lambda: x.norm(1), lambda: x.norm(2, 1), lambda: x.norm(float("inf")), lambda: x.logsumexp(0),
        lambda: x.cumsum(1), lambda: x.cumprod(0), lambda: x.cummax(1), lambda: i.sum(), lambda: i.sum().dtype, lambda: i.mean(), lambda: i.prod(), lambda: (i > 1).sum(), lambda: i.sum(dtype=torch.float64), lambda: i.float().mean(dtype=torch.float64), lambda: torch.tensor([]).sum(), lambda: torch.tensor([]).mean(), lambda: torch.tensor([]).max(),
        lambda: torch.zeros(0, 3).sum(0), lambda: torch.zeros(0, 3).max(0), lambda: torch.zeros(0, 3).max(1), lambda: torch.tensor([]).prod(), lambda: x.sum(2), lambda: x.sum((0, 0)), lambda: torch.std_mean(x), lambda: torch.var_mean(x, 1), lambda: x.median(1), lambda: x.nansum(), lambda: x.count_nonzero(), lambda: torch.tensor(3.0).sum(0), lambda: torch.tensor(1.0).var(),
        lambda: x.diff(), lambda: x.logcumsumexp(1), lambda: x.quantile(0.5), lambda: torch.trapezoid(x), lambda: x.sum(dim=()), lambda: x.sum(None), lambda: torch.ones(3, dtype=torch.bool).sum(), lambda: torch.all(torch.zeros(0)), lambda: torch.any(torch.zeros(0)), lambda: x.half().sum(), lambda: torch.tensor([1, 5, 3]).max(0),
    )  # fmt: skip


def prog_reduction_gradients(torch):
    x = torch.tensor([[1.0, 2.0, 0.0], [4.0, 2.0, 4.0]], dtype=torch.float64, requires_grad=True)
    grads(
        torch, x, lambda x: x.sum(), lambda x: x.sum(0), lambda x: x.sum(1, keepdim=True), lambda x: x.mean(1), lambda x: x.prod(), lambda x: x.prod(1), lambda x: x.var(), lambda x: x.std(1), lambda x: x.max(), lambda x: x.max(1)[0], lambda x: x.min(0)[0], lambda x: x.amax(1), lambda x: x.amin(), lambda x: x.norm(),
        lambda x: x.norm(1), lambda x: x.norm(3, 0), lambda x: x.logsumexp(1), lambda x: x.softmax(1), lambda x: x.log_softmax(0), lambda x: x.cumsum(1), lambda x: x.cumprod(1), lambda x: x.median(), lambda x: x.var_mean(1)[0] if hasattr(x, "var_mean") else torch.var_mean(x, 1)[0], lambda x: x.cummax(1)[0], lambda x: x.norm(float("inf")),
        lambda x: x.sum((0, 1)), lambda x: x.var(0, unbiased=False), lambda x: x.diff(dim=1), lambda x: x.trace() if False else x.diagonal().sum(), lambda x: x.logcumsumexp(0),
    )  # fmt: skip


def prog_shapes(torch):
    x = torch.arange(6).reshape(2, 3)
    attempt(
        lambda: x.reshape(3, 2), lambda: x.view(-1), lambda: x.view(3, -1), lambda: x.t(), lambda: x.T, lambda: x.mT, lambda: x.permute(1, 0), lambda: x.transpose(0, 1), lambda: x.unsqueeze(1).shape, lambda: x.unsqueeze(-1).shape, lambda: x[None].squeeze().shape, lambda: x[None].squeeze(0).shape, lambda: x.squeeze(0).shape, lambda: x.flatten(),
        lambda: x.reshape(1, 2, 3).flatten(1), lambda: x.expand(2, 2, 3), lambda: x.expand(-1, 3).shape, lambda: x.repeat(2, 1), lambda: x.tile(2), lambda: torch.cat([x, x]), lambda: torch.cat([x, x], 1), lambda: torch.stack([x, x]).shape, lambda: torch.stack([x, x], -1).shape, lambda: x.split(1), lambda: x.split([1, 2], 1), lambda: x.chunk(2, 1), lambda: x.unbind(1),
        lambda: x.flip(0), lambda: x.roll(1, 1), lambda: x.rot90(), lambda: x.tril(), lambda: x.triu(1), lambda: x.diagonal(), lambda: torch.diag(torch.tensor([1, 2])), lambda: x.view(4), lambda: x.t().view(6), lambda: x.t().reshape(6), lambda: x.reshape(-1, -1), lambda: x.reshape(4, -1), lambda: x.movedim(0, 1).shape, lambda: x.swapaxes(0, 1).shape,
        lambda: x.unflatten(1, (3, 1)).shape, lambda: x.view_as(torch.zeros(3, 2)), lambda: x.expand_as(torch.zeros(2, 2, 3)).shape, lambda: torch.broadcast_tensors(torch.ones(2, 1), torch.ones(3))[0].shape, lambda: torch.broadcast_shapes((2, 1), (3,)), lambda: torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij"), lambda: x.repeat_interleave(2, 0), lambda: x.unfold(1, 2, 1),
        lambda: torch.atleast_2d(torch.tensor(1)).shape, lambda: torch.hstack([x, x]).shape, lambda: torch.vstack([x, x]).shape, lambda: torch.dstack([x, x]).shape, lambda: x.as_strided((2, 2), (1, 2)), lambda: x.view(torch.int32).shape, lambda: torch.tensor([1.0]).view(torch.int32), lambda: x.ravel(), lambda: x.tensor_split(2, 1), lambda: x.fliplr(), lambda: x.expand(3, 3),
        lambda: torch.cat([torch.ones(1), torch.ones(1, dtype=torch.int64)]), lambda: torch.cat([torch.zeros(0), torch.ones(2, 2)]), lambda: torch.cat([]), lambda: torch.cat([torch.ones(1, 2), torch.ones(2)]), lambda: torch.stack([torch.ones(1), torch.ones(2)]), lambda: x.permute(0, 0), lambda: x.transpose(0, 5), lambda: x.squeeze(5), lambda: x.permute(1), lambda: torch.block_diag(x, x).shape,
    )  # fmt: skip


def prog_shape_gradients(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    grads(
        torch, x, lambda x: x.reshape(3, 2), lambda x: x.t(), lambda x: x.permute(1, 0), lambda x: x.expand(2, 2, 3), lambda x: x.repeat(2, 1), lambda x: torch.cat([x, x * 2]), lambda x: torch.stack([x, x], 1), lambda x: x.flip(0), lambda x: x.roll(1, 1), lambda x: x.tril(), lambda x: x.triu(1), lambda x: x.diagonal(), lambda x: x.split(1)[1], lambda x: x.chunk(3, 1)[2],
        lambda x: x.unbind()[0], lambda x: x.unfold(1, 2, 1), lambda x: x.view(-1)[::2], lambda x: x.unsqueeze(0), lambda x: x[None].squeeze(), lambda x: x.flatten(), lambda x: x.repeat_interleave(2, 1), lambda x: x.as_strided((2, 2), (1, 2)), lambda x: x.tile(2), lambda x: x.movedim(0, 1), lambda x: x.rot90(), lambda x: torch.diag(x[0]), lambda x: x.narrow(1, 1, 2), lambda x: x.select(1, 0),
    )  # fmt: skip


def prog_products(torch):
    a, b = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(3, 4)
    v = torch.tensor([1.0, 2.0, 3.0])
    attempt(
        lambda: a @ b, lambda: torch.matmul(a, v), lambda: v @ b, lambda: v @ v, lambda: torch.mm(a, b), lambda: torch.mv(a, v), lambda: torch.dot(v, v), lambda: torch.outer(v, v), lambda: torch.bmm(a[None], b[None]), lambda: (a[None].expand(2, 2, 3) @ b).shape, lambda: torch.addmm(torch.ones(4), a, b, beta=2, alpha=0.5), lambda: torch.baddbmm(torch.ones(1, 2, 4), a[None], b[None]).shape,
        lambda: torch.einsum("ij,jk->ik", a, b), lambda: torch.einsum("ij->j", a), lambda: torch.einsum("ij,ij", a, a), lambda: torch.einsum("i,j->ij", v, v), lambda: torch.einsum("...j,j", a, v), lambda: torch.tensordot(a, b, 1), lambda: torch.inner(v, v), lambda: torch.kron(v, v[:2]), lambda: torch.linalg.norm(a) if hasattr(torch, "linalg") else 0, lambda: torch.chain_matmul(a, b) if False else 0, lambda: torch.trace(b[:, :3]),
        lambda: a @ a, lambda: torch.mm(a, v), lambda: torch.dot(v, v[:2]), lambda: torch.mv(a, a), lambda: torch.bmm(a, b), lambda: torch.tensor([1, 2]) @ torch.tensor([3, 4]), lambda: a @ b.long(), lambda: torch.tensor(1.0) @ v, lambda: torch.zeros(2, 0) @ torch.zeros(0, 3), lambda: a.double() @ b, lambda: torch.ones(2, 3, 4) @ torch.ones(3, 4, 5), lambda: torch.addr(torch.zeros(3, 3), v, v)[1], lambda: torch.vdot(v, v), lambda: torch.cross(v, torch.ones(3), dim=0),
    )  # fmt: skip


def prog_product_gradients(torch):
    a = torch.arange(6.0).reshape(2, 3).div(10).requires_grad_()
    b = torch.arange(12.0).reshape(3, 4)
    v = torch.tensor([1.0, -2.0, 3.0])
    grads(
        torch, a, lambda a: a @ b, lambda a: a @ v, lambda a: a @ a.t(), lambda a: torch.einsum("ij,kj->ik", a, a), lambda a: a[0] @ b, lambda a: a[0] @ a[1], lambda a: torch.outer(a[0], a[1]), lambda a: a[None].expand(2, 2, 3) @ b, lambda a: torch.addmm(torch.ones(2, 4), a, b), lambda a: torch.baddbmm(torch.zeros(1, 2, 4), a[None], b[None], alpha=2), lambda a: torch.einsum("ij,jk,k->i", a, b, torch.ones(4)), lambda a: torch.tensordot(a, b, 1),
        lambda a: torch.kron(a[0], a[1]), lambda a: torch.einsum("...i,i->...", a, v), lambda a: a.mv(v), lambda a: torch.bmm(a[None], a.t()[None]), lambda a: torch.cdist(a, a + 1) if False else a.sum(),
    )  # fmt: skip


def prog_out_arguments(torch):
    x = torch.tensor([1.0, 2.0])
    out = torch.zeros(2)
    print(torch.add(x, 1, out=out) is out, out)
    torch.exp(x, out=out)
    print(out)
    torch.sum(x, 0, out=(s := torch.zeros(())))
    print(s)
    torch.cat([x, x], out=(c := torch.zeros(4)))
    print(c)
    attempt(lambda: torch.add(x, 1, out=torch.zeros(2, dtype=torch.int64)), lambda: torch.add(x.requires_grad_(), 1, out=out), lambda: torch.max(torch.ones(2, 2), 0, out=(torch.zeros(2), torch.zeros(2, dtype=torch.int64)))[0], lambda: torch.matmul(torch.ones(2, 2), torch.ones(2, 2), out=torch.zeros(2, 2)))  # fmt: skip


def prog_complex(torch):
    z = torch.tensor([1 + 2j, -0.5j])
    attempt(
        lambda: z.abs(), lambda: z.angle(), lambda: z.conj(), lambda: z.real, lambda: z.imag, lambda: z * z, lambda: z / (1 + 1j), lambda: z.exp(), lambda: z.sqrt(), lambda: z.sum(), lambda: z + 1, lambda: z == z, lambda: z < z, lambda: torch.complex(torch.ones(2), torch.zeros(2)), lambda: torch.view_as_real(z), lambda: torch.view_as_complex(torch.ones(2, 2)),
        lambda: torch.polar(torch.ones(1), torch.zeros(1)), lambda: z.mean(), lambda: z @ z, lambda: torch.vdot(z, z), lambda: z.is_complex(), lambda: z.float() if False else 0, lambda: z**2, lambda: z.max(), lambda: z.prod(), lambda: torch.outer(z, z), lambda: z.log(), lambda: z.sin(), lambda: z.tanh(), lambda: torch.isreal(z), lambda: z.sgn(), lambda: z.H if z.dim() == 2 else z[None].H, lambda: torch.real(torch.ones(1)), lambda: torch.imag(torch.ones(1)),
    )  # fmt: skip


def prog_broadcast_errors(torch):
    attempt(lambda: torch.ones(2) + torch.ones(3), lambda: torch.ones(2, 3).expand(2, 4), lambda: torch.where(torch.ones(2) > 0, torch.ones(3), 1.0), lambda: torch.ones(2, 3) * torch.ones(2, 1), lambda: torch.ones(0) + torch.ones(1), lambda: torch.ones(0) + torch.ones(2), lambda: torch.ones(2, 1, 3) + torch.ones(4, 1))  # fmt: skip


def prog_inplace_forms(torch):
    x = torch.tensor([1.0, 4.0])
    for f in (
        "add_ 1",
        "sub_ 1",
        "mul_ 2",
        "div_ 2",
        "pow_ 2",
        "neg_",
        "abs_",
        "sqrt_",
        "exp_",
        "log_",
        "clamp_ 0 1",
        "fill_ 5",
        "zero_",
        "sigmoid_",
        "floor_",
        "tanh_",
        "reciprocal_",
        "masked_fill_",
        "relu_",
        "round_",
    ):
        name, *args = f.split()
        if name == "masked_fill_":
            continue
        print(name, getattr(x.clone(), name)(*map(float, args)))
    x += 1
    x -= 2
    x *= 3
    x /= 4
    x **= 2
    x //= 1
    x %= 3
    print(x)
    i = torch.tensor([6, 5])
    i &= 3
    i |= 8
    i ^= 1
    i <<= 2
    i >>= 1
    print(i)
    attempt(
        lambda: i.__itruediv__(2),
        lambda: i.add_(0.5),
        lambda: torch.ones(2).eq_(1),
        lambda: torch.ones(2).bitwise_and_(1),
    )
