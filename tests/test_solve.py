"""Systems of linear equations: what no law says. Singular matrices, cofactors, sizes of 0, threads, errors."""

from __future__ import annotations

import math

import pytest

import adjoint as torch

LinAlgError = torch.linalg.LinAlgError


def matrix(*sizes, dtype=torch.float64, seed=0.7):
    n = math.prod(sizes)
    x = ((torch.arange(n, dtype=torch.float64) + 1) ** 2 * seed * 12.9898).sin()
    x = x.reshape(sizes)
    return torch.complex(x, x.flip(-1) * 0.7).to(dtype) if dtype.is_complex else x.to(dtype)


def minor(a, i, j):
    keep = [[k for k in range(a.shape[0]) if k != drop] for drop in (i, j)]
    return a[keep[0]][:, keep[1]]


def cofactors(a):
    n = a.shape[0]
    return torch.stack([torch.stack([torch.det(minor(a, i, j)) * (-1) ** (i + j) for j in range(n)]) for i in range(n)])


def of_rank(n, rank, dtype=torch.float64):
    return matrix(n, rank, dtype=dtype) @ matrix(rank, n, dtype=dtype, seed=0.3)


# --- the determinant's derivative: the cofactors, everywhere ---


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("n, rank", [(1, 0), (2, 1), (2, 0), (3, 3), (3, 2), (4, 3), (4, 2), (5, 4), (5, 2), (8, 7)])
def test_a_determinants_gradient_is_its_cofactors(n, rank, dtype):
    a = of_rank(n, rank, dtype) if rank else torch.zeros(n, n, dtype=dtype)
    a.requires_grad_()
    want = cofactors(a.detach()).conj()
    for recorded in (False, True):
        y = torch.det(a)
        (got,) = torch.autograd.grad(y, a, torch.ones_like(y), create_graph=recorded)
        assert torch.allclose(got, want, rtol=1e-10, atol=1e-12), (n, rank)


def test_exact_zeros_have_exact_cofactors():
    a = torch.tensor([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 3.0]], requires_grad=True)
    torch.det(a).backward()
    assert a.grad.tolist() == [[12.0, -6.0, 0.0], [-6.0, 3.0, 0.0], [0.0, 0.0, 0.0]]
    b = torch.diag(torch.tensor([0.0, 0.0, 5.0])).requires_grad_()
    torch.det(b).backward()
    assert b.grad.tolist() == [[0.0] * 3] * 3


@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_the_second_derivative_exists_at_singular_matrices(rank):
    a = of_rank(5, rank).requires_grad_()
    weights = matrix(5, 5, seed=1.9)
    (g,) = torch.autograd.grad(torch.det(a), a, create_graph=True)
    (got,) = torch.autograd.grad((g * weights).sum(), a)
    h = 1e-3  # the cofactors are polynomials: differences of fourth order
    d = lambda t: cofactors(a.detach() + t * h * weights)
    want = (8 * (d(1) - d(-1)) - (d(2) - d(-2))) / (12 * h)
    assert torch.allclose(got, want, rtol=1e-7, atol=1e-8)


def test_a_batch_mixes_regular_and_singular_matrices():
    a = torch.stack([of_rank(4, r) for r in (4, 3, 2, 1)]).requires_grad_()
    torch.det(a).sum().backward()
    want = torch.stack([cofactors(x) for x in a.detach()])
    assert torch.allclose(a.grad, want, rtol=1e-10, atol=1e-12)


def test_logarithms_of_determinants_neither_overflow_nor_vanish():
    for scale in (1e-200, 1e200):
        sign, size = torch.linalg.slogdet(matrix(6, 6) * scale)
        one_sign, one = torch.linalg.slogdet(matrix(6, 6))
        assert sign == one_sign
        assert torch.allclose(size, one + 6 * math.log(scale), rtol=1e-12)
    sign, size = torch.linalg.slogdet(torch.zeros(2, 3, 3))
    assert sign.tolist() == [0, 0] and size.tolist() == [-math.inf] * 2
    assert torch.isnan(torch.logdet(torch.tensor([[0.0, 1.0], [1.0, 0.0]])))
    assert torch.logdet(torch.zeros(2, 2)) == -math.inf


