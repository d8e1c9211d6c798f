"""Which class of exception, for bad input."""


def classes(torch, *fs):
    for i, f in enumerate(fs):
        try:
            f()
            print(i, "fine")
        except Exception as e:
            print(i, type(e).__name__.replace("OutOfMemoryError", "RuntimeError"))


def prog_creation(torch):
    classes(torch, lambda: torch.zeros("a"), lambda: torch.zeros(2, dtype="float32"), lambda: torch.zeros(2, device="gpu"), lambda: torch.zeros(2, foo=1), lambda: torch.zeros(2.5), lambda: torch.zeros(10**18), lambda: torch.zeros(2**40, 2**40), lambda: torch.empty(-2), lambda: torch.full((2,)), lambda: torch.eye(-1), lambda: torch.tensor(), lambda: torch.arange(), lambda: torch.arange(0, float("inf")), lambda: torch.zeros([[1]]), lambda: torch.linspace(0, 1), lambda: torch.zeros(2, requires_grad=1), lambda: torch.Tensor(2, 3).shape, lambda: torch.Tensor([1, 2]), lambda: torch.Tensor("a"))  # fmt: skip


def prog_arguments(torch):
    x = torch.ones(2, 3)
    classes(torch, lambda: x.sum(dim="a"), lambda: x.sum(7), lambda: x.sum(keepdim=True), lambda: x.reshape("a"), lambda: x.reshape(), lambda: x.view(7), lambda: x.add(), lambda: x.add(1, 2, 3), lambda: x.add(1, beta=2), lambda: torch.add(1, 2), lambda: torch.exp(), lambda: torch.exp("a"), lambda: x.exp(1), lambda: torch.cat(x), lambda: torch.cat(3), lambda: torch.cat([1, 2]), lambda: torch.stack([]), lambda: x.permute("a"), lambda: x.transpose(0), lambda: x.squeeze("a"), lambda: x.softmax(), lambda: x.softmax(5), lambda: torch.softmax(torch.tensor([1, 2]), 0), lambda: x.to("nonsense"), lambda: x.type("foo"), lambda: x.split(0), lambda: x.split(-1), lambda: x.chunk(0), lambda: x.repeat(1), lambda: x.repeat(-1, 1), lambda: x.expand(1), lambda: x.flip(3), lambda: x.roll(1, 5), lambda: x.topk(9), lambda: x.clamp("a"), lambda: x.norm("foo"), lambda: x.norm(2, 9), lambda: torch.where(x), lambda: torch.where(x, 1, 2), lambda: x.index_select(0, [0]), lambda: x.masked_fill(x, 1), lambda: x.masked_fill(x > 0, "a"), lambda: x.unfold(0, 5, 1), lambda: x.unsqueeze(5), lambda: x.cumsum(), lambda: x.std(9), lambda: x.max(9), lambda: x.max("a"), lambda: torch.einsum("ij,jk", x), lambda: torch.einsum("i", x), lambda: torch.einsum(3), lambda: x @ 3, lambda: x @ "a", lambda: torch.mm(x, x), lambda: x.matmul(), lambda: x.t_(1), lambda: x.item(), lambda: x.tolist(1), lambda: x.fill_("a"), lambda: x.copy_(torch.ones(5)), lambda: x.copy_("a"), lambda: x.set_requires(), lambda: x())  # fmt: skip


def prog_autograd(torch):
    x = torch.ones(2, requires_grad=True)
    i = torch.ones(2, dtype=torch.int64)
    classes(torch, lambda: (x * 2).backward(), lambda: (x * 2).sum().backward("a"), lambda: (x * 2).sum().backward(torch.ones(3)), lambda: torch.autograd.grad(x.sum(), []), lambda: torch.autograd.grad(x.sum(), 3), lambda: torch.autograd.grad(3, x), lambda: torch.autograd.backward([x.sum(), x.sum()], [None]), lambda: i.requires_grad_(), lambda: (x * 2).requires_grad_(False), lambda: x.register_hook(3), lambda: x.register_hook(), lambda: setattr(x, "grad", 3), lambda: setattr(x, "grad", torch.ones(3)), lambda: setattr(x, "requires_grad", "a"), lambda: setattr(x * 2, "requires_grad", False), lambda: setattr(x, "data", 3), lambda: setattr(x, "data", torch.ones(2, dtype=torch.float64)), lambda: x.numpy(), lambda: x.add_(1), lambda: x.detach_(), lambda: torch.ones(1).backward(), lambda: torch.autograd.grad(x.sum(), torch.ones(1)), lambda: torch.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True), lambda: torch.autograd.backward(x.sum(), inputs=[]), lambda: torch.set_grad_enabled("a"), lambda: torch.set_grad_enabled(), lambda: x.retain_grad(), lambda: torch.ones(1).retain_grad(), lambda: (x * 1j).sum().backward(), lambda: torch.autograd.grad(x * 2, x, torch.ones(2, dtype=torch.complex64)), lambda: x.backward(torch.ones(2), torch.ones(2)), lambda: x.sum().backward(foo=1))  # fmt: skip


def prog_attributes(torch):
    x = torch.ones(2)
    classes(torch, lambda: x.foo, lambda: torch.foo_bar_baz, lambda: setattr(x, "dtype", 3), lambda: setattr(x, "is_leaf", 3), lambda: delattr(x, "shape"), lambda: setattr(x, "T", 3), lambda: x.shape.foo, lambda: torch.float32.foo, lambda: torch.Tensor.foo, lambda: x.grad_fn.foo, lambda: (x.requires_grad_() * 2).grad_fn.foo)  # fmt: skip


def prog_empty(torch):
    e = torch.ones(0, 3)
    classes(torch, lambda: e.max(), lambda: e.min(), lambda: e.argmax(), lambda: e.max(1), lambda: e.max(0), lambda: e.median(), lambda: e.mode(0), lambda: e.amax(), lambda: e.amax(0), lambda: e.item(), lambda: e.kthvalue(1, 0), lambda: e.sort(0), lambda: e.topk(1, 0), lambda: e.mean(), lambda: e.std(), lambda: e.softmax(0), lambda: e.logsumexp(0), lambda: e.norm(), lambda: e.norm(float("inf")), lambda: e.cumsum(0), lambda: e.cummax(0), lambda: e.reshape(-1, 0), lambda: e.reshape(0, -1), lambda: e.view(-1), lambda: e.unbind(), lambda: e.split(1), lambda: e.chunk(2), lambda: e.prod(), lambda: e.all(), lambda: e @ e.t(), lambda: e[0], lambda: e[:0], lambda: e[[]], lambda: e.flip(0), lambda: e.repeat(2, 2), lambda: e.quantile(0.5), lambda: e.nonzero(), lambda: e.unique(), lambda: e.diff(), lambda: e.aminmax())  # fmt: skip
