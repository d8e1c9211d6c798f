"""One line after the other over a family of operations: reductions, shapes, searching, attributes, subgradients."""


def err(f):
    """Prints what it returns or the class of what it raises."""
    try:
        print("ok", f())
    except Exception as e:
        print(type(e).__name__)


def prog_broadcast(torch):
    a = torch.arange(3.0).view(3, 1)
    b = torch.arange(4.0)
    print(
        a + b,
        (a * b).stride(),
        torch.broadcast_shapes((3, 1), (4,)),
        torch.broadcast_tensors(a, b)[0].stride(),
        a.expand(3, 4).stride(),
    )
    err(lambda: torch.ones(2) + torch.ones(3))
    err(lambda: a.expand(2, 4))
    print(
        a.expand(-1, 2),
        b.repeat(2, 1),
        b.tile(2),
        torch.repeat_interleave(b, 2),
        torch.repeat_interleave(b, torch.tensor([0, 1, 2, 1])),
        b.view(2, 2).repeat_interleave(2, 1),
    )


def prog_einsum(torch):
    A = torch.arange(6.0).view(2, 3)
    B = torch.arange(12.0).view(3, 4)
    print(
        torch.einsum("ij,jk->ik", A, B),
        torch.einsum("ij->ji", A),
        torch.einsum("ij->", A),
        torch.einsum("ii->i", torch.eye(3)),
        torch.einsum("bij,bjk->bik", torch.ones(2, 3, 4), torch.ones(2, 4, 5)).shape,
        torch.einsum("i,j->ij", A[0], A[1]),
        torch.einsum("...i,...i->...", A, A),
        torch.einsum(A, [0, 1], B, [1, 2], [0, 2]).shape,
    )
    err(lambda: torch.einsum("ij,jk->ik", A, A))
    err(lambda: torch.einsum("ij->k", A))
    err(lambda: torch.einsum("i", A))


def prog_reductions(torch):
    a = torch.tensor([[1.0, 5.0, 2.0], [4.0, 0.0, 6.0]])
    print(
        a.sum(),
        a.sum(0),
        a.sum(1, keepdim=True),
        a.mean(),
        a.std(),
        a.var(0, unbiased=False),
        a.prod(1),
        a.max(),
        a.min(1),
        a.argmax(),
        a.argmin(0),
        a.median(),
        a.median(1),
        a.mode(1),
        a.norm(),
        a.norm(1),
        a.norm(float("inf")),
        a.norm(2, dim=1),
        a.cumsum(1),
        a.cumprod(0),
        a.logsumexp(1),
        a.all(),
        a.any(1),
        a.amax((0, 1)),
        a.aminmax(),
        a.kthvalue(2),
        a.topk(2),
        a.sort(descending=True),
        a.argsort(0),
        a.unique(),
        a.quantile(0.5),
        a.quantile(torch.tensor([0.25, 0.5]), 1),
        a.nansum(),
        a.nanmean(),
        a.count_nonzero(),
        torch.std_mean(a),
        torch.var_mean(a, 1),
        a.cummax(1),
        a.cummin(0),
        a.logcumsumexp(1),
        a.diff(),
        a.dist(a + 1),
        torch.histc(a, 3),
        torch.bincount(torch.tensor([1, 1, 3])),
        a.softmax(1),
        a.log_softmax(0),
    )
    err(lambda: a.max(2))
    err(lambda: torch.tensor([]).max())
    print(torch.tensor([]).sum(), torch.tensor([]).mean(), torch.tensor([]).prod())
    err(lambda: torch.tensor([1, 2]).mean())


def prog_shapes(torch):
    a = torch.arange(24)
    b = a.view(2, 3, 4)
    print(
        b.permute(2, 0, 1).shape,
        b.transpose(0, 2).stride(),
        b.reshape(-1, 6).shape,
        b.flatten(1).shape,
        b.unflatten(2, (2, 2)).shape,
        b.movedim(0, 2).shape,
        b.swapaxes(0, 1).shape,
        b.chunk(2, 1)[1].shape,
        [x.shape for x in b.split([1, 2], 1)],
        torch.stack([a, a], 1).shape,
        torch.cat([b, b], 2).shape,
        b.unbind(1)[0],
        b.select(1, 0),
        b.narrow(2, 1, 2),
        b.squeeze().shape,
        b[:1].squeeze(0).shape,
        b.unsqueeze(-1).shape,
        b.flip(0, 2)[0],
        b.roll(1, 2)[0],
        b.rot90(1, (0, 1)).shape,
        torch.hstack([a, a]).shape,
        torch.vstack([a, a]).shape,
        torch.dstack([a, a]).shape,
        b.diagonal(dim1=1, dim2=2),
        b[0].tril(),
        b[0].triu(1),
        torch.tril_indices(3, 3),
        a.unfold(0, 4, 2).shape,
        b.mT.shape,
        torch.meshgrid(a[:2], a[:3], indexing="ij"),
        torch.cartesian_prod(a[:2], a[:2]),
        torch.combinations(a[:3]),
        torch.block_diag(b[0, :1], b[1, :1]),
        torch.kron(torch.eye(2), torch.ones(1, 2)),
        b.view(-1).is_contiguous(),
        b.transpose(0, 1).is_contiguous(),
        b.numel(),
        b.dim(),
        b.size(-1),
        b.element_size(),
        b.nbytes,
        b.storage_offset(),
        b[1].storage_offset(),
    )
    err(lambda: b.transpose(0, 1).view(-1))
    err(lambda: b.view(5, -1))
    err(lambda: b.reshape(-1, -1))
    err(lambda: b.permute(0, 1))
    err(lambda: b.squeeze(5))
    err(lambda: torch.cat([b, a]))
    err(lambda: torch.stack([a, a[:2]]))
    err(lambda: torch.cat([]))
    err(lambda: b.chunk(0))
    err(lambda: b.split(-1))
    err(lambda: b.narrow(0, 1, 5))


