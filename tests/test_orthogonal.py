"""Orthogonal factors, least squares, pseudo-inverses, norms and exponentials of matrices: what factors are at any scale,
digits beside mpmath, one matrix beside another, matrices of low rank, numbers that are none."""

import math

import mpmath
import numpy as np
import pytest

import adjoint as torch
from adjoint import linalg
from adjoint.autograd import gradcheck, gradgradcheck

TYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128]
SIZES = [(1, 1), (3, 3), (4, 4), (16, 16), (16, 3), (5, 16), (17, 17), (40, 33), (33, 40), (100, 70), (64, 64), (1, 7)]
NAN = float("nan")


def random(*shape, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=dtype)


def eps(x):
    return torch.finfo(x.dtype).eps


def bits(t):
    return t.detach().numpy().tobytes()


# --- qr ---


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("m,n", SIZES)
def test_qr_factors(m, n, dtype):
    a = random(3, m, n, dtype=dtype)
    room, k = 20 * max(m, n) ** 0.5 * eps(a), min(m, n)
    for mode, width in (("reduced", k), ("complete", m)):
        q, r = linalg.qr(a, mode=mode)
        assert q.shape == (3, m, width) and r.shape == (3, width, n)
        assert (q.mH @ q - torch.eye(width, dtype=dtype)).abs().max() <= room
        assert (q @ r - a).abs().max() <= room * a.abs().max() * 4
        assert (r.tril(-1) == 0).all()
        assert not dtype.is_complex or (r.diagonal(dim1=-2, dim2=-1).imag == 0).all()
    assert bits(linalg.qr(a, mode="r")[1]) == bits(linalg.qr(a)[1])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [3, 16, 40])
def test_qr_at_the_ends_of_the_range(n, dtype):
    """Scaled by a power of two, R is scaled by it too, and Q is the same."""
    exponents = (100, -100, -120) if dtype in (torch.float32, torch.complex64) else (900, -900, -1000)
    a = random(n, n, dtype=dtype)
    q, r = linalg.qr(a)
    for e in exponents:
        other, scaled = linalg.qr(a * 2.0**e)
        assert (other - q).abs().max() <= 500 * eps(a)
        assert (scaled * 2.0**-e - r).abs().max() <= 500 * eps(a)


@pytest.mark.parametrize("n", [4, 20])
def test_qr_of_zeros_and_repeated_columns(n):
    q, r = linalg.qr(torch.zeros(n, n))
    assert torch.equal(q, torch.eye(n)) and (r == 0).all()
    q, r = linalg.qr(torch.ones(n, n, dtype=torch.float64))
    assert (q.T @ q - torch.eye(n, dtype=torch.float64)).abs().max() < 1e-14


@pytest.mark.parametrize("n", [4, 40])
def test_nan_and_infinity_end(n):
    for value in (NAN, math.inf):
        a = random(2, n, n)
        a[0, 1, 1] = value
        q, r = linalg.qr(a)
        assert torch.equal(q[1], linalg.qr(a[1])[0]) and r[0].isnan().any()
        torch.ormqr(*torch.geqrf(a), a)
        for driver in ("gels", "gelsy", "gelsd", "gelss"):
            x = linalg.lstsq(a, random(2, n, 1), driver=driver)[0]
            assert x[0].isnan().all() and x[1].isfinite().all()
        assert linalg.matrix_exp(a)[0].isnan().all() and linalg.matrix_exp(a)[1].isfinite().all()
        for f in (linalg.pinv, linalg.matrix_rank, linalg.cond, lambda x: linalg.matrix_norm(x, 2)):
            with pytest.raises(linalg.LinAlgError):
                f(a)


@pytest.mark.parametrize("f", [lambda a: linalg.qr(a)[0], lambda a: linalg.qr(a)[1], linalg.matrix_exp])
@pytest.mark.parametrize("n", [3, 16, 40, 70])
def test_a_matrix_of_a_batch_is_as_alone(f, n):
    a = random(20, n, n) / n
    found = f(a)
    for i in (0, 7, 19):
        assert bits(f(a[i])) == bits(found[i])


def test_the_same_bits_for_any_number_of_threads():
    a, b = random(300, 200), random(300, 4)
    few, sides = random(50, 20, 20), random(50, 20, 2)
    before, found = torch.get_num_threads(), set()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            results = [*linalg.qr(a), *linalg.qr(a + 1j), linalg.matrix_exp(a[:200] / 100), linalg.lstsq(a, b)[0]]
            results += [
                *linalg.qr(few),
                linalg.lstsq(few, sides)[0],
                linalg.matrix_exp(few),
                torch.ormqr(*torch.geqrf(few), sides),
            ]
            found.add(b"".join(map(bits, results)))
    finally:
        torch.set_num_threads(before)
    assert len(found) == 1


