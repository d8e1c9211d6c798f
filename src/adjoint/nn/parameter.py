"""Parameter: a tensor that asks for its gradient unless told otherwise."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Tensor = _core.Tensor


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    def __instancecheck__(cls, instance: object) -> bool:
        if cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False):
            return True
        return super().__instancecheck__(instance)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A leaf over `data` (no data: empty), with requires_grad=True."""

    _prints_as_tensor = True

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = _core.empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            return Tensor._make_subclass(cls, data, requires_grad)
        # A tensor subclass stays what it is, and is marked.
        t = data.detach().requires_grad_(requires_grad)
        if type(t) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() returns "
                f"an instance of the same type, but return type {type(t).__name__} was found instead. To use the type "
                "as a Parameter, please correct the detach() semantics defined by its __torch_dispatch__() implementation."
            )
        t._is_param = True  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return t

    def __deepcopy__(self, memo: Any) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        result = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = result
        return result

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol):
        state = self.__dict__ or None
        return _rebuild, (self.data, self.requires_grad), state

    __torch_function__ = _core._disabled_torch_function_impl


def _rebuild(data, requires_grad):
    return Parameter(data, requires_grad)


class Buffer(Tensor):
    """A tensor that a module keeps, without a gradient."""

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        t: Any = (
            (_core.empty(0) if data is None else data).detach().requires_grad_(data is not None and data.requires_grad)
        )
        t.persistent = persistent
        t._is_buffer = True
        return t

    __torch_function__ = _core._disabled_torch_function_impl


_core._set_parameter_type(Parameter)
