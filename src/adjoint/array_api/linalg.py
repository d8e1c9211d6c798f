"""The standard's linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import _core, functional
from .. import linalg as _linalg
from .._core import Tensor, dtype
from ._statistics import _axes
from ._types import pair


class EighResult(NamedTuple):
    """Eigenvalues, ascending, and eigenvectors in columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its modulus."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """Left singular vectors in columns, singular values, descending, right singular vectors in rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangle L with L Lᴴ = x of positive definite matrices; with `upper`, U with Uᴴ U = x."""
    return _linalg.cholesky(x, upper=upper)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements along an axis."""
    a, b = pair(x1, x2)
    n = max(a.ndim, b.ndim)
    if not -min(a.ndim, b.ndim) <= axis < 0 and a.ndim != b.ndim:
        raise ValueError(f"cross(): axis must be negative for arrays of different dimensions, not {axis}")
    axis = axis % n - n
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ValueError(
            f"cross(): both arrays must have 3 elements along the axis, not {a.shape[axis]} and {b.shape[axis]}"
        )
    a, b = functional.broadcast_tensors(a, b)
    return _linalg.cross(a, b, dim=axis)


def det(x: Tensor, /) -> Tensor:
    """Determinants."""
    return _linalg.det(x)


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """The diagonals of matrices, counted from the main one upwards."""
    return _core.diagonal(x, offset, -2, -1)


def eigh(x: Tensor, /) -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian matrices, of which the lower triangle is read."""
    return EighResult(*_linalg.eigh(x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """Eigenvalues of Hermitian matrices, of which the lower triangle is read."""
    return _linalg.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """Inverses."""
    return _linalg.inv(x)


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Products of matrices, or of a matrix and a vector."""
    a, b = pair(x1, x2)
    return _core.matmul(a, b)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: float | str | None = "fro") -> Tensor:
    """Norms of matrices: 'fro', 'nuc', 1, 2, inf and their negatives."""
    return _linalg.matrix_norm(x, "fro" if ord is None else ord, (-2, -1), keepdims)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """Powers of square matrices; of the inverse where n < 0."""
    return _linalg.matrix_power(x, n)


def matrix_rank(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """How many singular values are above rtol times the largest.

    Raises:
        ValueError: fewer than two dimensions.
    """
    if x.ndim < 2:
        raise ValueError(f"matrix_rank(): the array must have at least two dimensions, not {x.ndim}")
    return _linalg.matrix_rank(x, rtol=rtol)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The last two axes exchanged."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose(): the array must have at least two dimensions, not {x.ndim}")
    return x.mT


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """All products of two vectors' elements."""
    a, b = pair(x1, x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer(): both arrays must have one dimension, not {a.ndim} and {b.ndim}")
    return _core.outer(a, b)


def pinv(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """Pseudo-inverses, for singular values above rtol times the largest."""
    return _linalg.pinv(x, rtol=rtol)


def qr(x: Tensor, /, *, mode: str = "reduced") -> QRResult:
    """x = Q R; 'reduced' or 'complete'."""
    return QRResult(*_linalg.qr(x, mode=mode))


def slogdet(x: Tensor, /) -> SlogdetResult:
    """Determinants as a sign and a logarithm."""
    return SlogdetResult(*_linalg.slogdet(x))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """y with x1 y = x2; x2 is a vector only where it has one dimension."""
    a, b = pair(x1, x2)
    if b.ndim == 1:
        return _linalg.solve(a, b[:, None].expand(*a.shape[:-2], *b.shape, 1))[..., 0]
    batch = functional.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return _linalg.solve(a.expand(*batch, *a.shape[-2:]), b.expand(*batch, *b.shape[-2:]))


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """x = U diag(S) Vh."""
    return SVDResult(*_linalg.svd(x, full_matrices=full_matrices))


def svdvals(x: Tensor, /) -> Tensor:
    """Singular values, descending."""
    return _linalg.svdvals(x)


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Tensor:
    """Sums of products over axes of the one and of the other."""
    a, b = pair(x1, x2)
    return functional.tensordot(a, b, dims=axes)


def trace(x: Tensor, /, *, offset: int = 0, dtype: dtype | None = None) -> Tensor:
    """Sums of the diagonals of matrices."""
    return _core.sum(_core.diagonal(x, offset, -2, -1), -1, dtype=dtype)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Sums of conj(x1) · x2 along an axis.

    Raises:
        ValueError: vectors of different lengths.
    """
    a, b = pair(x1, x2)
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot(): the vectors have different lengths, {a.shape[axis]} and {b.shape[axis]}")
    a, b = a.movedim(axis, -1), b.movedim(axis, -1)
    if a.dtype.is_floating_point or a.dtype.is_complex:
        return _linalg.vecdot(a, b)
    return _core.sum(a * b, -1, dtype=a.dtype)


def vector_norm(
    x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, ord: float = 2
) -> Tensor:
    """Norms of vectors along axes; of all elements where none is given."""
    axes = _axes(x, axis)
    if not axes:  # of numbers, each alone
        return (x != 0).to(x.abs().dtype) if ord == 0 else x.abs()
    return _linalg.vector_norm(x, ord, axes, keepdims)
