"""RMSprop."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, at_least_zero, check_lr, count, decayed, kept, move, move_scaled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["RMSprop", "rmsprop"]


class RMSprop(RuleOptimizer):
    """RMSprop: the gradient over its root mean square.

        g ← g + λp                  weight decay λ
        v ← αv + (1 - α)g²
        ḡ ← αḡ + (1 - α)g,  w = v - ḡ²      where centered, else w = v
        b ← μb + g / (√w + ε)               momentum μ; without: b = g / (√w + ε)
        p ← p - γb                  learning rate γ

    Hinton, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf; centered: Graves,
    https://arxiv.org/abs/1308.0850.
    """

    slots: ClassVar[dict[str, Slot]] = {
        "step": STEP,
        "square_avg": Slot(),
        "momentum_buffer": Slot(when=lambda p, h: h["momentum"] > 0),
        "grad_avg": Slot(when=lambda p, h: h["centered"]),
    }
    later: ClassVar[dict[str, Any]] = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }
    fused = _core._optim_rule("rmsprop")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        at_least_zero(eps, "epsilon value")
        at_least_zero(momentum, "momentum value")
        at_least_zero(weight_decay, "weight_decay value")
        at_least_zero(alpha, "alpha value")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        alpha, _ = h["alpha"], count(s)
        g = decayed(g, p, h["weight_decay"])
        w = s["square_avg"].mul_(alpha).addcmul_(g, g, value=1 - alpha)
        if h["centered"]:
            mean = kept(s["grad_avg"].lerp_(g, 1 - alpha), h)
            w = w.addcmul(mean, mean, value=-1)
        scale = kept(w, h).sqrt() + h["eps"]
        if h["momentum"] > 0:
            move(p, kept(s["momentum_buffer"].mul_(h["momentum"]).addcdiv_(g, scale), h), -h["lr"])
        else:
            move_scaled(p, g, scale, -h["lr"])


def rmsprop(
    params: list[Tensor],
    grads: list[Tensor],
    square_avgs: list[Tensor],
    grad_avgs: list[Tensor],
    momentum_buffer_list: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
) -> None:
    """RMSprop as a function of lists: see :class:`RMSprop`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "square_avg": square_avgs}
    lists |= {"grad_avg": grad_avgs, "momentum_buffer": momentum_buffer_list}
    options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
    options |= {"centered": centered, "maximize": maximize, "capturable": capturable}
    run(RMSprop.rule, params, grads, lists, options | {"differentiable": differentiable})
