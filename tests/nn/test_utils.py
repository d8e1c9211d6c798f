"""nn.utils and func.functional_call. With ADJOINT_STANDIN=torch most of it runs on PyTorch, too."""

import copy

import pytest
from support import IS_TORCH, torch

if IS_TORCH:
    import torch.func
    import torch.nn.utils.prune

nn = torch.nn
utils = nn.utils
prune = utils.prune
parametrize = utils.parametrize
functional_call = torch.func.functional_call
ours = pytest.mark.skipif(IS_TORCH, reason="better than PyTorch")


def with_gradients(*gradients):
    found = []
    for g in gradients:
        p = nn.Parameter(torch.zeros_like(g))
        p.grad = g.clone()
        found.append(p)
    return found


# --- gradients ---


def test_clip_grad_norm():
    ps = with_gradients(torch.tensor([3.0]), torch.tensor([[0.0, 4.0]]))
    assert utils.clip_grad_norm_(iter(ps), 1.0).item() == 5
    assert abs(ps[0].grad.item() - 0.6) < 1e-5
    assert abs(utils.clip_grad_norm_(ps, 10.0).item() - 1) < 1e-5 and abs(ps[0].grad.item() - 0.6) < 1e-5
    assert utils.clip_grad_norm_(ps[0], 0.1, norm_type=float("inf")).item() == pytest.approx(0.6, abs=1e-5)


def test_clip_of_nothing():
    assert utils.clip_grad_norm_([], 1.0).item() == 0
    assert utils.clip_grad_norm_([nn.Parameter(torch.ones(1))], 1.0).item() == 0
    with pytest.warns(UserWarning, match="is an empty generator"):
        utils.clip_grad_norm_((p for p in ()), 1.0)


@ours
@pytest.mark.parametrize("norm", [2.0, 1.0, float("inf"), float("-inf"), 0.0])
def test_an_empty_parameter_does_not_break_a_norm(norm):
    ps = with_gradients(torch.empty(0), torch.tensor([3.0, 4.0]))
    one = with_gradients(torch.tensor([3.0, 4.0]))
    assert torch.equal(utils.clip_grad_norm_(ps, 1.0, norm), utils.clip_grad_norm_(one, 1.0, norm))
    assert utils.get_total_norm([torch.empty(0)], norm).item() == 0


def test_norms_that_are_not_finite():
    ps = with_gradients(torch.tensor([float("nan")]))
    with pytest.raises(RuntimeError, match="The total norm of order 2.0 for gradients from `parameters` is non-finite"):
        utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert utils.clip_grad_norm_(ps, 1.0).isnan()


@ours
def test_norms_of_large_gradients():
    ps = with_gradients(torch.tensor([3e30]), torch.tensor([4e30]))
    assert utils.get_total_norm([p.grad for p in ps]).item() == pytest.approx(5e30, rel=1e-6)


def test_clip_grad_value():
    ps = with_gradients(torch.tensor([3.0, -5.0, 0.5]))
    utils.clip_grad_value_(ps, 1)
    assert ps[0].grad.tolist() == [1, -1, 0.5]
    with pytest.warns(FutureWarning, match="is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`"):
        utils.clip_grad_norm(ps, 1)


# --- vectors, fusion, initialisation ---


def test_vectors():
    m = nn.Linear(2, 1)
    v = utils.parameters_to_vector(m.parameters())
    v.sum().backward()
    assert m.weight.grad.tolist() == [[1, 1]]
    utils.vector_to_parameters(torch.arange(3.0), m.parameters())
    assert m.weight.tolist() == [[0, 1]] and m.bias.tolist() == [2]
    with pytest.raises(TypeError, match="expected torch.Tensor, but got"):
        utils.vector_to_parameters([1.0], m.parameters())


