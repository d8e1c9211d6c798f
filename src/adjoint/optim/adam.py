"""Adam and AMSGrad."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import (
    STEP,
    RuleOptimizer,
    Slot,
    at_least_zero,
    check_betas,
    check_fused_options,
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

__all__ = ["Adam", "adam"]


class Adam(RuleOptimizer):
    """Adam: steps of a size that does not depend on the gradient's scale.

        g ← g + λp                      weight decay λ; decoupled: p ← (1 - γλ)p instead
        m ← β₁m + (1 - β₁)g
        v ← β₂v + (1 - β₂)g²
        w ← max(w, v) where amsgrad, else v
        p ← p - γ/(1 - β₁ᵗ) · m / (√(w/(1 - β₂ᵗ)) + ε)       learning rate γ, step t

    Kingma and Ba, https://arxiv.org/abs/1412.6980; amsgrad: Reddi, Kale and Kumar,
    https://openreview.net/forum?id=ryQu7f-RZ.
    """

    slots: ClassVar[dict[str, Slot]] = {
        "step": STEP,
        "exp_avg": Slot(),
        "exp_avg_sq": Slot(),
        "max_exp_avg_sq": Slot(when=lambda p, h: h["amsgrad"]),
    }
    later: ClassVar[dict[str, Any]] = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }
    fused = _core._optim_rule("adam")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, _core.Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(lr)
        at_least_zero(eps, "epsilon value")
        check_betas(betas)
        at_least_zero(weight_decay, "weight_decay value")
        defaults = {
            "lr": lr,
            "betas": _tensor_betas(betas, foreach and not capturable),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused_options(fused, foreach, differentiable)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], count(s)
        if h["weight_decay"] and h["decoupled_weight_decay"]:
            shrink(p, h)
        else:
            g = decayed(g, p, h["weight_decay"])
        m = s["exp_avg"].lerp_(g, 1 - beta1)
        v = second_moment(s["exp_avg_sq"], g, beta2)
        if h["amsgrad"]:
            v = s["max_exp_avg_sq"].copy_(_core.maximum(kept(s["max_exp_avg_sq"], h), v))
        scale = (v.sqrt() * (1 / (1 - beta2**t) ** 0.5)).add_(h["eps"])  # times the inverse: quicker in the loop
        move_scaled(p, kept(m, h), scale, -(h["lr"] / (1 - beta1**t)))


def second_moment(v: Tensor, g: Tensor, beta: Any) -> Tensor:
    """v ← βv + (1 - β)g²."""
    if isinstance(beta, _core.Tensor):
        return v.lerp_(g.square(), 1 - beta)
    return v.mul_(beta).addcmul_(g, g, value=1 - beta)


def _tensor_betas(betas: tuple[Any, Any], refuse: Any) -> tuple[Any, Any]:
    """The betas, checked where they are tensors."""
    tensors = [isinstance(b, _core.Tensor) for b in betas]
    if not (all(tensors) or all(isinstance(b, float) for b in betas)):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, b in enumerate(betas if any(tensors) else ()):
        if refuse:
            raise ValueError(f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True")
        if b.numel() != 1:
            raise ValueError(f"Tensor betas[{i}] must be 1-element")
    return betas if not any(tensors) else (betas[0].squeeze(), betas[1].squeeze())


def adam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    max_exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_complex: bool = False,
    decoupled_weight_decay: bool = False,
    *,
    amsgrad: bool,
    beta1: float | Tensor,
    beta2: float | Tensor,
    lr: float | Tensor,
    weight_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """Adam as a function of lists: see :class:`Adam`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs}
    lists["max_exp_avg_sq"] = max_exp_avg_sqs
    options = {"betas": (beta1, beta2), "lr": lr, "weight_decay": weight_decay, "eps": eps, "maximize": maximize}
    options |= {"amsgrad": amsgrad, "decoupled_weight_decay": decoupled_weight_decay, "capturable": capturable}
    run(Adam.rule, params, grads, lists, options | {"differentiable": differentiable})
