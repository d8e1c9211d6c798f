"""torch.ops.aten: operations by their native names, for programs that look them up.

>>> import adjoint as torch
>>> torch.ops.aten.add.Tensor(torch.tensor([1.0]), torch.tensor([2.0]))
tensor([3.])

A name is what the package, its nn.functional or a tensor has under it; what is none of these raises AttributeError. Overloads
are one function here, under the usual names. Keyword arguments are those of the functions, not of the native schemas.
"""

from __future__ import annotations

import adjoint as torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OVERLOADS = frozenset(
    "default Tensor Scalar Tensor_Tensor Tensor_Scalar Scalar_Tensor dim dim_IntList int self".split()
)


def _slice(self: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    if self.dim() == 0:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    if not -self.dim() <= dim < self.dim():
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-self.dim()}, {self.dim() - 1}], but got {dim})"
        )
    return self[(slice(None),) * (dim % self.dim()) + (slice(start, end, step),)]


_NATIVE = frozenset(("_upsample_bilinear2d_aa", "max_pool2d_with_indices_backward", "native_dropout_backward"))


def _found(name: str) -> Callable[..., Any] | None:
    if name == "slice":
        return _slice
    if name in _NATIVE:
        from adjoint import _native

        return getattr(_native, name)
    for place in (torch, torch.Tensor, torch.nn.functional):
        f = getattr(place, name, None)
        if callable(f) and not isinstance(f, type):
            return f
    return None


class OpOverload:
    """One signature of a native operation."""

    def __init__(self, name: str, overload: str, function: Callable[..., Any]) -> None:
        self._name, self._overloadname, self._function = name, overload, function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverload(op='aten.{self._name}', overload='{self._overloadname}')>"


class OpOverloadPacket:
    """A native operation with all its signatures, which are one function here."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.__name__ = name
        self._function = function

    def __getattr__(self, overload: str) -> OpOverload:
        if overload not in _OVERLOADS:
            raise AttributeError(f"The underlying op of 'aten.{self.__name__}' has no overload name '{overload}'")
        return OpOverload(self.__name__, overload, self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='aten.{self.__name__}')>"


class _Aten:
    """The names below torch.ops.aten."""

    def __getattr__(self, name: str) -> OpOverloadPacket:
        f = None if name.startswith("__") else _found(name)
        if f is None:
            raise AttributeError(f"'_OpNamespace' 'aten' object has no attribute '{name}'")
        packet = OpOverloadPacket(name, f)
        setattr(self, name, packet)
        return packet

    def __repr__(self) -> str:
        return "<module 'torch.ops.aten'>"


aten = _Aten()