def prog_searchsorted(torch):
    s = torch.tensor([1, 3, 5, 7, 9])
    v = torch.tensor([[3, 6, 9], [0, 5, 10]])
    print(
        torch.searchsorted(s, v),
        torch.searchsorted(s, v, right=True),
        torch.bucketize(v, s),
        torch.bucketize(v, s, right=True),
        torch.searchsorted(s, 4),
        torch.bucketize(4, s),
        torch.searchsorted(s, v, side="right", out_int32=True),
    )
    err(lambda: torch.searchsorted(s, v, right=True, side="left"))
    print(torch.searchsorted(torch.stack([s, s + 1]), v))
    err(lambda: torch.searchsorted(torch.stack([s, s]), v[0]))


def prog_isin(torch):
    print(
        torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5])),
        torch.isin(torch.tensor([[1.0, 2.0]]), 2.0),
        torch.isin(3, torch.tensor([3, 4])),
        torch.isin(torch.tensor([1, 2]), torch.tensor([1]), invert=True),
        torch.isin(torch.tensor([1, 2]), torch.tensor([1, 2]), assume_unique=True),
    )


def prog_poisson(torch):
    torch.manual_seed(0)
    print(
        torch.poisson(torch.tensor([[0.5, 5.0], [20.0, 100.0]])),
        torch.poisson(torch.full((6,), 2.5, dtype=torch.float64)),
    )
    x = torch.ones(2, requires_grad=True)
    print(torch.poisson(x).requires_grad)
    err(lambda: torch.poisson(torch.tensor([-1.0])))
    err(lambda: torch.poisson(torch.tensor([1])))


def prog_utils(torch):
    print(
        torch.is_tensor(torch.ones(1)),
        torch.numel(torch.ones(2, 2)),
        torch.is_floating_point(torch.ones(1)),
        torch.is_complex(torch.ones(1)),
        torch.is_nonzero(torch.tensor([1])),
        torch.get_default_dtype(),
        torch.typename(torch.ones(1)),
        torch.ones(1).type(),
        torch.ones(1).device,
        torch.device("cpu"),
        torch.device("cpu", 0),
        torch.ones(1).layout,
        torch.finfo(torch.float32),
        torch.iinfo(torch.int8).max,
        torch.finfo(torch.float16).eps,
        torch.equal(torch.ones(2), torch.ones(2)),
        torch.allclose(torch.ones(2), torch.ones(2) + 1e-9),
        torch.isclose(torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), equal_nan=True),
        torch.ones(2).is_same_size(torch.zeros(2)),
        torch.float32.itemsize,
        torch.float32.is_floating_point,
        torch.complex64.to_real(),
        torch.float32.to_complex(),
        torch.Size((2, 3)) + torch.Size((1,)),
        torch.Size((2, 3))[1:],
        type(torch.ones(2, 3).shape),
        torch.tensor([1, 2]).tolist(),
        torch.tensor(3).item(),
        hash(torch.ones(1)) is not None,
    )
    err(lambda: torch.tensor([1, 2]).item())
    torch.set_default_dtype(torch.float64)
    print(torch.ones(1), torch.tensor(1.0))
    torch.set_default_dtype(torch.float32)
    err(lambda: torch.set_default_dtype(torch.int32))


