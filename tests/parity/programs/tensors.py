"""Creation, conversion, printing, copying."""


def attempt(*fs):
    for f in fs:
        try:
            print(f())
        except Exception as e:
            print(type(e).__name__)


def prog_tensor_from_data(torch):
    for data in (
        1,
        1.5,
        True,
        1j,
        [1, 2],
        [1, 2.5],
        [True, False],
        [1, True],
        [[1, 2], [3, 4]],
        [],
        [[]],
        [1.0, 2j],
        (3, 4),
        [[1], [2.5]],
    ):
        t = torch.tensor(data)
        print(t, t.dtype, t.shape)


def prog_tensor_bad_data(torch):
    attempt(lambda: torch.tensor([[1, 2], [3]]), lambda: torch.tensor("a"), lambda: torch.tensor([None]), lambda: torch.tensor(2**70),
            lambda: torch.tensor([1, "a"]), lambda: torch.tensor(300, dtype=torch.uint8), lambda: torch.tensor({1: 2}))  # fmt: skip


def prog_factories(torch):
    attempt(
        lambda: torch.zeros(2, 3), lambda: torch.ones(2), lambda: torch.ones((2, 1)), lambda: torch.full((2,), 3), lambda: torch.full((2,), 3.5),
        lambda: torch.full((1,), True), lambda: torch.full((2,), 1 + 2j), lambda: torch.zeros(()), lambda: torch.zeros(0, 3), lambda: torch.eye(2, 3),
        lambda: torch.eye(2, dtype=torch.int32), lambda: torch.empty(0), lambda: torch.zeros(2, dtype=torch.bool), lambda: torch.zeros(-1),
        lambda: torch.ones(2, 3, dtype=torch.complex64), lambda: torch.zeros([2, 2], dtype=torch.float16), lambda: torch.full((2,), 2, dtype=torch.bfloat16),
    )  # fmt: skip


def prog_arange(torch):
    attempt(
        lambda: torch.arange(5), lambda: torch.arange(1, 4), lambda: torch.arange(0, 1, 0.25), lambda: torch.arange(5.0), lambda: torch.arange(3, 0, -1),
        lambda: torch.arange(0), lambda: torch.arange(1, 2, 0), lambda: torch.arange(2, 1), lambda: torch.arange(0, 5, 2, dtype=torch.float64),
        lambda: torch.arange(3, dtype=torch.uint8), lambda: torch.arange(True), lambda: torch.arange(0.0, 1.0, 0.1),
    )  # fmt: skip


def prog_spaces(torch):
    attempt(
        lambda: torch.linspace(0, 1, 5), lambda: torch.linspace(1, 0, 3), lambda: torch.linspace(0, 10, 1), lambda: torch.linspace(0, 1, 0),
        lambda: torch.linspace(0, 10, 5, dtype=torch.int64), lambda: torch.logspace(0, 2, 3), lambda: torch.logspace(0, 3, 4, base=2),
        lambda: torch.linspace(0, 1, -1), lambda: torch.linspace(-1, 1, 4, dtype=torch.float64), lambda: torch.linspace(0, 1j, 3),
    )  # fmt: skip


def prog_like_and_new(torch):
    x = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    attempt(
        lambda: torch.zeros_like(x), lambda: torch.ones_like(x, dtype=torch.int32), lambda: torch.full_like(x, 7), lambda: torch.empty_like(x).shape,
        lambda: x.new_zeros(2), lambda: x.new_ones(1, 2), lambda: x.new_full((2,), 5), lambda: x.new_tensor([1, 2]), lambda: x.new_empty(3).shape,
        lambda: torch.zeros_like(x.t()).stride(), lambda: torch.zeros_like(x, requires_grad=True).requires_grad,
    )  # fmt: skip


def prog_default_dtype(torch):
    print(torch.get_default_dtype())
    torch.set_default_dtype(torch.float64)
    try:
        print(
            torch.ones(2),
            torch.tensor(1.5),
            torch.tensor(1j),
            torch.arange(2.0),
            torch.tensor([1]),
            torch.zeros(2, dtype=torch.float32),
        )
        print((torch.tensor(1) / 2), torch.tensor([1.0, 2.0]).dtype)
    finally:
        torch.set_default_dtype(torch.float32)
    attempt(lambda: torch.set_default_dtype(torch.int64))


