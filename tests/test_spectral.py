"""Singular values and eigenvalues: what factors are, derivatives where values repeat, numbers that are none."""

import pytest

import adjoint as torch
from adjoint import linalg
from adjoint.autograd import gradcheck, gradgradcheck

TYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128]


def eps(x):
    return torch.finfo(x.dtype).eps


def random(*shape, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=dtype)


def unitary(n, dtype=torch.float64, seed=1):
    return linalg.svd(random(n, n, dtype=dtype, seed=seed))[0]


def hermitian(values, dtype=torch.float64, seed=1):
    q = unitary(len(values), dtype, seed)
    a = (q * torch.tensor(values, dtype=dtype)) @ q.mH
    return (a + a.mH) / 2


def near_identity(x, room):
    return (x - torch.eye(x.shape[-1], dtype=x.dtype)).abs().max().item() <= room * eps(x) if x.numel() else True


SIZES = [
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 4),
    (7, 7),
    (16, 16),
    (17, 17),
    (40, 40),
    (5, 3),
    (3, 5),
    (16, 4),
    (4, 16),
    (60, 20),
]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("m,n", SIZES)
def test_svd_factors(m, n, dtype):
    a = random(3, m, n, dtype=dtype)
    k, room = min(m, n), 20 * max(m, n) ** 0.5
    for full in (True, False):
        u, s, vh = linalg.svd(a, full_matrices=full)
        assert u.shape == (3, m, m if full else k) and vh.shape == (3, n if full else k, n) and s.shape == (3, k)
        assert near_identity(u.mH @ u, room) and near_identity(vh @ vh.mH, room)
        assert (s[:, :-1] >= s[:, 1:]).all() and (s >= 0).all()
        back = (u[..., :k] * s.unsqueeze(-2)) @ vh[:, :k]
        assert (back - a).abs().max().item() <= room * eps(a) * s.max().item()
    assert (linalg.svdvals(a) - s).abs().max().item() <= room * eps(a) * s.max().item()
    u, s2, v = torch.svd(a)
    assert torch.equal(s, s2) and torch.equal(v.mH, vh)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 16, 17, 40])
def test_eigh_factors(n, dtype):
    a = random(3, n, n, dtype=dtype)
    room = 20 * n**0.5
    for uplo in "LUlu":
        half = a.tril(-1) if uplo in "Ll" else a.triu(1)
        whole = half + half.mH + torch.diag_embed(a.diagonal(0, -2, -1).real).to(dtype)
        w, v = linalg.eigh(a, UPLO=uplo)
        size = w.abs().max().item()
        assert (w[:, :-1] <= w[:, 1:]).all() and near_identity(v.mH @ v, room)
        assert (whole @ v - v * w.unsqueeze(-2)).abs().max().item() <= room * eps(a) * size
        assert (linalg.eigvalsh(a, UPLO=uplo) - w).abs().max().item() <= room * eps(a) * size


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 17, 40])
def test_eig_factors(n, dtype):
    a = random(3, n, n, dtype=dtype)
    w, v = linalg.eig(a)
    a = a.to(w.dtype)
    assert (v.abs() ** 2).sum(-2).sub(1).abs().max().item() <= 20 * n * eps(a)
    assert (a @ v - v * w.unsqueeze(-2)).abs().max().item() <= 20 * n * eps(a) * w.abs().max().item()
    assert (linalg.eigvals(a).sum(-1) - a.diagonal(0, -2, -1).sum(-1)).abs().max().item() <= 20 * n**2 * eps(a)
    assert v.stride() == (n * n, 1, n)


def test_strides_are_those_of_column_major_factors():
    u, s, vh = linalg.svd(random(2, 5, 3))
    assert (u.stride(), s.stride(), vh.stride()) == ((25, 1, 5), (3, 1), (9, 1, 3))
    u, s, vh = linalg.svd(random(2, 5, 3), full_matrices=False)
    assert (u.stride(), vh.stride()) == ((15, 1, 5), (9, 1, 3))
    assert linalg.eigh(random(2, 3, 3)).eigenvectors.stride() == (9, 1, 3)
    assert torch.svd(random(5, 3)).V.stride() == (3, 1)


