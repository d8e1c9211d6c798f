"""Module: how one comes to be, is called, copied and pickled.

What else it does stands beside: registration.py (attributes), hooks.py, state.py (state_dict and back), walk.py (named_*,
apply, to), show.py.
"""

from __future__ import annotations

from collections import OrderedDict

from .failure import add_note as _add_note
from .hooked_call import HookedCall
from .hooks import HookDict, Hooks, _global_hooks_seen, adopt_hooks
from .hooks import _global_backward_hooks as _global_backward_hooks
from .hooks import _global_backward_pre_hooks as _global_backward_pre_hooks
from .hooks import _global_buffer_registration_hooks as _global_buffer_registration_hooks
from .hooks import _global_forward_hooks as _global_forward_hooks
from .hooks import _global_forward_hooks_always_called as _global_forward_hooks_always_called
from .hooks import _global_forward_hooks_with_kwargs as _global_forward_hooks_with_kwargs
from .hooks import _global_forward_pre_hooks as _global_forward_pre_hooks
from .hooks import _global_module_registration_hooks as _global_module_registration_hooks
from .hooks import _global_parameter_registration_hooks as _global_parameter_registration_hooks
from .hooks import _WrappedHook as _WrappedHook
from .hooks import register_module_backward_hook as register_module_backward_hook
from .hooks import register_module_buffer_registration_hook as register_module_buffer_registration_hook
from .hooks import register_module_forward_hook as register_module_forward_hook
from .hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from .hooks import register_module_full_backward_hook as register_module_full_backward_hook
from .hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from .hooks import register_module_module_registration_hook as register_module_module_registration_hook
from .hooks import register_module_parameter_registration_hook as register_module_parameter_registration_hook
from .members import Members, adopt, plain
from .registration import Registration
from .show import Show
from .show import _addindent as _addindent
from .state import State
from .state import _IncompatibleKeys as _IncompatibleKeys
from .unregistered import look
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, ParamSpec, Protocol, TypeVar

    from ..._core import Tensor
    from ..parameter import Parameter

    _P = ParamSpec("_P")
    _R = TypeVar("_R", covariant=True)

    class _HasForward(Protocol[_P, _R]):
        def forward(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...


__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


def _forward_unimplemented(self: Module, *input: Any) -> None:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Hooks, Registration, State, Walk, Show):
    """Base class of all networks: attributes that are parameters, buffers or modules are found, saved and moved.

    >>> import adjoint as torch
    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = torch.nn.Linear(2, 3)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> net = Net()
    >>> net(torch.ones(4, 2)).shape
    torch.Size([4, 3])
    >>> [name for name, _ in net.named_parameters()]
    ['fc.weight', 'fc.bias']
    """

    dump_patches: bool = False
    _version: int = 1
    call_super_init: bool = False
    _compiled_call_impl: Callable[..., Any] | None = None

    training: bool
    _hooked: list[bool] = [True]  # noqa: RUF012  (for modules that got their state some other way)
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            if kwargs:
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
                )
        attributes = self.__dict__
        attributes["training"] = True
        attributes["_parameters"] = Members(self)
        attributes["_buffers"] = Members(self)
        attributes["_non_persistent_buffers_set"] = set()
        hooked: list[bool] = []
        attributes["_hooked"] = hooked
        attributes["_backward_pre_hooks"] = HookDict(hooked)
        attributes["_backward_hooks"] = HookDict(hooked)
        attributes["_is_full_backward_hook"] = None
        attributes["_forward_hooks"] = HookDict(hooked)
        attributes["_forward_hooks_with_kwargs"] = OrderedDict()
        attributes["_forward_hooks_always_called"] = OrderedDict()
        attributes["_forward_pre_hooks"] = HookDict(hooked)
        attributes["_forward_pre_hooks_with_kwargs"] = OrderedDict()
        attributes["_state_dict_hooks"] = OrderedDict()
        attributes["_state_dict_pre_hooks"] = OrderedDict()
        attributes["_load_state_dict_pre_hooks"] = OrderedDict()
        attributes["_load_state_dict_post_hooks"] = OrderedDict()
        attributes["_modules"] = Members(self)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    forward: Callable[..., Any] = _forward_unimplemented

    # --- the call ---------------------------------------------------------------------------------------------------

    if TYPE_CHECKING:  # a call takes and gives what the class's own forward does

        def __call__(self: _HasForward[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R: ...

    else:

        def __call__(self, *args, **kwargs):
            """forward(*args, **kwargs), with the hooks around it."""
            try:
                if self._hooked or _global_hooks_seen:  # Note [Calls without hooks]
                    return self._wrapped_call_impl(*args, **kwargs)
                return self.forward(*args, **kwargs)
            except Exception as error:
                _add_note(error, self, args, kwargs)
                raise

    def _wrapped_call_impl(self, *args: Any, **kwargs: Any) -> Any:
        if self._compiled_call_impl is not None:
            return self._compiled_call_impl(*args, **kwargs)
        return self._call_impl(*args, **kwargs)

    def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
        if not (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _global_backward_pre_hooks
            or _global_backward_hooks
            or _global_forward_hooks
            or _global_forward_pre_hooks
        ):
            if self._hooked:  # the first call, or hooks are gone
                look(self)
                adopt_hooks(self)
            return self.forward(*args, **kwargs)
        call = HookedCall(self, args, kwargs)
        try:
            return call.run()
        except Exception:
            call.run_always_called()
            raise

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """As torch.compile of this module's call: nothing is compiled here, so nothing changes."""
        from ... import compile

        self._compiled_call_impl = compile(self._call_impl, *args, **kwargs)
        self._hooked.append(True)

    if TYPE_CHECKING:  # as walk.py has them, which cannot name this class

        def children(self) -> Iterator[Module]: ...
        def named_children(self) -> Iterator[tuple[str, Module]]: ...
        def modules(self, remove_duplicate: bool = True) -> Iterator[Module]: ...
        def named_modules(
            self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
        ) -> Iterator[tuple[str, Module]]: ...
        def get_submodule(self, target: str) -> Module: ...

    # --- copies and pickles -----------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        state = plain(self.__dict__)
        state.pop("_compiled_call_impl", None)
        state.pop("_hooked", None)
        state.pop("_set_at", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name, missing in _OLD_STATES.items():
            if name not in self.__dict__:
                self.__dict__[name] = missing()
        adopt(self)
        adopt_hooks(self)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[0].isdigit())


# What pickles of older versions of PyTorch's modules lack.
_OLD_STATES: dict[str, Callable[[], Any]] = {
    "_forward_pre_hooks": OrderedDict,
    "_forward_pre_hooks_with_kwargs": OrderedDict,
    "_forward_hooks_with_kwargs": OrderedDict,
    "_forward_hooks_always_called": OrderedDict,
    "_state_dict_hooks": OrderedDict,
    "_state_dict_pre_hooks": OrderedDict,
    "_load_state_dict_pre_hooks": OrderedDict,
    "_load_state_dict_post_hooks": OrderedDict,
    "_non_persistent_buffers_set": set,
    "_is_full_backward_hook": lambda: None,
    "_backward_pre_hooks": OrderedDict,
}
