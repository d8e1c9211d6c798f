"""Adadelta."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, at_least_zero, check_lr, count, decayed, kept, move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Adadelta", "adadelta"]


class Adadelta(RuleOptimizer):
    """Adadelta: steps in the unit of the parameter, from the sizes of steps before.

        g ← g + λp                  weight decay λ
        v ← ρv + (1 - ρ)g²
        d = √(u + ε) / √(v + ε) · g
        u ← ρu + (1 - ρ)d²
        p ← p - γd                  learning rate γ

    Zeiler, https://arxiv.org/abs/1212.5701.
    """

    slots: ClassVar[dict[str, Slot]] = {"step": STEP, "square_avg": Slot(), "acc_delta": Slot()}
    later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}
    fused = _core._optim_rule("adadelta")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        at_least_zero(eps, "epsilon value")
        at_least_zero(weight_decay, "weight_decay value")
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        rho, eps, _ = h["rho"], h["eps"], count(s)
        g = decayed(g, p, h["weight_decay"])
        v = s["square_avg"].mul_(rho).addcmul_(g, g, value=1 - rho)
        d = (s["acc_delta"] + eps).sqrt() / (v + eps).sqrt() * g
        s["acc_delta"].mul_(rho).addcmul_(d, d, value=1 - rho)
        move(p, kept(d, h), -h["lr"])


def adadelta(
    params: list[Tensor],
    grads: list[Tensor],
    square_avgs: list[Tensor],
    acc_deltas: list[Tensor],
    state_steps: list[Tensor],
    capturable: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """Adadelta as a function of lists: see :class:`Adadelta`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "square_avg": square_avgs, "acc_delta": acc_deltas}
    options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
    run(Adadelta.rule, params, grads, lists, options | {"differentiable": differentiable, "capturable": capturable})