@pytest.mark.parametrize("transpose", [False, True])
def test_fused_convolutions(transpose):
    torch.manual_seed(0)
    conv = (nn.ConvTranspose2d if transpose else nn.Conv2d)(3, 4, 3, dtype=torch.float64)
    bn = nn.BatchNorm2d(4, dtype=torch.float64)
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    for _ in range(3):
        bn(conv(x))
    both = nn.Sequential(conv, bn).eval()
    fused = utils.fuse_conv_bn_eval(both[0], both[1], transpose)
    assert torch.allclose(fused(x), both(x)) and fused is not conv
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        utils.fuse_conv_bn_eval(conv.train(), bn)


def test_fused_linear():
    torch.manual_seed(0)
    both = nn.Sequential(nn.Linear(3, 4, bias=False, dtype=torch.float64), nn.BatchNorm1d(4, dtype=torch.float64))
    x = torch.rand(5, 3, dtype=torch.float64)
    both(x)
    both.eval()
    assert torch.allclose(utils.fuse_linear_bn_eval(both[0], both[1])(x), both(x))
    with pytest.raises(AssertionError, match="To fuse, linear.out_features == bn.num_features"):
        utils.fuse_linear_bn_eval(nn.Linear(3, 2).eval(), both[1])


def test_skip_init():
    m = utils.skip_init(nn.Linear, 3, 4, bias=False)
    assert m.weight.shape == (4, 3) and not m.weight.is_meta and m.bias is None
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg"):
        utils.skip_init(nn.ReLU)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        utils.skip_init(dict)


def test_memory_format():
    m = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3))
    utils.convert_conv2d_weight_memory_format(m, torch.channels_last)
    assert m[0].weight.is_contiguous(memory_format=torch.channels_last) and m[1].weight.is_contiguous()


# --- modules as functions ---


def test_functional_call():
    m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    before = dict(m.named_parameters())
    given = {n: torch.ones_like(p).requires_grad_() for n, p in before.items()}
    y = functional_call(m, given, torch.ones(2))
    assert y.item() == 7
    y.backward()
    assert given["0.bias"].grad.tolist() == [1, 1] and m[0].bias.grad is None
    assert all(p is before[n] for n, p in m.named_parameters())
    assert functional_call(m, [{"0.bias": torch.zeros(2)}, {"1.bias": torch.zeros(1)}], (torch.ones(2),)).shape == (1,)


def test_functional_call_refuses():
    m = nn.Linear(2, 1)
    w = torch.ones(1, 2)
    with pytest.raises(ValueError, match="appeared in multiple dictionaries"):
        functional_call(m, [{"weight": w}, {"weight": w}], w)
    with pytest.raises(ValueError, match="to be a dict, or a list/tuple of dicts"):
        functional_call(m, 3, w)
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): 'x'.\n\tMissing key\(s\): 'bias'."):
        functional_call(m, {"weight": w, "x": w}, w, strict=True)
    with pytest.raises(TypeError, match="is not an instance of torch.Tensor"):
        functional_call(m, {"weight": 3}, w)
    held = m.weight
    with pytest.raises(RuntimeError):
        functional_call(m, {"weight": torch.ones(1, 9)}, w)
    assert m.weight is held


def test_functional_call_with_tied_weights():
    m = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    m[1].weight = m[0].weight
    eye = torch.eye(2)
    assert torch.equal(functional_call(m, {"0.weight": 2 * eye}, torch.ones(2)), torch.full((2,), 4.0))
    with pytest.raises(ValueError, match="which are tied"):
        functional_call(m, {"0.weight": eye, "1.weight": 2 * eye}, torch.ones(2))
    both = {"0.weight": eye, "1.weight": 2 * eye}
    assert torch.equal(functional_call(m, both, torch.ones(2), tie_weights=False), torch.full((2,), 2.0))
    assert m[1].weight is m[0].weight


@ours
def test_functional_call_leaves_shared_submodules_as_they_were():
    layer = nn.Linear(2, 2, bias=False)
    m = nn.Sequential(layer, layer)
    held = layer.weight
    new = torch.eye(2)
    functional_call(m, {"0.weight": new, "1.weight": new}, torch.ones(2))
    assert layer.weight is held and isinstance(m[0].weight, nn.Parameter)
    functional_call(m, {"0.weight": new, "1.weight": 2 * new}, torch.ones(2), tie_weights=False)
    assert layer.weight is held


