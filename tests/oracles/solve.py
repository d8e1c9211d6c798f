"""Oracles of systems of linear equations, by NumPy in double precision."""

from __future__ import annotations

import numpy as np

from .rules import INT32, REAL, SAME, Oracle


def _double(a):
    return np.asarray(a, np.complex128 if np.iscomplexobj(a) else np.float64)


def _h(a):
    return np.swapaxes(a, -1, -2).conj()


def _info(a):
    return np.zeros(a.shape[:-2], np.int32)


def _triangle(a, upper, unit=False):
    a = np.triu(_double(a)) if upper else np.tril(_double(a))
    eye = np.eye(a.shape[-1])
    return a * (1 - eye) + eye if unit else a


def _lower_hermitian(a, upper):
    a = _h(_double(a)) if upper else _double(a)
    low = np.tril(a, -1)
    return low + _h(low) + np.eye(a.shape[-1]) * a.real


# --- one matrix after the other ---


def _lu_of(a):
    a = a.copy()
    m, k = a.shape[0], min(a.shape)
    pivots = np.zeros(k, np.int32)
    for j in range(k):
        size = np.abs(a[j:, j].real) + np.abs(a[j:, j].imag)
        p = j + int(np.argmax(size))
        pivots[j] = p + 1
        a[[j, p]] = a[[p, j]]
        a[j + 1 : m, j] /= a[j, j]
        a[j + 1 : m, j + 1 :] -= np.outer(a[j + 1 : m, j], a[j, j + 1 :])
    return a, pivots


def _order(pivots, m):
    order = np.arange(m)
    for i, p in enumerate(pivots):
        order[[i, p - 1]] = order[[p - 1, i]]
    return order


def _matrices(a):
    return a.reshape(-1, *a.shape[-2:]) if a.size else []


def _lu_factor(a, pivot=True):
    a = _double(a)
    found, pivots = a.copy(), np.zeros((*a.shape[:-2], min(a.shape[-2:])), np.int32)
    flat = pivots.reshape(-1, pivots.shape[-1]) if pivots.size else pivots
    for i, x in enumerate(_matrices(a)):
        _matrices(found)[i][...], flat[i] = _lu_of(x)
    return found, pivots


def _permutations(pivots, m):
    p = np.zeros((*pivots.shape[:-1], m, m))
    flat = pivots.reshape(-1, pivots.shape[-1]) if pivots.size else np.zeros((p.size // max(1, m * m), 0), np.int32)
    for i, matrix in enumerate(_matrices(p)):
        matrix[_order(flat[i], m), np.arange(m)] = 1
    return p


def _lu_unpack(lu, pivots):
    m, n = lu.shape[-2:]
    k = min(m, n)
    low = np.tril(lu[..., :k], -1) + np.eye(m, k)
    return _permutations(pivots, m), low, np.triu(lu[..., :k, :])


def _lu(a, pivot=True):
    return _lu_unpack(*_lu_factor(a))


def _solve(a, b, left=True):
    a, b = _double(a), _double(b)
    if b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1]):
        return np.linalg.solve(a, b[..., None])[..., 0]
    return np.linalg.solve(a, b) if left else _h(np.linalg.solve(_h(a), _h(b)))


def _lu_solve(lu, pivots, b, left=True, adjoint=False):
    p, low, up = _lu_unpack(_double(lu), pivots)
    a = p @ low @ up
    return _solve(_h(a) if adjoint else a, b, left)


def _solve_triangular(a, b, upper, left=True, unitriangular=False):
    a, b = _triangle(a, upper, unitriangular), _double(b)
    return np.linalg.solve(a, b) if left else _h(np.linalg.solve(_h(a), _h(b)))


def _triangular_solve(b, a, upper=True, transpose=False):
    t = _triangle(a, upper)
    full = np.broadcast_to(a, (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *a.shape[-2:]))
    return np.linalg.solve(np.swapaxes(t, -1, -2) if transpose else t, _double(b)), full


def _cholesky(a, upper=False):
    low = np.linalg.cholesky(_lower_hermitian(a, upper))
    return _h(low) if upper else low


def _from_factor(f, upper):
    f = _triangle(f, upper)
    return _h(f) @ f if upper else f @ _h(f)


def _cholesky_inverse(f, upper=False):
    return np.linalg.inv(_from_factor(f, upper))


def _slogdet(a):
    return np.linalg.slogdet(_double(a))


