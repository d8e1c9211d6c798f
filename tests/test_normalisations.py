"""Normalisations where others lose digits or the scale, their running statistics, cuts and errors. What they give for
ordinary numbers, and their derivatives: tests/catalogue/nn_norm.py."""

import re

import numpy as np
import pytest
from support import torch

F = torch.nn.functional


def layer(x):
    return F.layer_norm(x, x.shape[-1:], eps=0.0)


def layer_affine(x):
    w = torch.linspace(0.5, 2.0, x.shape[-1], dtype=x.dtype)
    return F.layer_norm(x, x.shape[-1:], w, w - 1, eps=0.0)


def group(x):
    w = torch.linspace(0.5, 2.0, x.shape[1], dtype=x.dtype)
    return torch.group_norm(x, 2, w, w - 1, eps=0.0)


def instance(x):
    return torch.instance_norm(x, None, None, None, None, True, 0.1, 0.0, False)


def batch(x):
    w = torch.linspace(0.5, 2.0, x.shape[1], dtype=x.dtype)
    return torch.batch_norm(x, w, w - 1, None, None, True, 0.1, 0.0, False)


def rms(x):
    w = torch.linspace(0.5, 2.0, x.shape[-1], dtype=x.dtype)
    return F.rms_norm(x, x.shape[-1:], w, eps=0.0)


# Short rows, rows of one block and of several; columns; images with short and long segments.
ROWS = [(3, 7), (3, 40), (4, 1024), (2, 5000)]
CENTRED = [
    *((f, s) for f in (layer, layer_affine) for s in ROWS),
    *((f, s) for f in (group, batch) for s in ((40, 6), (700, 70), (3, 4, 5), (4, 2, 3, 300), (2, 4, 40, 40))),
    *((instance, s) for s in ((2, 3, 40), (2, 2, 30, 50))),
]
CASES = [*CENTRED, *((rms, s) for s in ROWS)]
IDS = [f"{f.__name__}-{'x'.join(map(str, s))}" for f, s in CASES]


def numbers(shape, mean=0.0, scale=1.0):
    values = np.random.default_rng(3).standard_normal(shape)
    return torch.tensor((mean + values) * scale, dtype=torch.float32)


def both(f, x):
    """The result and the gradient of a sum with fixed weights."""
    x = x.detach().requires_grad_()
    y = f(x)
    g = torch.arange(y.numel(), dtype=y.dtype).sin().reshape(y.shape)
    return y.detach(), torch.autograd.grad(y, x, g)[0]


def far(got, want):
    """The largest difference, seen from the largest number."""
    want = want.double()
    return float((got.double() - want).abs().max() / want.abs().max())


@pytest.mark.parametrize("f, shape", CENTRED, ids=IDS[: len(CENTRED)])
def test_a_mean_of_ten_thousand_costs_no_digits(f, shape):
    x = numbers(shape, mean=10_000)
    for got, want in zip(both(f, x), both(f, x.double())):
        assert far(got, want) < 3e-6


@pytest.mark.parametrize("scale", [1e30, 1e38, 1e-30, 1e-38])
@pytest.mark.parametrize("f, shape", CASES, ids=IDS)
def test_the_scale_does_not_matter(f, shape, scale):
    x = numbers(shape) / 8
    y, gx = both(f, (x.double() * scale).float())
    want, want_gx = both(f, (x.double() * scale).float().double())
    assert far(y, want) < 3e-6
    if 1e-31 < scale < 1e31:  # beyond, the gradient leaves the type's range
        assert far(gx, want_gx) < 3e-6


@pytest.mark.parametrize("f, shape", CASES, ids=IDS)
def test_doubles_have_their_range(f, shape):
    x = numbers(shape).double()
    plain, gx = both(f, x)
    for scale in (2.0**900, 2.0**-900):
        y, scaled_gx = both(f, x * scale)
        assert far(y, plain) < 1e-13
        assert far(scaled_gx * scale, gx) < 1e-11


