"""Losses that take functions, or are made of others."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["triplet_margin_with_distance_loss"]

Tensor = _core.Tensor


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)) with any function d; by itself pairwise_distance.

    >>> import adjoint as torch
    >>> a, b, c = torch.zeros(1, 2), torch.ones(1, 2), torch.full((1, 2), 1.5)
    >>> distance = lambda x, y: (x - y).abs().amax(-1)
    >>> torch.nn.functional.triplet_margin_with_distance_loss(a, b, c, distance_function=distance)
    tensor(0.5000)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    a, p, n = anchor.ndim, positive.ndim, negative.ndim
    if not a == p == n:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {p}D, and negative {n}D inputs"
        )
    distance = _core.pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _core.minimum(far, distance(positive, negative))
    loss = _core.clamp_min(margin + near - far, 0)
    return loss if reduction == "none" else loss.sum() if reduction == "sum" else loss.mean()
