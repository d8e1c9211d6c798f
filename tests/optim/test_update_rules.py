"""Update rules: their numbers, the fused loops beside the rules in tensors, and what goes which way."""

import inspect

import catalogue_optim as catalogue
import pytest
from support import IS_TORCH, torch

ROWS = [(name, i) for name, rows in catalogue.OPTIONS.items() for i in range(len(rows))]
FUSED = [(name, i) for name, i in ROWS if name not in catalogue.MATRICES]
ours = pytest.mark.skipif(IS_TORCH, reason="PyTorch has no rules beside its loops")


def test_every_optimizer_has_a_row():
    base = torch.optim.Optimizer
    classes = {n for n, c in vars(torch.optim).items() if inspect.isclass(c) and issubclass(c, base) and c is not base}
    assert classes == set(catalogue.OPTIONS)
    assert {n for n, rows in catalogue.OPTIONS.items() if rows} == set(catalogue.AFTER)


def rule_only(name):
    """The optimizer without its fused loop."""
    cls = getattr(torch.optim, name)
    return type(name, (cls,), {"fused": None})


@pytest.mark.parametrize(("name", "i"), ROWS)
def test_three_steps(name, i):
    matrix = name in catalogue.MATRICES
    p = torch.tensor(catalogue.MATRIX_START if matrix else catalogue.START, dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([p], **catalogue.OPTIONS[name][i])
    for g in catalogue.MATRIX_GRADIENTS if matrix else catalogue.GRADIENTS:
        p.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
    tolerance = 2e-3 if name == "Muon" else 1e-9  # its directions are computed in bfloat16
    assert p.detach().flatten().tolist() == pytest.approx(catalogue.AFTER[name][i], rel=tolerance, abs=tolerance)


def parameters(dtype, sizes):
    generator = torch.Generator().manual_seed(7)
    made = [torch.randn(size, generator=generator).to(dtype) for size in sizes]
    return [p.requires_grad_() for p in made], generator


SMALL = ((5, 7), (3,), (), (0, 2), (40, 129))
LARGE = ((300, 300), (4096,), (64, 1000), (1,), (4097,), (0,), (12_289,))  # around pieces of 16 KB


def train(cls, options, dtype=torch.float32, steps=20, change=lambda p, g: g, sizes=SMALL):
    params, generator = parameters(dtype, sizes)
    optimizer = cls(params, **options)
    for step in range(steps):
        for i, p in enumerate(params):
            g = torch.randn(p.shape, generator=generator).to(dtype)
            p.grad = None if step == 2 and i == 1 else change(p, g)
        optimizer.step()
    return params, optimizer


def ulps(a, b):
    """How many floats lie between two tensors' elements at most, next to the largest of them."""
    if a.numel() == 0:
        return 0.0
    a, b = a.detach(), b.detach()
    spacing = (a.abs().clamp(min=a.abs().max().item() * 0.05) * torch.finfo(a.dtype).eps).clamp(min=1e-38)
    return ((a - b).abs() / spacing).max().item()


def same(ours, theirs, most):
    for p, q in zip(*(params for params, _ in (ours, theirs)), strict=True):
        assert ulps(p, q) <= most
        a, b = ours[1].state[p], theirs[1].state[q]
        assert list(a) == list(b)
        for key in a:
            assert a[key].shape == b[key].shape and a[key].dtype == b[key].dtype
            assert ulps(a[key], b[key]) <= most, key


@ours
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize(("name", "i"), FUSED)
def test_the_fused_loop_does_what_the_rule_says(name, i, decay, maximize, dtype):
    options = catalogue.OPTIONS[name][i] | {"maximize": maximize}
    if name != "Rprop":
        options["weight_decay"] = decay
    dtype = getattr(torch, dtype)
    cls = getattr(torch.optim, name)
    assert cls.fused is not None
    same(train(cls, options, dtype), train(rule_only(name), options, dtype), most=1)


@ours
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize(("name", "i"), FUSED)
def test_complex_numbers_are_pairs(name, i, dtype):
    options, dtype = catalogue.OPTIONS[name][i], getattr(torch, dtype)
    runs = [train(c, options, dtype, 5) for c in (getattr(torch.optim, name), rule_only(name))]
    for a, b in zip(*(params for params, _ in runs), strict=True):
        assert ulps(torch.view_as_real(a), torch.view_as_real(b)) <= 1
    for a, b in zip(*(optimizer.state.values() for _, optimizer in runs), strict=True):
        assert list(a) == list(b) and all(torch.allclose(a[k], b[k], rtol=1e-6, atol=1e-6) for k in a)


@ours
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", sorted({name for name, _ in FUSED}))
def test_halves_are_rounded_once(name, dtype):
    """A step is that of float32 from the same numbers, rounded."""
    options, dtype = catalogue.OPTIONS[name][-1], getattr(torch, dtype)
    params, optimizer = train(getattr(torch.optim, name), options, dtype, 2)
    wide = [p.detach().float().requires_grad_() for p in params]
    other = getattr(torch.optim, name)(wide, **options)
    other.load_state_dict(optimizer.state_dict())
    for p, q in zip(params, wide, strict=True):
        q.grad = p.grad.float()
    optimizer.step()
    other.step()
    for p, q in zip(params, wide, strict=True):
        assert torch.equal(p, q.to(dtype))
        a, b = optimizer.state[p], other.state[q]
        assert all(torch.equal(a[k], b[k].to(a[k].dtype)) for k in a)


@ours
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["SGD", "AdamW", "RMSprop"])
def test_many_pieces_are_as_one(name, dtype):
    options, dtype = catalogue.OPTIONS[name][1], getattr(torch, dtype)
    runs = [train(c, options, dtype, 3, sizes=LARGE) for c in (getattr(torch.optim, name), rule_only(name))]
    same(*runs, most=1)