def prog_tensor_attrs(torch):
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    print(
        x.is_leaf,
        y.is_leaf,
        x.grad_fn,
        y.grad_fn.name(),
        y.grad_fn.next_functions[0][0].name(),
        y.output_nr,
        x.requires_grad,
        y.retains_grad,
        x._version,
        y._is_view(),
        y[0]._is_view(),
        y[0]._base is y,
        x.is_cpu,
        x.is_cuda,
        x.ndim,
        x.itemsize,
        x.T.shape,
        x.H.shape,
        x.real.shape,
        x.is_sparse,
        x.is_quantized,
        x.data_ptr() == x.detach().data_ptr(),
    )
    err(lambda: x.imag)
    x.foo = 3
    print(x.foo)
    print(
        x.new_zeros(2).dtype,
        x.type_as(torch.ones(1).double()).dtype,
        x.contiguous() is x,
        x.float() is x,
        x.to(torch.float32) is x,
        x.cpu() is x,
        x.double().dtype,
        x.half().dtype,
        x.long().dtype,
        x.bool().dtype,
        x.byte().dtype,
        x.char().dtype,
        x.short().dtype,
        x.int().dtype,
        x.bfloat16().dtype,
        x.cfloat().dtype,
        x.cdouble().dtype,
    )


def prog_subclass(torch):
    class T(torch.Tensor):
        pass

    t = torch.ones(2).as_subclass(T)
    print(
        type(t + 1).__name__,
        type(t[0]).__name__,
        type(t.sum()).__name__,
        type(torch.ones(2) + t).__name__,
        isinstance(t, torch.Tensor),
    )

    class L(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            print(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    l = torch.ones(2).as_subclass(L)
    l + 1
    torch.sum(l)
    l.mul(2)
    torch.stack([l, l])


def prog_inplace_ops(torch):
    x = torch.ones(3)
    print(
        x.add_(1),
        x.mul_(2),
        x.sub_(1),
        x.div_(2),
        x.pow_(2),
        x.neg_(),
        x.abs_(),
        x.sqrt_(),
        x.exp_(),
        x.log_(),
        x.clamp_(0, 1),
        x.fill_(3),
        x.zero_(),
        x.copy_(torch.arange(3)),
        x.random_(3) is x,
        x.uniform_() is x,
        x.t_().shape,
        x.unsqueeze_(0).shape,
        x.squeeze_().shape,
        x.fill_(2).floor_(),
        x.remainder_(2),
        x.eq_(0),
        x.logical_not_(),
        x.sigmoid_(),
        x.tanh_(),
        x.round_(decimals=2),
        x.lerp_(torch.ones(3), 0.5),
        x.addcmul_(x, x),
        x.masked_fill_(torch.tensor([True, False, True]), 9),
        x.index_fill_(0, torch.tensor([0]), 1),
        x.swapaxes_(0, 0),
        x.resize_(2),
        x.set_(torch.ones(4)).shape,
    )
    i = torch.tensor([6, 7])
    i //= 2
    print(i)
    i <<= 1
    i |= 1
    i ^= 2
    i &= 7
    print(i)
    i %= 3
    print(i)
    i **= 2
    print(i)


def prog_cumulative_grad(torch):
    for n in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"):
        x = torch.tensor([[1.0, 3.0, 2.0], [0.0, 5.0, -1.0]], dtype=torch.float64, requires_grad=True)
        y = getattr(torch, n)(x, 1)
        y = y if isinstance(y, torch.Tensor) else y[0]
        (y * torch.arange(6.0).view(2, 3)).sum().backward()
        print(n, y, x.grad)


def prog_subgradients(torch):
    for n in (
        "abs",
        "relu",
        "sqrt",
        "norm",
        "max",
        "min",
        "median",
        "amax",
        "sign",
        "floor",
        "sort",
        "clamp",
        "hardtanh",
        "leaky_relu",
        "elu",
        "prod",
        "std",
        "var",
        "norm1",
        "norminf",
        "pow0",
        "maximum",
        "sinc",
        "atan2",
        "nan_to_num",
        "logsumexp",
        "erfinv",
        "copysign",
        "fmod",
        "remainder",
    ):
        x = torch.tensor([0.0, 0.0, 1.0], requires_grad=True)
        f = {
            "norm1": lambda t: t.norm(1),
            "norminf": lambda t: t.norm(float("inf")),
            "pow0": lambda t: t**0,
            "clamp": lambda t: t.clamp(0, 1),
            "maximum": lambda t: torch.maximum(t, torch.zeros(3)),
            "sort": lambda t: t.sort()[0],
            "atan2": lambda t: torch.atan2(t, torch.ones(3)),
            "copysign": lambda t: torch.copysign(t, -torch.ones(3)),
            "fmod": lambda t: torch.fmod(t, 2),
            "remainder": lambda t: torch.remainder(t, 2),
            "logsumexp": lambda t: t.logsumexp(0),
        }.get(n) or (lambda t: getattr(torch, n)(t) if hasattr(torch, n) else getattr(torch.nn.functional, n)(t))
        if n in ("hardtanh", "leaky_relu", "elu"):
            f = lambda t: getattr(torch.nn.functional, n)(t)
        y = f(x).sum()
        y.backward()
        print(n, x.grad)