@pytest.mark.parametrize("f, shape", CASES, ids=IDS)
def test_recorded_backward_passes_have_the_scale(f, shape):
    """The gradient, and its own: at any power of two they are those at 1."""

    def both_orders(x):
        x = x.detach().requires_grad_()
        y = f(x)
        g = torch.arange(y.numel(), dtype=y.dtype).sin().reshape(y.shape)
        (gx,) = torch.autograd.grad(y, x, g, create_graph=True)
        return gx.detach(), torch.autograd.grad(gx, x, g.cos())[0]

    x = numbers(shape)
    gx, second = both_orders(x)
    assert far(gx, both(f, x.double())[1]) < 1e-5
    for scale in (2.0**100, 2.0**-100, 2.0**30, 2.0**-30):
        scaled_gx, scaled_second = both_orders(x * scale)
        assert torch.equal(scaled_gx * scale, gx)
        if 2.0**-40 < scale < 2.0**40:  # beyond, the second one leaves the type's range
            assert torch.equal(scaled_second * scale * scale, second)


@pytest.mark.parametrize("f, shape", CASES, ids=IDS)
def test_the_same_bits_on_any_number_of_threads(f, shape):
    x = numbers(shape)
    threads, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            w = torch.linspace(0.5, 2.0, shape[1 if f in (group, batch) else -1], requires_grad=True)
            leaf = x.clone().requires_grad_()
            y = f(leaf)
            grads = torch.autograd.grad((y * y.detach().sin()).sum(), leaf)
            own = () if f is not batch else torch.autograd.grad(F.batch_norm(x, None, None, w, w, True).sin().sum(), w)
            own += () if f is not layer else torch.autograd.grad(F.layer_norm(x, x.shape[-1:], w, w).sin().sum(), w)
            found.append([t.detach().numpy().tobytes() for t in (y, *grads, *own)])
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_weights_of_many_rows():
    """Their gradients are sums over blocks of rows."""
    x, w = numbers((1000, 33)), torch.linspace(0.5, 2.0, 33)
    found = []
    for dtype in (torch.float32, torch.float64):
        leaves = [w.clone().to(dtype).requires_grad_(), (w - 1).to(dtype).requires_grad_()]
        y = F.layer_norm(x.to(dtype), (33,), *leaves)
        g = torch.arange(y.numel(), dtype=torch.float64).sin().reshape(y.shape).to(dtype)
        found.append(torch.autograd.grad(y, leaves, g))
    for got, want in zip(*found):
        assert far(got, want) < 1e-5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(900, 200), (70, 3000), (40, 9, 70, 60), (3, 5)])
def test_halves_are_computed_in_floats(dtype, shape):
    """Rounded once, however many rows there are."""
    x, w = numbers(shape).to(dtype), torch.linspace(0.5, 2.0, shape[1])

    def run(x, f):
        leaves = [x.detach().requires_grad_(), w.clone().requires_grad_(), (w - 1).requires_grad_()]
        y = f(*leaves)
        g = torch.arange(y.numel(), dtype=torch.float32).sin().reshape(y.shape).to(dtype)
        return y, *torch.autograd.grad(y, leaves, g.to(y.dtype))

    rows = [lambda x, w, b: F.layer_norm(x, shape[-1:], w, b)] if len(shape) == 2 else []
    for f in (*rows, lambda x, w, b: F.group_norm(x, 1, w, b), lambda x, w, b: F.batch_norm(x, None, None, w, b, True)):
        y, gx, gw, gb = run(x, f)
        want = run(x.float(), f)
        assert torch.equal(y, want[0].to(dtype)) and torch.equal(gx, want[1].to(dtype))
        assert far(gw, want[2]) < 1e-5 and far(gb, want[3]) < 1e-5


def test_nan_stays_in_its_row():
    x = numbers((3, 40))
    x[1, 5] = float("nan")
    y, gx = both(layer, x)
    assert [bool(t) for t in y.isnan().any(1)] == [bool(t) for t in gx.isnan().any(1)] == [False, True, False]
    assert bool(y[1].isnan().all())


