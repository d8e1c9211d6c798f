"""torch.fx: the names that libraries look for. Programs are not traced symbolically here."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from ..nn import Module

__all__ = ["Graph", "GraphModule", "Node", "Proxy", "Tracer", "symbolic_trace", "wrap"]

_T = TypeVar("_T")


def wrap(fn_or_name: _T) -> _T:
    """The function itself: tracing would treat it as one operation."""
    return fn_or_name


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(f"torch.fx.{name}: programs are not traced symbolically in Adjoint")


def symbolic_trace(root: Any, concrete_args: Any = None) -> NoReturn:
    """Not here."""
    _refuse("symbolic_trace")


class Node:
    """An operation of a traced program: there is none here."""


class Proxy:
    """A value of a traced program: there is none here, so isinstance(x, Proxy) is False."""


class Graph:
    """A traced program: not here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("Graph")


class Tracer:
    """What traces: not here."""

    def trace(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not here."""
        _refuse("Tracer")


class GraphModule(Module):
    """A module made of a traced program: not here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        _refuse("GraphModule")
