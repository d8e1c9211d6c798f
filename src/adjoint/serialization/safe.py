"""Which classes and functions of the user's `load(weights_only=True)` may make: none, unless he says so."""

from __future__ import annotations

from typing import Any

_NEVER = frozenset(("os", "sys", "posix", "nt", "subprocess", "builtins", "__builtin__"))
_allowed: list[Any] = []


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Lets load() make these: classes and functions, or pairs of one and the path that files have of it."""
    _allowed.extend(g for g in safe_globals if g not in _allowed)


def get_safe_globals() -> list[Any]:
    """Those that were added."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Forgets all that were added."""
    _allowed.clear()


class safe_globals:
    """Adds some while the block runs.

    >>> from adjoint.serialization import get_safe_globals, safe_globals
    >>> with safe_globals([frozenset]):
    ...     get_safe_globals()
    [<class 'frozenset'>]
    """

    def __init__(self, safe_globals: list[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        self._before = get_safe_globals()
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: object) -> None:
        _allowed[:] = self._before


def allowed() -> dict[str, Any]:
    """The path that files have → the class or function.

    Raises:
        ValueError, TypeError: pairs of another form.
    """
    found = {}
    for entry in _allowed:
        thing, path = entry, None
        if isinstance(entry, tuple):
            if len(entry) != 2:
                raise ValueError(
                    f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(entry)}"
                )
            thing, path = entry
            if type(path) is not str:
                raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(path)}")
        path = path or f"{thing.__module__}.{thing.__qualname__}"
        if path.partition(".")[0] not in _NEVER:
            found[path] = thing
    return found
