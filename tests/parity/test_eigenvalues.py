"""Singular values and eigenvalues beside PyTorch: layouts, errors, and what does not depend on the choice of vectors."""

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

import adjoint
from parity.side_by_side import check_error

SHAPES = [(3, 3), (5, 3), (3, 5), (2, 4, 3), (40, 30), (0, 3), (3, 0), (2, 0, 0)]
BAD = """torch.linalg.svd(a[0])
torch.linalg.svdvals(a[0])
torch.svd(a[0])
torch.linalg.eigh(a)
torch.linalg.eigvalsh(a)
torch.linalg.eig(a)
torch.linalg.eigvals(a)
torch.linalg.eigh(a.T@a,UPLO='X')
torch.linalg.svd(a,driver='gesvd')
torch.linalg.svd(i)
torch.linalg.eigh(i.T@i)
torch.linalg.eig(i.T@i)
torch.linalg.svd(a.half())
torch.linalg.eigh((a.T@a).half())""".splitlines()


def pair(shape, complex_numbers=False):
    x = np.random.default_rng(0).standard_normal(shape)
    x = x + 1j * np.random.default_rng(1).standard_normal(shape) if complex_numbers else x
    return adjoint.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()


def compare(f, xs):
    """Values and the gradient of their squares."""
    got, want = (f(m, x) for m, x in zip((adjoint, torch), xs, strict=True))
    for a, b in zip(got, want, strict=True):
        assert tuple(a.shape) == tuple(b.shape) and str(a.dtype) == str(b.dtype)
        assert np.allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-10)
    grads = []
    for m, out, x in zip((adjoint, torch), (got, want), xs, strict=True):
        loss = sum((y.abs() ** 2).sum() for y in out)
        grads.append(m.autograd.grad(loss, x)[0].numpy())
    assert np.allclose(*grads, atol=1e-8)


@pytest.mark.parametrize("complex_numbers", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_svd(shape, complex_numbers):
    xs = pair(shape, complex_numbers)
    for full in (True, False):
        got, want = (m.linalg.svd(x, full_matrices=full) for m, x in zip((adjoint, torch), xs, strict=True))
        assert [tuple(t.stride()) for t in got] == [t.stride() for t in want]
    compare(lambda m, x: (m.linalg.svdvals(x), *m.linalg.svd(x, full_matrices=False)[1:2]), xs)
    if min(shape) and len(shape) == 2:
        compare(lambda m, x: [m.svd(x)[0][:, :2].abs(), m.svd(x)[2][:, :2].abs()], xs)


@pytest.mark.parametrize("complex_numbers", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (20, 20), (0, 0)])
def test_eigenvalues(shape, complex_numbers):
    xs = pair(shape, complex_numbers)
    compare(lambda m, x: m.linalg.eigh(x + x.mH)[:1] + (m.linalg.eigvalsh(x + x.mH, UPLO="U"),), xs)
    compare(lambda m, x: (m.linalg.eigh(x + x.mH)[1].abs(),), xs)
    traces = lambda m, x: (m.linalg.eigvals(x).sum(-1), (m.linalg.eig(x)[0] ** 3).sum(-1))
    compare(traces, xs)


def names(torch):
    a = torch.arange(12.0).reshape(3, 4).sin()
    return {"a": a, "i": torch.ones(3, 4, dtype=torch.long)}


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names)
