"""LazyModuleMixin: layers that learn the sizes of their parameters from their first input."""

from __future__ import annotations

from itertools import chain

from ...autograd.grad_mode import no_grad
from ..parameter import is_lazy
from .loading import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["LazyModuleMixin"]


def _back_to(param: Any) -> Callable[[], None]:
    """What undoes param.materialize."""
    lazy, data = type(param), param.data

    def undo() -> None:
        param.data = data
        param.__class__ = lazy

    return undo


class LazyModuleMixin:
    """Stands before a layer's class: `class LazyLinear(LazyModuleMixin, Linear)`.

    __init__ makes UninitializedParameters; `initialize_parameters(*inputs)` gives them their shapes at the first call,
    after which the layer is of the class `cls_to_become`. Until then the parameters have no shape: make the optimizer
    after a first call.
    """

    cls_to_become: type[Any] | None = None

    if TYPE_CHECKING:  # what the layer brings

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()

    def _lazy_load_hook(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: Any,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        """Parameters get the shapes that the state has for them."""
        for name, param in chain(self._parameters.items(), self._buffers.items()):
            given = state_dict.get(prefix + name)
            if param is not None and given is not None and is_lazy(param) and not is_lazy(given):
                if isinstance(error_msgs, Plan):
                    error_msgs.undoing.append(_back_to(param))
                with no_grad():
                    param.materialize(given.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Gives the parameters their shapes and values, by the first input."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {self.__class__.__name__}")

    def has_uninitialized_params(self) -> bool:
        """Is there still a parameter or buffer without a shape?"""
        return any(is_lazy(value) for value in chain(self._parameters.values(), self._buffers.values()))

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        with no_grad():
            module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _replicate_for_data_parallel(self) -> Any:
        raise RuntimeError(
            "Modules with uninitialized parameters can't be used with `DataParallel`. Run a dummy forward pass to "
            "correctly initialize the modules"
        )
