"""An optimizer over other parameters and another state, for a while."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .._core import Tensor
    from .optimizer import Optimizer

_NAME = "swap_in_optimizer_params_and_state"


@contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """Inside, `optimizer` has these parameters, in the order of its own, and this state, of state_dict()'s form.

    Steps change the given tensors in place; whatever else they do to state and options is gone afterwards.
    """
    groups = _checked(optimizer, swapin_parameters, swapin_optim_state)
    state, before = swapin_optim_state["state"], optimizer.state
    snapshots = [dict(group) for group in optimizer.param_groups]
    try:
        inside: defaultdict[Any, Any] = defaultdict(dict)
        for group, (given, params) in zip(optimizer.param_groups, groups, strict=True):
            group.update(given, params=params)
            for number, p in zip(given["params"], params, strict=True):
                inside[p] = dict(state.get(number, {}))
        optimizer.state = inside
        yield
    finally:
        for group, snapshot in zip(optimizer.param_groups, snapshots, strict=True):
            group.clear()
            group.update(snapshot)
        optimizer.state = before


def _checked(optimizer: Optimizer, parameters: dict[str, Any], state: Any) -> list[tuple[dict[str, Any], list[Any]]]:
    """(saved group, its parameters) for each group."""
    if not optimizer.state:
        raise RuntimeError(f"{_NAME} requires initialized optimizer state.")
    if not isinstance(state, dict) or not isinstance(state.get("state"), dict):
        raise RuntimeError(f"{_NAME} requires a dict of optimizer.state_dict()'s form.")
    saved = state.get("param_groups")
    if not isinstance(saved, list) or len(saved) != len(optimizer.param_groups):
        raise RuntimeError("swapin_optim_state has a different number of parameter groups than the live optimizer.")
    left, result, numbers = list(parameters.values()), [], set()
    for i, (group, given) in enumerate(zip(optimizer.param_groups, saved, strict=True)):
        n = len(group["params"])
        if not isinstance(given, dict) or given.keys() != group.keys():
            raise RuntimeError(f"{_NAME} requires groups with the keys of the live optimizer's; group {i} has others.")
        if len(given["params"]) != n or len(left) < n:
            raise RuntimeError(
                f"swapin_optim_state param group {i} has a different number of params than the live optimizer param group."
            )
        result.append((given, left[:n]))
        numbers.update(given["params"])
        left = left[n:]
    if left or not all(isinstance(p, _core.Tensor) for _, params in result for p in params):
        raise RuntimeError(f"{_NAME} requires as many tensors as the live optimizer has parameters.")
    unknown = [key for key in state["state"] if key not in numbers]
    if unknown:
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['state'] to be keyed only by packed parameter ids from "
            f"param_groups[*]['params']; got extra keys {unknown!r}."
        )
    return result