def spread_out(p, g):
    """The same numbers in another layout."""
    return torch.stack([g, g], -1)[..., 0] if g.numel() else g


@ours
@pytest.mark.parametrize("name", [n for n in catalogue.AFTER if n not in catalogue.MATRICES])
def test_gradients_of_another_layout_take_the_rule(name):
    cls = getattr(torch.optim, name)
    options = catalogue.OPTIONS[name][-1]
    calls = []

    class Watched(cls):
        def _by_rule(self, params, group):
            calls.append(len(params))
            super()._by_rule(params, group)

    same(train(Watched, options, change=spread_out), train(cls, options), most=1)
    assert calls and max(calls) >= 2


@ours
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_dense_layouts_take_the_loop(name, monkeypatch):
    def make():
        generator = torch.Generator().manual_seed(1)
        base = torch.randn(4, 3, 5, generator=generator).permute(2, 0, 1)
        return base.detach().requires_grad_(), generator

    def run(cls):
        p, generator = make()
        optimizer = cls([p], **catalogue.OPTIONS[name][1])
        for _ in range(5):
            p.grad = torch.randn(4, 3, 5, generator=generator).permute(2, 0, 1)
            optimizer.step()
        return [p], optimizer

    slow = run(rule_only(name))
    monkeypatch.setattr(torch.optim.Optimizer, "_by_rule", None, raising=False)
    monkeypatch.setattr(getattr(torch.optim, name), "_by_rule", None)
    fast = run(getattr(torch.optim, name))
    assert fast[0][0].stride() == slow[0][0].stride() and not fast[0][0].is_contiguous()
    same(fast, slow, most=1)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64", "complex128"])
@pytest.mark.parametrize("name", [n for n in catalogue.AFTER if n != "Muon"])
def test_other_types_go_down_hill(name, dtype):
    dtype = getattr(torch, dtype)
    if dtype.is_complex and name == "Adafactor":
        pytest.skip("Adafactor does not support complex parameters")
    p = torch.tensor([1.0, -2.0, 3.0]).to(dtype).requires_grad_()
    optimizer = getattr(torch.optim, name)([p], lr=5.0 if name == "Adadelta" else 0.05)
    first = None
    for _ in range(10):
        optimizer.zero_grad()
        loss = (p * p.conj()).real.sum()
        loss.backward()
        first = loss.item() if first is None else first
        optimizer.step()
    assert p.dtype == dtype and loss.item() < first
    assert optimizer.state.keys() == (set() if name == "SGD" else {p})
    assert all(v.dtype == dtype for k, v in optimizer.state[p].items() if v.dim())


