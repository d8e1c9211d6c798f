"""torch.jit: functions and modules run as they are; nothing is compiled here, and nothing need be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from .nn import Module

__all__ = [
    "Attribute",
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "load",
    "optimize_for_inference",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

_T = TypeVar("_T")
_told = False


class ScriptModule(Module):
    """A compiled module: there is none here, so isinstance(x, ScriptModule) is False."""


class ScriptFunction:
    """A compiled function: there is none here."""


def _tell(name: str) -> None:
    """Once in a process."""
    global _told
    if not _told:
        _told = True
        warnings.warn(f"torch.jit.{name}: nothing is compiled here; the function itself is what runs", stacklevel=3)


def script(obj: _T = None, *args: Any, **kwargs: Any) -> _T:  # type: ignore[assignment]
    """The function or module itself."""
    _tell("script")
    return obj


def trace(func: _T, example_inputs: Any = None, *args: Any, **kwargs: Any) -> _T:
    """The function or module itself."""
    _tell("trace")
    return func


trace_module = trace


def is_scripting() -> bool:
    """Never."""
    return False


def is_tracing() -> bool:
    """Never."""
    return False


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A decorator without effect, with or without arguments."""
    return drop if callable(drop) else lambda f: f


def export(fn: _T) -> _T:
    """The function itself."""
    return fn


unused = script_method = script_if_tracing = _script_if_tracing = interface = export


def annotate(the_type: Any, the_value: _T) -> _T:
    """The value."""
    return the_value


def Attribute(value: _T, type: Any) -> _T:
    """The value."""
    return value


def freeze(mod: _T, *args: Any, **kwargs: Any) -> _T:
    """The module itself."""
    return mod


def optimize_for_inference(mod: _T, *args: Any, **kwargs: Any) -> _T:
    """The module itself."""
    return mod


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls the function now; `wait` gives its result."""
    from .futures import Future

    future: Future[Any] = Future()
    future.set_result(func(*args, **kwargs))
    return future


def wait(future: Any) -> Any:
    """The result of `fork`."""
    return future.wait()


def load(*args: Any, **kwargs: Any) -> NoReturn:
    """Not here: a TorchScript archive is a program of PyTorch's own language."""
    raise NotImplementedError(
        "torch.jit.load: TorchScript archives hold programs in PyTorch's own language, which Adjoint does not run; save the "
        "state_dict with PyTorch, and load that"
    )


def save(*args: Any, **kwargs: Any) -> NoReturn:
    """Not here: save the state_dict."""
    raise NotImplementedError(
        "torch.jit.save: Adjoint writes no TorchScript archives; torch.save(model.state_dict(), path)"
    )
