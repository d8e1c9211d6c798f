"""Python's own unpickler for files that are trusted: `load(weights_only=False)`. Names of torch are ours."""

from __future__ import annotations

import importlib
import pickle
from typing import Any

from . import rebuild
from .machine import Name
from .rebuild import STORAGES


class FullUnpickler:
    """Loads one object; `persistent` gives storages."""

    def __init__(self, stream: Any, persistent: Any, module: Any = None, args: dict[str, Any] | None = None) -> None:
        base: Any = (module or pickle).Unpickler

        class Unpickler(base):
            def find_class(self, module: str, name: str) -> Any:
                found = known(Name(module, name))
                return super().find_class(module, name) if found is None else found

            def persistent_load(self, pid: Any) -> Any:
                return persistent(pid)

        self._unpickler = Unpickler(stream, **(args or {}))

    def load(self) -> Any:
        return self._unpickler.load()


def known(name: Name) -> Any:
    """What a name of torch's is here; None for names of others."""
    if name.module.partition(".")[0] != "torch":
        return None
    if name.path in _OWN:
        return _OWN[name.path]
    if name.path in rebuild.TABLE:
        return rebuild.TABLE[name.path]
    if name.name in STORAGES or name.name == "UntypedStorage":
        return name
    constant = rebuild.constant(name)
    if constant is not None:
        return constant
    found: Any = importlib.import_module("adjoint" + name.module.removeprefix("torch"))
    for part in name.name.split("."):
        found = getattr(found, part)
    return found


def _from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    made = function(*args)
    if type(made) is not kind:
        made = made.as_subclass(kind)
    if isinstance(state, tuple):
        state = {**(state[0] or {}), **(state[1] or {})}
    for key, value in (state or {}).items():
        setattr(made, key, value)
    return made


_OWN = {"torch._tensor._rebuild_from_type_v2": _from_type}