def test_buffers_that_change():
    bn = nn.BatchNorm1d(2)
    given = {n: t.clone() for n, t in [*bn.named_parameters(), *bn.named_buffers()]}
    functional_call(bn, given, torch.rand(4, 2))
    assert given["num_batches_tracked"].item() == 1 and bn.num_batches_tracked.item() == 0
    assert given["running_mean"].abs().sum() > 0 and bn.running_mean.abs().sum() == 0


def test_stack_module_state():
    params, buffers = torch.func.stack_module_state([nn.BatchNorm1d(2), nn.BatchNorm1d(2)])
    assert params["weight"].shape == (2, 2) and params["weight"].is_leaf and params["weight"].requires_grad
    assert buffers["running_var"].shape == (2, 2)
    for models, words in (
        ([], "at least one model"),
        ([nn.Linear(1, 1), nn.ReLU()], "of the same class"),
        ([nn.Linear(1, 1), nn.Linear(1, 1).eval()], "same training/eval mode"),
        ([nn.Linear(1, 1), nn.Linear(1, 1).requires_grad_(False)], "the same .requires_grad"),
    ):
        with pytest.raises(RuntimeError, match=words):
            torch.func.stack_module_state(models)


def test_batch_norms_without_statistics():
    m = nn.Sequential(nn.Sequential(nn.BatchNorm1d(2)), nn.Linear(2, 2))
    assert torch.func.replace_all_batch_norm_modules_(m) is m
    assert list(m.buffers()) == [] and m.eval()(torch.tensor([[0.0, 1.0], [2.0, 3.0]])).shape == (2, 2)


# --- parametrize ---


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return 2 * x


def test_parametrized():
    m = nn.Linear(3, 3)
    bias = m.bias
    assert parametrize.register_parametrization(m, "weight", Symmetric()) is m
    assert type(m).__name__ == "ParametrizedLinear" and parametrize.type_before_parametrizations(m) is nn.Linear
    assert torch.equal(m.weight, m.weight.mT) and m.bias is bias
    assert sorted(n for n, _ in m.named_parameters()) == ["bias", "parametrizations.weight.original"]
    assert parametrize.is_parametrized(m) and not parametrize.is_parametrized(m, "bias")
    m.weight = torch.ones(3, 3)
    assert torch.equal(m.parametrizations.weight.original, torch.ones(3, 3).triu())
    m(torch.ones(3)).sum().backward()
    assert m.parametrizations.weight.original.grad is not None
    parametrize.register_parametrization(m, "weight", Twice())
    assert torch.equal(m.weight, torch.full((3, 3), 2.0))
    other = copy.deepcopy(m)
    assert torch.equal(other.weight, m.weight) and other.bias is not m.bias
    parametrize.remove_parametrizations(m, "weight")
    assert (
        type(m) is nn.Linear and isinstance(m.weight, nn.Parameter) and torch.equal(m.weight, torch.full((3, 3), 2.0))
    )
    assert not hasattr(m, "parametrizations")


def test_cached():
    m = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Twice())
    twice = m.parametrizations.weight[0]
    twice.calls = 0
    with parametrize.cached():
        assert m.weight is m.weight
    assert twice.calls == 1 and m.weight is not m.weight


@ours
def test_cached_copies_have_their_own():
    m = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Twice())
    other = copy.deepcopy(m)
    with torch.no_grad():
        other.parametrizations.weight.original.zero_()
    with parametrize.cached():
        assert m.weight.abs().sum() > 0 and other.weight.sum() == 0


