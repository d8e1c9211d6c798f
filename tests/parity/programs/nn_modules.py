"""What a Module does besides computing: registration, walks, state, hooks, printing, copies."""


def err(f):
    """Prints what it returns, or the class and the first line of what it raises."""
    try:
        print("ok", f())
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0][:120])


def net(torch):
    nn = torch.nn

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2, bias=False)
            self.scale = nn.Parameter(torch.ones(2))
            self.register_buffer("count", torch.zeros(1))
            self.register_buffer("cache", torch.zeros(2), persistent=False)

        def forward(self, x):
            return self.fc(x) * self.scale

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
            self.inner = Inner()
            self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
            self.by_name = nn.ModuleDict({"a": nn.Dropout(0.1), "b": nn.Identity()})
            self.register_parameter("nothing", None)

        def forward(self, x):
            x = self.inner(self.first(x))
            for layer in self.layers:
                x = layer(x)
            return x

    torch.manual_seed(0)
    return Net()


def prog_walks(torch):
    m = net(torch)
    print([n for n, _ in m.named_parameters()])
    print([n for n, _ in m.named_buffers()], [n for n, _ in m.named_children()])
    print([n for n, _ in m.named_modules()])
    print([n for n, _ in m.named_parameters(recurse=False)], [n for n, _ in m.inner.named_parameters("in")])
    print(len(list(m.parameters())), len(list(m.modules())), len(list(m.children())), len(list(m.buffers())))
    print(m.get_submodule("layers.1"), m.get_parameter("inner.scale"), m.get_buffer("inner.count"))
    err(lambda: m.get_submodule("layers.9"))
    err(lambda: m.get_parameter("inner.count"))
    err(lambda: m.missing)
    shared = torch.nn.Linear(1, 1)
    twice = torch.nn.Sequential(shared, shared)
    print([n for n, _ in twice.named_parameters()], [n for n, _ in twice.named_parameters(remove_duplicate=False)])
    print([n for n, _ in twice.named_modules()], [n for n, _ in twice.named_modules(remove_duplicate=False)])


