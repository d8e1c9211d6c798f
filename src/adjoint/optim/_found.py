"""What an optimizer says of a module whose parameters it was not given: those in plain lists, or none at all."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def module_behind(params: Any) -> Any:
    """The module whose .parameters() or .named_parameters() this is, not yet begun; else None."""
    frame = getattr(params, "gi_frame", None)
    owner = frame.f_locals.get("self") if frame is not None else None
    return owner if hasattr(owner, "named_modules") else None


def _parameters_in(value: Any, depth: int = 4) -> list[Any]:
    """Parameters within nested lists, tuples and dicts, those of modules in them included."""
    if isinstance(value, _core.Tensor):
        return [value] if getattr(value, "_is_param", False) or type(value).__name__ == "Parameter" else []
    if hasattr(value, "named_modules") and hasattr(value, "parameters"):
        return list(value.parameters())
    if depth and isinstance(value, (list, tuple, dict)):
        items = value.values() if isinstance(value, dict) else value
        return [p for item in items for p in _parameters_in(item, depth - 1)]
    return []


def _plain_lists(module: Any) -> Iterator[tuple[Any, str, list[Any], Any]]:
    """(module, attribute, parameters, value) for each attribute that holds parameters out of the module's sight."""
    for _, m in module.named_modules():
        for name, value in vars(m).items():
            if not name.startswith("_") and isinstance(value, (list, tuple, dict)):
                found = _parameters_in(value)
                if found:
                    yield m, name, found, value


def _place(module: Any, attribute: str) -> str:
    """' (model.py:9)': where __init__ sets the attribute, if its source is at hand."""
    import inspect

    try:
        lines, first = inspect.getsourcelines(type(module).__init__)
        file = inspect.getsourcefile(type(module)) or "?"
    except (OSError, TypeError):
        return ""
    for number, line in enumerate(lines, first):
        if f"self.{attribute}" in line:
            return f" ({file.replace(chr(92), '/').rsplit('/', 1)[-1]}:{number})"
    return ""


def _content(value: Any) -> str:
    items = list(value.values() if isinstance(value, dict) else value)
    kinds = [type(item).__name__ for item in items]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _said(module: Any, attribute: str, value: Any) -> str:
    kind = type(value).__name__
    remedy = "nn.ModuleDict" if isinstance(value, dict) else "nn.ModuleList"
    items = value.values() if isinstance(value, dict) else value
    if all(isinstance(item, _core.Tensor) for item in items):
        remedy = remedy.replace("Module", "Parameter")
    return (
        f"{type(module).__name__} holds {_content(value)} in the plain {kind} `{attribute}`"
        f"{_place(module, attribute)}; use {remedy}"
    )


def explain_empty(module: Any) -> str:
    """What a module without parameters has instead."""
    if module is None:
        return ""
    hidden = [_said(m, name, value) for m, name, _, value in _plain_lists(module)]
    if hidden:
        return "; ".join(hidden)
    kind = type(module).__name__
    for misspelt in ("_init_", "__int__"):
        if misspelt in type(module).__dict__:
            return f"{kind} has a method `{misspelt}`; `__init__` is meant"
    children = ", ".join(type(m).__name__ for name, m in module.named_modules() if name)
    return f"{kind} has no parameters" + (f", nor have its modules ({children})" if children else "")


def noted(error: Any, text: str) -> Any:
    """The exception with a note below its sentence, which a traceback shows from Python 3.11 on."""
    if text:
        error.__notes__ = [*getattr(error, "__notes__", ()), text]
    return error


def warn_of_plain_lists(module: Any, groups: list[dict[str, Any]]) -> None:
    """Warns of parameters in plain lists that the optimizer was not given."""
    if module is None:
        return
    given = {id(p) for group in groups for p in group["params"]}
    for m, name, found, value in _plain_lists(module):
        if any(id(p) not in given for p in found):
            warn_user(f"these parameters will not be trained: {_said(m, name, value)}")


def warn_user(text: str) -> None:
    """A UserWarning at the line, outside of this package, that called into it."""
    import sys
    from warnings import warn

    frame, level = sys._getframe(), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("adjoint."):
        frame, level = frame.f_back, level + 1
    warn(text, stacklevel=level)
