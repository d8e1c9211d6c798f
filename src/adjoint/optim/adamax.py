"""Adamax."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, at_least_zero, check_betas, check_lr, count, decayed, kept, move_scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Adamax", "adamax"]


class Adamax(RuleOptimizer):
    """Adam with the largest gradient in the place of the mean square.

        g ← g + λp                  weight decay λ
        m ← β₁m + (1 - β₁)g
        u ← max(β₂u, |g| + ε)
        p ← p - γ/(1 - β₁ᵗ) · m / u         learning rate γ, step t

    Kingma and Ba, https://arxiv.org/abs/1412.6980, section 7.1.
    """

    slots: ClassVar[dict[str, Slot]] = {"step": STEP, "exp_avg": Slot(), "exp_inf": Slot()}
    later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}
    fused = _core._optim_rule("adamax")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        at_least_zero(eps, "epsilon value")
        check_betas(betas)
        at_least_zero(weight_decay, "weight_decay value")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], count(s)
        g = decayed(g, p, h["weight_decay"])
        m = s["exp_avg"].lerp_(g, 1 - beta1)
        u = s["exp_inf"].copy_(_core.maximum(s["exp_inf"] * beta2, g.abs().add_(h["eps"])))
        move_scaled(p, kept(m, h), kept(u, h), -(h["lr"] / (1 - beta1**t)))


def adamax(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_infs: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    eps: float,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
) -> None:
    """Adamax as a function of lists: see :class:`Adamax`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "exp_avg": exp_avgs, "exp_inf": exp_infs}
    options = {"betas": (beta1, beta2), "lr": lr, "weight_decay": weight_decay, "eps": eps, "maximize": maximize}
    run(Adamax.rule, params, grads, lists, options | {"differentiable": differentiable, "capturable": capturable})
