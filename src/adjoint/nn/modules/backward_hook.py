"""Full backward hooks of a module: two nodes, around its inputs and its outputs, that catch the gradients."""

from __future__ import annotations

from warnings import warn

from ... import _core
from ...autograd.function import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class BackwardHookFunction(Function):
    """Its arguments, as they are; a node of its own, for hooks to sit on."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


class BackwardHook:
    """One call of a module: the hooks run when the gradients of both its outputs and its inputs are there."""

    def __init__(self, module: Any, user_hooks: Any, user_pre_hooks: Any) -> None:
        self.module, self.user_hooks, self.user_pre_hooks = module, user_hooks, user_pre_hooks
        self.grad_outputs: Any = None
        self.n_inputs = self.n_outputs = -1
        self.input_places: list[int] | None = None
        self.output_places: list[int] | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> Any:
        args, self.input_places = _through_a_node(args, self._hook_inputs)
        self.n_inputs = len(args)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        several = isinstance(result, tuple)
        results = result if several else (result,)
        self.n_outputs = len(results)
        results, self.output_places = _through_a_node(results, self._hook_outputs)
        return results if several else results[0]

    def _hook_inputs(self, node: Any) -> None:
        def hook(grad_input: Any, _: Any) -> Any:
            if self.grad_outputs is None:
                return None  # the gradient came to the inputs past the outputs, as in a double backward
            assert self.input_places is not None
            grads = _spread(self.input_places, grad_input, self.n_inputs)
            for user_hook in self.user_hooks:
                changed = user_hook(self.module, grads, self.grad_outputs)
                if changed is None:
                    continue
                if len(changed) != len(grads):
                    raise RuntimeError(
                        f"Backward hook returned an invalid number of grad_input, got {len(changed)}, but expected "
                        f"{len(grads)}"
                    )
                grads = changed
            self.grad_outputs = None
            return tuple(grads[i] for i in self.input_places)

        node.register_hook(hook)

    def _hook_outputs(self, node: Any) -> None:
        def hook(_: Any, grad_output: Any) -> Any:
            assert self.output_places is not None
            self.grad_outputs = _spread(self.output_places, grad_output, self.n_outputs)
            for user_hook in self.user_pre_hooks:
                changed = user_hook(self.module, self.grad_outputs)
                if changed is None:
                    continue
                if len(changed) != len(self.grad_outputs):
                    raise RuntimeError(
                        f"Backward pre hook returned an invalid number of grad_output, got {len(changed)}, but "
                        f"expected {len(self.grad_outputs)}"
                    )
                self.grad_outputs = changed
            grads = self.grad_outputs
            if self.input_places is None:
                self._run_without_inputs()
            return tuple(grads[i] for i in self.output_places)

        node.register_hook(hook)

    def _run_without_inputs(self) -> None:
        """No input requires a gradient: the hooks run at once."""
        warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=5,
        )
        for user_hook in self.user_hooks:
            changed = user_hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
            if changed is not None and not (isinstance(changed, tuple) and all(g is None for g in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = None


def _spread(places: list[int], values: Sequence[Any], size: int) -> tuple[Any, ...]:
    """The values at their places, None elsewhere."""
    found: list[Any] = [None] * size
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return tuple(found)


def _through_a_node(args: Any, hook: Callable[[Any], None]) -> tuple[Any, list[int] | None]:
    """(the arguments, their tensors as the results of one node; where the tensors are), or (the arguments, None)."""
    places = [i for i, arg in enumerate(args) if isinstance(arg, _core.Tensor)]
    if not (_core.is_grad_enabled() and any(args[i].requires_grad for i in places)):
        return args, None
    tensors = BackwardHookFunction.apply(*[args[i] for i in places])
    hook(next(t.grad_fn for t in tensors if t.grad_fn is not None))
    changed = list(args)
    for place, tensor in zip(places, tensors, strict=True):
        changed[place] = tensor
    return (tuple(changed) if type(args) is tuple else type(args)(*changed)), places
