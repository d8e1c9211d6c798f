"""torch.compiler: nothing is compiled here."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "cudagraph_mark_step_begin",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "reset",
    "set_stance",
]

_T = TypeVar("_T")


def is_compiling() -> bool:
    """Never."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def reset() -> None:
    """Nothing is kept of compilations."""


cudagraph_mark_step_begin = reset


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """None."""
    return []


def disable(fn: Any = None, recursive: bool = True, **_: Any) -> Any:
    """The function itself; with arguments alone, a decorator without effect."""
    return fn if callable(fn) else lambda f: f


def allow_in_graph(fn: _T) -> _T:
    """The function itself."""
    return fn


assume_constant_result = substitute_in_graph = allow_in_graph


class set_stance:
    """Accepted, as a call and as a context: there is nothing to set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *exc: object) -> None: ...
