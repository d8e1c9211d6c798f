"""Attributes of a module that are registered by assignment: parameters, buffers, children."""

from __future__ import annotations

from ... import _core
from ..parameter import Buffer, Parameter
from . import unregistered as _unregistered
from .hooks import (
    CALL_HOOKS,
    _global_buffer_registration_hooks,
    _global_module_registration_hooks,
    _global_parameter_registration_hooks,
    adopt_hooks,
)
from .members import NAMES, adopt, own, replace
from .walk import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..._core import Tensor

_RESERVED = frozenset((*NAMES, *CALL_HOOKS, "__dict__"))  # what the others live in


def _typename(value: object) -> str:
    from ... import typename

    return typename(value)


class Registration(Walk):
    _non_persistent_buffers_set: set[str]
    _hooked: list[bool]

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
        tensor = isinstance(value, _core.Tensor)  # at once; to be a Parameter or a Buffer is asked in Python
        if tensor and isinstance(value, Parameter):
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
        elif isinstance(value, Walk):
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
        elif (tensor and isinstance(value, Buffer)) or name in attributes.get("_buffers", ()):
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

    def _set_module(self, name: str, value: Any) -> None:
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
        if getattr(self.register_buffer, "__func__", None) is Registration.register_buffer or _takes_persistent(self):
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

    def add_module(self, name: str, module: Any) -> None:
        """A child module under a name, as by assignment."""
        if not isinstance(module, Walk) and module is not None:
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._set_module(name, module)

    def register_module(self, name: str, module: Any) -> None:
        """add_module by another name."""
        self.add_module(name, module)


def _tensor_like(value: object) -> bool:
    return isinstance(value, _core.Tensor) or hasattr(value, "__torch_function__")


def _takes_persistent(module: Any) -> bool:
    """Does the subclass's own register_buffer have PyTorch's third parameter?"""
    from inspect import signature

    return "persistent" in signature(module.register_buffer).parameters
