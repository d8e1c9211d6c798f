"""Rprop."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, check_lr, count, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Rprop", "rprop"]


class Rprop(RuleOptimizer):
    """Resilient backpropagation: only the gradient's sign counts.

        d ← clamp(η₊d where g·g₋ > 0, η₋d where g·g₋ < 0, else d)     of the gradient before, g₋; within step_sizes
        g ← 0 where g·g₋ < 0
        p ← p - d sign(g)

    d begins as the learning rate. Riedmiller and Braun, https://doi.org/10.1109/ICNN.1993.298623.
    """

    slots: ClassVar[dict[str, Slot]] = {"step": STEP, "prev": Slot(), "step_size": Slot(lambda h: h["lr"])}
    later: ClassVar[dict[str, Any]] = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}
    fused = _core._optim_rule("rprop")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (minus, plus), _ = h["etas"], count(s)
        agree = g * kept(s["prev"], h)
        factor = _core.where(agree > 0, plus, _core.where(agree < 0, minus, _core.ones_like(agree)))
        size = s["step_size"].mul_(factor).clamp_(*h["step_sizes"])
        g = _core.where(agree < 0, 0, g)
        p.addcmul_(g.sign(), kept(size, h), value=-1)
        s["prev"].copy_(g)


def rprop(
    params: list[Tensor],
    grads: list[Tensor],
    prevs: list[Tensor],
    step_sizes: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    maximize: bool = False,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    step_size_min: float,
    step_size_max: float,
    etaminus: float,
    etaplus: float,
) -> None:
    """Rprop as a function of lists: see :class:`Rprop`."""
    lists: dict[str, list[Any]] = {"step": state_steps, "prev": prevs, "step_size": step_sizes}
    options = {"etas": (etaminus, etaplus), "step_sizes": (step_size_min, step_size_max), "maximize": maximize}
    run(Rprop.rule, params, grads, lists, options | {"differentiable": differentiable, "capturable": capturable})
