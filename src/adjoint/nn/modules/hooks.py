"""Hooks of modules: their registers, and the call of a module that has some."""

from __future__ import annotations

from collections import OrderedDict
from functools import update_wrapper
from weakref import ref

from ...utils.hooks import RemovableHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_global_buffer_registration_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_module_registration_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_parameter_registration_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_backward_pre_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_backward_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_forward_pre_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_forward_hooks: dict[int, Callable[..., Any]] = OrderedDict()
_global_forward_hooks_always_called: dict[int, bool] = OrderedDict()
_global_forward_hooks_with_kwargs: dict[int, bool] = OrderedDict()
_global_is_full_backward_hook: bool | None = None
_global_hooks_seen: list[bool] = []  # not empty once there was a global hook for calls: what a call looks at

# Note [Calls without hooks]
# A call must not cost more for the hooks that it has not. So a module keeps a list, `_hooked`, that is empty until one
# of its four dicts of hooks for calls takes a first one; they share it, and a call looks at that alone. Once it is not
# empty, calls look at the dicts themselves. Dicts of another kind (set from outside, or out of a pickle) count as full.


class HookDict(OrderedDict):
    """Hooks by number, which tell their module's list of the first."""

    def __init__(self, hooked: list[bool]) -> None:
        super().__init__()
        self.hooked = hooked

    def __setitem__(self, number: int, hook: Any) -> None:
        super().__setitem__(number, hook)
        if not self.hooked:
            self.hooked.append(True)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return OrderedDict, (), None, None, iter(self.items())


CALL_HOOKS = ("_backward_pre_hooks", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks")


def adopt_hooks(module: Any) -> None:
    """Makes `_hooked` say what the module's dicts of hooks hold."""
    attributes = module.__dict__
    hooked: list[bool] = []
    for kind in CALL_HOOKS:
        hooks = attributes.get(kind)
        if hooks:
            hooked.append(True)
        if isinstance(hooks, HookDict):
            hooks.hooked = hooked
        elif not hooks and hooks is not None:  # others stay: handles refer to them
            attributes[kind] = HookDict(hooked)
    if attributes.get("_compiled_call_impl") is not None:
        hooked.append(True)
    attributes["_hooked"] = hooked


_MIXED = "Cannot use both regular backward hooks and full backward hooks {}. Please use only one of them."


class _WrappedHook:
    """A hook that may get its module first, to which it refers weakly."""

    def __init__(self, hook: Callable[..., Any], module: Any = None) -> None:
        self.hook = hook
        update_wrapper(self, hook)
        self.with_module = module is not None
        if module is not None:
            self.module = ref(module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.with_module:
            return self.hook(*args, **kwargs)
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        state = {"hook": self.hook, "with_module": self.with_module}
        return state | {"module": self.module()} if self.with_module else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.hook = state["hook"]
        self.with_module = state["with_module"]
        if self.with_module:
            if state["module"] is None:
                raise RuntimeError("You are trying to revive the hook of a dead Module!")
            self.module = ref(state["module"])


def _put(hooks: dict[int, Any], hook: Any, *extra: tuple[bool, dict[int, bool]], prepend: bool = False) -> Any:
    """Registers a hook, and its number in those of the extra dicts that are asked for."""
    handle = RemovableHandle(hooks, extra_dict=[marks for _, marks in extra])
    hooks[handle.id] = hook
    for wanted, marks in extra:
        if wanted:
            marks[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    return handle


def _put_globally(hooks: dict[int, Any], hook: Any, *extra: tuple[bool, dict[int, bool]]) -> Any:
    if not _global_hooks_seen:
        _global_hooks_seen.append(True)
    return _put(hooks, hook, *extra)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, name, buffer) whenever a buffer is registered; may return another."""
    return _put(_global_buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, name, submodule) whenever a child is registered; may return another."""
    return _put(_global_module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, name, parameter) whenever a parameter is registered; may return another."""
    return _put(_global_parameter_registration_hooks, hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, args) before the forward of every module."""
    return _put_globally(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """hook(module, args, output) after the forward of every module."""
    return _put_globally(
        _global_forward_hooks,
        hook,
        (with_kwargs, _global_forward_hooks_with_kwargs),
        (always_call, _global_forward_hooks_always_called),
    )


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Deprecated: see register_module_full_backward_hook."""
    global _global_is_full_backward_hook
    if _global_is_full_backward_hook is True:
        raise RuntimeError(_MIXED.format("as a global Module hook"))
    _global_is_full_backward_hook = False
    return _put_globally(_global_backward_hooks, hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, grad_output) before the backward of every module."""
    return _put_globally(_global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """hook(module, grad_input, grad_output) after the backward of every module."""
    global _global_is_full_backward_hook
    if _global_is_full_backward_hook is False:
        raise RuntimeError(_MIXED.format("as a global Module hook"))
    _global_is_full_backward_hook = True
    return _put_globally(_global_backward_hooks, hook)


class Hooks:
    forward: Callable[..., Any]
    _backward_pre_hooks: dict[int, Callable[..., Any]]
    _backward_hooks: dict[int, Callable[..., Any]]
    _is_full_backward_hook: bool | None
    _hooked: list[bool]
    _forward_hooks: dict[int, Callable[..., Any]]
    _forward_hooks_with_kwargs: dict[int, bool]
    _forward_hooks_always_called: dict[int, bool]
    _forward_pre_hooks: dict[int, Callable[..., Any]]
    _forward_pre_hooks_with_kwargs: dict[int, bool]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """hook(module, args) before forward; may return other args. With keywords: hook(module, args, kwargs),
        which may return (args, kwargs)."""
        return _put(self._forward_pre_hooks, hook, (with_kwargs, self._forward_pre_hooks_with_kwargs), prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """hook(module, args, output) after forward; may return another output. With keywords: hook(module, args,
        kwargs, output). always_call: even when forward raises."""
        return _put(
            self._forward_hooks,
            hook,
            (with_kwargs, self._forward_hooks_with_kwargs),
            (always_call, self._forward_hooks_always_called),
            prepend=prepend,
        )

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """hook(module, grad_output) before the module's backward; may return another grad_output."""
        return _put(self._backward_pre_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Deprecated: see register_full_backward_hook."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED.format("on a single Module"))
        self._is_full_backward_hook = False
        return _put(self._backward_hooks, hook)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """hook(module, grad_input, grad_output) when the gradients of the module's inputs are there; may return
        another grad_input."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(_MIXED.format("on a single Module"))
        self._is_full_backward_hook = True
        return _put(self._backward_hooks, hook, prepend=prepend)

    def _get_backward_hooks(self) -> tuple[list[Callable[..., Any]], list[Callable[..., Any]]]:
        """(full ones, others): global ones first."""
        found: dict[bool, list[Callable[..., Any]]] = {True: [], False: []}
        if _global_is_full_backward_hook is not None:
            found[_global_is_full_backward_hook] += _global_backward_hooks.values()
        if self._is_full_backward_hook is not None:
            found[self._is_full_backward_hook] += self._backward_hooks.values()
        return found[True], found[False]

    def _get_backward_pre_hooks(self) -> list[Callable[..., Any]]:
        return [*_global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