def _logdet(a):
    sign, size = _slogdet(a)
    return np.log(sign) + size if np.iscomplexobj(a) else np.where(sign < 0, np.nan, size)


def _tensorinv(a, ind=2):
    return np.linalg.tensorinv(_double(a), ind)


def _tensorsolve(a, b, dims=None):
    return np.linalg.tensorsolve(_double(a), _double(b), dims)


# --- LDL: with a strong diagonal all blocks of D are numbers, and no row changes places ---


def _ldl(a, hermitian=False):
    a = _double(a)
    found, (n,) = np.tril(a), a.shape[-1:]
    for x in _matrices(found):
        if hermitian:
            x[np.arange(n), np.arange(n)] = x.diagonal().real
        for j in range(n):
            column = x[j + 1 :, j] / x[j, j]
            x[j + 1 :, j + 1 :] -= np.tril(np.outer(column, x[j + 1 :, j].conj() if hermitian else x[j + 1 :, j]))
            x[j + 1 :, j] = column
    return found, np.broadcast_to(np.arange(1, n + 1, dtype=np.int32), a.shape[:-1])


def _ldl_solve(ld, pivots, b, hermitian=False):
    ld = _double(ld)
    low, d = np.tril(ld, -1) + np.eye(3), np.diag(ld.diagonal().real if hermitian else ld.diagonal())
    if pivots[0] < 0:
        d = d.astype(ld.dtype)
        d[1, 0], d[0, 1], low[1, 0] = ld[1, 0], ld[1, 0].conj() if hermitian else ld[1, 0], 0
    return np.linalg.solve(low @ d @ (_h(low) if hermitian else low.T), _double(b))


def _size(f, *rest):
    """The largest of the first result."""

    def scale(*args, **options):
        found = f(*args, **options)
        return np.abs(found[0] if isinstance(found, tuple) else found).max(initial=0)

    return Oracle(f, *rest, scale=scale, ulps=32)


def _with_info(f):
    return lambda a, *args, **options: (f(a, *args, **options), _info(a))


def _inverse(a):
    return np.linalg.inv(_double(a))


def _det(a):
    return np.linalg.det(_double(a))


def _factor_ex(f):
    return lambda a, **options: (*f(a, **options), _info(a))


class Unpacked(Oracle):
    """The type is that of the factors, not of the pivots."""

    def operands(self, args, options):
        return [args[0]]


ORACLE = {
    "linalg.cholesky": _size(_cholesky),
    "linalg.cholesky_ex": _size(_with_info(_cholesky), SAME, INT32),
    "cholesky": _size(_cholesky),
    "cholesky_inverse": _size(_cholesky_inverse),
    "cholesky_solve": _size(lambda b, f, upper=False: np.linalg.solve(_from_factor(f, upper), _double(b))),
    "linalg.solve": _size(_solve),
    "linalg.solve_ex": _size(_with_info(_solve), SAME, INT32),
    "linalg.solve_triangular": _size(_solve_triangular),
    "triangular_solve": _size(_triangular_solve, SAME, SAME),
    "linalg.inv": _size(_inverse),
    "linalg.inv_ex": _size(_with_info(_inverse), SAME, INT32),
    "inverse": _size(_inverse),
    "linalg.det": _size(_det),
    "det": _size(_det),
    "linalg.slogdet": _size(_slogdet, SAME, REAL),
    "slogdet": _size(_slogdet, SAME, REAL),
    "logdet": _size(_logdet),
    "linalg.lu": _size(_lu, SAME, SAME, SAME),
    "linalg.lu_factor": _size(_lu_factor, SAME, INT32),
    "linalg.lu_factor_ex": _size(_factor_ex(_lu_factor), SAME, INT32, INT32),
    "lu_unpack": Unpacked(_lu_unpack, SAME, SAME, SAME),
    "linalg.lu_solve": _size(_lu_solve),
    "lu_solve": _size(lambda b, lu, pivots: _lu_solve(lu, pivots, b)),
    "linalg.ldl_factor": _size(_ldl, SAME, INT32),
    "linalg.ldl_factor_ex": _size(_factor_ex(_ldl), SAME, INT32, INT32),
    "linalg.ldl_solve": _size(_ldl_solve),
    "linalg.tensorinv": _size(_tensorinv),
    "linalg.tensorsolve": _size(_tensorsolve),
}
REFUSES = {"bih": sorted(set(ORACLE) - {"lu_unpack"})}