def test_parametrizations_that_are_refused():
    class Wider(nn.Module):
        def forward(self, x):
            return torch.cat([x, x])

    m = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="may not change the shape of the tensor"):
        parametrize.register_parametrization(m, "weight", Wider())
    assert type(m) is nn.Linear and m.weight.shape == (2, 2)
    with pytest.raises(ValueError, match="does not have a parameter, a buffer, or a parametrized element"):
        parametrize.register_parametrization(m, "nothing", Twice())
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(m, "weight")
    parametrize.register_parametrization(m, "weight", Wider(), unsafe=True)
    assert m.weight.shape == (4, 2)
    m = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Twice())
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        m.weight = torch.ones(2, 2)
    with pytest.raises(RuntimeError, match=r"only supported through state_dict\(\)"):
        m.__getstate__()


@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal(name, shape):
    torch.manual_seed(0)
    m = nn.Linear(shape[1], shape[0], dtype=torch.float64)
    utils.parametrizations.orthogonal(m, orthogonal_map=name)

    def check():
        w = m.weight if shape[0] >= shape[1] else m.weight.mT
        assert torch.allclose(w.mT @ w, torch.eye(min(shape), dtype=torch.float64), atol=1e-10)

    check()
    original = m.parametrizations.weight.original
    (m(torch.ones(shape[1], dtype=torch.float64)) ** 3).sum().backward()
    with torch.no_grad():
        original -= 0.5 * original.grad
    check()
    wanted = nn.init.orthogonal_(torch.empty(*shape, dtype=torch.float64))
    m.weight = wanted
    assert torch.allclose(m.weight, wanted, atol=1e-10)


@pytest.mark.parametrize("name", ["matrix_exp", "cayley", "householder"])
def test_orthogonal_has_two_derivatives(name):
    torch.manual_seed(0)
    m = nn.Module()
    m.w = nn.Parameter(torch.rand(4, 3, dtype=torch.float64))
    utils.parametrizations.orthogonal(m, "w", name, use_trivialization=name != "householder")
    f = m.parametrizations.w[0]
    x = torch.rand(2, 4, 3, dtype=torch.float64) + torch.eye(4, 3, dtype=torch.float64)
    if name != "householder":
        m.parametrizations.w[0].base = torch.eye(4, dtype=torch.float64)
    x.requires_grad_()
    assert torch.autograd.gradcheck(f, (x,)) and torch.autograd.gradgradcheck(f, (x,))


def test_orthogonal_refuses():
    with pytest.raises(ValueError, match='has to be one of "matrix_exp", "cayley", "householder"'):
        utils.parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="qr")
    with pytest.raises(ValueError, match="Expected a matrix or batch of matrices"):
        utils.parametrizations.orthogonal(nn.Linear(2, 2), "bias")
    with pytest.raises(ValueError, match="has no parameter or buffer with name 'x'"):
        utils.parametrizations.orthogonal(nn.Linear(2, 2), "x")


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_weight_norm(newer):
    m = nn.Linear(3, 2)
    w = m.weight.detach().clone()
    (utils.parametrizations if newer else utils).weight_norm(m)
    assert torch.allclose(m.weight, w)
    names = (
        ["parametrizations.weight.original0", "parametrizations.weight.original1"]
        if newer
        else ["weight_g", "weight_v"]
    )
    assert sorted(n for n, _ in m.named_parameters()) == sorted(["bias", *names])
    assert torch.allclose(m.get_parameter(names[0]).flatten(), w.norm(dim=1))
    m(torch.ones(3)).sum().backward()
    assert all(p.grad is not None for p in m.parameters())
    if newer:
        old = nn.Linear(3, 2)
        utils.weight_norm(old)
        m.load_state_dict(old.state_dict())
        assert torch.allclose(m.weight, old.weight)
        parametrize.remove_parametrizations(m, "weight")
    else:
        utils.remove_weight_norm(m)
        with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
            utils.remove_weight_norm(m)
    assert isinstance(m.weight, nn.Parameter)