def prog_conversions(torch):
    x = torch.tensor([1.7, -2.7, 0.0])
    attempt(
        lambda: x.int(), lambda: x.long(), lambda: x.bool(), lambda: x.double(), lambda: x.half(), lambda: x.bfloat16(), lambda: x.to(torch.uint8)[:1],
        lambda: x.to("cpu") is x, lambda: x.to(torch.float32) is x, lambda: x.to(torch.float64).dtype, lambda: x.type(torch.int8), lambda: x.type(),
        lambda: x.to(x.double()).dtype, lambda: x.to(copy=True) is x, lambda: x.float() is x, lambda: x.type_as(torch.ones(1, dtype=torch.int16)),
        lambda: x.to(torch.complex64), lambda: torch.tensor([1 + 2j]).real, lambda: torch.tensor([1 + 2j]).to(torch.complex128), lambda: x.to("meta"),
        lambda: x.char(), lambda: x.short(), lambda: x.cdouble(), lambda: x.cfloat(),
    )  # fmt: skip


def prog_scalars(torch):
    attempt(
        lambda: torch.tensor(3).item(), lambda: torch.tensor([2.5]).item(), lambda: torch.ones(2).item(), lambda: torch.tensor(True).item(),
        lambda: torch.tensor(1j).item(), lambda: int(torch.tensor(2.9)), lambda: float(torch.tensor(2)), lambda: complex(torch.tensor(2.0)),
        lambda: bool(torch.ones(0)), lambda: bool(torch.ones(2)), lambda: bool(torch.tensor(0.0)), lambda: int(torch.tensor(1j)), lambda: [10, 20, 30][torch.tensor(1)],
        lambda: [1][torch.tensor(0.0)], lambda: list(range(torch.tensor(3))), lambda: torch.tensor([[1, 2], [3, 4]]).tolist(), lambda: torch.tensor(5).tolist(),
        lambda: torch.zeros(0, 2).tolist(), lambda: torch.zeros(2, 0).tolist(), lambda: hex(torch.tensor(255)), lambda: "%d" % torch.tensor(3), lambda: f"{torch.tensor(3.14159):.2f}",
        lambda: f"{torch.ones(2):.2f}", lambda: round(torch.tensor(2.5).item()), lambda: len(torch.ones(3, 2)), lambda: len(torch.tensor(1)), lambda: 2 in torch.arange(3),
        lambda: "a" in torch.arange(3), lambda: torch.tensor(float("nan")).item(), lambda: torch.tensor([1.0], dtype=torch.float16).item(),
    )  # fmt: skip


def prog_iteration(torch):
    x = torch.arange(6).reshape(2, 3)
    print([r for r in x], list(reversed(x)))
    a, b = x
    print(a, b)
    attempt(lambda: list(torch.tensor(1)), lambda: [*torch.ones(0)], lambda: dict(zip("ab", x)), lambda: max(torch.tensor([1, 3, 2])), lambda: sum(torch.ones(3)), lambda: sorted(torch.tensor([3, 1, 2])))  # fmt: skip


def prog_numpy(torch):
    import numpy as np

    a = np.arange(4.0)
    t = torch.from_numpy(a)
    a[0] = 9
    t[1] = 8
    print(t, a, t.dtype)
    n = t.numpy()
    n[2] = 7
    print(t)
    attempt(
        lambda: torch.tensor(np.float32(2.5)), lambda: torch.tensor(np.array([1, 2], dtype=np.int16)), lambda: torch.as_tensor(a) is t, lambda: torch.as_tensor([1, 2]),
        lambda: torch.from_numpy([1]), lambda: torch.from_numpy(np.array(["a"])), lambda: torch.from_numpy(np.arange(6)[::-1]), lambda: torch.from_numpy(np.arange(6)[::2]),
        lambda: torch.tensor([np.ones(2), np.zeros(2)]), lambda: torch.ones(2, dtype=torch.bfloat16).numpy(), lambda: torch.ones(2).numpy().dtype, lambda: torch.tensor([True]).numpy(),
        lambda: np.asarray(torch.ones(2)), lambda: np.sin(torch.zeros(2)), lambda: torch.ones(2) + np.ones(2), lambda: torch.ones(2) * np.float64(3), lambda: torch.ones(2, requires_grad=True).numpy(),
        lambda: torch.arange(4).reshape(2, 2).t().numpy().strides, lambda: torch.from_numpy(np.zeros((0, 2))).shape, lambda: torch.from_numpy(np.array(3.0)), lambda: np.array(torch.arange(3), dtype=float),
    )  # fmt: skip


def prog_frombuffer_dlpack(torch):
    b = bytearray(b"\x01\x00\x02\x00\x03\x00")
    t = torch.frombuffer(b, dtype=torch.int16)
    print(t, torch.frombuffer(b, dtype=torch.uint8, count=2, offset=2))
    b[0] = 9
    print(t)
    attempt(
        lambda: torch.frombuffer(b, dtype=torch.float64),
        lambda: torch.frombuffer(b"", dtype=torch.uint8),
        lambda: torch.frombuffer(b, dtype=torch.int16, offset=7),
    )
    x = torch.arange(3.0)
    y = torch.from_dlpack(x)
    y[0] = 5
    print(x, x.__dlpack_device__()[1])