def test_a_channels_last_image_stays_one():
    x = numbers((2, 4, 3, 5)).contiguous(memory_format=torch.channels_last)
    for f in (batch, group):
        y, gx = both(f, x)
        assert y.is_contiguous(memory_format=torch.channels_last)
        want, want_gx = both(f, x.contiguous().double())
        assert far(y, want) < 1e-6 and far(gx, want_gx) < 3e-6


# --- running statistics ---


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_running_statistics_move(shape, dtype):
    x = numbers(shape).to(dtype)
    mean, var = torch.zeros(6, dtype=dtype)[::2], torch.ones(3, dtype=dtype)  # one of them has gaps
    y = F.batch_norm(x, mean, var, training=True, momentum=0.25)
    axes = (0, *range(2, x.ndim))
    values = x.double().numpy()
    assert np.allclose(mean.double().numpy(), 0.25 * values.mean(axes), rtol=2e-3, atol=1e-4)
    assert np.allclose(var.double().numpy(), 0.75 + 0.25 * values.var(axes, ddof=1), rtol=2e-3)
    before = mean.clone(), var.clone()
    z = F.batch_norm(x, mean, var)
    assert torch.equal(mean, before[0]) and torch.equal(var, before[1]) and not torch.equal(y, z)


def test_instance_norm_averages_over_the_batch():
    x = numbers((4, 3, 10))
    mean, var = torch.zeros(3), torch.ones(3)
    F.instance_norm(x, mean, var, momentum=0.5)
    values = x.double().numpy()
    assert np.allclose(mean.numpy(), 0.5 * values.mean(2).mean(0), atol=1e-6)
    assert np.allclose(var.numpy(), 0.5 + 0.5 * values.var(2, ddof=1).mean(0), atol=1e-6)


def test_moving_them_is_a_change():
    x, mean, var = numbers((4, 3)), torch.zeros(3), torch.ones(3)
    w = torch.ones(3, requires_grad=True)
    product = (w * mean).sum()
    F.batch_norm(x, mean, var, training=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_evaluation_keeps_what_it_read():
    """A training step between forward and backward of an evaluated batch changes nothing."""
    x, mean, var = numbers((4, 3)).requires_grad_(), torch.zeros(3), torch.ones(3)
    y = F.batch_norm(x, mean, var, eps=0.0)
    F.batch_norm(x.detach(), mean, var, training=True)
    (gx,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gx, torch.ones(4, 3))


def test_one_value_has_no_unbiased_variance():
    mean, var = torch.zeros(2), torch.ones(2)
    torch.batch_norm(torch.ones(1, 2), None, None, mean, var, True, 0.1, 1e-5, False)
    assert bool(var.isnan().all()) and mean.tolist() == pytest.approx([0.1, 0.1])


def test_momentum_none_averages_all_batches():
    layer, batches = torch.nn.BatchNorm1d(3, momentum=None), [numbers((4, 3)) + i for i in range(3)]
    for x in batches:
        layer(x)
    assert int(layer.num_batches_tracked) == 3
    means = torch.stack([x.mean(0) for x in batches]).mean(0)
    assert torch.allclose(layer.running_mean, means, atol=1e-6)
    layer.reset_running_stats()
    assert int(layer.num_batches_tracked) == 0 and layer.running_var.tolist() == [1, 1, 1]


def test_conversion_shares_what_the_layers_hold():
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Sequential(nn.BatchNorm2d(2, affine=False)))
    model[1].eval()
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert converted is model and type(model[1]) is nn.SyncBatchNorm and type(model[2][0]) is nn.SyncBatchNorm
    old = nn.BatchNorm1d(3)
    new = nn.SyncBatchNorm.convert_sync_batchnorm(old)
    assert new.weight is old.weight and new.running_var is old.running_var
    assert not model[1].training and model[2][0].training


