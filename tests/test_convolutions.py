"""Convolutions beyond the catalogue's samples: sizes at which the kernels cut their work, layouts, threads, refusals."""

import numpy as np
import pytest
from oracles.nn_conv import _convolution
from support import torch

F = torch.nn.functional


def tensor(rng, *shape):
    return torch.tensor(rng.standard_normal(shape).astype(np.float32))


# (batch, channels, out channels, space, kernel, stride, padding, dilation, groups): channels · taps beyond one block,
# rows beyond one tile, several images or parts of one to a band, all ways in which a window is stored.
LARGE = [
    (2, 40, 33, (9, 11), (3, 3), 1, 1, 1, 1),
    (1, 7, 20, (40, 37), (3, 3), 1, 1, 1, 1),
    (37, 19, 18, (3, 3), (3, 3), 1, 1, 1, 1),
    (3, 300, 5, (6, 6), (1, 1), 1, 0, 1, 1),
    (3, 300, 5, (7, 6), (1, 1), 2, 0, 1, 1),
    (2, 3, 16, (29, 31), (7, 7), 2, 3, 1, 1),
    (2, 16, 16, (12, 13), (2, 2), 3, 1, 1, 1),
    (2, 6, 8, (15, 15), (3, 2), (2, 3), (2, 1), (3, 4), 2),
    (2, 24, 24, (17, 20), (3, 3), 1, 1, 1, 24),
    (3, 10, 30, (17, 20), (5, 5), 2, 2, 1, 10),
    (2, 9, 6, (600,), (5,), 1, 2, 1, 3),
    (2, 5, 4, (6, 7, 8), (2, 3, 3), (1, 2, 1), 1, (2, 1, 1), 1),
    (2, 2, 3, (4, 5), (2, 2), 1, 0, 3, 1),
    (5, 64, 64, (8, 8), (3, 3), 1, 1, 1, 1),
    (1, 1, 32, (28, 28), (3, 3), 1, 1, 1, 1),
    (33, 16, 31, (7, 7), (3, 3), 1, 1, 1, 1),
    (3, 140, 48, (10, 12), (3, 3), 1, 1, 1, 1),
    (2, 64, 32, (30, 40), (3, 3), 1, 0, 1, 2),
]