def prog_printing_numbers(torch):
    inf, nan = float("inf"), float("nan")
    for data in ([1.0, 2.5], [1e-5, 1.0], [1e10, 1.0], [1e8, 2.0], [123456.0, 0.5], [nan, 1.0], [inf, -inf, nan], [0.0, -0.0], [1e-10], [100000000.0], [1e8 + 8, 1.5],
                 [999.5, 0.001], [0.1, 0.2, 0.30001], [1.0, 1e-4], [-1.5, 10.25, 3.0], [1e38, 1e-38]):  # fmt: skip
        print(torch.tensor(data))
    for data in ([1, 22, -333], [True, False], [1 + 2j, -0.5j], [1e10 + 1j, 1.0], [nan * 1j]):
        print(torch.tensor(data))
    print(
        torch.tensor([1.0, 2.0], dtype=torch.float64),
        torch.tensor([0.1], dtype=torch.float16),
        torch.tensor([0.1], dtype=torch.bfloat16),
    )
    print(torch.tensor(3.0), torch.tensor(3), torch.tensor(1e-9), torch.tensor(12345.678), torch.tensor(1e20))


def prog_printing_shapes(torch):
    print(torch.arange(24).reshape(2, 3, 4))
    print(torch.zeros(2, 1, 2, 2))
    print(torch.arange(50))
    print(torch.arange(50.0) / 7)
    print(torch.arange(2000), torch.arange(10000).reshape(100, 100))
    print(torch.zeros(10, 0), torch.zeros(0), torch.zeros(0, dtype=torch.int32), torch.zeros(3, 0, 2, dtype=torch.bool))
    print(torch.ones(8, 9, 10, 11))


def prog_printing_grad(torch):
    x = torch.ones(2, requires_grad=True)
    print(x, x * 2, x[0], x.sum(), x.detach(), (x * 2).double())
    print(torch.ones(15, requires_grad=True) * 1.25)
    print(torch.ones(2, dtype=torch.float64, requires_grad=True))
    print(torch.empty(2, 3, device="meta"), torch.empty(2, device="meta", dtype=torch.int64, requires_grad=False))


def prog_printoptions(torch):
    x = torch.tensor([1.23456789, 1000.5, 1e-3])
    try:
        for kw in (
            {"precision": 2},
            {"sci_mode": True},
            {"sci_mode": False},
            {"precision": 8},
            {"linewidth": 20},
            {"profile": "short"},
            {"profile": "full"},
        ):
            torch.set_printoptions(profile="default")
            torch.set_printoptions(**kw)
            print(kw, x, torch.arange(6) * 1000000)
        torch.set_printoptions(profile="default", threshold=5, edgeitems=1)
        print(torch.arange(10), torch.arange(20.0).reshape(4, 5))
    finally:
        torch.set_printoptions(profile="default")


def prog_pickle(torch):
    import pickle

    x = torch.arange(6.0).reshape(2, 3)
    w = torch.ones(2, requires_grad=True)
    w.note = "kept"
    for t in (
        x,
        x[0],
        x.t(),
        w,
        torch.tensor(3),
        torch.zeros(0, 2),
        torch.ones(2, dtype=torch.bfloat16),
        torch.tensor([1j]),
        torch.tensor([True]),
    ):
        u = pickle.loads(pickle.dumps(t))
        print(u, u.stride(), u.storage_offset(), u.requires_grad)
    print(
        pickle.loads(pickle.dumps(w)).note,
        pickle.loads(pickle.dumps(torch.float64)) is torch.float64,
        pickle.loads(pickle.dumps(torch.Size([1, 2]))),
    )
    print(pickle.loads(pickle.dumps(torch.device("cpu"))))


def prog_copies(torch):
    import copy

    x = torch.arange(4.0)
    a, b = copy.deepcopy([x, x[1:]])
    a[1] = 50
    print(x, b)
    y = copy.copy(x)
    y[0] = 9
    print(x[0])
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2)
    v = copy.deepcopy(w)
    print(v, v.grad, v.is_leaf, v.grad is w.grad)
    attempt(lambda: copy.deepcopy(w * 2))
    m = {}
    print(copy.deepcopy(x, m) is copy.deepcopy(x, m))


def prog_identity(torch):
    x = torch.ones(2)
    print(hash(x) == hash(x), x == x, x is x[:], {x: 1}[x], x in [x])
    x.attribute = 5
    print(x.attribute, x.__dict__)
    attempt(lambda: x.nothing, lambda: setattr(x, "shape", 3), lambda: setattr(x, "grad_fn", 3))


