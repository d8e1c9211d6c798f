"""Helpers for classes with __torch_function__."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _core

has_torch_function = _core._has_torch_function
has_torch_function_unary = has_torch_function_variadic = lambda *args: _core._has_torch_function(*args)


def handle_torch_function(public_api: Any, relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Asks the arguments' classes to do the call."""
    types = tuple({type(a): None for a in relevant_args if has_torch_function((a,))})
    for a in relevant_args:
        if has_torch_function((a,)):
            result = type(a).__torch_function__(public_api, types, args, kwargs)
            if result is not NotImplemented:
                return result
    raise TypeError(
        f"no implementation found for '{public_api.__module__}.{public_api.__name__}' on types that implement __torch_function__: {list(types)}"
    )


def is_tensor_like(inp: object) -> bool:
    """Is it a tensor, or of a class with __torch_function__?"""
    return isinstance(inp, _core.Tensor) or hasattr(inp, "__torch_function__")


def get_default_nowrap_functions() -> set[Any]:
    """Attributes whose results keep their class."""
    t: Any = _core.Tensor
    return {t._base.__get__, t.grad.__get__}