def prog_printing(torch):
    nn = torch.nn
    print(net(torch))
    print(nn.Sequential(), nn.ModuleList(), nn.ModuleList([nn.ReLU()] * 2 + [nn.Linear(1, 1)]))
    layers = [
        nn.Conv2d(3, 6, (3, 5), stride=2, padding=1, dilation=2, groups=3, bias=False, padding_mode="circular"),
        nn.ConvTranspose1d(4, 2, 3, output_padding=1, stride=2),
        nn.BatchNorm2d(4, momentum=None, affine=False),
        nn.LayerNorm([2, 3], elementwise_affine=False),
        nn.GroupNorm(2, 4),
        nn.RMSNorm(4),
        nn.LSTM(2, 3, 2, bidirectional=True, dropout=0.5, proj_size=1),
        nn.GRUCell(2, 3, bias=False),
        nn.Embedding(5, 2, padding_idx=0, max_norm=1.0),
        nn.EmbeddingBag(5, 2, mode="sum"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.AvgPool1d(3, 2),
        nn.AdaptiveAvgPool2d((None, 3)),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Softplus(2, 10),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Threshold(0.1, 20),
        nn.Hardtanh(-2, 2),
        nn.Softmax(dim=1),
        nn.PReLU(3),
        nn.MultiheadAttention(4, 2),
        nn.Flatten(),
        nn.Unflatten(1, (2, 2)),
        nn.ZeroPad2d(1),
        nn.ConstantPad1d((1, 2), 3.5),
        nn.PixelShuffle(2),
        nn.CosineSimilarity(),
        nn.Bilinear(2, 3, 4),
        nn.Fold((4, 4), 2),
        nn.AlphaDropout(0.3),
        nn.CrossEntropyLoss(),
        nn.LocalResponseNorm(2),
        nn.ParameterList([torch.ones(2)]),
        nn.ParameterDict({"k": torch.ones(1, 2)}),
        nn.CELU(0.5),
        nn.GELU("tanh"),
        nn.GLU(),
        nn.RReLU(),
        nn.Softshrink(),
        nn.Tanh(),
        nn.InstanceNorm1d(3, affine=True),
        nn.FractionalMaxPool2d(2, output_size=3),
        nn.LPPool1d(2, 3),
        nn.MaxUnpool2d(2),
        nn.ChannelShuffle(2),
    ]
    for layer in layers:
        print(layer)


def prog_state_dict(torch):
    m = net(torch)
    state = m.state_dict()
    print(type(state).__name__, list(state), state["inner.count"].requires_grad)
    print(
        list(m.state_dict(prefix="net.", keep_vars=True))[:2], m.state_dict(keep_vars=True)["inner.scale"].requires_grad
    )
    other = net(torch)
    other.load_state_dict({k: v + 1 for k, v in state.items()})
    print(other.inner.scale, other.inner.count)
    partial = {k: v for k, v in state.items() if "layers" not in k} | {"extra": torch.ones(1)}
    result = other.load_state_dict(partial, strict=False)
    print(result.missing_keys, result.unexpected_keys)
    for bad in (partial, {**state, "inner.scale": torch.ones(3)}, [1]):
        try:
            other.load_state_dict(bad)
        except Exception as e:
            print(
                type(e).__name__, "Missing key(s)" in str(e), "Unexpected key(s)" in str(e), "size mismatch" in str(e)
            )
    new = {k: v.clone() for k, v in state.items()}
    other.load_state_dict(new, assign=True)
    print(other.inner.scale.data_ptr() == new["inner.scale"].data_ptr(), type(other.inner.scale).__name__)


def prog_train_apply_to(torch):
    m = net(torch)
    print(m.training, m.eval().training, m.by_name["a"].training, m.train().by_name["a"].training)
    names = []
    m.apply(lambda x: names.append(type(x).__name__))
    print(names)
    print(
        m.double().inner.scale.dtype, m.inner.count.dtype, m.half().inner.cache.dtype, m.float().first[0].weight.dtype
    )
    print(m.to(torch.float64).inner.scale.dtype, m.to("cpu").inner.scale.dtype, m.type(torch.float32).inner.scale.dtype)
    m.requires_grad_(False)
    print(any(p.requires_grad for p in m.parameters()))
    m.requires_grad_().float()(torch.ones(1, 3)).sum().backward()
    print(m.inner.scale.grad is not None)
    m.zero_grad()
    print(m.inner.scale.grad)
    err(lambda: m.to(torch.int64))


def prog_containers(torch):
    nn = torch.nn
    s = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    print(len(s), s[-1], s[:2], [type(x).__name__ for x in s])
    s.append(nn.Tanh())
    s.insert(0, nn.Identity())
    del s[2]
    s[0] = nn.Sigmoid()
    s.extend(nn.Sequential(nn.ReLU6()))
    print(s, s.pop(1), s + nn.Sequential(nn.ELU()))
    from collections import OrderedDict

    print(nn.Sequential(OrderedDict([("one", nn.Tanh()), ("two", nn.ReLU())])))
    layers = nn.ModuleList(nn.Linear(i, i) for i in (1, 2))
    layers += [nn.ReLU()]
    layers.insert(1, nn.Tanh())
    print(layers, len(layers), layers[1:], nn.ReLU() in layers, layers.pop(-1))
    d = nn.ModuleDict([["a", nn.ReLU()]])
    d["b"] = nn.Tanh()
    d.update({"c": nn.ELU()})
    print(list(d.keys()), "a" in d, len(d), d.pop("a"), list(d.items()), d)
    p = nn.ParameterList([nn.Parameter(torch.ones(1)), torch.zeros(2)])
    p.append(torch.ones(3))
    print(len(p), [tuple(x.shape) for x in p], type(p[1]).__name__, p)
    pd = nn.ParameterDict({"w": torch.ones(2)})
    pd["v"] = nn.Parameter(torch.zeros(1), requires_grad=False)
    print(list(pd), pd["w"].requires_grad, list(pd.values()), pd.get("none"), pd)
    err(lambda: layers[5])
    err(lambda: d["none"])
    err(lambda: nn.Sequential(1))


def prog_registration_errors(torch):
    nn = torch.nn

    class Early(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(torch.ones(1))

    err(Early)
    m = nn.Module()
    err(lambda: m.register_parameter("a.b", nn.Parameter(torch.ones(1))))
    err(lambda: m.register_parameter("", nn.Parameter(torch.ones(1))))
    err(lambda: m.register_parameter("w", torch.ones(1)))
    err(lambda: m.register_buffer("b", 3))
    err(lambda: m.add_module("x.y", nn.ReLU()))
    err(lambda: m.add_module("x", 3))
    m.w = nn.Parameter(torch.ones(1))
    err(lambda: setattr(m, "w", torch.ones(1)))
    err(lambda: m.register_buffer("w", torch.ones(1)))
    err(lambda: m(1))
    m.w = None
    print(m.w, list(m.parameters()))
    del m.w
    err(lambda: m.w)
    m.h = (nn.Parameter(torch.ones(1)) * 2).detach()
    print("h" in dir(m), list(m.state_dict()))
    err(lambda: m.register_parameter("v", nn.Parameter(torch.ones(1)) * 2))


def prog_hooks(torch):
    nn = torch.nn
    m = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    nn.init.ones_(m[0].weight)
    nn.init.zeros_(m[0].bias)
    log = []
    handles = [
        m.register_forward_pre_hook(lambda mod, args: log.append(("pre", len(args)))),
        m[0].register_forward_pre_hook(lambda mod, args: (args[0] * 2,)),
        m[0].register_forward_hook(lambda mod, args, out: out + 1),
        m.register_forward_hook(lambda mod, args, kw, out: log.append(("post", sorted(kw))), with_kwargs=True),
        m[1].register_full_backward_hook(lambda mod, gi, go: log.append(("bwd", gi[0].tolist(), go[0].tolist()))),
        m[0].register_full_backward_pre_hook(lambda mod, go: (go[0] * 10,)),
    ]
    x = torch.ones(1, 2, requires_grad=True)
    y = m(x)
    y.sum().backward()
    print(y, x.grad, m[0].weight.grad)
    for line in log:
        print(line)
    for h in handles:
        h.remove()
    print(m(x))
    handle = nn.modules.module.register_module_forward_hook(lambda mod, a, o: log.append(type(mod).__name__))
    del log[:]
    m(x)
    handle.remove()
    m(x)
    print(log)


def prog_always_call(torch):
    class Bad(torch.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    m, log = Bad(), []
    m.register_forward_hook(lambda *a: log.append("plain"))
    m.register_forward_hook(lambda *a: log.append("always"), always_call=True)
    err(lambda: m(1))
    print(log)


def prog_state_hooks(torch):
    nn = torch.nn
    m = nn.Linear(1, 1)
    m.register_state_dict_post_hook(lambda mod, state, prefix, meta: state.update({prefix + "more": torch.ones(1)}))
    m.register_state_dict_pre_hook(lambda mod, prefix, keep: print("saving", repr(prefix), keep))
    print(list(nn.Sequential(m).state_dict()))
    n = nn.Linear(1, 1)
    n.register_load_state_dict_pre_hook(lambda mod, state, prefix, *rest: state.pop(prefix + "more", None))
    n.register_load_state_dict_post_hook(lambda mod, keys: print("loaded", keys))
    print(n.load_state_dict(m.state_dict()))

    class Extra(nn.Module):
        def get_extra_state(self):
            return {"v": 3}

        def set_extra_state(self, state):
            print("extra", state)

    e = Extra()
    print(e.state_dict())
    e.load_state_dict(e.state_dict())


def prog_copies(torch):
    import copy
    import pickle

    m = net(torch)
    a, b = copy.deepcopy(m), copy.copy(m)
    a.inner.scale.data.zero_()
    print(m.inner.scale, b.inner is m.inner, a.inner is m.inner)
    layer = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    back = pickle.loads(pickle.dumps(layer))
    x = torch.ones(2, 2)
    print(torch.equal(layer.eval()(x), back.eval()(x)), back)


def prog_functional_call(torch):
    from collections import OrderedDict

    m = torch.nn.Linear(2, 1)
    params = {"weight": torch.ones(1, 2, requires_grad=True), "bias": torch.zeros(1)}
    y = torch.func.functional_call(m, params, (torch.ones(3, 2),))
    y.sum().backward()
    print(y, params["weight"].grad, m.weight.grad)
    print(OrderedDict(params)["bias"])


def prog_init(torch):
    init = torch.nn.init
    torch.manual_seed(1)
    w = torch.empty(3, 4)
    for f, args in (
        (init.uniform_, (-1, 1)), (init.normal_, (1, 0.5)), (init.constant_, (0.3,)), (init.ones_, ()), (init.zeros_, ()),
        (init.eye_, ()), (init.xavier_uniform_, (2.0,)), (init.xavier_normal_, ()), (init.kaiming_uniform_, (5**0.5,)),
        (init.kaiming_normal_, (0, "fan_out")), (init.trunc_normal_, (0.0, 1.0, -0.5, 0.5)), (init.sparse_, (0.5,)),
    ):  # fmt: skip
        print(f.__name__, f(w, *args))
    print(init.dirac_(torch.empty(2, 2, 3)), [init.calculate_gain(n) for n in ("relu", "tanh", "linear", "selu")])
    print(init.calculate_gain("leaky_relu", 0.2))
    err(lambda: init.xavier_uniform_(torch.empty(3)))
    err(lambda: init.calculate_gain("nope"))


def prog_initial_values(torch):
    nn = torch.nn
    for make in (
        lambda: nn.Linear(3, 2), lambda: nn.Conv2d(2, 3, 2), lambda: nn.ConvTranspose2d(2, 3, 2), lambda: nn.Embedding(3, 2),
        lambda: nn.LSTM(2, 2), lambda: nn.GRU(2, 2, bidirectional=True), lambda: nn.Bilinear(1, 2, 3),
        lambda: nn.MultiheadAttention(4, 2), lambda: nn.TransformerEncoderLayer(4, 2, 4), lambda: nn.RNNCell(1, 2),
        lambda: nn.EmbeddingBag(2, 3), lambda: nn.PReLU(), lambda: nn.Conv1d(4, 4, 3, groups=2), lambda: nn.BatchNorm1d(2),
        lambda: nn.LayerNorm(3), lambda: nn.LSTM(3, 4, proj_size=2), lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=2),
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4]),
    ):  # fmt: skip
        torch.manual_seed(5)
        layer = make()
        print(type(layer).__name__)
        for name, p in layer.named_parameters():
            print(" ", name, tuple(p.shape), p.detach().flatten()[:3])


