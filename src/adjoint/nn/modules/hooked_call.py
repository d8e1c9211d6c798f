"""The call of a module that has hooks."""

from __future__ import annotations

from warnings import warn

from ... import _core
from .backward_hook import BackwardHook
from .hooks import (
    _global_forward_hooks,
    _global_forward_hooks_always_called,
    _global_forward_hooks_with_kwargs,
    _global_forward_pre_hooks,
    _WrappedHook,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class HookedCall:
    """One call of a module that has hooks."""

    def __init__(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module, self.args, self.kwargs = module, args, kwargs
        self.result: Any = None
        self.called: set[int] = set()

    def run(self) -> Any:
        module = self.module
        full, others = module._get_backward_hooks()
        before = module._get_backward_pre_hooks()
        self.run_pre_hooks()
        backward = None
        if full or before:
            backward = BackwardHook(module, full, before)
            self.args = backward.setup_input_hook(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        self.run_forward_hooks()
        if backward is not None:
            if not isinstance(self.result, (_core.Tensor, tuple)):
                warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                    f"received {type(self.result)}",
                    stacklevel=5,
                )
            self.result = backward.setup_output_hook(self.result)
        if others:
            self.hook_the_node(others)
        return self.result

    def run_pre_hooks(self) -> None:
        module = self.module
        for number, hook in [*_global_forward_pre_hooks.items(), *module._forward_pre_hooks.items()]:
            if number in module._forward_pre_hooks_with_kwargs:
                changed = hook(module, self.args, self.kwargs)
                if changed is None:
                    continue
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                self.args, self.kwargs = changed
            else:
                changed = hook(module, self.args)
                if changed is not None:
                    self.args = changed if isinstance(changed, tuple) else (changed,)

    def run_forward_hooks(self) -> None:
        module = self.module
        for number, hook in [*_global_forward_hooks.items(), *module._forward_hooks.items()]:
            if number in module._forward_hooks_always_called or number in _global_forward_hooks_always_called:
                self.called.add(number)
            self.run_forward_hook(number, hook)

    def run_forward_hook(self, number: int, hook: Callable[..., Any]) -> None:
        if number in self.module._forward_hooks_with_kwargs or number in _global_forward_hooks_with_kwargs:
            changed = hook(self.module, self.args, self.kwargs, self.result)
        else:
            changed = hook(self.module, self.args, self.result)
        if changed is not None:
            self.result = changed

    def run_always_called(self) -> None:
        """Forward, or a hook, has raised: the hooks that are always called, and have not been, are."""
        module = self.module
        for what, hooks, always in (
            ("global module", _global_forward_hooks, _global_forward_hooks_always_called),
            ("module", module._forward_hooks, module._forward_hooks_always_called),
        ):
            for number, hook in list(hooks.items()):
                if number not in always or number in self.called:
                    continue
                try:
                    self.run_forward_hook(number, hook)
                except Exception as error:
                    warn(
                        f"{what} forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}",
                        stacklevel=5,
                    )

    def hook_the_node(self, hooks: list[Callable[..., Any]]) -> None:
        """Hooks of the deprecated kind sit on the last node alone."""
        found = self.result
        while not isinstance(found, _core.Tensor):
            found = (
                next(v for v in found.values() if isinstance(v, _core.Tensor)) if isinstance(found, dict) else found[0]
            )
        node = found.grad_fn
        if node is not None:
            for hook in hooks:
                node.register_hook(_WrappedHook(hook, self.module))
            complaint = _incomplete(self.args, self.result, node)
            if complaint is not None:
                warn(f"Using {complaint} to get the documented behavior.", FutureWarning, stacklevel=6)


def _incomplete(inputs: Any, result: Any, node: Any) -> str | None:
    """Why a hook of the deprecated kind will not see all gradients, if so."""
    see = "This hook will be missing {}. Please use register_full_backward_hook"
    gone = "is deprecated and will be removed in future versions."
    results = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(r, _core.Tensor) for r in results):
        return (
            "non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors "
            f"{gone} {see.format('some of the grad_output')}"
        )
    if not all(isinstance(i, _core.Tensor) for i in inputs):
        return (
            "non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of Tensors "
            f"{gone} {see.format('some of the grad_input')}"
        )
    nodes = {r.grad_fn for r in results if r.grad_fn is not None}
    if not nodes or (len(nodes) == 1 and node not in nodes):
        return f"a non-full backward hook when outputs are nested in python data structure {gone} {see.format('some grad_output')}"
    if len(nodes) > 1:
        return (
            f"a non-full backward hook when outputs are generated by different autograd Nodes {gone} "
            f"{see.format('some grad_output')}"
        )
    if {i.grad_fn for i in inputs if i.grad_fn is not None} != {n[0] for n in node.next_functions}:
        return f"a non-full backward hook when the forward contains multiple autograd Nodes {gone} {see.format('some grad_input')}"
    return None
