"""Dropout where chance decides: what is dropped, what that does to values and gradients, and in place."""

import pytest

import adjoint as torch

F = torch.nn.functional
CHANNELS = {"dropout1d": (3, 8, 5), "dropout2d": (3, 8, 2, 2), "dropout3d": (3, 8, 2, 2, 2)}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_kept_elements_are_scaled(dtype):
    torch.manual_seed(0)
    y = F.dropout(torch.ones(4000, dtype=dtype), 0.25)
    kept = y != 0
    assert abs(kept.float().mean().item() - 0.75) < 0.03
    assert (y[kept] == (torch.ones((), dtype=dtype) / 0.75)).all()


def test_the_stream_is_pytorchs():
    """Recorded from PyTorch 2.13: torch.manual_seed(0); F.dropout(torch.ones(12), 0.3)."""
    torch.manual_seed(0)
    assert (F.dropout(torch.ones(12), 0.3) != 0).tolist() == [bool(int(c)) for c in "001010111111"]
    noise = torch.empty(12)
    torch.manual_seed(0)
    noise.bernoulli_(0.7)
    for f in (torch.dropout, torch.native_dropout):
        torch.manual_seed(0)
        y = f(torch.ones(12), 0.3, True)
        assert ((y[0] if isinstance(y, tuple) else y) != 0).tolist() == (noise == 1).tolist()


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("batched", [True, False])
def test_channels_go_as_a_whole(name, batched):
    if name == "dropout2d" and not batched:
        return  # three dimensions are a sequence to it, with a warning
    torch.manual_seed(0)
    x = torch.ones(CHANNELS[name] if batched else CHANNELS[name][1:])
    y = getattr(F, name)(x, 0.5)
    flat = y.reshape(-1, y[0, 0].numel() if batched else y[0].numel())
    assert ((flat == 0).all(1) | (flat == 2).all(1)).all()
    assert 0 < (flat == 0).all(1).sum() < len(flat)


def test_alpha_dropout_keeps_mean_and_variance():
    torch.manual_seed(0)
    x = torch.randn(200_000)
    for f in (F.alpha_dropout, lambda *a: F.feature_alpha_dropout(x.reshape(-1, 1), *a[1:])):
        y = f(x, 0.3, True)
        assert abs(y.mean().item()) < 0.02 and abs(y.std().item() - 1) < 0.02


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_alpha_dropout", *CHANNELS])
def test_in_place_and_gradient(name):
    f, shape = getattr(F, name), CHANNELS.get(name, (5, 7))
    x = torch.rand(shape, dtype=torch.float64).requires_grad_()
    torch.manual_seed(1)
    y = f(x, 0.4, True)
    (slope,) = torch.autograd.grad(y.sum(), x)
    torch.manual_seed(1)
    z = x.clone()
    again = f(z, 0.4, True, inplace=True)
    assert again is z and torch.equal(y, z)
    assert torch.equal(torch.autograd.grad(z.sum(), x)[0], slope)
    torch.manual_seed(1)
    shift = f(torch.zeros(shape, dtype=torch.float64), 0.4, True)
    assert torch.allclose(x * slope + shift, y)
    assert type(y.grad_fn).__name__ == ("AddBackward0" if "alpha" in name else "MulBackward0")


def test_nothing_happens_where_nothing_is_dropped():
    x = torch.ones(3, requires_grad=True)
    assert F.dropout(x, 0.0) is x and F.dropout(x, training=False) is x and F.alpha_dropout(x) is x


def test_bad_arguments():
    for p in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1, but got"):
            F.dropout(torch.ones(2), p)
        with pytest.raises(RuntimeError, match="dropout probability has to be between 0 and 1"):
            torch.dropout(torch.ones(2), p, True)
    with pytest.raises(RuntimeError, match="at least 2 dimensions"):
        torch.feature_dropout(torch.ones(3), 0.5, True)
    with pytest.raises(RuntimeError, match="Expected 2D or 3D input, but received a 4D input"):
        F.dropout1d(torch.ones(1, 1, 1, 1))
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d"):
        F.dropout2d(torch.ones(1, 2, 3))
    with pytest.warns(UserWarning, match="dropout3d: Received a 3-D input"):
        F.dropout3d(torch.ones(1, 2, 3))
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        F.dropout(torch.ones(3, requires_grad=True), inplace=True)