# --- singular, not positive, not finite ---

ONE = "The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular."
MINOR = "The factorization could not be completed because the input is not positive-definite (the leading minor of order 2 is not positive-definite)."


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda a: torch.linalg.inv(a), f"linalg.inv: {ONE}"),
        (lambda a: torch.inverse(a), f"linalg.inv: {ONE}"),
        (lambda a: torch.linalg.inv_ex(a, check_errors=True), f"linalg.inv_ex: {ONE}"),
        (lambda a: torch.linalg.inv(a.expand(2, 3, 3)), f"linalg.inv: (Batch element 0): {ONE}"),
        (lambda a: torch.linalg.matrix_power(a, -2), f"linalg.inv: {ONE}"),
        (
            lambda a: torch.linalg.solve(a, a),
            "torch.linalg.solve: The solver failed because the input matrix is singular.",
        ),
        (lambda a: torch.linalg.cholesky(torch.diag(torch.tensor([1.0, -1.0]))), f"linalg.cholesky: {MINOR}"),
        (lambda a: torch.cholesky(torch.diag(torch.tensor([1.0, math.nan]))), f"cholesky: {MINOR}"),
    ],
)
def test_singular_matrices_are_refused(call, text):
    with pytest.raises(LinAlgError) as error:
        call(torch.zeros(3, 3))
    assert str(error.value) == text


def test_the_first_failure_of_a_batch_is_named():
    a = torch.eye(3).repeat(4, 1, 1)
    a[2, 1, 1] = 0
    with pytest.raises(LinAlgError, match=r"\(Batch element 2\): The diagonal element 2 is zero"):
        torch.linalg.inv(a)
    assert torch.linalg.inv_ex(a).info.tolist() == [0, 0, 2, 0]
    assert torch.linalg.solve_ex(a, a).info.tolist() == [0, 0, 2, 0]
    assert torch.linalg.lu_factor_ex(a).info.tolist() == [0, 0, 2, 0]
    assert torch.linalg.cholesky_ex(a).info.tolist() == [0, 0, 2, 0]
    with pytest.raises(RuntimeError, match=r"torch.linalg.lu_factor: \(Batch element 2\): U\[2,2\] is zero"):
        torch.linalg.lu_factor(a)


