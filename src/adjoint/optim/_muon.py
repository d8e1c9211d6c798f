"""Muon."""

from __future__ import annotations

import math

from .. import _core
from ._functional_forms import run
from ._step import RuleOptimizer, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Muon"]

EPS = 1e-7
DEFAULT_A, DEFAULT_B, DEFAULT_C = 3.4445, -4.7750, 2.0315
DEFAULT_NS_STEPS = 5


class Muon(RuleOptimizer):
    """Muon: momentum whose update is made nearly orthogonal, for the matrices inside of a network.

        b ← μb + (1 - μ)g                       momentum μ
        u = (1 - μ)g + μb where nesterov, else b
        p ← (1 - γλ)p - γ' NS(u)                learning rate γ, weight decay λ

    NS(u), of k steps of Newton and Schulz in bfloat16, has the singular vectors of u and singular values near 1:
    x ← u / |u|, then x ← ax + (bxxᵀ + c(xxᵀ)²)x. γ' is γ √max(1, rows/columns) ("original"), or γ · 0.2 √max(rows,
    columns) ("match_rms_adamw"). Jordan and others, https://kellerjordan.github.io/posts/muon/; Liu and others,
    https://arxiv.org/abs/2502.16982. Biases, embeddings and what else is no matrix take another optimizer.
    """

    slots: ClassVar[dict[str, Slot]] = {"momentum_buffer": Slot()}

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (DEFAULT_A, DEFAULT_B, DEFAULT_C),
        eps: float = EPS,
        ns_steps: int = DEFAULT_NS_STEPS,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, _core.Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not 0.0 <= lr:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 <= momentum:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def _begin(self, p: Tensor, group: dict[str, Any]) -> None:
        if p.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        super()._begin(p, group)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        if g.ndim != 2:
            raise ValueError("Param gradient must be a 2D matrix")
        lr, mu = h["lr"], h["momentum"]
        b = s["momentum_buffer"].lerp_(g, 1 - mu)
        u = g.lerp(b, mu) if h["nesterov"] else b
        u = _zeropower_via_newtonschulz(u, h["ns_coefficients"], h["ns_steps"], h["eps"])
        p.mul_(1 - lr * h["weight_decay"])
        p.add_(u, alpha=-_adjust_lr(lr, h["adjust_lr_fn"], p.shape))


def _zeropower_via_newtonschulz(
    grad: Tensor, ns_coefficients: tuple[float, float, float], ns_steps: int, eps: float
) -> Tensor:
    """A matrix with the singular vectors of `grad` and singular values near 1, in bfloat16."""
    if ns_steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if grad.ndim != 2:
        raise ValueError("Input tensor gradient must be a 2D matrix")
    if len(ns_coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = ns_coefficients
    tall = grad.size(0) > grad.size(1)
    x = grad.bfloat16()
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(ns_steps):
        gram = x @ x.T
        x = _core.addmm(x, _core.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def _adjust_lr(lr: float, adjust_lr_fn: str | None, param_shape: Any) -> float:
    rows, columns = param_shape[:2]
    if adjust_lr_fn is None or adjust_lr_fn == "original":
        return lr * math.sqrt(max(1, rows / columns))
    if adjust_lr_fn == "match_rms_adamw":
        return lr * (0.2 * math.sqrt(max(rows, columns)))
    return lr


def muon(
    params: list[Tensor],
    grads: list[Tensor],
    muon_momentum_bufs: list[Tensor],
    *,
    foreach: bool | None = None,
    lr: float,
    weight_decay: float,
    momentum: float,
    nesterov: bool,
    ns_coefficients: tuple[float, float, float],
    ns_steps: int,
    eps: float,
    adjust_lr_fn: str | None,
    has_complex: bool,
) -> None:
    """Muon as a function of lists: see :class:`Muon`."""
    if foreach:
        raise RuntimeError("Foreach is not supported for Muon yet")
    if has_complex:
        raise ValueError("Complex parameters are not supported")
    options: dict[str, Any] = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov}
    options |= {"eps": eps} | {"ns_coefficients": ns_coefficients, "ns_steps": ns_steps}
    run(Muon.rule, params, grads, {"momentum_buffer": muon_momentum_bufs}, options | {"adjust_lr_fn": adjust_lr_fn})
