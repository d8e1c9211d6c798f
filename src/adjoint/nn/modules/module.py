"""Module: attributes that are registered by assignment, and the call.

What else a module does stands beside: hooks.py, state.py (state_dict and back), walk.py (named_*, apply, to), show.py.
"""

from __future__ import annotations

from collections import OrderedDict

from ... import _core
from ..parameter import Buffer, Parameter
from . import unregistered as _unregistered
from .failure import add_note as _add_note
from .hooks import CALL_HOOKS, HookDict, Hooks, _global_hooks_seen, adopt_hooks
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
from .members import NAMES, Members, adopt, own, plain, replace
from .show import Show
from .show import _addindent as _addindent
from .state import State
from .state import _IncompatibleKeys as _IncompatibleKeys
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, ParamSpec, Protocol, TypeVar

    from ..._core import Tensor

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

_RESERVED = frozenset((*NAMES, *CALL_HOOKS, "__dict__"))


def _typename(value: object) -> str:
    from ... import typename

    return typename(value)


def _forward_unimplemented(self: Module, *input: Any) -> None:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Hooks, State, Walk, Show):
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

    # --- attributes -------------------------------------------------------------------------------------------------

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            # Members are attributes already: this is for what is missing, for modules that got plain dicts
            # (Note [Members are attributes]), and for subclasses that call it.
            attributes = self.__dict__
            for kind in NAMES:
                members = attributes.get(kind)
                if members is not None and name in members:
                    return members[name]
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
    else:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in attributes:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._remove(name, but="_parameters")
            self.register_parameter(name, value)
        elif name in attributes.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in attributes:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._remove(name, but="_modules")
            self._set_module(name, value)
        elif name in attributes.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            self._set_module(name, value)
        elif isinstance(value, Buffer) or name in attributes.get("_buffers", ()):
            self._set_buffer(name, value)
        elif name in _RESERVED:
            self._set_reserved(name, value)
        else:
            super().__setattr__(name, value)
            if type(value) in (list, tuple, dict) and _unregistered.worth_noting(value):
                _unregistered.note(self, name)
                self._hooked.append(True)  # the next call looks again

    def _set_reserved(self, name: str, value: Any) -> None:
        """Assignment to one of the attributes that the others live in."""
        if name in NAMES:
            replace(self, name, value)
            return
        object.__setattr__(self, name, value)
        if name in CALL_HOOKS:
            self._hooked.append(True)
        else:
            adopt(self)
            adopt_hooks(self)

    def _remove(self, name: str, *, but: str) -> None:
        """Nothing of this name, in whatever kind, save in the dict `but`."""
        for kind in NAMES:
            if kind != but:
                own(self, kind).pop(name, None)
        if but != "_buffers":
            self._non_persistent_buffers_set.discard(name)
        if name not in self.__dict__[but]:
            self.__dict__.pop(name, None)

    def _set_module(self, name: str, value: Module | None) -> None:
        for hook in _global_module_registration_hooks.values():
            changed = hook(self, name, value)
            if changed is not None:
                value = changed
        own(self, "_modules")[name] = value

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not _tensor_like(value):
            raise TypeError(
                f"cannot assign '{_typename(value)}' as buffer '{name}' "
                "(torch.nn.Buffer, torch.Tensor or None expected)"
            )
        persistent = value.persistent if isinstance(value, Buffer) else name not in self._non_persistent_buffers_set
        if getattr(self.register_buffer, "__func__", None) is Module.register_buffer or _takes_persistent(self):
            self.register_buffer(name, value, persistent)
        elif persistent:
            self.register_buffer(name, value)
        else:
            raise RuntimeError(
                "Registering a non-persistent buffer on a Module subclass that implements register_buffer() without "
                "the persistent argument is not allowed."
            )

    def __delattr__(self, name: str) -> None:
        for kind in NAMES:
            if name in self.__dict__[kind]:
                del own(self, kind)[name]
                if kind == "_buffers":
                    self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def _check_name(self, what: str, name: Any, kind: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_typename(name)}")
        if what == "module" and hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else ""))
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """A tensor that belongs to the module without being trained; if persistent, it is part of state_dict."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not _tensor_like(tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        for hook in _global_buffer_registration_hooks.values():
            changed = hook(self, name, tensor)
            if changed is not None:
                tensor = changed
        own(self, "_buffers")[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """A parameter, or None in the place of one."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, "_parameters")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                    "(torch.nn.Parameter or None required)"
                )
            if param.grad_fn:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                    "forward() method."
                )
            for hook in _global_parameter_registration_hooks.values():
                changed = hook(self, name, param)
                if changed is not None:
                    param = changed
        own(self, "_parameters")[name] = param

    def add_module(self, name: str, module: Module | None) -> None:
        """A child module under a name, as by assignment."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._set_module(name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """add_module by another name."""
        self.add_module(name, module)

    # --- copies and pickles -----------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        state = plain(self.__dict__)
        state.pop("_compiled_call_impl", None)
        state.pop("_hooked", None)
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


def _tensor_like(value: object) -> bool:
    return isinstance(value, _core.Tensor) or hasattr(value, "__torch_function__")


def _takes_persistent(module: Module) -> bool:
    """Does the subclass's own register_buffer have PyTorch's third parameter?"""
    from inspect import signature

    return "persistent" in signature(module.register_buffer).parameters