@pytest.mark.parametrize("name", list(catalogue.AFTER))
def test_the_same_bits_for_any_number_of_threads(name):
    def run():
        sizes = ((300, 300), (7,), (64, 1000), (1,)) if name not in catalogue.MATRICES else ((90, 120), (64, 100))
        params, generator = parameters(torch.float32, sizes)
        optimizer = getattr(torch.optim, name)(params, **catalogue.OPTIONS[name][-1])
        for _ in range(2):
            for p in params:
                p.grad = torch.randn(p.shape, generator=generator)
            optimizer.step()
        return [p.detach().clone() for p in params]

    threads = torch.get_num_threads()
    try:
        results = []
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            results.append(run())
    finally:
        torch.set_num_threads(threads)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], result, strict=True))


@ours
def test_parameters_that_share_memory_are_updated_one_after_the_other():
    block = torch.zeros(3 * 40_000)
    params = [torch.nn.Parameter(block[i * 30_000 : i * 30_000 + 60_000].detach()) for i in range(3)]
    for p in params:
        p.grad = torch.ones(60_000)
    torch.optim.SGD(params, lr=1.0).step()
    expected = torch.zeros(3 * 40_000)
    for i in range(3):
        expected[i * 30_000 : i * 30_000 + 60_000] -= 1
    assert torch.equal(block, expected)


def test_saved_tensors_see_the_step():
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (p * p).sum()
    p.grad = torch.ones(2)
    version = p._version
    torch.optim.Adam([p]).step()
    assert p._version > version
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_step_records_nothing():
    p = torch.tensor([1.0], requires_grad=True)
    p.grad = torch.ones(1)
    torch.optim.SGD([p], momentum=0.9).step()
    assert p.is_leaf and p.grad_fn is None and torch.is_grad_enabled()


def test_state_put_there_by_hand_is_used():
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0, momentum=0.5)
    optimizer.state[p]["momentum_buffer"] = torch.tensor([4.0])
    p.grad = torch.tensor([1.0])
    optimizer.step()
    assert p.item() == 1.0 - 3.0
    optimizer.param_groups[0]["momentum"] = 0.0
    p.grad = torch.tensor([1.0])
    optimizer.step()
    assert p.item() == -3.0


@pytest.mark.parametrize("name", [n for n in catalogue.AFTER if n not in catalogue.MATRICES])
def test_a_step_can_be_differentiated(name):
    """p after two steps, as a function of the start and the gradients, beside difference quotients."""
    options = catalogue.OPTIONS[name][0] | {"lr": 0.1, "differentiable": True}

    def after(start, g1, g2):
        p = start.clone()
        optimizer = getattr(torch.optim, name)([p], **options)
        for g in (g1, g2):
            p.grad = g
            optimizer.step()
        return p

    inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([1.0, -2.0], [0.5, 1.0], [0.7, 0.9])]
    assert torch.autograd.gradcheck(after, inputs)


def test_the_rate_can_be_differentiated():
    lr = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    start, g = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([3.0, -1.0], dtype=torch.float64)
    p = start.clone().requires_grad_().clone()
    p.grad = g
    torch.optim.SGD([p], lr=lr, differentiable=True).step()
    p.sum().backward()
    assert lr.grad.item() == -2.0


def test_closures():
    p = torch.tensor([3.0], requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == 1.5 and optimizer.step() is None


def test_rates_that_are_tensors():
    lr = torch.tensor(0.5)
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = torch.optim.Adam([p], lr=lr)
    p.grad = torch.ones(1)
    optimizer.step()
    lr.fill_(0.25)
    p.grad = torch.ones(1)
    optimizer.step()
    assert p.item() == pytest.approx(0.25)


def test_functions_of_lists():
    p, q = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    g = torch.tensor([0.5, -1.0])
    optimizer = torch.optim.Adam([p], lr=0.1)
    m, v, steps = [torch.zeros(2)], [torch.zeros(2)], [torch.tensor(0.0)]
    from importlib import import_module

    adam = import_module(torch.__name__ + ".optim.adam").adam
    options = {"amsgrad": False, "beta1": 0.9, "beta2": 0.999, "lr": 0.1, "weight_decay": 0, "eps": 1e-8}
    for _ in range(3):
        p.grad = g.clone()
        optimizer.step()
        with torch.no_grad():
            adam([q], [g], m, v, [], steps, maximize=False, **options)
    assert torch.allclose(p, q) and steps[0].item() == 3
    sgd = import_module(torch.__name__ + ".optim.sgd").sgd
    buffers = [None]
    with torch.no_grad():
        sgd([q], [g], buffers, weight_decay=0, momentum=0.9, lr=0.1, dampening=0, nesterov=False, maximize=False)
    assert torch.equal(buffers[0], g)
