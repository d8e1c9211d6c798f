"""NAdam."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import (
    STEP,
    RuleOptimizer,
    Slot,
    at_least_zero,
    check_betas,
    check_lr,
    count,
    decayed,
    kept,
    move_scaled,
    shrink,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["NAdam", "nadam"]


class NAdam(RuleOptimizer):
    """Adam with Nesterov's momentum.

        g ← g + λp                      weight decay λ; decoupled: p ← (1 - γλ)p instead
        μₜ = β₁(1 - ½ · 0.96^(tψ))      momentum decay ψ, step t
        m ← β₁m + (1 - β₁)g
        v ← β₂v + (1 - β₂)g²
        m̂ = μₜ₊₁ m / (1 - μ₁…μₜ₊₁) + (1 - μₜ) g / (1 - μ₁…μₜ)
        p ← p - γ m̂ / (√(v/(1 - β₂ᵗ)) + ε)       learning rate γ

    Dozat, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ.
    """

    slots: ClassVar[dict[str, Slot]] = {
        "step": STEP,
        "mu_product": Slot(1.0, number=True),
        "exp_avg": Slot(),
        "exp_avg_sq": Slot(),
    }
    later: ClassVar[dict[str, Any]] = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }
    fused = _core._optim_rule("nadam")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        at_least_zero(momentum_decay, "momentum_decay value")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (beta1, beta2), lr, t = h["betas"], h["lr"], count(s)
        if h["weight_decay"] and h["decoupled_weight_decay"]:
            shrink(p, h)
        else:
            g = decayed(g, p, h["weight_decay"])
        mu, mu_next = (beta1 * (1.0 - 0.5 * 0.96 ** (u * h["momentum_decay"])) for u in (t, t + 1))
        product = s["mu_product"].mul_(mu).item()
        m = s["exp_avg"].lerp_(g, 1 - beta1)
        v = s["exp_avg_sq"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
        scale = v.div(1 - beta2**t).sqrt() + h["eps"]
        move_scaled(p, g, scale, -lr * (1.0 - mu) / (1.0 - product))
        move_scaled(p, kept(m, h), scale, -lr * mu_next / (1.0 - product * mu_next))


def nadam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    mu_products: list[Tensor],
    state_steps: list[Tensor],
    decoupled_weight_decay: bool = False,
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    has_complex: bool = False,
    maximize: bool = False,
    *,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
    momentum_decay: float,
    eps: float,
) -> None:
    """NAdam as a function of lists: see :class:`NAdam`."""
    if not all(isinstance(t, _core.Tensor) for t in mu_products):
        raise RuntimeError("API has changed, `mu_products` argument must contain a list of singleton tensors")
    lists: dict[str, list[Any]] = {"step": state_steps, "mu_product": mu_products}
    lists |= {"exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs}
    options = {"betas": (beta1, beta2), "lr": lr, "weight_decay": weight_decay, "eps": eps, "maximize": maximize}
    options |= {"decoupled_weight_decay": decoupled_weight_decay, "momentum_decay": momentum_decay}
    run(NAdam.rule, params, grads, lists, options | {"differentiable": differentiable, "capturable": capturable})
