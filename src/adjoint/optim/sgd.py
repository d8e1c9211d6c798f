"""Stochastic gradient descent."""

from __future__ import annotations

from .. import _core
from ._functional_forms import run
from ._step import RuleOptimizer, Slot, check_fused_options, check_lr, decayed, kept, move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["SGD", "sgd"]


class SGD(RuleOptimizer):
    """Stochastic gradient descent, with momentum or Nesterov's.

        g ← g + λp              weight decay λ
        b ← g at first, then μb + (1 - τ)g       momentum μ, dampening τ
        g ← g + μb where nesterov, else b
        p ← p - γg              learning rate γ

    Nesterov's momentum: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", 2013; in the form that takes γ out of b.

    >>> import adjoint as torch
    >>> p = torch.tensor([1.0], requires_grad=True)
    >>> p.grad = torch.tensor([2.0])
    >>> torch.optim.SGD([p], lr=0.1).step()
    >>> p.detach()
    tensor([0.8000])
    """

    slots: ClassVar[dict[str, Slot]] = {"momentum_buffer": Slot(None, when=lambda p, h: h["momentum"])}
    later: ClassVar[dict[str, Any]] = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }
    fused = _core._optim_rule("sgd")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused_options(fused, foreach, differentiable)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        g = decayed(g, p, h["weight_decay"])
        if h["momentum"]:
            b = s.get("momentum_buffer")
            if b is None:
                b = s["momentum_buffer"] = g.detach().clone()
            else:
                b.mul_(h["momentum"]).add_(g, alpha=1 - h["dampening"])
            g = g.add(b, alpha=h["momentum"]) if h["nesterov"] else kept(b, h)
        move(p, g, -h["lr"])


def sgd(
    params: list[Tensor],
    d_p_list: list[Tensor],
    momentum_buffer_list: list[Tensor | None],
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    *,
    weight_decay: float,
    momentum: float,
    lr: float,
    dampening: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """SGD as a function of lists: see :class:`SGD`."""
    options = {"weight_decay": weight_decay, "momentum": momentum, "lr": lr, "dampening": dampening}
    options |= {"nesterov": nesterov, "maximize": maximize}
    run(SGD.rule, params, d_p_list, {"momentum_buffer": momentum_buffer_list}, options)
