"""Optimizers as functions of lists: parameters, gradients, and what is kept of each."""

from __future__ import annotations

from ._step import apply, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._core import Tensor


def run(
    rule: Callable[..., None],
    params: list[Tensor],
    grads: list[Tensor],
    lists: dict[str, list[Any]],
    options: dict[str, Any],
) -> None:
    """Updates each parameter by a rule. An empty list in `lists` is one that the options do without."""
    h = {k: plain(v, options.get("differentiable", False)) for k, v in options.items()}
    for i, p in enumerate(params):
        state = {name: values[i] for name, values in lists.items() if values}
        apply(rule, p, grads[i], state, h)
        for name, value in state.items():
            lists[name][i] = value
