"""What an optimizer says in notes, beside PyTorch's sentences."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def module_behind(params: Any) -> Any:
    """The module whose .parameters() or .named_parameters() this is, not yet begun; else None."""
    frame = getattr(params, "gi_frame", None)
    owner = frame.f_locals.get("self") if frame is not None else None
    return owner if hasattr(owner, "named_modules") else None


def explain_empty(module: Any) -> str:
    """What a module without parameters has instead."""
    if module is None:
        return ""
    from ..nn.modules.unregistered import unregistered

    kind = type(module).__name__
    hidden = []
    for path, name, what, place in unregistered(module):
        holder = type(module.get_submodule(path)).__name__
        where = f" ({place[0].rsplit('/', 1)[-1]}:{place[1]})" if place else ""
        hidden.append(
            f"{holder} holds {what} `{name}`{where}; use nn.Module{'Dict' if 'plain dict' in what else 'List'}"
        )
    if hidden:
        return "\n".join(hidden)
    for misspelt in ("_init_", "__int__"):
        if misspelt in type(module).__dict__:
            return f"{kind} has a method `{misspelt}`; `__init__` is meant"
    children = ", ".join(type(m).__name__ for path, m in module.named_modules() if path)
    return f"{kind} has no parameters" + (f", nor have its modules ({children})" if children else "")


def noted(error: Any, text: str) -> Any:
    """The exception with a note below its sentence, which a traceback shows from Python 3.11 on."""
    if text:
        error.__notes__ = [*getattr(error, "__notes__", ()), text]
    return error