def prog_lazy(torch):
    nn = torch.nn
    m = nn.Sequential(nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(3))
    print(m)
    err(lambda: m[3].weight.shape)
    torch.manual_seed(0)
    print(m(torch.ones(2, 1, 4, 4)).shape)
    print(m)


def prog_parametrize(torch):
    nn = torch.nn
    P = torch.nn.utils.parametrize

    class Symmetric(nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, x):
            return x.triu()

    torch.manual_seed(0)
    layer = nn.Linear(3, 3)
    P.register_parametrization(layer, "weight", Symmetric())
    print(layer, torch.equal(layer.weight, layer.weight.T), P.is_parametrized(layer), sorted(layer.state_dict()))
    layer.weight = torch.arange(9.0).view(3, 3)
    print(layer.weight, layer.parametrizations.weight.original)
    P.remove_parametrizations(layer, "weight")
    print(layer, type(layer.weight).__name__)
    norm = torch.nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    norm(torch.ones(1, 3)).sum().backward()
    print(sorted(n for n, _ in norm.named_parameters()), norm.parametrizations.weight.original0.grad)
    spectral = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))
    print(spectral.weight.shape, [n for n, _ in spectral.named_buffers()])


def prog_utils(torch):
    import importlib

    nn = torch.nn
    prune = importlib.import_module(torch.__name__ + ".nn.utils.prune")
    m = nn.Linear(2, 2)
    nn.init.constant_(m.weight, 2.0)
    nn.init.constant_(m.bias, 1.0)
    vec = nn.utils.parameters_to_vector(m.parameters())
    print(vec)
    nn.utils.vector_to_parameters(vec * 2, m.parameters())
    print(m.weight, m.bias)
    for p in m.parameters():
        p.grad = torch.full_like(p, 3.0)
    print(
        nn.utils.get_total_norm([p.grad for p in m.parameters()]),
        nn.utils.clip_grad_norm_(m.parameters(), 1.0),
        m.bias.grad,
    )
    print(nn.utils.clip_grad_norm_(m.parameters(), 0.5, norm_type=float("inf")), m.bias.grad)
    nn.utils.clip_grad_value_(m.parameters(), 0.1)
    print(m.weight.grad)
    prune.l1_unstructured(m, "weight", amount=2)
    print([n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()], m.weight_mask.sum())
    prune.remove(m, "weight")
    print([n for n, _ in m.named_parameters()])
    conv, bn = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
    fused = nn.utils.fuse_conv_bn_eval(conv.eval(), bn.eval())
    x = torch.rand(1, 1, 4, 4)
    print(torch.allclose(fused(x), bn(conv(x)), atol=1e-5))


