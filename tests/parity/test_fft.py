"""Fourier transforms beside PyTorch's: values, types, layouts and gradients where its operator database does not look."""

import pytest

torch = pytest.importorskip("torch")
import adjoint


def both(*shape, real=False):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(*shape, dtype=torch.float64 if real else torch.complex128, generator=g)
    return x, adjoint.tensor(x.numpy())


def same(ours, theirs):
    assert tuple(ours.shape) == tuple(theirs.shape) and ours.stride() == theirs.stride()
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert torch.allclose(torch.tensor(ours.detach().numpy()), theirs.detach().resolve_conj())


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (1, 3, 2, 0)])
@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn"])
def test_layouts_of_permuted_operands(name, order):
    theirs, ours = both(3, 4, 5, 6, real=name in ("rfftn", "ihfftn"))
    for dims in ((0,), (2, 1), (3, 0, 1)):
        call = lambda module, x: getattr(module.fft, name)(x.permute(order), dim=dims, norm="ortho")
        same(call(adjoint, ours), call(torch, theirs))


@pytest.mark.parametrize("name", ["rfft", "irfft", "hfft", "ihfft", "fft"])
@pytest.mark.parametrize("n", [None, 1, 2, 5, 8, 13])
def test_gradients_of_padded_and_trimmed(name, n):
    theirs, ours = both(3, 7, real=name in ("rfft", "ihfft"))
    theirs.requires_grad_(), ours.requires_grad_()
    for module, x in ((torch, theirs), (adjoint, ours)):
        y = getattr(module.fft, name)(x, n)
        (y.abs() ** 3).sum().backward()
    assert torch.allclose(torch.tensor(ours.grad.numpy()), theirs.grad)
