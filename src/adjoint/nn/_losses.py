"""Losses that take functions, or are made of others."""

from __future__ import annotations

import math

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .modules.linear_cross_entropy_options import LinearCrossEntropyOptions

__all__ = ["linear_cross_entropy", "triplet_margin_with_distance_loss"]

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


_LOGITS = 1 << 23  # at a time: what a product needs to be quick, and no more


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """cross_entropy of linear(input, linear_weight, linear_bias), some rows at a time: the logits of all rows are never in
    memory together. linear_weight is (classes, *out_features, in_features); of probabilities, of several
    classifications a row (out_features), and where `weight` has a gradient, the logits are made whole.

    >>> import adjoint as torch
    >>> x, w = torch.zeros(2, 3), torch.zeros(4, 3)
    >>> torch.nn.functional.linear_cross_entropy(x, w, torch.tensor([0, 3]))
    tensor(1.3863)
    """
    if input.dim() not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if linear_weight.dim() < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.dim()}")
    features = input.shape[-1]
    if features != linear_weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{features} and {linear_weight.shape[-1]}, respectively"
        )
    classes, out_features = linear_weight.shape[0], tuple(linear_weight.shape[1:-1])
    if linear_bias is not None and tuple(linear_bias.shape) != (classes, *out_features):
        raise RuntimeError(f"expected linear_bias shape {(classes, *out_features)}, got {tuple(linear_bias.shape)}")
    if out_features and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {features}), got unbatched input with shape {tuple(input.shape)}"
        )
    sizes = (*input.shape[:-1], classes, *out_features)
    probabilities = tuple(target.shape) == sizes
    if probabilities and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if (
        probabilities
        or out_features
        or (weight is not None and weight.requires_grad)
        or target.dim() != input.dim() - 1
    ):
        logits = _core._nn["linear"](
            input,
            linear_weight.reshape((math.prod(out_features, start=classes), features)),
            None if linear_bias is None else linear_bias.reshape(-1),
        ).reshape(sizes)
        return _core._nn["cross_entropy"](
            logits,
            target,
            weight=weight,
            reduction=reduction,
            ignore_index=ignored,
            label_smoothing=label_smoothing,
        )
    if target.shape[:1] != input.shape[:-1]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    one = input.dim() == 1
    rows = None if options is None else options._rows(1 if one else input.shape[0], features, classes)
    result = _core._ops["_linear_cross_entropy"](
        input.unsqueeze(0) if one else input,
        linear_weight,
        target.unsqueeze(0) if one else target,
        linear_bias,
        weight,
        reduction,
        ignored,
        label_smoothing,
        max(64, _LOGITS // max(classes, 1)) if rows is None else rows,
    )
    return result.squeeze(0) if one and reduction == "none" else result
