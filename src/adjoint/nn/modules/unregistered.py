"""Modules and parameters that a module keeps in plain lists, tuples or dicts: nobody trains, saves or moves them.

Module.__setattr__ notes where such an attribute was set (in `_set_at`, which pickles and copies leave out); the first
call looks what became of it and warns, once for a place. A frozen module, one of an enclosing module's own, or an
enclosing module itself may be kept so: no word of those.
"""

from __future__ import annotations

import sys
from collections import Counter
from warnings import warn, warn_explicit

from ..parameter import Parameter
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

Place = tuple[str, int]  # file, line

_warned: set[tuple[Any, ...]] = set()


def worth_noting(value: Any) -> bool:
    """A container that holds modules or parameters, or is still empty and may come to."""
    if isinstance(value, dict):
        return not value or any(True for _ in _members(value))
    return (not value and isinstance(value, list)) or any(True for _ in _members(value))


def note(module: Any, name: str) -> None:
    """Remembers the line of the assignment, above all __setattr__."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_name == "__setattr__" and frame.f_back is not None:
        frame = frame.f_back
    module.__dict__.setdefault("_set_at", {})[name] = frame.f_code.co_filename, frame.f_lineno


def _members(value: Any, level: int = 0) -> Iterator[Any]:
    """The modules and parameters in a container, two levels deep."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for found in value:
        if isinstance(found, (Walk, Parameter)):
            yield found
        elif level < 1:
            yield from _members(found, level + 1)


def unregistered(root: Any) -> list[tuple[str, str, str, Place | None]]:
    """(path of the module, its attribute, what it holds, where it was set) for all below a module."""
    known = {id(m) for m in root.modules()} | {id(p) for p in root.parameters()}
    found = []
    for path, module in root.named_modules():
        for name, value in module.__dict__.items():
            if type(value) in (list, tuple, dict):
                hidden = [m for m in _members(value) if id(m) not in known and _trains(m) and not _holds(m, module)]
                if name.startswith("_"):  # parameters there are a layer's own book-keeping
                    hidden = [m for m in hidden if isinstance(m, Walk)]
                if hidden:
                    place = module.__dict__.get("_set_at", {}).get(name)
                    found.append((path, name, f"{_counted(hidden)} in the plain {type(value).__name__}", place))
    return found


def _trains(found: Any) -> bool:
    parameters = found.parameters() if isinstance(found, Walk) else (found,)
    return any(p.requires_grad for p in parameters)


def _holds(found: Any, module: Any) -> bool:
    """Is it a module around this one?"""
    return isinstance(found, Walk) and any(m is module for m in found.modules())


def _counted(hidden: list[Any]) -> str:
    """2 Linear, 1 Parameter."""
    return ", ".join(f"{n} {name}" for name, n in Counter(type(m).__name__ for m in hidden).items())


def _outermost(module: Any) -> Any:
    """The module whose call is going on around this one's."""
    call = type(module).__call__.__code__
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is call:
            module = frame.f_locals["self"]
        frame = frame.f_back  # type: ignore[assignment]
    return module


def look(module: Any) -> None:
    """Warns of what this module, at its first call, holds in plain containers."""
    if "_set_at" not in module.__dict__:
        return
    path_of = {id(m): path for path, m in _outermost(module).named_modules()}
    for path, name, what, place in unregistered(_outermost(module)):
        key = (type(module), name, place)
        if path != path_of.get(id(module)) or key in _warned:
            continue
        _warned.add(key)
        use = {"list": "nn.ModuleList", "tuple": "nn.ModuleList", "dict": "nn.ModuleDict"}[what.rsplit(" ", 1)[1]]
        if "Parameter " in what:
            use = use.replace("Module", "Parameter")
        text = (
            f"{type(module).__name__} holds {what} `{name}`: parameters(), state_dict() and to() do not find them, so they "
            f"are not trained; use {use}"
        )
        if place is None:
            warn(text, stacklevel=5)
        else:
            warn_explicit(text, UserWarning, *place)
