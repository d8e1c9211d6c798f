"""A matrix of a batch gives what it gives alone: nothing is left over from the one before it, at any size, however it is laid out."""

import pytest

import adjoint as torch
from adjoint import linalg

SIZES = [1, 2, 3, 5, 8, 15, 16, 17, 19, 20, 24, 31, 33, 40]
SHAPES = [(m, n) for m in SIZES for n in SIZES if (m + n) % 3 == 0 or abs(m - n) < 4 or {m, n} & {17, 20}]
SQUARE = [*SIZES, 65, 100, 127, 129, 150]


def batch(m, n, dtype):
    torch.manual_seed(m * 1000 + n)
    a = torch.randn(4, m, n, dtype=torch.float64)
    a[1] *= 3e3
    a[2] = 0  # what follows must not see it
    return a.to(dtype)


def close(a, b, scale):
    """Within rounding; both of one batch or of its one matrix."""
    tolerance = 3e-4 if a.dtype in (torch.float32, torch.complex64) else 1e-10
    assert torch.isfinite(a).all() and ((a - b).abs().amax() <= tolerance * max(1.0, float(scale))), (
        (a - b).abs().amax()
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_factors_give_the_matrices_back(shape, dtype):
    a = batch(*shape, dtype)
    u, s, vh = linalg.svd(a, full_matrices=False)
    q, r = linalg.qr(a)
    for i in range(len(a)):
        scale = a[i].abs().amax()
        close((u[i] * s[i]) @ vh[i], a[i], scale)
        close(q[i] @ r[i], a[i], scale)
        for w in (u[i], vh[i].mH, q[i]):
            close(w.mH @ w, torch.eye(w.shape[1], dtype=dtype), 1)
        close(s[i], linalg.svdvals(a[i]), s[i].amax())
    close(linalg.svdvals(a), s, s.amax())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("n", SQUARE)
def test_spectra_and_systems(n, dtype):
    a = batch(n, n, dtype)
    h = a + a.mH
    w, v = linalg.eigh(h)
    spd = a @ a.mH / n + torch.eye(n, dtype=dtype) * (1 + a.abs().amax((-2, -1), keepdim=True).square() * 0.1)
    b = torch.randn(4, n, 3, dtype=torch.float64).to(dtype)
    x, factor = linalg.solve(spd, b), linalg.cholesky(spd)
    p, lower, upper = linalg.lu(a)
    for i in range(len(a)):
        scale = h[i].abs().amax()
        close(h[i] @ v[i], v[i] * w[i], scale * n)
        close(v[i].mH @ v[i], torch.eye(n, dtype=dtype), 1)
        close(linalg.eigvalsh(h[i]), w[i], scale * n)
        close(spd[i] @ x[i], b[i], n)
        close(factor[i] @ factor[i].mH, spd[i], spd[i].abs().amax())
        close(p[i] @ lower[i] @ upper[i], a[i], a[i].abs().amax() * n)
        close(linalg.inv(spd)[i] @ spd[i], torch.eye(n, dtype=dtype), 10 * n)
