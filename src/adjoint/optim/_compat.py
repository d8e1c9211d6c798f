"""Private names of torch.optim.optimizer that optimizers elsewhere import, where their code was made from PyTorch's."""

from __future__ import annotations

from functools import wraps

from .. import _core
from ..autograd.grad_mode import set_grad_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "_capturable_doc",
    "_default_to_fused_or_foreach",
    "_differentiable_doc",
    "_dispatch_sqrt",
    "_foreach_doc",
    "_fused_doc",
    "_get_scalar_dtype",
    "_get_value",
    "_maximize_doc",
    "_params_doc",
    "_stack_if_compiling",
    "_to_scalar",
    "_use_grad_for_differentiable",
    "_view_as_real",
]

_params_doc = "params: tensors, pairs of names and tensors, or dicts that are parameter groups"
_foreach_doc = "foreach: accepted; there is one step"
_fused_doc = "fused: accepted; the step is fused"
_capturable_doc = "capturable: for devices that record graphs"
_differentiable_doc = "differentiable: the step is recorded"
_maximize_doc = "maximize: go up instead of down"


def _use_grad_for_differentiable(func: Callable[..., Any]) -> Callable[..., Any]:
    """A step that records only where its optimizer is differentiable."""

    @wraps(func)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        with set_grad_enabled(bool(self.defaults.get("differentiable"))):
            return func(self, *args, **kwargs)

    return step


def _get_value(x: Any) -> Any:
    return x.item() if isinstance(x, _core.Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    return x


def _dispatch_sqrt(x: Any) -> Any:
    return x.sqrt() if isinstance(x, _core.Tensor) else x**0.5


def _to_scalar(x: Any) -> Any:
    return x.squeeze() if isinstance(x, _core.Tensor) and x.dim() else x


def _default_to_fused_or_foreach(params: Any, differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    return False, False


def _get_scalar_dtype(is_fused: Any = None) -> Any:
    """The type of the numbers in a state: float32, or float64 where that is the default."""
    wide = not is_fused and _core.get_default_dtype() == _core.float64
    return _core.float64 if wide else _core.float32


def _view_as_real(params: list[Any], *state_and_grads: list[Any]) -> None:
    for i, p in enumerate(params):
        if p.is_complex():
            for tensors in (params, *state_and_grads):
                tensors[i] = _core.view_as_real(tensors[i])
