"""Factorisations that initial values and parametrizations need, written with matrix products.

Householder's reflections in blocks: Q = H₁ H₂ ... = I - V T Vᵀ with T upper triangular (Schreiber & Van Loan 1989), and
T⁻¹ = diag(1/τ) + striu(VᵀV) (Puglisi 1992).
"""

from __future__ import annotations

import math

from .. import _core
from ..autograd.function import Function
from ..autograd.grad_mode import no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._core import Tensor

_BLOCK = 32


def geqrf(a: Tensor) -> tuple[Tensor, Tensor]:
    """(R above the reflections' vectors, τ) of matrices, as LAPACK's geqrf has them. Without a graph."""
    with no_grad():
        if a.dim() > 2:
            parts = [geqrf(m) for m in a.reshape(-1, *a.shape[-2:])]
            packed, tau = (_core.stack(list(p)) for p in zip(*parts, strict=True))
            return packed.reshape(a.shape), tau.reshape(*a.shape[:-2], -1)
        packed = a.clone()
        rows, columns = a.shape
        tau = a.new_zeros(min(rows, columns))
        for start in range(0, len(tau), _BLOCK):
            stop = min(start + _BLOCK, len(tau))
            panel = packed[start:, start:stop]
            for k in range(stop - start):
                _reflect(panel, k, tau, start + k)
            if stop < columns:
                v = panel.tril(-1) + _core.eye(rows - start, stop - start, dtype=a.dtype, device=a.device)
                rest = packed[start:, stop:]
                rest -= v @ (_triangle(v, tau[start:stop]).mT @ (v.mT @ rest))
        return packed, tau


def _reflect(panel: Tensor, k: int, tau: Tensor, at: int) -> None:
    """The reflection that clears column k below its diagonal, applied to the columns after it (LAPACK's larfg)."""
    alpha = panel[k, k].item()
    below = panel[k + 1 :, k]
    norm = below.norm().item() if below.numel() else 0.0
    if norm == 0.0:
        return  # τ = 0: the column is as it should be
    beta = -math.copysign(math.hypot(alpha, norm), alpha)
    below /= alpha - beta
    tau[at] = (beta - alpha) / beta
    panel[k, k] = 1.0
    v, rest = panel[k:, k], panel[k:, k + 1 :]
    rest -= _core.outer(v * tau[at], v @ rest)
    panel[k, k] = beta


def _triangle(v: Tensor, tau: Tensor) -> Tensor:
    """T of I - V T Vᵀ, column by column, as a τ may be 0."""
    t = v.new_zeros(len(tau), len(tau))
    products = v.mT @ v
    for k in range(len(tau)):
        t[:k, k] = -tau[k] * (t[:k, :k] @ products[:k, k])
        t[k, k] = tau[k]
    return t


def q_of(packed: Tensor, tau: Tensor) -> Tensor:
    """The columns of Q that geqrf's vectors and τ stand for. Without a graph."""
    with no_grad():
        if packed.dim() > 2:
            pairs = zip(packed.reshape(-1, *packed.shape[-2:]), tau.reshape(-1, tau.shape[-1]), strict=True)
            return _core.stack([q_of(p, t) for p, t in pairs]).reshape(packed.shape)
        rows, columns = packed.shape
        q = _core.eye(rows, columns, dtype=packed.dtype, device=packed.device)
        for start in reversed(range(0, len(tau), _BLOCK)):
            stop = min(start + _BLOCK, len(tau))
            v = packed[start:, start:stop].tril(-1)
            v += _core.eye(rows - start, stop - start, dtype=packed.dtype, device=packed.device)
            part = q[start:, start:]
            part -= v @ (_triangle(v, tau[start:stop]) @ (v.mT @ part))
        return q


def orthonormal(a: Tensor) -> Tensor:
    """Q of a = QR with R's diagonal positive, which makes Q one function of a. Without a graph."""
    packed, tau = geqrf(a)
    return q_of(packed, tau) * packed.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def householder_product(a: Tensor, tau: Tensor) -> Tensor:
    """The columns of H₁ H₂ ... with Hᵢ = I - τᵢ vᵢ vᵢᵀ, vᵢ below the diagonal of a, τᵢ > 0. Has derivatives."""
    rows, columns = a.shape[-2:]
    eye = _core.eye(rows, columns, dtype=a.dtype, device=a.device)
    v = a.tril(-1) + eye
    inverse = (v.mT @ v).triu(1) + _core.diag_embed(1 / tau)
    return eye - v @ solve(inverse, v[..., :columns, :].mT)


class _Solve(Function):
    """x of a x = b by elimination with pivots; the derivatives are solutions, too."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        x = _eliminated(a, b)
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        a, x = ctx.saved_tensors
        gb = _Solve.apply(a.mH, g)
        return -gb @ x.mH, gb


def solve(a: Tensor, b: Tensor) -> Tensor:
    """x of a x = b for square, invertible matrices (both of one batch shape)."""
    return _Solve.apply(a, b)


def _eliminated(a: Tensor, b: Tensor) -> Tensor:
    if a.dim() > 2:
        pairs = zip(a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:]), strict=True)
        return _core.stack([_eliminated(m, n) for m, n in pairs]).reshape(b.shape)
    n = a.shape[0]
    work = _core.cat([a, b], 1)
    for k in range(n):
        pivot = k + int(work[k:, k].abs().argmax().item())
        if pivot != k:
            work[[k, pivot]] = work[[pivot, k]]
        work[k] = work[k] / work[k, k]
        factors = work[:, k].clone()
        factors[k] = 0
        work -= _core.outer(factors, work[k])
    return work[:, n:].contiguous()


def matrix_exp(a: Tensor) -> Tensor:
    """exp of square matrices: scaled by 2⁻ˢ until small, Taylor's series, squared s times (Higham 2008, chapter 10)."""
    degree = 18 if a.dtype in (_core.float64, _core.complex128) else 10
    norm = a.detach().abs().sum(-2).amax().item() if a.numel() else 0.0
    squarings = max(0, math.ceil(math.log2(norm)) + 1) if norm > 0 and math.isfinite(norm) else 0
    scaled = a / 2.0**squarings
    result = term = _core.eye(a.shape[-1], dtype=a.dtype, device=a.device).expand(a.shape)
    for k in range(1, degree + 1):
        term = term @ scaled / k
        result = result + term
    for _ in range(squarings):
        result = result @ result
    return result
