"""Reading and writing parts of tensors."""


def attempt(*fs):
    for f in fs:
        try:
            print(f())
        except Exception as e:
            print(type(e).__name__)


def prog_basic(torch):
    x = torch.arange(24).reshape(2, 3, 4)
    attempt(
        lambda: x[0], lambda: x[-1, -1, -1], lambda: x[0, 1:], lambda: x[:, ::2], lambda: x[..., 0], lambda: x[0, ..., 1], lambda: x[None, 0, 0], lambda: x[:, None].shape,
        lambda: x[0][1][2], lambda: x[1:1].shape, lambda: x[5:].shape, lambda: x[:, :, -2:], lambda: x[::-1], lambda: x[2], lambda: x[0, 0, 0, 0], lambda: x[..., ...].shape, lambda: x[1.0],
        lambda: x[()].shape, lambda: x[...].shape, lambda: x[True].shape, lambda: x[False].shape, lambda: x["a"], lambda: x[0, "a"], lambda: x[:, 3], lambda: x[slice(0, 1), 0], lambda: x[None].shape,
        lambda: x[torch.tensor(1)].shape, lambda: x[torch.tensor(1), torch.tensor(0)], lambda: x[0:-1:2, 1], lambda: torch.tensor(3)[None], lambda: torch.tensor(3)[0], lambda: torch.tensor(3)[...],
    )  # fmt: skip


def prog_advanced(torch):
    x = torch.arange(24).reshape(2, 3, 4)
    i, j = torch.tensor([0, 1]), torch.tensor([2, 0])
    attempt(
        lambda: x[[0, 1]].shape, lambda: x[i, j], lambda: x[:, j], lambda: x[i, :, j], lambda: x[i[:, None], j].shape, lambda: x[..., [0, 0, 1]].shape, lambda: x[0, [1, 2]], lambda: x[[0], [1], [2]],
        lambda: x[[0, 1], 1:, [0, 1]].shape, lambda: x[:, [0, 1], [1, 2]].shape, lambda: x[i, None, j].shape, lambda: x[[[0, 1], [1, 0]]].shape, lambda: x[[5]], lambda: x[[-1]][0, 0], lambda: x[i, torch.tensor([0, 1, 2])],
        lambda: x[torch.tensor([], dtype=torch.int64)].shape, lambda: x[[]].shape, lambda: x[torch.tensor([1.0])], lambda: x[(0, 1)], lambda: x[[True, False]].shape, lambda: x[i.to(torch.int32)].shape, lambda: x[i.to(torch.uint8)].shape,
        lambda: x[range(2)].shape, lambda: x[[slice(None), 0]].shape,
    )  # fmt: skip


def prog_masks(torch):
    x = torch.arange(6.0).reshape(2, 3)
    m = x > 2
    attempt(
        lambda: x[m], lambda: x[~m], lambda: x[m.any(1)], lambda: x[:, m.any(0)], lambda: x[m[:, 0], 1], lambda: x[torch.zeros(2, 3, dtype=torch.bool)], lambda: x[torch.tensor(True)].shape, lambda: x[torch.ones(3, dtype=torch.bool)],
        lambda: x[x > 100].sum(), lambda: m.nonzero(), lambda: torch.where(m), lambda: torch.where(m, x, -x), lambda: x.masked_select(m), lambda: x.masked_fill(m, 0), lambda: torch.argwhere(m), lambda: torch.where(m, 1, 0.5), lambda: torch.where(m, 1, 0).dtype,
    )  # fmt: skip


def prog_assignment(torch):
    def do(index, value, base=None):
        x = torch.zeros(2, 3) if base is None else base
        try:
            x[index] = value
            print(x.tolist())
        except Exception as e:
            print(type(e).__name__)

    do(0, 1)
    do((0, 1), 5.5)
    do((slice(None), 1), torch.tensor([7.0, 8.0]))
    do(..., 2)
    do((slice(None), [0, 2]), torch.tensor([[1.0], [2.0]]))
    do(torch.tensor([[True, False, True], [False, True, False]]), 9)
    do(torch.tensor([[True, False, True], [False, True, False]]), torch.tensor([1.0, 2.0, 3.0]))
    do(([0, 1], [2, 0]), torch.tensor([4.0, 5.0]))
    do(([0, 0], [1, 1]), torch.tensor([4.0, 5.0]))
    do(0, torch.ones(2))
    do(5, 1)
    do(0, "a")
    do((0, None), torch.ones(1, 3))
    do(slice(None), torch.tensor([1, 2, 3]))
    do(0, [1.0, 2.0, 3.0])
    do(0, 1j)
    do(0, 2.7, torch.zeros(3, dtype=torch.int64))
    do(slice(0, 2), torch.tensor([1.5, 2.5]), torch.zeros(3, dtype=torch.int64))
    do(True, 3.0)
    do((), 4.0)


