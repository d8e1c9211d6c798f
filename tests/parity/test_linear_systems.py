"""Systems of linear equations beside PyTorch: errors, named tuples, derivatives where both are right."""

import pytest

torch = pytest.importorskip("torch")

import adjoint

CALLS = {
    "inv": lambda t, a: t.linalg.inv(a),
    "solve": lambda t, a: t.linalg.solve(a, a),
    "solve_ex": lambda t, a: t.linalg.solve_ex(a, a, check_errors=True),
    "cholesky": lambda t, a: t.linalg.cholesky(a),
    "cholesky_ex": lambda t, a: t.linalg.cholesky_ex(a, check_errors=True),
    "cholesky_inverse": lambda t, a: t.cholesky_inverse(a),
    "cholesky_solve": lambda t, a: t.cholesky_solve(a, a),
    "lu_factor": lambda t, a: t.linalg.lu_factor(a),
    "lu_factor_ex": lambda t, a: t.linalg.lu_factor_ex(a, check_errors=True),
    "det": lambda t, a: t.linalg.det(a),
    "slogdet": lambda t, a: t.slogdet(a),
    "solve_triangular": lambda t, a: t.linalg.solve_triangular(a, a, upper=True),
    "tensorinv": lambda t, a: t.linalg.tensorinv(a, 1),
    "ldl_factor_ex": lambda t, a: t.linalg.ldl_factor_ex(a),
    "matrix_power": lambda t, a: t.linalg.matrix_power(a, -1),
}
BAD = {
    "singular": lambda t: t.zeros(3, 3),
    "batch": lambda t: t.zeros(2, 3, 3),
    "integers": lambda t: t.zeros(3, 3, dtype=t.int64),
    "half": lambda t: t.zeros(3, 3, dtype=t.float16),
    "rectangle": lambda t: t.zeros(2, 3),
    "vector": lambda t: t.zeros(3),
}


def outcome(module, call, bad):
    try:
        call(module, bad(module))
    except Exception as error:
        bases = [c.__name__.lstrip("_") for c in type(error).__mro__]
        return "LinAlgError" in bases, str(error).splitlines()[0]
    return None


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", CALLS)
def test_errors_are_pytorchs(name, bad):
    theirs, ours = (outcome(module, CALLS[name], BAD[bad]) for module in (torch, adjoint))
    assert ours == theirs