def each(value, n):
    return (value,) * n if isinstance(value, int) else value


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_values_and_gradients_of_large_problems(case, transposed):
    batch, channels, out, space, kernel, stride, padding, dilation, groups = case
    rng = np.random.default_rng(3)
    n = len(space)
    x = tensor(rng, batch, channels, *space).requires_grad_()
    shape = (channels, out // groups) if transposed else (out, channels // groups)
    w = tensor(rng, *shape, *kernel).requires_grad_()
    bias = tensor(rng, out)
    options = (each(stride, n), each(padding, n), each(dilation, n), transposed, (0,) * n, groups)
    y = torch.convolution(x, w, bias, *options)
    wide = [t.detach().double().numpy() for t in (x, w, bias)]
    close(y, _convolution(*wide, *options), _convolution(*map(np.abs, wide), *options))
    g = tensor(rng, *y.shape)
    gx, gw = torch.autograd.grad(y, (x, w), g)
    for found, name in ((gx, "x"), (gw, "w")):  # y is linear in each: <g, y(d)> = <gradient, d>
        d = tensor(rng, *found.shape)
        along = torch.convolution(*(d, w) if name == "x" else (x, d), None, *options).detach().double()
        left, right = (g.double() * along).sum().item(), (found.double() * d.double()).sum().item()
        size = (g.double() * along).square().sum().sqrt().item()
        assert abs(left - right) <= 1e-5 * size, name


def close(found, wanted, size):
    error = np.abs(found.detach().double().numpy() - wanted)
    assert found.shape == wanted.shape and (error <= 1e-6 * size + 1e-30).all(), (error / size).max()


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_the_same_bits_for_any_number_of_threads(case, transposed):
    batch, channels, out, space, kernel, stride, padding, dilation, groups = case
    rng = np.random.default_rng(4)
    n = len(space)
    x = tensor(rng, batch, channels, *space).requires_grad_()
    shape = (channels, out // groups) if transposed else (out, channels // groups)
    w = tensor(rng, *shape, *kernel).requires_grad_()
    b = tensor(rng, out).requires_grad_()
    options = (each(stride, n), each(padding, n), each(dilation, n), transposed, (0,) * n, groups)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            y = torch.convolution(x, w, b, *options)
            found.append((y, *torch.autograd.grad(y, (x, w, b), y)))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("which", ["input", "weight"])
def test_channels_last_goes_through(n, which):
    rng = np.random.default_rng(5)
    form = torch.channels_last if n == 2 else torch.channels_last_3d
    conv = F.conv2d if n == 2 else F.conv3d
    x, w = tensor(rng, 2, 3, *(5, 6, 4)[:n]), tensor(rng, 4, 3, *(2, 3, 2)[:n])
    plain = conv(x, w)
    xs = x.to(memory_format=form) if which == "input" else x
    ws = w.to(memory_format=form) if which == "weight" else w
    xs, ws = xs.detach().requires_grad_(), ws.detach().requires_grad_()
    y = conv(xs, ws)
    assert torch.equal(y, plain) and y.is_contiguous(memory_format=form)
    gx, gw = torch.autograd.grad(y.square().sum(), (xs, ws))
    assert gx.is_contiguous(memory_format=form)
    assert gw.is_contiguous(memory_format=form) == (which == "weight")
    xs, ws = x.requires_grad_(), w.requires_grad_()
    for a, b in zip(torch.autograd.grad(conv(xs, ws).square().sum(), (xs, ws)), (gx, gw)):
        assert torch.equal(a, b)


WINOGRAD = [(2, 64, 64, 20, 1), (5, 130, 40, 14, 0), (33, 32, 96, 7, 1), (4, 16, 16, 9, 2)]


def results(conv, x, w, g):
    x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
    y = conv(x, w)
    return (y.detach(), *torch.autograd.grad(y, (x, w), g))


def direct(padding):
    """The direct kernel: Winograd's transforms are for images alone."""
    return lambda x, w: F.conv3d(
        torch.stack([x, torch.zeros_like(x)], 2), w.unsqueeze(2), padding=(0, padding, padding)
    )[:, :, 0]


@pytest.mark.parametrize("case", WINOGRAD, ids=str)
def test_winograd_errs_at_most_twice_as_much_as_direct_sums(case):
    batch, channels, out, size, padding = case
    rng = np.random.default_rng(8)
    x, w = tensor(rng, batch, channels, size, size), tensor(rng, out, channels, 3, 3)
    conv = lambda x, w: F.conv2d(x, w, padding=padding)
    g = tensor(rng, *conv(x, w).shape)
    exact = results(conv, x.double(), w.double(), g.double())
    errors = [
        [(a.double() - e).square().mean().sqrt().item() for a, e in zip(results(f, x, w, g), exact)]
        for f in (conv, direct(padding))
    ]
    for fast, slow in zip(*errors):
        assert fast <= 2 * slow


def test_an_infinite_element_reaches_only_what_sees_it():
    rng = np.random.default_rng(9)
    x, w = tensor(rng, 8, 32, 12, 12), tensor(rng, 32, 32, 3, 3)
    g = tensor(rng, 8, 32, 12, 12)
    x[3, 5, 4, 6] = float("inf")
    x[7, 2, 11, 0] = float("nan")
    x[1, 0, 0, 0] = 3e38  # times four it is infinite
    conv = lambda x, w: F.conv2d(x, w, padding=1)
    for found, wanted in zip(results(conv, x, w, g), results(direct(1), x, w, g)):
        assert torch.equal(found.isfinite(), wanted.isfinite())
        assert torch.equal(found.isnan(), wanted.isnan())


def test_only_what_is_needed_is_computed():
    x, w, b = torch.ones(1, 2, 4, 4), torch.ones(3, 2, 2, 2), torch.ones(3)
    for needed in range(3):
        leaves = [t.clone().requires_grad_(i == needed) for i, t in enumerate((x, w, b))]
        node = F.conv2d(*leaves).grad_fn
        found = node(torch.ones(1, 3, 3, 3))
        assert [g is not None for g in found] == [i == needed for i in range(3)]


def test_third_derivatives():
    x = torch.randn(1, 2, 4, dtype=torch.float64, requires_grad=True)
    w = torch.randn(2, 2, 3, dtype=torch.float64, requires_grad=True)

    def second(x, w):
        y = F.conv1d(x, w, padding=1).square().sum()
        gx, gw = torch.autograd.grad(y, (x, w), create_graph=True)
        return torch.autograd.grad(gx.square().sum() + gw.square().sum(), (x, w), create_graph=True)

    assert torch.autograd.gradcheck(second, (x, w))
    assert second(x, w)[0].grad_fn.name() == "AddBackward0"
    gx = torch.autograd.grad(F.conv1d(x, w).sum(), x, create_graph=True)[0]
    assert gx.grad_fn.name() == "ConvolutionBackwardBackward0"


def test_nothing_to_sum_leaves_the_bias():
    y = F.conv2d(torch.ones(2, 0, 5, 5), torch.ones(3, 0, 2, 2), torch.tensor([1.0, 2.0, 3.0]))
    assert y.shape == (2, 3, 4, 4) and y[1, :, 2, 2].tolist() == [1, 2, 3]
    y = F.conv_transpose1d(torch.ones(1, 1, 2), torch.ones(1, 1, 1), torch.ones(1), stride=3)
    assert y.tolist() == [[[2, 1, 1, 2]]]


def test_dilation_and_padding_of_any_size_take_no_memory():
    far = 10**9
    y = F.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2), padding=far, dilation=2 * far)
    assert y.shape == (1, 1, 5) and not y.any()
    y = F.conv1d(torch.arange(5.0).reshape(1, 1, 5), torch.ones(1, 1, 1), stride=far)
    assert y.tolist() == [[[0]]]
    gradient = torch.ones(1, 1, 5, requires_grad=True)
    F.conv1d(gradient, torch.ones(1, 1, 1), stride=far).sum().backward()
    assert gradient.grad.tolist() == [[[1, 0, 0, 0, 0]]]
    with pytest.raises(RuntimeError, match="overflowed"):
        F.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2), padding=2**62)
    with pytest.raises(RuntimeError, match="overflowed"):
        F.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 3), dilation=2**62)
    with pytest.raises(RuntimeError, match="overflowed"):
        F.conv_transpose1d(torch.ones(1, 1, 5), torch.ones(1, 1, 3), stride=2**62)
    with pytest.raises(RuntimeError, match="overflowed"):
        F.unfold(torch.ones(1, 1, 5, 5), 2, padding=2**62)


