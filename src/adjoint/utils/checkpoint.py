"""Checkpointing: a part of the forward pass is run again in the backward pass instead of being kept.

Without reentrance the part runs as ever, but what its nodes would save is dropped; the first time that one of them is asked
for, the part runs again, and what it saves is handed out in the same order (Chen et al., https://arxiv.org/abs/1604.06174).
With reentrance the part is one custom Function, whose backward runs it with a graph and goes backward through that.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import adjoint

from .. import Tensor
from ..autograd import Function, enable_grad, no_grad
from ..autograd.graph import saved_tensors_hooks

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]

_early_stop: bool | None = None


class CheckpointError(RuntimeError):
    """The part did something else when it ran again."""


class _Done(Exception):
    """All that was saved has been computed again."""


def noop_context_fn() -> tuple[Any, Any]:
    """No contexts, for the forward pass and for the recomputation."""
    return contextlib.nullcontext(), contextlib.nullcontext()


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether recomputations stop as soon as they have all that is needed."""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextlib.contextmanager
def _random_as(state: Tensor | None) -> Iterator[None]:
    """The random numbers of the forward pass; afterwards those that were to come."""
    if state is None:
        yield
        return
    now = adjoint.get_rng_state()
    adjoint.set_rng_state(state)
    try:
        yield
    finally:
        adjoint.set_rng_state(now)


# --- without reentrance


class _Holder:
    """Stands for a saved tensor."""

    __slots__ = ("__weakref__", "told", "value")

    def __init__(self, told: tuple[Any, ...]) -> None:
        self.told = told
        self.value: Any = None


def _about(x: Tensor) -> tuple[Any, ...]:
    return tuple(x.shape), x.dtype, x.device


class _Part:
    """A checkpointed call: how to run it again, and what it saved."""

    def __init__(self, run: Callable[[], Any], preserve: bool, context: Any, check: bool, early: bool) -> None:
        self.run, self.context, self.check, self.early = run, context, check, early
        self.state = adjoint.get_rng_state() if preserve else None
        self.holders: list[weakref.ref[_Holder]] = []

    def pack(self, x: Tensor) -> _Holder:
        holder = _Holder(_about(x))
        self.holders.append(weakref.ref(holder))
        return holder

    def unpack(self, holder: _Holder) -> Tensor:
        if holder.value is None:
            self.again()
            if holder.value is None:
                raise CheckpointError(
                    "torch.utils.checkpoint: Unpack is being triggered for a tensor that was either never recomputed, or "
                    "already unpacked once: the recomputation did not come to it"
                )
        value: Tensor = holder.value
        holder.value = None
        return value

    def again(self) -> None:
        count, early = [0], self.early if _early_stop is None else _early_stop

        def keep(x: Tensor) -> Tensor:
            i = count[0]
            count[0] += 1
            if i >= len(self.holders):
                self._differs(count[0], more=True)
            holder = self.holders[i]()
            if holder is not None:
                if self.check and _about(x) != holder.told:
                    raise CheckpointError(
                        "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                        f"during the forward pass.\ntensor at position {i}:\nsaved metadata: {holder.told}\n"
                        f"recomputed metadata: {_about(x)}"
                    )
                holder.value = x.detach()
            if early and count[0] == len(self.holders):
                raise _Done
            return x.detach()

        try:
            with _random_as(self.state), enable_grad(), self.context, saved_tensors_hooks(keep, lambda x: x):
                self.run()
        except _Done:
            pass
        if count[0] < len(self.holders):
            self._differs(count[0])

    def _differs(self, count: int, more: bool = False) -> None:
        if self.check or not more:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.holders)}\n"
                f"Number of tensors saved during recomputation: {count}{' or more' if more else ''}."
            )


def _cut(x: Any) -> Any:
    """An argument without its history, which asks for its gradient as it did."""
    return x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x


def _without_reentrance(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    preserve: bool,
    context_fn: Callable[[], tuple[Any, Any]],
    check: str,
    early: bool,
) -> Any:
    if check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of ['default', 'none'] but got, {check}")
    forward, recompute = context_fn()

    def run() -> Any:
        return function(*map(_cut, args), **{k: _cut(v) for k, v in kwargs.items()})

    part = _Part(run, preserve, recompute, check == "default", early)
    if not adjoint.is_grad_enabled():
        with forward:
            return function(*args, **kwargs)
    with forward, saved_tensors_hooks(part.pack, part.unpack):
        return function(*args, **kwargs)


# --- with reentrance


class CheckpointFunction(Function):
    """The part as one node."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=3)
        ctx.run_function = run_function
        ctx.state = adjoint.get_rng_state() if preserve_rng_state else None
        ctx.rest = [None if isinstance(x, Tensor) else x for x in args]
        ctx.places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        inputs = list(ctx.rest)
        for i, x in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = _cut(x)
        with _random_as(ctx.state), enable_grad():
            outputs = ctx.run_function(*inputs)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(y, g) for y, g in zip(outputs, grads, strict=True) if isinstance(y, Tensor) and y.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        adjoint.autograd.backward([y for y, _ in pairs], [g for _, g in pairs])
        return (None, None, *(x.grad if isinstance(x, Tensor) else None for x in inputs))


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), which keeps its arguments alone and runs again in the backward pass.

    Args:
        use_reentrant: False is recommended, and takes all else: keyword arguments, `autograd.grad`, nesting. None: True,
            with a warning.
        preserve_rng_state: it draws the same random numbers again (default: True).
        context_fn: gives the contexts of the forward pass and of the recomputation.
        determinism_check: "default" compares what is saved by shape, dtype and device; "none" does not.
        early_stop: the recomputation ends as soon as all that is needed is there.

    Raises:
        CheckpointError: the recomputation saves something else than the forward pass did.
        ValueError: options that only the other way takes.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, "
            "calling checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if "
            "you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _without_reentrance(function, args, kwargs, preserve, context_fn, determinism_check, early_stop)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug is not False:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """functions one after the other, in `segments` parts; all parts but the last are checkpointed."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In "
            "version 2.9 we will raise an exception if use_reentrant is not passed.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps: Sequence[Callable[[Any], Any]] = list(functions.children() if hasattr(functions, "children") else functions)
    size, end = len(steps) // segments, 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        part = _chain(steps[start:end])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(steps[end:])(input)


def _chain(steps: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    return run
