"""The largest or least eigenvalues of a large symmetric matrix, by blocks of conjugate gradients.

Knyazev (2001), Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient
method, SIAM J. Sci. Comput. 23: each step looks for the best vectors in the span of the present ones (X), of their
preconditioned residuals (W), and of the last step's directions (P). Duersch, Shao, Yang & Gu (2018), A robust and efficient
implementation of LOBPCG, SIAM J. Sci. Comput. 40: how to keep that basis orthonormal, and when a pair counts as found.
"""

from __future__ import annotations

from adjoint import _core, linalg
from adjoint._core import Tensor
from adjoint._typeinfo import finfo
from adjoint.autograd import Function, no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["LOBPCG", "lobpcg"]

_EPS = {"float32": 1.2e-07, "float64": 2.23e-16}


def _eps(x: Tensor) -> float:
    return _EPS["float64" if x.dtype in (_core.float64, _core.complex128) else "float32"]


class LOBPCG:
    """The state of one matrix's iteration: what a tracker sees after each step, and may stop by
    `bvars["force_stop"] = True`.

    A, B (or None), iK: the operands; X, E, R: vectors, values, residuals A X - B X diag(E); S: the basis of the last step;
    ivars: istep, iterations_left, converged_count; tvars: rerr, the relative residuals."""

    def __init__(
        self,
        A: Tensor,
        B: Tensor | None,
        X: Tensor,
        iK: Tensor | None,
        iparams: dict[str, int],
        fparams: dict[str, float],
        bparams: dict[str, bool],
        method: str,
        tracker: Callable[[LOBPCG], object] | None = None,
    ):
        self.A, self.B, self.iK, self.method, self.tracker = A, B, iK, method, tracker
        self.iparams, self.fparams, self.bparams = iparams, fparams, bparams
        self.ivars = {"istep": 0, "iterations_left": iparams["niter"], "converged_count": 0}
        self.fvars: dict[str, float] = {}
        self.bvars: dict[str, bool] = {"force_stop": False}
        self.tvars: dict[str, Tensor] = {}
        size = float(X.norm())
        norm = (lambda t: float(t.norm()) / size) if size else (lambda t: 0.0)
        self.fvars |= {"X_norm": size, "A_norm": norm(A @ X), "B_norm": norm(self._b(X))}
        self.X = self.S = X
        self.P: Tensor | None = None
        self._ritz(self._orthonormal(X))

    def run(self) -> None:
        self._advance()
        while not self._finished():
            directions = [self.X] if self.P is None else [self.X, self.P]
            self._ritz(self._basis(directions))
            self._advance()

    def _advance(self) -> None:
        self.ivars["istep"] += 1
        self.ivars["iterations_left"] -= 1
        if self.tracker is not None:
            self.tracker(self)

    def _finished(self) -> bool:
        return (
            self.bvars.get("force_stop", False)
            or self.ivars["iterations_left"] == 0
            or self.ivars["converged_count"] >= self.iparams["k"]
        )

    def _b(self, x: Tensor) -> Tensor:
        return x if self.B is None else self.B @ x

    def _basis(self, directions: list[Tensor]) -> Tensor:
        residual = self.R[:, self.ivars["converged_count"] :]
        residual = residual if self.iK is None else self.iK @ residual
        known = _core.cat(directions, 1)
        new = residual if self.method == "basic" else self._orthonormal(residual, known)
        return _core.cat([known, new], 1)

    def _orthonormal(self, u: Tensor, known: Tensor | None = None) -> Tensor:
        """An orthonormal basis, with B's inner product, of what u adds to the basis `known`: by the eigenvectors of its
        Gram matrix, without those that rounding made; twice, as once leaves the square root of rounding errors behind."""
        for _ in range(2):
            if known is not None:
                u = u - known @ (known.mH @ self._b(u))
            length = (u.conj() * self._b(u)).real.sum(0).clamp(min=0).sqrt()
            u = u[:, length > 0] / length[length > 0]
            gram = u.mH @ self._b(u)
            if not bool(gram.isfinite().all()):
                raise linalg.LinAlgError("lobpcg: the matrix, or its start, has values that are not finite")
            values, vectors = linalg.eigh(gram)
            kept = values > _eps(u) * 10 * len(values)
            u = u @ (vectors[:, kept] / values[kept].sqrt())
        return u

    def _to_orthonormal(self, basis: Tensor) -> Tensor:
        """Coefficients of an orthonormal basis in this one, by Cholesky's factor of its Gram matrix."""
        gram = basis.mH @ self._b(basis)
        scale = gram.diagonal().real.rsqrt()
        factor = linalg.cholesky(gram * scale * scale.unsqueeze(-1), upper=True)
        return linalg.solve_triangular(factor, _core.diag(scale).to(factor.dtype), upper=True, left=False)

    def _ritz(self, basis: Tensor) -> None:
        """The best vectors in a basis, and the directions in it that lead from the old ones to them."""
        n, old = self.iparams["n"], self.X.shape[1]
        form = basis.mH @ (self.A @ basis)
        if basic := self.method == "basic":
            change = self._to_orthonormal(basis)
            form = change.mH @ form @ change
        values, vectors = linalg.eigh(form)
        if self.bparams["largest"]:
            values, vectors = values.flip(0), vectors.flip(1)
        chosen = change @ vectors[:, :n] if basic else vectors[:, :n]
        first = self.ivars["istep"] == 0
        self.S, self.X, self.E = basis, basis @ chosen, values[:n]
        if not first:
            step = chosen.clone()
            step[:old] = 0
            self.P = basis @ step if basic else self._orthonormal(basis @ step, self.X)
        bx = self._b(self.X)
        self.R = self.A @ self.X - bx * self.E
        scale = self.X.norm(dim=0) * (self.fvars["A_norm"] + self.E.abs() * self.fvars["B_norm"])
        self.tvars["rerr"] = rerr = self.R.norm(dim=0) / scale.clamp(min=finfo(scale.dtype).tiny)
        # In order: what follows a pair that is not found yet does not count.
        found = [bool(r < self.fparams["tol"]) for r in rerr]
        self.ivars["converged_count"] = found.index(False) if False in found else len(found)


