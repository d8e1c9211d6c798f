"""What is said when a module cannot be copied because one of its attributes is a tensor with a history."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def whose(tensor: Any) -> list[str]:
    """The notes for the error of deepcopy: which module on the way to the tensor holds it, as which attribute, and where
    it was computed. [] if no module is being copied."""
    modules = _being_copied()
    if not modules:
        return []
    holder, outermost = modules[0], modules[-1]
    attribute = next(_paths_to(holder.__dict__, tensor), None)
    if attribute is None:
        return []
    path = next((path for path, module in outermost.named_modules() if module is holder), "")
    name = f"{path}.{attribute}" if path else attribute
    where = getattr(tensor.grad_fn, "where", None)
    line = "" if where is None else f", computed at {where[0].rsplit('/', 1)[-1]}:{where[1]}   {where[2].strip()}"
    return [f"{name} of {type(outermost).__name__} is a tensor with a history{line}", "keep it detached: .detach()"]


def _being_copied() -> list[Any]:
    """The modules that copy.deepcopy is at, innermost first."""
    found = []
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "_reconstruct" and frame.f_globals.get("__name__") == "copy":
            x = frame.f_locals.get("x")
            if hasattr(x, "named_modules"):
                found.append(x)
        frame = frame.f_back
    return found


def _paths_to(value: Any, tensor: Any, level: int = 0) -> Iterator[str]:
    """'name', 'name[0]', "name['key']" of a tensor in a module's attributes."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, found in items:
        step = key if level == 0 else f"[{key!r}]"
        if found is tensor:
            yield str(step)
        elif isinstance(found, (dict, list, tuple)) and level < 3:
            yield from (f"{step}{rest}" for rest in _paths_to(found, tensor, level + 1))
