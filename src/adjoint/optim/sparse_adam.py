"""SparseAdam, which asks for sparse gradients: there are none here."""

from __future__ import annotations

from .. import _core
from ..autograd.grad_mode import enable_grad, no_grad
from ._found import noted
from ._step import check_betas
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for sparse gradients, which Adjoint does not have: the first step with a gradient says what to use."""

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, _core.Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not 0.0 < lr:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 < eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        indices = [[i, j] for i, g in enumerate(self.param_groups) for j, p in enumerate(g["params"]) if p.is_complex()]
        if indices:
            raise ValueError(f"Complex params at indices {indices}: SparseAdam does not support complex parameters")

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """RuntimeError where a parameter has a gradient."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if any(p.grad is not None for group in self.param_groups for p in group["params"]):
            raise noted(
                RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead"),
                "Adjoint has no sparse tensors: the gradient of an embedding is dense, also with sparse=True. Adam moves "
                "rows without a gradient on by their momentum, where SparseAdam leaves them.",
            )
        return loss