def test_qr_has_no_derivative_where_its_factors_are_free():
    a = random(3, 2).requires_grad_()
    with pytest.raises(RuntimeError, match="mode='r'"):
        linalg.qr(a, mode="r")[1].sum().backward()
    with pytest.raises(RuntimeError, match="nrows > ncols"):
        linalg.qr(a, mode="complete")[0].sum().backward()
    with pytest.raises(NotImplementedError, match="geqrf"):
        torch.geqrf(a)[0].sum().backward()


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_reflectors_without_length(dtype):
    """tau = 0 is no reflector, but has a derivative; so has any other tau."""
    a, tau = random(4, 3, dtype=dtype), random(3, dtype=dtype)
    tau[1] = 0
    inputs = [a.requires_grad_(), tau.requires_grad_()]
    assert gradcheck(linalg.householder_product, inputs) and gradgradcheck(linalg.householder_product, inputs)


# --- lstsq ---


def test_one_system_does_not_touch_the_next():
    """PyTorch hands LAPACK's choice of columns on from matrix to matrix."""
    a, b = random(6, 5, 3), random(6, 5, 2)
    a[:, :, 1] *= 1e3
    a[1, :, 2] *= 1e6
    for driver in ("gelsy", "gels", "gelsd", "gelss"):
        x = linalg.lstsq(a, b, driver=driver)[0]
        for i in range(6):
            assert bits(linalg.lstsq(a[i], b[i], driver=driver)[0]) == bits(x[i])
            size = linalg.vector_norm(a[i], dim=0).unsqueeze(-1)
            assert (a[i].T @ (a[i] @ x[i] - b[i]) / size).abs().max() < 1e-10


def test_lstsq_of_low_rank():
    u, v = random(5, 2), random(2, 4, seed=1)
    a, b = u @ v, random(5, 1, seed=2)
    for driver in ("gelsy", "gelsd", "gelss"):
        found = linalg.lstsq(a, b, driver=driver)
        assert found.rank.item() == 2 and (found.solution - linalg.pinv(a) @ b).abs().max() < 1e-12
        assert found.residuals.numel() == 0
    with pytest.raises(linalg.LinAlgError, match="full rank"):
        linalg.lstsq(torch.eye(3, 2) * torch.tensor([1.0, 0.0]), torch.ones(3, 1), driver="gels")


def test_lstsq_batches_broadcast():
    a, b = random(2, 1, 4, 3), random(3, 4, 2)
    with pytest.raises(RuntimeError, match=r"input.dim\(\) must be greater or equal"):
        linalg.lstsq(a[0, 0], b)
    x = linalg.lstsq(a, b.unsqueeze(0))[0]
    assert x.shape == (2, 3, 3, 2)
    assert torch.equal(x[1, 2], linalg.lstsq(a[1, 0], b[2])[0])


# --- pinv ---


@pytest.mark.parametrize("n", [2, 3, 5, 20, 60])
def test_a_pseudo_inverse_does_not_invert_rounding(n):
    """Matrices of rank 1 and 2 whose other singular values are rounding errors."""
    for dtype in (torch.float32, torch.float64):
        for seed in range(20):
            for rank in (1, min(2, n - 1)):
                x = random(n, rank, dtype=dtype, seed=seed)
                a = x @ x.mT
                limit = 1.5 / torch.linalg.svdvals(a)[rank - 1].item()
                for p in (linalg.pinv(a), linalg.pinv(a, hermitian=True), torch.pinverse(a), a.pinverse()):
                    assert linalg.matrix_norm(p, 2).item() <= limit
                assert linalg.matrix_rank(a).item() == linalg.matrix_rank(a, hermitian=True).item() == rank


@pytest.mark.parametrize("options", [{}, {"hermitian": True}])
def test_nor_does_its_gradient(options):
    x = random(4, 2).requires_grad_()
    assert gradcheck(lambda x: linalg.pinv(x @ x.mT, **options), [x])
    assert gradgradcheck(lambda x: linalg.pinv(x @ x.mT, **options), [x])
    assert gradcheck(lambda x: torch.pinverse(x @ x.mT), [x])


