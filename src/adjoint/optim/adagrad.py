"""Adagrad."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import (
    STEP,
    RuleOptimizer,
    Slot,
    at_least_zero,
    check_fused_options,
    check_lr,
    count,
    decayed,
    kept,
    move_scaled,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Adagrad", "adagrad"]


class Adagrad(RuleOptimizer):
    """Adagrad: each element's rate falls with the gradients it has seen.

        g ← g + λp                  weight decay λ
        s ← s + g²
        p ← p - γ/(1 + (t - 1)η) · g / (√s + ε)         learning rate γ, its decay η, step t

    Duchi, Hazan and Singer, https://jmlr.org/papers/v12/duchi11a.html.
    """

    slots: ClassVar[dict[str, Slot]] = {"step": STEP, "sum": Slot(lambda h: h["initial_accumulator_value"])}
    later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}
    fused = _core._optim_rule("adagrad")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        at_least_zero(lr_decay, "lr_decay value")
        at_least_zero(weight_decay, "weight_decay value")
        at_least_zero(initial_accumulator_value, "initial_accumulator_value value")
        at_least_zero(eps, "epsilon value")
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused_options(fused, foreach, differentiable)
        for group in self.param_groups:
            for p in group["params"]:
                self._begin(p, group)

    def share_memory(self) -> None:
        """Moves the state into memory that processes share. There is one process here: nothing to do."""

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        t = count(s)
        g = decayed(g, p, h["weight_decay"])
        total = s["sum"].addcmul_(g, g, value=1)
        move_scaled(p, g, kept(total, h).sqrt() + h["eps"], -(h["lr"] / (1 + (t - 1) * h["lr_decay"])))


def adagrad(
    params: list[Tensor],
    grads: list[Tensor],
    state_sums: list[Tensor],
    state_steps: list[Tensor],
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    weight_decay: float,
    lr_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """Adagrad as a function of lists: see :class:`Adagrad`."""
    options = {"lr": lr, "weight_decay": weight_decay, "lr_decay": lr_decay, "eps": eps, "maximize": maximize}
    lists: dict[str, list[Any]] = {"step": state_steps, "sum": state_sums}
    run(Adagrad.rule, params, grads, lists, options | {"differentiable": differentiable})