def prog_shape_errors(torch):
    nn = torch.nn
    err(lambda: nn.Linear(3, 2)(torch.ones(2, 4)))
    err(lambda: nn.Conv2d(3, 2, 3)(torch.ones(1, 4, 8, 8)))
    err(lambda: nn.Conv2d(3, 2, 5)(torch.ones(1, 3, 4, 4)))
    err(lambda: nn.Conv2d(3, 2, 3)(torch.ones(3)))
    err(lambda: nn.BatchNorm1d(3)(torch.ones(1, 3)))
    err(lambda: nn.BatchNorm2d(3)(torch.ones(2, 3)))
    err(lambda: nn.LayerNorm(3)(torch.ones(2, 4)))
    err(lambda: nn.Embedding(3, 2)(torch.tensor([3])))
    err(lambda: nn.Embedding(3, 2)(torch.tensor([0.5])))
    err(lambda: nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 3])))
    err(lambda: nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0])))
    err(lambda: nn.NLLLoss()(torch.ones(2, 3), torch.ones(2)))
    err(lambda: nn.LSTM(3, 2)(torch.ones(2, 2, 4)))
    err(lambda: nn.MultiheadAttention(5, 2))
    err(lambda: nn.Conv2d(3, 4, 3, groups=2))
    err(lambda: nn.Dropout(1.5))
    err(lambda: nn.BCELoss()(torch.tensor([1.5]), torch.tensor([1.0])))
    err(lambda: nn.MaxPool2d(3)(torch.ones(1, 1, 2, 2)))
    err(lambda: nn.GroupNorm(2, 3))
    err(lambda: nn.Softmax(dim=3)(torch.ones(2, 2)))
    err(lambda: nn.Bilinear(2, 2, 2)(torch.ones(1, 2), torch.ones(2, 2)))
    err(lambda: nn.ConvTranspose2d(1, 1, 2, output_padding=1)(torch.ones(1, 1, 2, 2)))