def test_names_of_the_results():
    assert repr(linalg.svd(torch.eye(1))).startswith("torch.return_types.linalg_svd(\nU=")
    assert repr(torch.svd(torch.eye(1))).endswith("V=tensor([[1.]]))")
    assert linalg.eigh(torch.eye(1)).eigenvalues.tolist() == [1.0]
    assert torch.return_types.linalg_svd is type(linalg.svd(torch.eye(1)))
    out = [torch.empty(0), torch.empty(0), torch.empty(0)]
    assert linalg.svd(torch.eye(2), out=tuple(out)).S is out[1] and out[1].tolist() == [1.0, 1.0]


# --- what is refused ---
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("n", [1, 3, 20, 80])
@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_that_are_not_finite(value, n, dtype):
    bad = random(2, n, n, dtype=dtype)
    bad[1, n - 1, 0] = value
    for f, name in ((linalg.svd, "svd"), (linalg.svdvals, "svd"), (linalg.eigh, "eigh"), (linalg.eigvalsh, "eigh")):
        with pytest.raises(linalg.LinAlgError, match=rf"^linalg.{name}: \(Batch element 1\): .* non-finite values"):
            f(bad)
        with pytest.raises(linalg.LinAlgError, match=rf"^linalg.{name}: The algorithm .* non-finite values"):
            f(bad[1])
    for f in (linalg.eig, linalg.eigvals):
        with pytest.raises(
            RuntimeError, match="^torch.linalg.eig(vals)?: input tensor should not contain infs or NaNs."
        ):
            f(bad)
    if n > 1:
        assert linalg.eigvalsh(bad, UPLO="U").isfinite().all()  # the other triangle is not read


def test_arguments():
    for f in (linalg.svd, linalg.svdvals):
        with pytest.raises(RuntimeError, match="linalg.svd: The input tensor A must have at least 2 dimensions."):
            f(torch.ones(3))
        with pytest.raises(RuntimeError, match="keyword argument `driver=` is only supported on CUDA"):
            f(torch.eye(2), driver="gesvd")
        with pytest.raises(RuntimeError, match="Expected a floating point or complex tensor as input. Got Long"):
            f(torch.ones(3, 3, dtype=torch.int64))
        with pytest.raises(NotImplementedError, match="\"linalg_svd_cpu\" not implemented for 'Half'"):
            f(torch.ones(3, 3, dtype=torch.float16))
    for name in ("eig", "eigvals"):
        with pytest.raises(
            RuntimeError, match=f"linalg.{name}: A must be batches of square matrices, but they are 2 by 3"
        ):
            getattr(linalg, name)(torch.ones(2, 3))
        with pytest.raises(RuntimeError, match="Unknown Complex ScalarType for Long"):
            getattr(linalg, name)(torch.ones(3, 3, dtype=torch.int64))
    with pytest.raises(RuntimeError, match="linalg.svd: input should have at least 2 dimensions, but has 1"):
        torch.svd(torch.ones(3))
    for f in (linalg.eigh, linalg.eigvalsh):
        with pytest.raises(
            RuntimeError, match="linalg.eigh: A must be batches of square matrices, but they are 2 by 3"
        ):
            f(torch.ones(2, 3))
        with pytest.raises(RuntimeError, match="Expected UPLO argument to be 'L' or 'U', but got X"):
            f(torch.eye(2), UPLO="X")
        with pytest.raises(NotImplementedError, match="\"linalg_eigh_cpu\" not implemented for 'Long'"):
            f(torch.ones(3, 3, dtype=torch.int64))


# --- derivatives ---
def grad(f, x):
    x = x.detach().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x)
    return g


