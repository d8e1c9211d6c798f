"""Optimizer: what all optimizers share. Parameter groups, hooks, state_dict and back.

How a step is made of an update rule stands in _step.py; how a state_dict is held against the parameters in _loading.py.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from functools import wraps
from itertools import chain

from .. import _core
from .._user import warn_user
from ..utils.hooks import RemovableHandle
from ._compat import *  # noqa: F403
from ._found import explain_empty, module_behind, noted
from ._loading import loaded
from ._parameters import check_parameters, split_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    from .._core import Tensor

    ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
    StateDict: TypeAlias = dict[str, Any]
else:
    from collections.abc import Iterable as ParamsT  # for the annotations of programs

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

_global_optimizer_pre_hooks: dict[int, Any] = OrderedDict()
_global_optimizer_post_hooks: dict[int, Any] = OrderedDict()
_HOOKS = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


class _RequiredParameter:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


def _register(hooks: Any, hook: Any, prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(optimizer, args, kwargs)` runs before the steps of all optimizers; it may return other arguments."""
    return _register(_global_optimizer_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(optimizer, args, kwargs)` runs after the steps of all optimizers."""
    return _register(_global_optimizer_post_hooks, hook)


class Optimizer:
    """The base of optimizers: they override `step`.

    Args:
        params: tensors, pairs of names and tensors (`module.named_parameters()`), or dicts with such under "params" and
            options of their own, in an order that is the same in every run.
        defaults: the options of groups that do not give them.

    Raises:
        ValueError: no parameters, parameters that are no leaves, or that are in two groups.
        TypeError: something else than tensors.
    """

    defaults: dict[str, Any]
    state: defaultdict[Any, Any]
    param_groups: list[dict[str, Any]]
    _opt_called = False  # a step was taken: what schedulers ask
    _inside_step = False

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._patch_step_function()
        if isinstance(params, _core.Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + params.type()
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        source = module_behind(params)
        groups: list[Any] = list(params)
        if not groups:
            raise noted(ValueError("optimizer got an empty parameter list"), explain_empty(source))
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _patch_step_function(self) -> None:
        for name in _HOOKS:
            self.__dict__.setdefault(name, OrderedDict())
        step = type(self).step
        if not getattr(step, "hooked", False):  # a step that somebody wrote
            type(self).step = self.profile_hook_step(step)  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._patch_step_function()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join(lines) + "\n)"

    # --- hooks ---

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(optimizer, args, kwargs)` runs before each step; it may return a pair of other args and kwargs."""
        return _register(self.__dict__["_optimizer_step_pre_hooks"], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(optimizer, args, kwargs)` runs after each step."""
        return _register(self.__dict__["_optimizer_step_post_hooks"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer)` runs before each state_dict()."""
        return _register(self.__dict__["_optimizer_state_dict_pre_hooks"], hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer, state_dict)` may change what state_dict() gives, or return another."""
        return _register(self.__dict__["_optimizer_state_dict_post_hooks"], hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer, state_dict)` may change a shallow copy of what is to be loaded, or return another."""
        return _register(self.__dict__["_optimizer_load_state_dict_pre_hooks"], hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer)` runs after each load_state_dict()."""
        return _register(self.__dict__["_optimizer_load_state_dict_post_hooks"], hook, prepend)

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """`func`, a step, with the hooks around it."""

        @wraps(func)
        def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
            if self._inside_step:  # called by the step of a subclass
                return func(self, *args, **kwargs)
            self._inside_step = True
            try:
                return self._run_step(func, (self, *args), kwargs)
            finally:
                self._inside_step = False

        step.hooked = True  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return step

    def _run_step(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hooks = self.__dict__
        for hook in chain(_global_optimizer_pre_hooks.values(), hooks["_optimizer_step_pre_hooks"].values()):
            result = hook(self, args, kwargs)
            if result is None:
                continue
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(f"{func} must return None or a tuple of (new_args, new_kwargs), but got {result}.")
            args, kwargs = result
        out = func(*args, **kwargs)
        self._opt_called = True
        for hook in chain(hooks["_optimizer_step_post_hooks"].values(), _global_optimizer_post_hooks.values()):
            hook(self, args, kwargs)
        return out

    # --- state ---

    def state_dict(self) -> StateDict:
        """`{"state": …, "param_groups": …}`, PyTorch's: parameters are numbered in the order of the groups."""
        for hook in self.__dict__["_optimizer_state_dict_pre_hooks"].values():
            hook(self)
        numbers: dict[int, int] = {}
        groups, start = [], 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), i)
            start += len(group["params"])
            packed = {key: value for key, value in group.items() if key != "params"}
            groups.append(packed | {"params": [numbers[id(p)] for p in group["params"]]})
        state = {numbers[id(k)] if isinstance(k, _core.Tensor) else k: v for k, v in self.state.items()}
        result: StateDict = {"state": state, "param_groups": groups}
        for hook in self.__dict__["_optimizer_state_dict_post_hooks"].values():
            changed = hook(self, result)
            if changed is not None:
                result = changed
        return result

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Takes over the state and the options of another optimizer: copies, which share no memory with it.

        Where both have names of parameters, and the same ones, state goes by name, else by position. Nothing changes
        unless all of it fits.

        Raises:
            ValueError: another number of groups or parameters, names that match in part, a shape that does not fit.
        """
        state_dict = state_dict.copy()
        for hook in self.__dict__["_optimizer_load_state_dict_pre_hooks"].values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        before = {"state": self.state, "param_groups": self.param_groups}
        try:
            self.__setstate__(loaded(self.param_groups, state_dict, getattr(self, "slots", {})))
        except BaseException:
            self.__dict__.update(before)
            raise
        for hook in self.__dict__["_optimizer_load_state_dict_post_hooks"].values():
            hook(self)

    # --- parameters ---

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Lets go of all gradients, or fills them with zeros."""
        for group in self.param_groups:
            if set_to_none:
                _core._clear_grads(group["params"])
                continue
            for p in group["params"]:
                if p.grad is not None:
                    if p.grad.grad_fn is not None:
                        p.grad.detach_()
                    else:
                        p.grad.requires_grad_(False)
                    p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates the parameters. `closure` computes the loss, and its gradients, anew; its result is returned."""
        raise NotImplementedError

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters with options of their own: a dict with "params" and what differs from the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params, names = split_names(param_group["params"])
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        check_parameters(params, self.defaults.get("differentiable"))
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len(params) != len(set(params)):
            warn_user(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information"
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if 'param_names' in param_group else 'without'} names to the optimizer"
                )
        if not {p for group in self.param_groups for p in group["params"]}.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)