def test_a_lazy_layer_takes_a_state():
    layer = torch.nn.BatchNorm1d(4)
    layer(numbers((5, 4)))
    lazy = torch.nn.LazyBatchNorm1d()
    lazy.load_state_dict(layer.state_dict())
    assert torch.equal(lazy.eval()(numbers((5, 4))), layer.eval()(numbers((5, 4))))
    assert lazy.num_features == 4 and type(lazy) is torch.nn.BatchNorm1d


# --- errors ---
x4, x2 = torch.ones(2, 6, 3, 3), torch.ones(4, 6)
ERRORS = [
    (lambda: F.batch_norm(x2[:1], None, None, training=True), ValueError, "Expected more than 1 value per channel"),
    (lambda: F.group_norm(torch.ones(1, 6), 6), ValueError, "got input size [1, 6]"),
    (lambda: F.instance_norm(torch.ones(2, 6, 1)), ValueError, "Expected more than 1 spatial element when training"),
    (lambda: F.batch_norm(x2, None, None), RuntimeError, "running_mean must be defined in evaluation mode"),
    (lambda: F.batch_norm(x2, torch.ones(6), None, training=True), ValueError, "must either both be None or neither"),
    (lambda: F.batch_norm(x2, torch.ones(5), torch.ones(6), training=True), RuntimeError, "contain 6 elements not 5"),
    (lambda: F.batch_norm(x2, None, None, torch.ones(7), training=True), RuntimeError, "weight should contain 6"),
    (
        lambda: F.batch_norm(x2, None, None, training=True, eps=0),
        ValueError,
        "must be positive during training, but got 0.0",
    ),
    (lambda: F.batch_norm(x2, None, None, x2[0].double(), training=True), RuntimeError, "mixed dtype (CPU)"),
    (lambda: F.batch_norm(torch.ones(6), None, None, training=True), IndexError, "Dimension out of range"),
    (lambda: F.batch_norm(x2, x2[0].clone().requires_grad_(), x2[0]), RuntimeError, "cannot have requires_grad True"),
    (lambda: F.layer_norm(x2, (5,)), RuntimeError, "expected input with shape [*, 5], but got input of size[4, 6]"),
    (lambda: F.layer_norm(x2, (6,), torch.ones(5)), RuntimeError, "Expected weight to be of same shape"),
    (lambda: F.layer_norm(x2, ()), RuntimeError, "at least 1-dimensional"),
    (lambda: F.layer_norm(x2.long(), (6,)), NotImplementedError, "not implemented for 'Long'"),
    (lambda: F.layer_norm(x2, (-6,)), RuntimeError, "expected input with shape [*, -6]"),
    (lambda: F.group_norm(x4, 4), RuntimeError, "to be divisible by num_groups"),
    (lambda: F.group_norm(x4, 0), RuntimeError, "Expected num groups to be greater than 0, got 0"),
    (lambda: F.group_norm(x4, -2), RuntimeError, "Expected num groups to be greater than 0, got -2"),
    (lambda: F.group_norm(x4, 2, torch.ones(5)), RuntimeError, "Expected weight to be a vector of size equal"),
    (lambda: F.instance_norm(x4, use_input_stats=False), RuntimeError, "to be defined when use_input_stats is false"),
    (
        lambda: torch.native_group_norm(x4, None, None, 2, 6, 8, 3, 1e-5),
        RuntimeError,
        "Expected X.numel() == N * C * HxW",
    ),
    (lambda: torch.native_group_norm(x4, None, None, -2, 6, -9, 3, 1e-5), RuntimeError, "negative dimension"),
    (lambda: F.local_response_norm(x2, 2), ValueError, "Expected 3D or higher dimensionality"),
    (lambda: F.local_response_norm(x4, 0), RuntimeError, "kernel size should be greater than zero"),
    (lambda: torch.nn.GroupNorm(3, 4), ValueError, "must be divisible by num_groups"),
    (lambda: torch.nn.BatchNorm2d(6)(x2), ValueError, "expected 4D input (got 2D input)"),
]


@pytest.mark.parametrize("call, kind, text", ERRORS, ids=range(len(ERRORS)))
def test_errors(call, kind, text):
    with pytest.raises(kind, match=re.escape(text)):
        call()
