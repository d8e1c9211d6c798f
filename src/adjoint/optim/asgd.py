"""Averaged stochastic gradient descent."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, at_least_zero, check_lr, count, decayed, move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["ASGD", "asgd"]


class ASGD(RuleOptimizer):
    """Averaged stochastic gradient descent: the mean of the way is in the state, as "ax".

        g ← g + λp                  weight decay λ
        p ← (1 - lη)p - ηg          decay term l (lambd)
        a ← a + μ(p - a)
        η ← γ/(1 + lγt)^α,  μ ← 1/max(1, t - t₀)        learning rate γ, step t

    Polyak and Juditsky, https://doi.org/10.1137/0330046.
    """

    slots: ClassVar[dict[str, Slot]] = {
        "step": STEP,
        "eta": Slot(lambda h: h["lr"], number=True),
        "mu": Slot(1.0, number=True),
        "ax": Slot(),
    }
    later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}
    fused = _core._optim_rule("asgd")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        at_least_zero(weight_decay, "weight_decay value")
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        lr, t, eta, mu = h["lr"], count(s), s["eta"].item(), s["mu"].item()
        g = decayed(g, p, h["weight_decay"])
        p.mul_(1 - h["lambd"] * eta)
        move(p, g, -eta)
        if mu != 1:
            s["ax"].add_(p.sub(s["ax"]).mul_(mu))
        else:
            s["ax"].copy_(p)
        s["eta"].copy_(_core.as_tensor(lr / (1 + h["lambd"] * lr * t) ** h["alpha"]))
        s["mu"].fill_(1 / max(1, t - h["t0"]))


def asgd(
    params: list[Tensor],
    grads: list[Tensor],
    axs: list[Tensor],
    mus: list[Tensor],
    etas: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    lambd: float,
    lr: float,
    t0: float,
    alpha: float,
    weight_decay: float,
) -> None:
    """ASGD as a function of lists: see :class:`ASGD`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "eta": etas, "mu": mus, "ax": axs}
    options = {"lr": lr, "lambd": lambd, "t0": t0, "alpha": alpha, "weight_decay": weight_decay}
    options |= {"maximize": maximize, "capturable": capturable}
    run(ASGD.rule, params, grads, lists, options | {"differentiable": differentiable})