def test_tolerances():
    a = torch.diag(torch.tensor([4.0, 1.0, 0.01]))
    assert [linalg.matrix_rank(a, tol).item() for tol in (0.001, 0.5, 3.0)] == [3, 2, 1]
    assert linalg.matrix_rank(a, atol=0.5).item() == 2 and linalg.matrix_rank(a, rtol=0.5).item() == 1
    assert linalg.matrix_rank(torch.stack([a, a]), torch.tensor([0.001, 3.0])).tolist() == [3, 1]
    assert linalg.pinv(a, 0.1).diagonal().tolist() == [0.25, 1.0, 0.0]
    assert linalg.pinv(a, atol=2.0).diagonal().tolist() == [0.25, 0.0, 0.0]
    assert linalg.pinv(a, atol=torch.tensor(0.0), rtol=torch.tensor(0.1)).diagonal().tolist() == [0.25, 1.0, 0.0]


# --- matrix_exp ---

HARD = {
    "far from normal": [[1.0, 1e6], [0.0, -1.0]],
    "nilpotent": [[0.0, 1e8, 1e3], [0.0, 0.0, 1e-3], [0.0, 0.0, 0.0]],
    "large and stable": [[-1000.0, 999.0], [999.0, -1000.0]],
    "Moler and Van Loan": [[-49.0, 24.0], [-64.0, 31.0]],
    "rotation": [[0.0, 40.0], [-40.0, 0.0]],
    "tiny": [[1e-12, 2e-12], [3e-12, -1e-12]],
    "small": [[1e-4, 2e-4], [3e-4, -1e-4]],
    "medium": [[0.003, 0.001], [0.002, -0.004]],
    "ordinary": [[0.1, 0.2, -0.1], [0.05, -0.2, 0.1], [0.0, 0.1, 0.15]],
    "large": [[3.0, 1.0, -2.0], [5.0, -4.0, 1.0], [0.5, 2.0, 6.0]],
    "zero": [[0.0, 0.0], [0.0, 0.0]],
}


def exactly(a):
    with mpmath.workdps(60):
        return np.array(mpmath.expm(mpmath.matrix(a.tolist()), method="taylor").tolist(), dtype=np.complex128)


@pytest.mark.parametrize("name", HARD)
def test_exponentials_beside_mpmath(name):
    """As exact alone as in a batch; the bound is the condition of the problem, for which the norm stands."""
    for dtype, factor in ((torch.float64, 1.0), (torch.float32, 1.0), (torch.complex128, 1 + 0.5j)):
        a = torch.tensor(HARD[name], dtype=torch.complex128 if dtype.is_complex else torch.float64) * factor
        a = a.to(dtype)
        want = exactly(a)
        size = min(np.abs(a.numpy()).sum(1).max(), 1e4)
        for found in (linalg.matrix_exp(a), linalg.matrix_exp(torch.stack([a * 50, a, a * 0]))[1]):
            error = np.abs(found.numpy() - want).max() / np.abs(want).max()
            assert error <= 10 * (1 + size) * eps(a), (dtype, error)


def test_exponentials_at_the_ends_of_the_range():
    stable = torch.diag(torch.tensor([-1e300, 0.0], dtype=torch.float64))
    assert linalg.matrix_exp(stable).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    above = torch.zeros(2, 2, dtype=torch.float64)
    above[0, 1] = 1e300
    assert linalg.matrix_exp(above).tolist() == [[1.0, 1e300], [0.0, 1.0]]
    assert linalg.matrix_exp(torch.full((2, 2), 1e30)).isinf().all()
    half = torch.tensor([[7.0, 1.0], [1.0, 7.0]], dtype=torch.float16)
    assert torch.equal(linalg.matrix_exp(half), linalg.matrix_exp(half.float()).half())


# --- norms ---


@pytest.mark.parametrize(
    "dtype,scale", [(torch.float64, 1e300), (torch.float64, 1e-300), (torch.float32, 1e30), (torch.float32, 1e-36)]
)
def test_norms_neither_overflow_nor_vanish(dtype, scale):
    a = random(4, 3, dtype=dtype)
    x = (a * scale).requires_grad_()
    for ord in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf):
        plain = a.clone().requires_grad_()
        want, found = linalg.matrix_norm(plain, ord), linalg.matrix_norm(x, ord)
        assert abs(found.item() / scale / want.item() - 1) < 50 * eps(a)
        slopes = [torch.autograd.grad(y, z)[0] for y, z in ((want, plain), (found, x))]
        assert (slopes[0] - slopes[1]).abs().max() < 500 * eps(a)
    for p in (2, 3, 0.5, 1):
        assert abs(linalg.vector_norm(x, p).item() / scale / linalg.vector_norm(a, p).item() - 1) < 50 * eps(a)
    assert abs(linalg.cond(x[:3]).item() / linalg.cond(a[:3]).item() - 1) < 1e4 * eps(a)