@pytest.mark.parametrize("n", [1, 2, 4, 16, 17, 40, 150])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex128])
def test_numbers_that_are_none_go_through(n, bad, dtype):
    for everywhere in (True, False):
        a = torch.full((n, n), bad, dtype=dtype) if everywhere else matrix(n, n, dtype=dtype)
        a[n // 2, n // 3] = bad
        lu, pivots, info = torch.linalg.lu_factor_ex(a)
        assert bool((pivots >= 1).all()) and bool((pivots <= n).all())
        for call in (
            torch.linalg.inv_ex,
            torch.linalg.cholesky_ex,
            torch.linalg.ldl_factor_ex,
            torch.det,
            torch.slogdet,
        ):
            call(a)
        torch.linalg.solve_ex(a, a)
        assert not math.isnan(bad) or not bool(torch.linalg.inv_ex(a)[0].isfinite().all())
    assert torch.linalg.cholesky_ex(torch.full((n, n), math.nan, dtype=dtype)).info == 1


# --- shapes ---


@pytest.mark.parametrize("batch", [(), (0,), (2, 0)])
def test_matrices_of_no_rows(batch):
    a = torch.zeros(*batch, 0, 0)
    assert torch.det(a).tolist() == torch.ones(batch).tolist()
    sign, size = torch.slogdet(a)
    assert sign.tolist() == torch.ones(batch).tolist() and size.tolist() == torch.zeros(batch).tolist()
    assert torch.linalg.inv(a).shape == (*batch, 0, 0)
    assert torch.linalg.solve(a, torch.zeros(*batch, 0, 2)).shape == (*batch, 0, 2)
    assert torch.linalg.cholesky(a).shape == (*batch, 0, 0)


def test_a_vector_beside_matrices():
    a, b = matrix(2, 3, 3), matrix(2, 3, seed=0.2)
    want = torch.stack([torch.linalg.solve(x, y) for x, y in zip(a, b)])
    assert torch.equal(torch.linalg.solve(a, b), want)
    assert torch.linalg.solve(a, b[0]).shape == (2, 3)
    with pytest.raises(RuntimeError, match="Vector broadcasting of the left hand side is not supported for left=False"):
        torch.linalg.solve(a, b, left=False)
    with pytest.raises(RuntimeError, match=r"Incompatible shapes of A and B for the equation AX = B \(3x3 and 2x3\)"):
        torch.linalg.solve(a, matrix(4, 2, 2, 3))


def test_one_matrix_serves_many_right_sides():
    a, b = matrix(5, 5).requires_grad_(), matrix(7, 5, 2, seed=0.2)
    x = torch.linalg.solve(a, b)
    assert torch.allclose(a @ x, b)
    (g,) = torch.autograd.grad(x.sum(), a)
    want = sum(torch.autograd.grad(torch.linalg.solve(a, y).sum(), a)[0] for y in b)
    assert torch.allclose(g, want)


def test_results_are_column_major_as_lapacks():
    a = matrix(2, 3, 3)
    for y in (
        torch.linalg.inv(a),
        torch.linalg.solve(a, a),
        torch.linalg.lu_factor(a)[0],
        torch.linalg.cholesky(a @ a.mT + 9 * torch.eye(3)),
    ):
        assert y.stride() == (9, 1, 3)


def test_pivots_that_no_factorisation_gives_are_refused():
    lu, b = torch.eye(3), torch.ones(3, 1)
    for p in ([0, 1, 2], [1, 2, 4], [-1, 2, 3], [2**31 - 1, 1, 1]):
        pivots = torch.tensor(p, dtype=torch.int32)
        with pytest.raises(RuntimeError, match="must be between 1 and LU.size"):
            torch.linalg.lu_solve(lu, pivots, b)
        with pytest.raises(RuntimeError, match="must be between 1 and LU.size"):
            torch.lu_unpack(lu, pivots)
    for p in ([0, 1, 2], [1, 2, -3], [1, 2, 4], [-5, -5, 1], [-1, 1, 1]):
        with pytest.raises(RuntimeError, match="pivots are not what linalg.ldl_factor gives"):
            torch.linalg.ldl_solve(lu, torch.tensor(p, dtype=torch.int32), b)
    with pytest.raises(RuntimeError, match="LU without pivoting is not implemented on the CPU"):
        torch.linalg.lu_factor(lu, pivot=False)


# --- factors put together ---


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
@pytest.mark.parametrize(
    "m, n", [(3, 3), (9, 4), (4, 9), (16, 16), (17, 17), (100, 100), (150, 90), (90, 150), (300, 300)]
)
def test_lu_factors_multiply_to_the_matrix(m, n, dtype):
    a = matrix(2, m, n, dtype=dtype)
    p, low, up = torch.linalg.lu(a)
    single = torch.finfo(dtype).bits == 32
    assert torch.allclose(p @ low @ up, a, atol=2e-4 if single else 1e-11)
    assert bool((low.abs() <= 1.0001 * math.sqrt(2)).all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
@pytest.mark.parametrize("n", [1, 2, 5, 8, 12, 16, 17, 64, 130, 300])
def test_systems_are_solved(n, dtype):
    a, b = matrix(3, n, n, dtype=dtype) + 2 * n**0.5 * torch.eye(n), matrix(3, n, 4, dtype=dtype, seed=0.2)
    near = {"rtol": 1e-3, "atol": 1e-3} if torch.finfo(dtype).bits == 32 else {"rtol": 1e-9, "atol": 1e-10}
    assert torch.allclose(a @ torch.linalg.solve(a, b), b, **near)
    assert torch.allclose(torch.linalg.solve(a, b.mT, left=False) @ a, b.mT, **near)
    assert torch.allclose(a @ torch.linalg.inv(a), torch.eye(n, dtype=dtype).expand(3, n, n), **near)
    s = a @ a.mH
    for upper in (False, True):
        f = torch.linalg.cholesky(s, upper=upper)
        assert torch.allclose(f.mH @ f if upper else f @ f.mH, s, **near)
        assert torch.allclose(
            s @ torch.cholesky_solve(b, f, upper), b, rtol=1e-2, atol=1e-2 if near["atol"] > 1e-5 else 1e-8
        )
        assert torch.equal(f, f.triu() if upper else f.tril())
    ld = torch.linalg.ldl_factor(s, hermitian=True)
    assert torch.allclose(
        s @ torch.linalg.ldl_solve(*ld, b, hermitian=True), b, rtol=1e-2, atol=1e-2 if near["atol"] > 1e-5 else 1e-8
    )


def test_one_matrix_has_the_bits_of_a_batch():
    for n in (2, 4, 7, 16, 20):
        a = matrix(19, n, n) + 3 * torch.eye(n)
        whole = torch.linalg.inv(a), torch.linalg.solve(a, a.mT), torch.det(a), torch.linalg.cholesky(a @ a.mT)
        for k in (0, 5, 18):
            x = a[k]
            one = torch.linalg.inv(x), torch.linalg.solve(x, x.mT), torch.det(x), torch.linalg.cholesky(x @ x.mT)
            for y, z in zip(whole, one):
                assert torch.equal(y[k], z), n


# --- threads ---


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64])
def test_any_number_of_threads_gives_the_same_bits(dtype):
    def run():
        out = []
        for sizes in ((200, 4, 4), (9, 40, 40), (330, 330)):
            a = matrix(*sizes, dtype=dtype) + sizes[-1] ** 0.5 * torch.eye(sizes[-1])
            s = a @ a.mH
            out += [torch.linalg.inv(a), torch.linalg.solve(a, s), torch.linalg.slogdet(a)[1], torch.linalg.cholesky(s)]
            out += [torch.linalg.cholesky(s, upper=True), torch.linalg.lu_factor(a)[0], torch.linalg.ldl_factor(s)[0]]
            out += [torch.linalg.solve_triangular(a, s, upper=True), torch.cholesky_inverse(torch.linalg.cholesky(s))]
        return out

    threads = torch.get_num_threads()
    try:
        found = []
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            found.append(run())
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        for x, y in zip(found[0], other):
            assert torch.equal(x, y)