@pytest.mark.parametrize("newer", [False, True])
def test_spectral_norm(newer):
    torch.manual_seed(0)
    m = nn.Linear(4, 3)
    (utils.parametrizations if newer else utils).spectral_norm(m, n_power_iterations=30)
    m(torch.ones(4))
    w = m.weight.detach()
    stretched = max(float((w @ v).norm() / v.norm()) for v in torch.rand(500, 4) - 0.5)
    assert 0.9 < stretched <= 1.0001
    m(torch.ones(4)).sum().backward()
    if not newer:
        assert "spectral_norm" in m.state_dict()._metadata[""]
        utils.remove_spectral_norm(m)
        assert isinstance(m.weight, nn.Parameter) and not list(m.buffers()) and not m._state_dict_hooks
        with pytest.raises(ValueError, match="spectral_norm of 'weight' not found"):
            utils.remove_spectral_norm(m)


# --- prune ---


def test_pruned():
    m = nn.Linear(4, 3)
    with torch.no_grad():
        m.weight.copy_(torch.arange(1.0, 13).reshape(3, 4))
    assert prune.l1_unstructured(m, "weight", 5) is m and prune.is_pruned(m)
    assert (m.weight == 0).sum() == 5 and m.weight[1].tolist() == [0, 6, 7, 8]
    assert sorted(m.state_dict()) == ["bias", "weight_mask", "weight_orig"]
    m(torch.ones(4)).sum().backward()
    assert m.weight_orig.grad[1].tolist() == [0, 1, 1, 1]
    prune.ln_structured(m, "weight", 1, 2, 0)
    assert (m.weight == 0).sum() == 8 or m.weight[0].sum() == 0
    prune.remove(m, "weight")
    assert sorted(m.state_dict()) == ["bias", "weight"] and not prune.is_pruned(m)
    with pytest.raises(ValueError, match="has to be pruned before pruning can be removed"):
        prune.remove(m, "weight")


def test_pruned_together():
    ms = [nn.Linear(2, 2), nn.Linear(2, 2)]
    with torch.no_grad():
        ms[0].weight.fill_(1.0)
        ms[1].weight.fill_(2.0)
    prune.global_unstructured([(m, "weight") for m in ms], prune.L1Unstructured, amount=0.5)
    assert ms[0].weight.sum() == 0 and ms[1].weight.sum() == 8
    with pytest.raises(TypeError, match='Only "unstructured" PRUNING_TYPE supported'):
        prune.global_unstructured([(ms[0], "weight")], prune.LnStructured, amount=1, n=2)


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda m: prune.l1_unstructured(m, "weight", "a"), TypeError, "Must be int or float"),
        (lambda m: prune.l1_unstructured(m, "weight", 1.5), ValueError, "float in the range"),
        (lambda m: prune.l1_unstructured(m, "weight", -1), ValueError, "non-negative integer"),
        (
            lambda m: prune.l1_unstructured(m, "weight", 99),
            ValueError,
            "smaller than the number of parameters to prune=4",
        ),
        (lambda m: prune.random_structured(m, "bias", 1, 0), ValueError, "multidimensional tensors"),
        (lambda m: prune.random_structured(m, "weight", 1, 7), IndexError, "Invalid index 7"),
        (lambda m: prune.custom_from_mask(m, "weight", torch.ones(3)), AssertionError, "must match self.mask shape"),
        (lambda m: prune.l1_unstructured(m, "weight", 1, torch.ones(3)), AssertionError, "should have the same shape"),
    ],
)
def test_prunings_that_are_refused(act, error, words):
    m = nn.Linear(2, 2)
    with pytest.raises(error, match=words):
        act(m)
    assert sorted(n for n, _ in m.named_parameters()) == ["bias", "weight"] and isinstance(m.weight, nn.Parameter)


def test_own_pruning():
    class EveryOther(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    m = nn.Linear(2, 2)
    EveryOther.apply(m, "weight")
    EveryOther.apply(m, "weight")
    assert (m.weight == 0).sum() == 3 and len(next(iter(m._forward_pre_hooks.values()))) == 2
    assert EveryOther().prune(torch.ones(4)).tolist() == [0, 1, 0, 1]