def test_norms_of_dimensions():
    a = random(2, 3, 4)
    for ord in ("nuc", 2, -2):
        want = [linalg.matrix_norm(a[:, i], ord) for i in range(3)]
        assert torch.allclose(linalg.matrix_norm(a, ord, (0, 2)), torch.stack(want))
        assert linalg.matrix_norm(a, ord, (2, 0), keepdim=True).shape == (1, 3, 1)
    assert torch.allclose(torch.norm(a, "nuc", (1, 2)), torch.nuclear_norm(a, (1, 2)))
    with pytest.raises(RuntimeError, match="Low precision"):
        linalg.matrix_norm(a.half(), 2)


def test_cond_of_singular_matrices():
    a = torch.ones(2, 2, dtype=torch.float64)
    for p in (1, -1, math.inf, -math.inf, "fro"):
        assert linalg.cond(a, p).item() == linalg.cond(a * 0, p).item() == math.inf
    with pytest.raises(RuntimeError, match="invalid norm type: 3"):
        linalg.cond(a, 3)


# --- in Python ---


def test_low_rank():
    x = random(30, 4) @ random(4, 20, seed=1)
    for a in (x, x.mT, torch.stack([x, x * 2]), x + 1j * x):
        u, s, v = torch.svd_lowrank(a, 6)
        assert torch.allclose((u * s.unsqueeze(-2)) @ v.mH, a)
        assert torch.allclose(s[..., :4], linalg.svdvals(a)[..., :4])
    mean = x.mean(0, keepdim=True)
    u, s, v = torch.pca_lowrank(x, 5)
    assert torch.allclose(u * s @ v.mT, x - mean)
    assert torch.allclose(torch.svd_lowrank(x, 5, M=mean)[1], s)
    for q, niter in ((21, 2), (-1, 2), (2, -1)):
        with pytest.raises(ValueError, match="non-negative integer"):
            torch.pca_lowrank(x, q, niter=niter)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("options", [{}, {"largest": False}, {"method": "basic"}])
def test_lobpcg(options, dtype):
    x, right = random(2, 40, 40, dtype=dtype), random(40, 40, dtype=dtype, seed=1)
    a, b = x @ x.mH, right @ right.mH / 40 + torch.eye(40, dtype=dtype)
    steps = []
    values, vectors = torch.lobpcg(a, 3, tol=1e-10, tracker=lambda w: steps.append(w.ivars["istep"]), **options)
    want = linalg.eigvalsh(a)
    want = want[..., :3] if options.get("largest") is False else want.flip(-1)[..., :3]
    assert torch.allclose(values, want) and steps[:3] == [1, 2, 3]
    assert torch.allclose(a @ vectors, vectors * values.unsqueeze(-2), atol=1e-6)
    values, vectors = torch.lobpcg(a[0], 2, B=b, **options)
    assert torch.allclose(a[0] @ vectors, b @ vectors * values, atol=1e-4 * float(want.max()))
    start = vectors.clone()
    torch.lobpcg(a[0], X=start, niter=2, **options)
    assert torch.equal(start, vectors)


def test_lobpcg_derivatives():
    x = random(2, 9, 9).requires_grad_()

    def f(x):
        torch.manual_seed(1)
        values, vectors = torch.lobpcg(x, 2, tol=1e-13)
        return values, (vectors * torch.tensor([1.0, 2.0], dtype=torch.float64)) @ vectors.mT

    assert gradcheck(lambda x: f(x + x.mT), [x]) and gradgradcheck(lambda x: f(x + x.mT), [x])
    with pytest.raises(ValueError, match="complex"):
        torch.lobpcg((x[0] + x[0].T).to(torch.complex128))
    with pytest.raises(ValueError, match="3 x the number"):
        torch.lobpcg(x[0].detach(), 4)


def test_lobpcg_ends():
    """At what is solved already, at what has no pairs to find, and at numbers that are none."""
    assert torch.lobpcg(torch.eye(9), 2, X=torch.eye(9)[:, :2])[0].tolist() == [1.0, 1.0]
    assert torch.lobpcg(torch.zeros(9, 9), 2)[0].tolist() == [0.0, 0.0]
    assert torch.lobpcg(torch.zeros(0, 9, 9), 2)[0].shape == (0, 2)
    with pytest.raises(linalg.LinAlgError):
        torch.lobpcg(torch.full((9, 9), NAN), 2)