def prog_gather_scatter(torch):
    x = torch.arange(6.0).reshape(2, 3)
    i = torch.tensor([[0, 2], [1, 1]])
    attempt(
        lambda: x.gather(1, i), lambda: torch.gather(x, 0, torch.tensor([[1, 0, 1]])), lambda: torch.zeros(2, 3).scatter(1, i, 5.0), lambda: torch.zeros(2, 3).scatter(1, i, x), lambda: torch.zeros(2, 3).scatter_add(1, i, torch.ones(2, 2)),
        lambda: torch.zeros(2, 3).scatter_(1, i, 1.0, reduce="add"), lambda: torch.ones(2, 3).scatter_reduce(1, i, x[:, :2], "sum"), lambda: torch.ones(2, 3).scatter_reduce(1, i, x[:, :2], "prod", include_self=False),
        lambda: x.gather(1, torch.tensor([[3]])), lambda: x.gather(2, i), lambda: x.gather(1, i.float()), lambda: x.gather(0, torch.tensor([0])), lambda: x.take(torch.tensor([0, 5])), lambda: torch.take_along_dim(x, x.argsort(1, descending=True), 1),
        lambda: x.put(torch.tensor([0, 1]), torch.tensor([9.0, 8.0])), lambda: torch.zeros(2, 3).scatter_reduce(1, i, x[:, :2], "amax"), lambda: torch.zeros(2, 3).scatter_reduce(1, i, x[:, :2], "mean"),
    )  # fmt: skip


def prog_index_functions(torch):
    x = torch.arange(6.0).reshape(3, 2)
    i = torch.tensor([2, 0])
    attempt(
        lambda: x.index_select(0, i), lambda: torch.index_select(x, 1, torch.tensor([1])), lambda: x.index_add(0, i, torch.ones(2, 2)), lambda: x.index_add(0, i, torch.ones(2, 2), alpha=10), lambda: x.index_copy(0, i, torch.zeros(2, 2)),
        lambda: x.index_fill(0, i, -1), lambda: x.index_put((i, torch.tensor([0, 1])), torch.tensor(7.0)), lambda: x.index_put((i, i - i), torch.ones(2), accumulate=True), lambda: torch.zeros(3).index_put((torch.tensor([0, 0, 1]),), torch.ones(3), accumulate=True),
        lambda: x.index_select(0, torch.tensor([3])), lambda: x.index_select(2, i), lambda: x.masked_scatter(x > 2, torch.tensor([10.0, 20.0, 30.0])), lambda: x.select(0, 1), lambda: x.narrow(0, 1, 2), lambda: x.narrow(0, 2, 2), lambda: x.index_select(0, torch.tensor(1)),
        lambda: x.select_scatter(torch.zeros(2), 0, 1), lambda: x.slice_scatter(torch.zeros(1, 2), 0, 0, 1), lambda: x.diagonal_scatter(torch.tensor([7.0, 8.0])),
    )  # fmt: skip


def prog_gradients(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    i = torch.tensor([[0, 2], [1, 1]])
    for f in (
        lambda: x[0], lambda: x[:, 1:], lambda: x[[0, 0]], lambda: x[x > 2], lambda: x[[0, 1], [2, 2]], lambda: x[None, ..., -1], lambda: x.gather(1, i), lambda: x.index_select(1, torch.tensor([0, 0])), lambda: x.masked_fill(x > 3, 0),
        lambda: x.masked_select(x > 1), lambda: x.take(torch.tensor([1, 1, 4])), lambda: x.narrow(1, 0, 2), lambda: torch.where(x > 2, x * 2, x * 3), lambda: torch.zeros(2, 3).scatter(1, i, x[:, :2]), lambda: torch.zeros(2, 3).scatter_add(1, i, x[:, :2]),
        lambda: x.index_add(0, torch.tensor([0]), x[:1] * 2), lambda: torch.take_along_dim(x, i, 1), lambda: x.diagonal(), lambda: x.unfold(1, 2, 1), lambda: x.index_put((torch.tensor([0]),), x[1]), lambda: x.sort(1, descending=True)[0][:, :1], lambda: x.topk(2)[0],
        lambda: x.kthvalue(2)[0], lambda: x.median(), lambda: x.unbind(1)[2], lambda: x.masked_scatter(x > 3, x.flatten()),
    ):  # fmt: skip
        y = f()
        w = torch.arange(1.0, y.numel() + 1).reshape(y.shape)
        print(torch.autograd.grad((y * w).sum(), x)[0].tolist(), y.grad_fn.name())


def prog_sort_topk(torch):
    x = torch.tensor([[3.0, 1.0, 2.0], [0.0, float("nan"), -1.0]])
    attempt(
        lambda: x.sort(), lambda: x.sort(0, descending=True), lambda: x.argsort(1), lambda: torch.tensor([3, 1, 3, 1]).sort(stable=True), lambda: x[0].topk(2), lambda: x[0].topk(2, largest=False), lambda: x.topk(5), lambda: torch.tensor([1, 3, 2]).msort(),
        lambda: torch.tensor([1, 3, 3, 2]).unique(), lambda: torch.tensor([2, 1, 2]).unique(return_inverse=True, return_counts=True), lambda: x[0].kthvalue(2), lambda: x[0].median(), lambda: x[0].mode(),
        lambda: torch.tensor([True, False]).sort(), lambda: torch.tensor([1, 1, 2, 2, 1]).unique_consecutive(), lambda: torch.bincount(torch.tensor([0, 1, 1, 3])),
    )  # fmt: skip