def close(a, b, room=1e-10):
    return (a - b).abs().max().item() <= room * max(1.0, b.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_symmetric_functions_of_repeated_values_have_gradients(dtype):
    a = hermitian([2.0, 2.0, 2.0, -1.0], dtype)
    assert close(grad(lambda a: (linalg.eigvalsh(a) ** 2).sum(), a), 2 * a)
    assert close(grad(lambda a: (linalg.eigh(a)[0] ** 3).sum(), a), 3 * a @ a)
    u, v = unitary(4, dtype), unitary(4, dtype, seed=2)
    b = (u * torch.tensor([3.0, 3.0, 1.0, 1.0], dtype=dtype)) @ v.mH
    assert close(grad(lambda b: (linalg.svdvals(b) ** 2).sum(), b), 2 * b)
    assert close(grad(lambda b: linalg.svd(b)[1].sum(), b), u @ v.mH)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_a_projector_on_a_repeated_value_has_a_gradient(dtype):
    """P = f(A) with f 1 near 2 and 0 near -1: beside a polynomial that is the same to first order there."""
    a, w = hermitian([2.0, 2.0, 2.0, -1.0], dtype), random(4, 4, dtype=dtype, seed=5)
    weighted = lambda p: (w * p).sum().real

    def projector(a):
        v = linalg.eigh(a).eigenvectors[:, 1:]
        return weighted(v @ v.mH)

    def polynomial(a):  # p(2) = 1, p'(2) = 0, p(-1) = 0, p'(-1) = 0
        t = (a + torch.eye(4, dtype=dtype)) / 3
        return weighted(3 * t @ t - 2 * t @ t @ t)

    want = grad(polynomial, a)
    assert close(grad(projector, a), (want + want.mH) / 2)


def test_what_couples_the_vectors_of_a_group_is_not_seen():
    """The convention: of V f(w) Vᵀ with a slope at a repeated value only the diagonal, in the vectors at hand, is there."""
    a, weights = 2 * torch.eye(3, dtype=torch.float64), random(3, 3)

    def square(a):
        w, v = linalg.eigh(a)
        return (weights * ((v * w**2) @ v.mT)).sum()

    assert close(grad(square, a), 4 * torch.diag(weights.diagonal()))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_the_polar_factor_of_repeated_singular_values_has_a_gradient(dtype):
    u, v, w = unitary(3, dtype), unitary(3, dtype, seed=2), random(3, 3, dtype=dtype, seed=5)
    b = (u * 2) @ v.mH  # all values are 2

    def polar(b):
        u, _, vh = linalg.svd(b)
        return (w * (u @ vh)).sum().real

    def newton(b):  # one step of Newton's iteration for the polar factor has its derivative at b / 2, which is unitary
        x = b / 2
        return (w * (1.5 * x - 0.5 * x @ x.mH @ x)).sum().real

    assert close(grad(polar, b), grad(newton, b))


def test_a_polynomial_of_repeated_eigenvalues_has_a_gradient():
    a = hermitian([2.0, 2.0, -1.0]) + 0j
    assert close(grad(lambda a: (linalg.eigvals(a) ** 2).sum().real, a), 2 * a.mH)


def test_singular_values_of_zero_have_finite_gradients():
    b = torch.zeros(3, 2, dtype=torch.float64)
    b[0, 0] = 2
    assert grad(lambda b: linalg.svdvals(b).sum(), b).isfinite().all()
    assert close(grad(lambda b: linalg.svdvals(b)[0], b), b / 2)
    g = grad(lambda b: (linalg.svd(b, full_matrices=False)[0][:, :1].abs() ** 2).sum(), b)  # 1, whatever b is
    assert close(g, torch.zeros_like(g))


def test_a_loss_that_depends_on_the_choice_of_vectors_is_not_finite():
    a = torch.eye(3, dtype=torch.float64)
    assert not grad(lambda a: linalg.eigh(a).eigenvectors[0].sum(), a).isfinite().all()


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda a: linalg.svd(a)[0].real.sum(), "svd"),
        (lambda a: linalg.svd(a)[2].imag.sum(), "svd"),
        (lambda a: linalg.eigh(a)[1].real.sum(), "linalg_eigh"),
        (lambda a: linalg.eig(a)[1].real.sum(), "linalg_eig"),
    ],
)
def test_a_loss_that_depends_on_phases_is_refused(f, name):
    with pytest.raises(RuntimeError, match=f"^{name}_backward: The (singular|eigen)"):
        grad(f, random(3, 3, dtype=torch.complex128))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
