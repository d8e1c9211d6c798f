"""Singular values of matrices of low rank, by random projections: Halko, Martinsson & Tropp (2011), Finding structure with
randomness: probabilistic algorithms for constructing approximate matrix decompositions, SIAM Review 53."""

from __future__ import annotations

from adjoint import _core, linalg
from adjoint._core import Tensor

__all__ = ["get_approximate_basis", "pca_lowrank", "svd_lowrank"]


def get_approximate_basis(A: Tensor, q: int, niter: int | None = 2, M: Tensor | None = None) -> Tensor:
    """Q with q orthonormal columns, such that Q Qᴴ (A - M) is near A - M: subspace iteration from q random vectors
    (algorithm 4.4 of the paper), `niter` times.

    Shapes: A and M [..., m, n], Q [..., m, min(q, m)]."""
    start = _core.randn(A.shape[-1], q, dtype=A.dtype, device=A.device)
    basis = _basis(_times(A, M, start))
    for _ in range(2 if niter is None else niter):
        basis = _basis(_times(A.mH, None if M is None else M.mH, basis))
        basis = _basis(_times(A, M, basis))
    return basis


def _basis(x: Tensor) -> Tensor:
    return linalg.qr(x)[0]


def _times(A: Tensor, M: Tensor | None, x: Tensor) -> Tensor:
    y = A @ x
    return y if M is None else y - M @ x


def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(U, S, V) with A - M near U diag(S) Vᴴ, of rank q (algorithm 5.1 of the paper). Random: `manual_seed` repeats it.

    Shapes: A [..., m, n], M broadcasts to it; U [..., m, q], S [..., q], V [..., n, q].

    >>> import adjoint as torch
    >>> x = torch.arange(12.0).reshape(4, 3)
    >>> u, s, v = torch.svd_lowrank(x, 2)
    >>> torch.allclose(u * s @ v.T, x, atol=1e-4)
    True
    """
    q = 6 if q is None else q
    M = None if M is None else M.broadcast_to(A.size())
    wide = A.shape[-2] < A.shape[-1]
    if wide:
        A, M = A.mH, None if M is None else M.mH
    basis = get_approximate_basis(A, q, niter, M)
    inner = basis.mH @ A if M is None else basis.mH @ (A - M)
    u, s, vh = linalg.svd(inner, full_matrices=False)
    u, v = basis @ u, vh.mH
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of m samples of n features: `svd_lowrank` of A less, with `center`, the mean of each column.

    V's columns are the directions, S² / (m - 1) the variances along them. q is min(6, m, n) where it is not given.
    ValueError for a q that is negative or larger than m or n, or a negative niter.

    >>> import adjoint as torch
    >>> x = torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    >>> torch.pca_lowrank(x, 1)[1]
    tensor([2.])
    """
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(dim=(-2,), keepdim=True) if center else A, q, niter)