def prog_properties(torch):
    x = torch.zeros(2, 3, 4)
    print(
        x.shape,
        x.size(),
        x.size(1),
        x.size(-1),
        x.dim(),
        x.ndim,
        x.numel(),
        x.nelement(),
        x.stride(),
        x.stride(0),
        x.storage_offset(),
    )
    print(x.dtype, x.device, x.layout, x.itemsize, x.nbytes, x.element_size(), x.is_contiguous(), x.t_ if False else 0)
    print(
        x.permute(2, 0, 1).is_contiguous(),
        x[:, 1:].storage_offset(),
        x[:, :, ::2].stride(),
        x.is_floating_point(),
        x.is_complex(),
        x.is_cuda,
    )
    print(torch.is_tensor(x), torch.is_tensor(3), torch.numel(x), isinstance(x, torch.Tensor), type(x).__name__)
    attempt(lambda: x.size(3), lambda: x.stride(5))


def prog_dtypes(torch):
    for d in (
        torch.float32,
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
        torch.complex64,
        torch.complex128,
    ):
        print(d, d.is_floating_point, d.is_complex, d.is_signed, d.itemsize)
    print(
        torch.float is torch.float32,
        torch.double is torch.float64,
        torch.long is torch.int64,
        torch.half is torch.float16,
    )
    print(
        torch.finfo(torch.float32).max,
        torch.finfo(torch.float16).eps,
        torch.finfo(torch.float64).tiny,
        torch.iinfo(torch.int8).min,
        torch.iinfo(torch.int64).max,
    )
    print(
        torch.promote_types(torch.int32, torch.float16),
        torch.result_type(torch.tensor([1]), 2.0),
        torch.can_cast(torch.float32, torch.int32),
    )


def prog_promotion(torch):
    kinds = [
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int32,
        torch.int64,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
    ]
    # float16 with complex is complex32 in PyTorch, which Adjoint does not have.
    for a in kinds:
        print([str((torch.ones(1, dtype=a) + torch.ones(1, dtype=b)).dtype)[6:] for b in kinds])
        print(
            [str((torch.ones(1, dtype=a) * s).dtype)[6:] for s in (True, 2, 2.0, 2j)],
            [str((torch.ones(1, dtype=a) + torch.ones((), dtype=b)).dtype)[6:] for b in kinds],
        )


def prog_device(torch):
    print(
        torch.device("cpu"),
        torch.device("cpu").type,
        torch.device("cpu").index,
        torch.device("cpu", 0),
        torch.device("cpu") == torch.device("cpu"),
        repr(torch.device("meta")),
    )
    attempt(lambda: torch.device("nonsense"), lambda: torch.zeros(2, device="cpu").device, lambda: torch.zeros(2, device="meta").shape, lambda: torch.zeros(2, device="meta") + 1, lambda: torch.zeros(2, device="meta").item(), lambda: torch.cuda.is_available())  # fmt: skip
    print((torch.zeros(2, 3, device="meta") @ torch.zeros(3, 4, device="meta")).shape)
    attempt(lambda: torch.zeros(2, device="meta") + torch.zeros(2))


def prog_size(torch):
    s = torch.Size([2, 3])
    print(
        s,
        s.numel(),
        s[0],
        s[:1],
        s + (4,),
        s == (2, 3),
        tuple(s),
        isinstance(s, tuple),
        type(s[0:1]).__name__,
        type(s + (1,)).__name__,
        len(s),
        s * 2,
    )
    attempt(
        lambda: torch.Size([1.5]),
        lambda: torch.Size([torch.tensor(2)]),
        lambda: torch.Size(),
        lambda: hash(s) == hash((2, 3)),
    )


def prog_subclass(torch):
    class Mine(torch.Tensor):
        def twice(self):
            return self * 2

    x = torch.ones(2).as_subclass(Mine)
    print(
        type(x).__name__,
        x,
        type(x + 1).__name__,
        type(x.twice()).__name__,
        type(x[0]).__name__,
        isinstance(x, torch.Tensor),
        type(torch.ones(2) + x).__name__,
    )


def prog_random_streams(torch):
    torch.manual_seed(0)
    print(torch.rand(3))
    print(torch.randn(3))
    print(torch.randn(20)[-2:])
    print(torch.randint(0, 10, (5,)))
    print(torch.randperm(6))
    torch.manual_seed(42)
    print(
        torch.rand(2, dtype=torch.float64),
        torch.zeros(3).uniform_(),
        torch.zeros(3).normal_(1, 2),
        torch.bernoulli(torch.full((5,), 0.5)),
    )
    g = torch.Generator().manual_seed(1)
    print(torch.rand(2, generator=g), torch.initial_seed())
    state = torch.get_rng_state()
    a = torch.rand(2)
    torch.set_rng_state(state)
    print(torch.equal(a, torch.rand(2)))