def test_spans_and_projectors_of_full_matrices(shape, dtype):
    def run(a):
        u, s, vh = linalg.svd(a)
        rest, rest_h = u[:, 2:], vh[2:]
        return rest @ rest.mH, rest_h.mH @ rest_h, s

    a = random(*shape, dtype=dtype).requires_grad_()
    assert gradcheck(run, a) and gradgradcheck(run, a)


def test_third_derivatives():
    a = random(3, 3).requires_grad_()
    cube = lambda a: (linalg.svdvals(a) ** 4).sum()  # tr (A Aᵀ)²
    first = lambda a: torch.autograd.grad(cube(a), a, create_graph=True)[0]
    second = lambda a: torch.autograd.grad((first(a) ** 2).sum(), a, create_graph=True)[0]
    want = lambda a: 4 * a @ a.mT @ a
    want_second = lambda a: torch.autograd.grad((want(a) ** 2).sum(), a, create_graph=True)[0]
    assert close(second(a), want_second(a))
    third = [torch.autograd.grad(f(a).sin().sum(), a)[0] for f in (second, want_second)]
    assert close(*third)


def test_gradients_of_float32_where_only_a_part_flows():
    a = random(2, 4, 3, dtype=torch.float32).requires_grad_()
    for k in range(3):
        (g,) = torch.autograd.grad((linalg.svd(a)[k] ** 3).sum(), a)
        assert g.dtype == torch.float32 and g.shape == a.shape and g.isfinite().all()


@pytest.mark.parametrize("n", [4, 70])
def test_the_same_bits_for_any_number_of_threads(n):
    a = random(40 if n == 4 else 3, n, n, dtype=torch.float32)
    found, before = [], torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        found.append(
            [t.numpy().tobytes() for t in (*linalg.svd(a), linalg.svdvals(a), *linalg.eigh(a), linalg.eigvalsh(a))]
        )
    torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]