X, W = (2, 2, 5, 5), (3, 2, 2, 2)
REFUSALS = [
    (F.conv2d, X, (3, 4, 2, 2), {}, r"expected input\[2, 2, 5, 5\] to have 4 channels, but got 2 channels instead"),
    (
        F.conv2d,
        X,
        (3, 2, 6, 6),
        {},
        r"padded input size per channel: \(5 x 5\). Kernel size: \(6 x 6\). Kernel size can't",
    ),
    (F.conv2d, X, W, {"padding": -1}, "negative padding is not supported"),
    (F.conv2d, X, W, {"stride": 0}, "non-positive stride is not supported"),
    (F.conv2d, X, W, {"dilation": 0}, "non-positive dilation is not supported"),
    (F.conv2d, X, W, {"dilation": -1}, "dilation should be greater than zero"),
    (F.conv1d, (2, 2, 5), (3, 2), {}, "weight should have at least three dimensions"),
    (F.conv2d, X, W, {"groups": 0}, "non-positive groups is not supported"),
    (F.conv2d, X, (3, 1, 2, 2), {"groups": 2}, r"to be divisible by 2 at dimension 0, but got weight of size \[\[3"),
    (F.conv2d, X, (1, 1, 2, 2), {"groups": 2}, "expected weight to be at least 2 at dimension 0"),
    (F.conv2d, X, W, {"bias": 4}, "expected bias to be 1-dimensional with 3 elements, but got bias of size"),
    (F.conv2d, (5, 5), W, {}, r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size"),
    (F.conv2d, X, (3, 2, 2), {}, "Expected 3-dimensional input for 3-dimensional weight"),
    (F.conv2d, X, (3, 2, 0, 2), {}, "kernel size should be greater than zero"),
    (F.conv2d, X, W, {"stride": (1, 2, 3)}, r"expected stride to be a single integer value or a list of 2 values"),
    (F.conv2d, X, W, {"padding": "some"}, "Invalid padding string: 'some'"),
    (F.conv2d, X, W, {"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
    (F.conv2d, (2, 2, 0, 5), W, {"padding": 1}, "Only zero batch or zero channel inputs are supported"),
    (F.conv_transpose2d, X, (3, 3, 2, 2), {}, "Given transposed=1.* to have 3 channels, but got 2 channels instead"),
    (F.conv_transpose2d, X, (2, 3, 2, 2), {"padding": 5}, "Output size is too small"),
    (
        F.conv_transpose2d,
        X,
        (2, 3, 2, 2),
        {"output_padding": 1},
        "output padding must be smaller than either stride or",
    ),
    (F.conv_transpose2d, X, (2, 3, 2, 2), {"output_padding": -1}, "negative output_padding is not supported"),
    (F.conv_transpose2d, X, (2, 3, 2, 2), {"bias": 2}, "Given transposed=1, weight of size .* with 3 elements"),
]


@pytest.mark.parametrize("f, x, w, options, message", REFUSALS, ids=[r[4][:40] for r in REFUSALS])
def test_refusals(f, x, w, options, message):
    if "bias" in options:
        options = options | {"bias": torch.ones(options["bias"])}
    with pytest.raises(RuntimeError, match=message):
        f(torch.ones(x), torch.ones(w), **options)


def test_types_must_agree():
    x, w = torch.ones(X), torch.ones(W)
    with pytest.raises(RuntimeError, match=r"Input type \(torch.FloatTensor\) and weight type \(torch.DoubleTensor\)"):
        F.conv2d(x, w.double())
    with pytest.raises(RuntimeError, match=r"Input type \(float\) and bias type \(double\) should be the same"):
        F.conv2d(x, w, torch.ones(3).double())
    with pytest.raises(NotImplementedError, match="not implemented for 'Bool'"):
        F.conv2d(x.bool(), w.bool())


@pytest.mark.parametrize(
    "f, shape, args, message",
    [
        (F.unfold, (1, 2, 3, 3), (4,), r"array of sliding blocks as \(0, 0\), but its components must be at least one"),
        (F.unfold, (3, 3), (2,), "Expected 3D or 4D"),
        (F.unfold, (1, 2, 3, 3), (0,), "kernel_size should be greater than zero"),
        (F.unfold, (1, 2, 3, 3), (2, 0), "dilation should be greater than zero"),
        (F.unfold, (1, 2, 3, 3), (2, 1, -1), "padding should be non-negative"),
        (F.unfold, (1, 2, 3, 3), (2, 1, 0, 0), "stride should be greater than zero"),
        (F.fold, (1, 7, 4), (3, 2), "to be divisible by the product of kernel_size"),
        (F.fold, (1, 8, 5), (3, 2), r"number of sliding blocks 2 \* 2 = 4, but got input.size\(2\)=5"),
        (F.fold, (8,), (3, 2), "Expected 2D or 3D"),
        (F.fold, (1, 8, 4), ((1, 2, 3), 2), "output_size equals to 2"),
    ],
)
def test_refusals_of_columns(f, shape, args, message):
    with pytest.raises(RuntimeError, match=message):
        f(torch.ones(shape), *args)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_gradients_by_themselves(n):
    rng = np.random.default_rng(6)
    x = tensor(rng, 2, 4, *(7, 6, 5)[:n]).requires_grad_()
    w = tensor(rng, 6, 2, *[2] * n).requires_grad_()
    options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    y = getattr(F, f"conv{n}d")(x, w, **options)
    g = tensor(rng, *y.shape)
    gx, gw = torch.autograd.grad(y, (x, w), g)
    assert torch.equal(getattr(torch.nn.grad, f"conv{n}d_input")(x.shape, w, g, **options), gx)
    assert torch.equal(getattr(torch.nn.grad, f"conv{n}d_weight")(x, w.shape, g, **options), gw)
    with pytest.raises(RuntimeError, match="Expected grad_output of size"):
        getattr(torch.nn.grad, f"conv{n}d_weight")(x, w.shape, g, groups=2)
