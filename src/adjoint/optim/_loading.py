"""An optimizer's state_dict, held against the parameters it is to belong to. Nothing is changed here."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy

from .. import _core
from ._found import noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def loaded(groups: list[dict[str, Any]], state_dict: dict[str, Any], slots: Mapping[str, Any]) -> dict[str, Any]:
    """State and groups for the parameters of `groups`: copies of what `state_dict` has.

    `slots` says which entries of a parameter's state have which shape (_step.py).
    """
    saved = [{k: deepcopy(v) for k, v in g.items()} for g in state_dict["param_groups"]]
    if len(groups) != len(saved):
        raise noted(
            ValueError("loaded state dict has a different number of parameter groups"),
            f"{len(saved)}, where the optimizer has {len(groups)}",
        )
    by_name = _by_name(groups, saved)
    if by_name is None:
        _check_sizes(groups, saved)
    params: dict[Any, Any] = {}
    for group, old in zip(groups, saved, strict=True):
        for i, key in enumerate(old["params"]):
            params[key] = group["params"][i] if by_name is None else by_name[old["param_names"][i]]
    options = {key: group for group in saved for key in group["params"]}
    state: defaultdict[Any, Any] = defaultdict(dict)
    for key, value in state_dict["state"].items():
        if key not in params:
            state[key] = deepcopy(value)
            continue
        _check_shapes(params[key], value, slots, _called(key, options[key]))
        state[params[key]] = _copied(value, params[key], options[key])
    for group, old in zip(groups, saved, strict=True):
        old["params"] = group["params"]
        if "param_names" in group and ("param_names" not in old or by_name is not None):
            old["param_names"] = group["param_names"]
    return {"state": state, "param_groups": saved}


def _by_name(groups: list[dict[str, Any]], saved: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The parameters by name, where both sides have the same names; None where state goes by position."""
    if not all("param_names" in g for g in (*groups, *saved)):
        return None
    ours = {name: p for g in groups for name, p in zip(g["param_names"], g["params"], strict=True)}
    theirs = {name for g in saved for name in g["param_names"]}
    if ours.keys() == theirs:
        return ours
    if ours.keys().isdisjoint(theirs):
        return None  # all were renamed: as PyTorch, which does not look at names
    missing, unknown = sorted(ours.keys() - theirs), sorted(theirs - ours.keys())
    raise ValueError(
        "loaded state dict contains a parameter group that doesn't match the names of the optimizer's parameters: "
        f"no state for {missing}, and state for {unknown}, which the optimizer does not hold. "
        "register_load_state_dict_pre_hook can rename them"
    )


def _check_sizes(groups: list[dict[str, Any]], saved: list[dict[str, Any]]) -> None:
    for i, (group, old) in enumerate(zip(groups, saved, strict=True)):
        if len(group["params"]) != len(old["params"]):
            raise noted(
                ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                ),
                f"group {i} has {len(old['params'])} parameters, the optimizer's {len(group['params'])}",
            )


def _called(key: Any, group: dict[str, Any]) -> str:
    """A parameter's number, and its name where it has one."""
    names = group.get("param_names")
    return f"{key} ({names[group['params'].index(key)]})" if names else f"{key}"


def _check_shapes(p: Any, state: Any, slots: Mapping[str, Any], called: str) -> None:
    for name, value in state.items() if isinstance(state, dict) else ():
        if name in slots and isinstance(value, _core.Tensor):
            expected = slots[name].shape(p)
            if tuple(value.shape) != expected:
                raise ValueError(
                    f"loaded state dict has a '{name}' of shape {tuple(value.shape)} for parameter {called}, whose "
                    f"shape {tuple(p.shape)} asks for {expected}"
                )


def _copied(value: Any, p: Any, group: dict[str, Any], key: Any = None) -> Any:
    """A copy of state for p: tensors, but for the step, on its device and, where that is a float's, in its type."""
    if isinstance(value, _core.Tensor):
        if key == "step":
            wanted = _core.float32 if group.get("fused") or group.get("capturable") else value.dtype
            return value.detach().to(wanted, copy=True)
        return value.detach().to(p.device, p.dtype if p.is_floating_point() else value.dtype, copy=True)
    if isinstance(value, dict):
        return {k: _copied(v, p, group, k) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_copied(v, p, group) for v in value)
    return value
