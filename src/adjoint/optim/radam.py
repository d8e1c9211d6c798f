"""RAdam."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, at_least_zero, check_betas, check_lr, count, decayed, kept, move, shrink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["RAdam", "radam"]


class RAdam(RuleOptimizer):
    """Adam with its first steps rectified: until the mean square is known well enough, they do not divide by it.

        g ← g + λp                      weight decay λ; decoupled: p ← (1 - γλ)p instead
        m ← β₁m + (1 - β₁)g
        v ← β₂v + (1 - β₂)g²
        ρ∞ = 2/(1 - β₂) - 1,  ρ = ρ∞ - 2tβ₂ᵗ/(1 - β₂ᵗ)       step t
        r = √((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))
        p ← p - γ m/(1 - β₁ᵗ) · (r √(1 - β₂ᵗ) / (√v + ε) where ρ > 5, else 1)       learning rate γ

    Liu and others, https://arxiv.org/abs/1908.03265.
    """

    slots: ClassVar[dict[str, Slot]] = {"step": STEP, "exp_avg": Slot(), "exp_avg_sq": Slot()}
    later: ClassVar[dict[str, Any]] = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }
    fused = _core._optim_rule("radam")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], count(s)
        if h["weight_decay"] and h["decoupled_weight_decay"]:
            shrink(p, h)
        else:
            g = decayed(g, p, h["weight_decay"])
        m = s["exp_avg"].lerp_(g, 1 - beta1)
        v = s["exp_avg_sq"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
        most, correction = 2 / (1 - beta2) - 1, 1 - beta2**t
        rho = most - 2 * t * beta2**t / correction
        update = m / (1 - beta1**t) * h["lr"]
        if rho > 5.0:
            rectification = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
            update = update * (correction**0.5 / (kept(v, h).sqrt() + h["eps"])) * rectification
        move(p, update, -1)


def radam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    decoupled_weight_decay: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    maximize: bool = False,
    *,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
    eps: float,
) -> None:
    """RAdam as a function of lists: see :class:`RAdam`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs}
    options = {"betas": (beta1, beta2), "lr": lr, "weight_decay": weight_decay, "eps": eps, "maximize": maximize}
    options |= {"decoupled_weight_decay": decoupled_weight_decay, "capturable": capturable}
    run(RAdam.rule, params, grads, lists, options | {"differentiable": differentiable})
