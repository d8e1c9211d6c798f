"""Adafactor."""

from __future__ import annotations

from .. import _core
from .._typeinfo import finfo
from ._functional_forms import run
from ._step import STEP, RuleOptimizer, Slot, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .._core import Tensor
    from .optimizer import ParamsT

__all__ = ["Adafactor", "adafactor"]


def _row(p: Any) -> tuple[int, ...]:
    return (*p.shape[:-1], 1)


def _column(p: Any) -> tuple[int, ...]:
    return (*p.shape[:-2], 1, p.shape[-1])


class Adafactor(RuleOptimizer):
    """Adafactor: the mean square of a matrix's gradient from its rows' and its columns', which need little memory.

        b = t^c                                     beta2_decay c, step t
        r ← (1 - b)r + b mean_columns(g²),  s ← (1 - b)s + b mean_rows(g²)
        v = r s / mean(r)                           of a vector: v ← (1 - b)v + b g²
        u = g / √max(v, ε₁²)
        α = max(ε₂, rms(p)) · min(γ, 1/√t)          learning rate γ
        p ← (1 - γλ)p - α u / max(1, rms(u)/d)      weight decay λ

    Shazeer and Stern, https://arxiv.org/abs/1804.04235. ε₁ is the type's machine epsilon unless given.
    """

    slots: ClassVar[dict[str, Slot]] = {
        "step": STEP,
        "row_var": Slot(when=lambda p, h: p.dim() > 1, shape=_row),
        "col_var": Slot(when=lambda p, h: p.dim() > 1, shape=_column),
        "variance": Slot(when=lambda p, h: p.dim() < 2),
    }
    later: ClassVar[dict[str, Any]] = {"foreach": None}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, _core.Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not 0.0 <= lr:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 >= beta2_decay:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not 0.0 <= eps[0]:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not 0.0 <= eps[1]:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _begin(self, p: Tensor, group: dict[str, Any]) -> None:
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        super()._begin(p, group)

    @staticmethod
    def rule(p: Tensor, g: Tensor, s: dict[str, Any], h: dict[str, Any]) -> None:
        (eps1, eps2), lr, t = h["eps"], h["lr"], count(s)
        eps1, weight = finfo(p.dtype).eps if eps1 is None else eps1, t ** h["beta2_decay"]
        size = max(eps2, _rms(p)) * min(lr, 1 / t**0.5)
        if h["weight_decay"]:
            p.mul_(1 - lr * h["weight_decay"])
        if g.dim() > 1:
            row = s["row_var"].lerp_(_mean_square(g, -1), weight)
            column = s["col_var"].lerp_(_mean_square(g, -2), weight)
            variance = (row @ column).div_(row.mean(dim=-2, keepdim=True).clamp_(min=eps1))
        else:
            variance = s["variance"].lerp_(g * g, weight)
        update = variance.clamp(min=eps1 * eps1).rsqrt_().mul_(g)
        p.add_(update, alpha=-size / max(1.0, _rms(update) / h["d"]))


def _rms(x: Tensor) -> float:
    return x.norm(2).item() / x.numel() ** 0.5


def _mean_square(g: Tensor, dim: int) -> Tensor:
    return g.norm(dim=dim, keepdim=True).square_().div_(g.size(dim))


def adafactor(
    params: list[Tensor],
    grads: list[Tensor],
    row_vars: list[Tensor | None],
    col_vars: list[Tensor | None],
    variances: list[Tensor | None],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_complex: bool = False,
    *,
    d: float,
    lr: float | Tensor,
    beta2_decay: float,
    weight_decay: float,
    eps1: float,
    eps2: float,
    maximize: bool,
) -> None:
    """Adafactor as a function of lists: see :class:`Adafactor`."""
    if not all(isinstance(t, _core.Tensor) for t in state_steps):
        raise RuntimeError("`state_steps` argument must contain a list of singleton tensors")
    lists: dict[str, list[Any]] = {"step": state_steps, "row_var": row_vars, "col_var": col_vars, "variance": variances}
    options = {"d": d, "lr": lr, "beta2_decay": beta2_decay, "weight_decay": weight_decay, "maximize": maximize}
    run(Adafactor.rule, params, grads, lists, options | {"eps": (eps1, eps2)})