# --- other forms ---


def test_negative_powers():
    a = matrix(3, 3) + 2 * torch.eye(3)
    for n in (-1, -2, -3):
        assert torch.allclose(torch.matrix_power(a, n) @ torch.matrix_power(a, -n), torch.eye(3, dtype=a.dtype))
    assert torch.autograd.gradcheck(lambda x: torch.linalg.matrix_power(x, -2), (a.requires_grad_(),))


def test_the_old_lu():
    a = matrix(2, 3, 3)
    lu, pivots = a.lu()
    assert torch.equal(lu, torch.linalg.lu_factor(a)[0])
    assert len(torch.lu(a, get_infos=True)) == 3
    out = (torch.empty(0, dtype=a.dtype), torch.empty(0, dtype=torch.int32))
    assert torch.lu(a, out=out)[0] is out[0] and torch.equal(out[0], lu) and torch.equal(out[1], pivots)
    with pytest.raises(TypeError, match="expected tuple of 2 elements but got 1"):
        torch.lu(a, out=out[:1])


def test_named_tuples():
    a = matrix(3, 3)
    assert type(torch.linalg.lu_factor(a)).__name__.endswith("linalg_lu_factor")
    assert torch.linalg.slogdet(a).logabsdet == torch.slogdet(a)[1]
    assert torch.linalg.inv_ex(a).inverse.shape == (3, 3)
    assert torch.triangular_solve(a, a).cloned_coefficient.stride() == (1, 3)


def test_factors_without_a_derivative_say_so():
    a = (matrix(3, 3) + 3 * torch.eye(3)).requires_grad_()
    ld, _ = torch.linalg.ldl_factor(a)
    with pytest.raises(RuntimeError, match="derivative for aten::linalg_ldl_factor_ex is not implemented"):
        ld.sum().backward()