class _Eigenpairs(Function):
    """The pairs with their derivative, which needs no other pair: with the projector P = I - U Uᵀ,
    du = Σ u_j (u_jᵀ dA u) / (d - d_j) + (d I - A)⁻¹ P dA u, the inverse taken in the range of P."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, solve: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        D, U = solve(A)
        ctx.save_for_backward(A, D, U)
        return D, U

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None]:
        gD, gU = grads
        A, D, U = ctx.saved_tensors
        inner = _core.diag_embed(gD) if gD is not None else A.new_zeros(())
        if gU is None:
            return U @ inner @ U.mT, None
        gaps = D.unsqueeze(-2) - D.unsqueeze(-1)
        same = _core.eye(gaps.shape[-1], dtype=_core.bool)
        across = (U.mT @ gU).masked_fill(same, 0) / gaps.masked_fill(same, 1)
        gA = U @ (inner + across) @ U.mT
        # (d I - A + U Uᵀ c) is invertible, and as (d I - A) in the range of P, which what is solved for lies in.
        size = A.detach().abs().sum(-1).amax(-1)[..., None, None, None] + 1
        outside = gU - U @ (U.mT @ gU)
        eye = _core.eye(A.shape[-1], dtype=A.dtype)
        systems = D[..., None, None] * eye - A.unsqueeze(-3) + (size * 2) * (U @ U.mT).unsqueeze(-3)
        found = linalg.solve(systems, outside.mT.unsqueeze(-1)).squeeze(-1).mT
        return gA + (found - U @ (U.mT @ found)) @ U.mT, None


def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Callable[[LOBPCG], object] | None = None,
    ortho_iparams: dict[str, int] | None = None,
    ortho_fparams: dict[str, float] | None = None,
    ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """(E, X): the k largest (or, with largest=False, least) eigenvalues of a symmetric A, and their vectors; with B,
    positive definite, those of A x = e B x.

    X [..., m, n] are the vectors to begin with (random ones, n of them, where it is not given), iK an approximate inverse
    of A, niter the most steps (1000; -1 without end), tol the relative residual at which a pair is found. method 'ortho'
    keeps the basis orthonormal; 'basic' does not, is quicker and may end in an error of Cholesky's. `tracker` is called with the state of the
    iteration (`LOBPCG`) after each step.

    Shapes: A and B [..., m, m], E [..., k], X [..., m, k]. ValueError unless m >= 3 n. The gradient is that of the symmetric
    part of A; there is none for complex A, or for a problem with B.

    >>> import adjoint as torch
    >>> A = torch.diag(torch.arange(1.0, 11.0))
    >>> torch.lobpcg(A, 2)[0].round(decimals=3)
    tensor([10.,  9.])
    """
    _check(A, B)
    k = (1 if X is None else X.shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X.shape[-1]
    m = A.shape[-1]
    if m < 3 * n:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={m})"
            f" is smaller than 3 x the number of requested eigenpairs (={n})"
        )
    method = "ortho" if method is None else method
    tol = _eps(A) ** 0.5 if tol is None else tol
    extra = [p or {} if method == "ortho" else {} for p in (ortho_iparams, ortho_fparams, ortho_bparams)]
    parameters = (
        {"m": m, "n": n, "k": k, "niter": 1000 if niter is None else niter, **extra[0]},
        {"tol": tol, **extra[1]},
        {"largest": True if largest is None else largest, **extra[2]},
    )

    def solve(a: Tensor) -> tuple[Tensor, Tensor]:
        with no_grad():
            return _solve_batch(a, B, X, iK, *parameters, method, tracker)

    if not _core.is_grad_enabled() or not (A.requires_grad or (B is not None and B.requires_grad)):
        return solve(A)
    if A.is_complex() or (B is not None and B.is_complex()):
        raise ValueError("lobpcg.backward does not support complex input yet. Note that lobpcg.forward does though.")
    if B is not None:
        raise ValueError("lobpcg.backward does not support backward with B != I yet.")
    E, U = _Eigenpairs.apply((A + A.mT) / 2, solve)
    return E, U


def _check(A: Tensor, B: Tensor | None) -> None:
    if A.shape[-2] != A.shape[-1]:
        raise AssertionError(f"A must be square, got shape {A.shape}")
    if B is not None and A.shape != B.shape:
        raise AssertionError(f"A and B must have same shape, got {A.shape} vs {B.shape}")


def _solve_batch(
    A: Tensor,
    B: Tensor | None,
    X: Tensor | None,
    iK: Tensor | None,
    i: dict,
    f: dict,
    b: dict,
    method: str,
    tracker: Any,
) -> tuple[Tensor, Tensor]:
    m, n, k = i["m"], i["n"], i["k"]
    flat = lambda t: None if t is None else t.reshape(-1, *t.shape[-2:])
    matrices, right, start = A.reshape(-1, m, m), flat(B), flat(X)
    values, vectors = [], []
    for j, a in enumerate(matrices):
        x = _core.randn(m, n, dtype=A.dtype, device=A.device) if start is None else start[j]
        if tuple(x.shape) != (m, n):
            raise AssertionError(f"X shape mismatch: got {x.shape}, expected {(m, n)}")
        settings = {**i, "batch_index": j} if A.dim() > 2 else dict(i)
        worker = LOBPCG(a, None if right is None else right[j], x, iK, settings, f, b, method, tracker)
        worker.run()
        values.append(worker.E[:k])
        vectors.append(worker.X[:, :k])
    if not values:
        real = A.real if A.is_complex() else A
        return real.new_empty((*A.shape[:-2], k)), A.new_empty((*A.shape[:-2], m, k))
    return (
        _core.stack(values).reshape(*A.shape[:-2], k),
        _core.stack(vectors).reshape(*A.shape[:-2], m, k),
    )
