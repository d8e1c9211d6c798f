"""Differentiation: `backward`, `grad`, custom Functions, recording modes, and tools over the graph."""

from __future__ import annotations

from .. import _core
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .gradcheck import gradcheck, gradgradcheck
from .passes import backward, grad
from .variable import Variable

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_check_saved",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import functional as functional
    from . import graph as graph


def _imported(name: str) -> Any:
    if name in ("functional", "graph"):
        import importlib

        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not TYPE_CHECKING:
    __getattr__ = _imported


def __dir__() -> list[str]:
    return sorted({*globals(), "functional", "graph"})


def set_check_saved(mode: bool) -> _CheckSaved:
    """Switches checking of saved tensors by checksum on or off.

    An in-place change bumps the version counter, also one through ``.data``, and backward raises. A change through a
    shared NumPy array does not: with this mode on, every saved tensor's bytes are summed when it is saved and when it is
    used, so that such a change raises, too. Costs a pass over each saved tensor. Also a context manager.
    """
    return _CheckSaved(mode)


class _CheckSaved:
    __slots__ = ("mode", "prev")
    mode: bool
    prev: bool

    def __init__(self, mode: bool) -> None:
        self.prev = _core._is_check_saved_enabled()
        self.mode = mode
        _core._set_check_saved(mode)

    def __enter__(self) -> None:
        _core._set_check_saved(self.mode)

    def __exit__(self, *exc: object) -> None:
        _core._set_check_saved(self.prev)