# --- small matrices in batches ---
def spectra(n):
    """Values that are easy, graded, equal, of both signs, tiny and huge."""
    yield [float(i + 1) for i in range(n)]
    yield [10.0**-i for i in range(n)]
    yield [1.0 + (i % 2) for i in range(n)]
    yield [(-1.0) ** i * (i + 1) for i in range(n)]
    yield [1e-30 * (i + 1) for i in range(n)]
    yield [1e30 * (i + 1) for i in range(n)]
    yield [0.0] * (n - 1) + [1.0]
    yield [0.0] * n


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 13, 16])
def test_batches_of_small_matrices_are_as_exact_as_single_ones(n, dtype):
    rows = [(hermitian(v, seed=k).to(dtype), unitary(n, seed=k + 20).to(dtype)) for k, v in enumerate(spectra(n))]
    a = torch.stack([a for a, _ in rows] * 5)
    b = torch.stack([a @ q for a, q in rows] * 5)
    b[7, 0] = 0
    b[3, :, 1] = b[3, :, 0]
    room = 6 * n * torch.finfo(dtype).eps
    size = a.abs().amax((1, 2)).unsqueeze(-1).clamp(min=1e-38)
    w, v = linalg.eigh(a)
    single = torch.stack([linalg.eigvalsh(x.double()) for x in a])
    assert ((w.double() - single).abs() <= room * size.double()).all()
    assert torch.equal(torch.sort(w, -1)[0], w) and near_identity(v.mT @ v, 6 * n)
    assert ((v * w.unsqueeze(-2) @ v.mT - a).abs().amax((1, 2)) <= room * size[:, 0]).all()
    u, s, vh = linalg.svd(b)
    single = torch.stack([linalg.svdvals(x.double()) for x in b])
    assert ((s.double() - single).abs() <= room * n**0.5 * size.double()).all()
    assert near_identity(u.mT @ u, 6 * n) and near_identity(vh @ vh.mT, 6 * n)
    assert (((u * s.unsqueeze(-2)) @ vh - b).abs().amax((1, 2)) <= room * n**0.5 * size[:, 0]).all()
    assert ((linalg.svdvals(b) - s).abs() <= room * size).all()


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (3, 7), (16, 16), (1, 5)])
def test_a_matrix_of_a_batch_has_the_bits_it_has_among_others(shape):
    a = random(50, *shape, dtype=torch.float32)
    a[20] = 1e3 * a[20]
    there = linalg.svd(a, full_matrices=False)
    for part in (slice(0, 33), slice(9, 40), slice(20, 27)):
        for x, y in zip(linalg.svd(a[part], full_matrices=False), there, strict=True):
            assert x.contiguous().numpy().tobytes() == y[part].contiguous().numpy().tobytes()


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (3, 7), (16, 16)])
def test_vectors_have_the_same_signs_alone_and_in_a_batch(shape):
    a = random(20, *shape)
    u, _, vh = linalg.svd(a, full_matrices=False)
    for full in (True, False):
        alone = linalg.svd(a[3], full_matrices=full)
        k = min(shape)
        assert close(alone.U[:, :k], u[3]) and close(alone.Vh[:k], vh[3])
    if shape[0] == shape[1]:
        assert close(linalg.eigh(a)[1][3], linalg.eigh(a[3])[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(17, 17), (33, 20), (20, 33), (64, 64), (100, 18), (128, 128), (129, 129)])
def test_middling_matrices_of_all_kinds_of_spectra(shape, dtype):
    """As far as our own reductions go, and one beyond."""
    m, n = shape
    k = min(shape)
    for seed, values in enumerate(spectra(k)):
        s = torch.tensor(values, dtype=torch.float64).abs().sort(descending=True)[0]
        a = ((unitary(m, seed=seed)[:, :k] * s) @ unitary(n, seed=seed + 9)[:k]).to(dtype)
        room, size = 8 * max(m, n) * eps(a), max(s[0].item(), 1e-300)
        u, found, vh = linalg.svd(a, full_matrices=False)
        assert near_identity(u.mT @ u, 8 * m) and near_identity(vh @ vh.mT, 8 * n)
        assert (found.double() - s).abs().max().item() <= room * size
        assert (((u * found) @ vh).double() - a.double()).abs().max().item() <= room * size
        assert (linalg.svdvals(a).double() - s).abs().max().item() <= room * size
        if m == n:
            a = hermitian(values, seed=seed).to(dtype)
            w, v = linalg.eigh(a, UPLO="U")
            want = torch.tensor(values, dtype=torch.float64).sort()[0]
            assert near_identity(v.mT @ v, 8 * n) and (w.double() - want).abs().max().item() <= room * size
            assert (((v * w) @ v.mT).double() - a.double()).abs().max().item() <= room * size
            assert (linalg.eigvalsh(a).double() - want).abs().max().item() <= room * size


@pytest.mark.parametrize("name", ["svd", "svdvals", "eigh", "eigvalsh", "eig", "eigvals"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3, 3)])
def test_matrices_without_elements_have_derivatives_of_any_order(name, shape):
    a = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    out = getattr(linalg, name)(a)
    out = out if isinstance(out, tuple) else (out,)
    (g,) = torch.autograd.grad(out, a, [torch.ones_like(y) for y in out], create_graph=True)
    assert g.shape == shape and g.dtype == a.dtype and g.requires_grad
    (again,) = torch.autograd.grad(g, a, torch.ones_like(g), allow_unused=True)
    assert again is None or again.shape == shape
