"""Private names of PyTorch's compiler, as far as libraries ask whether it is there."""

from __future__ import annotations

from typing import Any

from .compiler import allow_in_graph as allow_in_graph
from .compiler import disable as disable
from .compiler import is_compiling as is_compiling
from .compiler import list_backends as list_backends
from .compiler import reset as reset


def is_dynamo_supported() -> bool:
    """False: nothing is compiled here."""
    return False


def graph_break(msg: str = "") -> None:
    """Nothing to break."""


def mark_dynamic(*args: Any, **kwargs: Any) -> None:
    """Accepted."""


mark_static = mark_static_address = maybe_mark_dynamic = mark_dynamic
