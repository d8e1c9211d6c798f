"""Is a derived gradient the engine's? Compared beyond doubt, without running anything of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from .capture import Capture
from .value import norm, short, value_of

_RELATIVE = {"float16": 2e-2, "bfloat16": 1e-1, "float32": 1e-4, "complex64": 1e-4}  # others: 1e-9


def hooked(graph: Capture) -> bool:
    """Would a backward pass run the user's hooks, or set a `.grad` that was asked to be kept?"""
    return any(n.grad_fn is not None and _core._has_hooks(n.grad_fn) for n in graph.nodes)


def engine_gradients(outputs: Sequence[Any], cotangents: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The engine's own gradients; the graph is kept. None for inputs that nothing flows to."""
    result = _core._run_backward(tuple(outputs), tuple(cotangents), True, False, tuple(inputs), True, False)
    return tuple(result)


def same(a: Any, b: Any, scale: float) -> bool:
    """Equal up to rounding, where `scale` is the size of what was added up to get them."""
    if tuple(a.shape) != tuple(b.shape):
        return False
    with no_grad():
        wide = _core.complex128 if a.is_complex() or b.is_complex() else _core.float64
        x, y = a.detach().to(wide), b.detach().to(wide)
        fine = _core.isfinite(x)
        if not bool((fine == _core.isfinite(y)).all().item()):
            return False
        zero = _core.zeros_like(x)
        difference = norm(_core.where(fine, x - y, zero))
        size = max(norm(_core.where(fine, x, zero)), scale if scale < float("inf") else 0.0)
    tolerance = _RELATIVE.get(str(a.dtype).removeprefix("torch."), 1e-9)
    return difference <= tolerance * size + 1e-30


def mismatch(what: str, derived: Any, other: Any, told: str, operations: Sequence[str]) -> RuntimeError:
    """The error that asks for a report: with everything needed to find the fault."""
    names = ", ".join(sorted(set(operations)))
    return RuntimeError(
        f"explain: the derivation of {what} and {told} differ beyond rounding\n"
        f"  derived: {value_of(derived)}   {told}: {value_of(other)}\n"
        f"  dtype {str(derived.dtype).removeprefix('torch.')}, shape {list(derived.shape)}; operations: {names}\n"
        f"  this is an error of Adjoint's {_core.__version__}, not yours: please report it with these lines and the program"
    )


def grad_note(label: str, tensor: Any, gradient: Any, scale: float) -> str | None:
    """What `.grad` holds, beside the gradient that was derived; None if it holds nothing."""
    if not (tensor.is_leaf or tensor.retains_grad):
        return None
    held = tensor.grad
    if held is None:
        return None
    held = held.detach()
    if tuple(held.shape) != tuple(gradient.shape):
        return f"{label}.grad has another shape: it was set by hand"
    shown = value_of(held)
    if same(gradient, held, scale):
        return f"{label}.grad = {shown}: the same"
    times = _multiple(held, gradient)
    for k in {round(times), 2, 3} if times is not None else ():
        if k >= 2 and same(gradient * k, held, scale * k):
            return f"{label}.grad = {shown}: {k} times this gradient, so {k} backward passes were added up in it"
    return (
        f"{label}.grad = {shown}: not this gradient alone; "
        f"other backward passes were added up in it ({label}.grad = None starts afresh), or it was changed"
    )


def _multiple(held: Any, gradient: Any) -> float | None:
    size = norm(gradient)
    ratio = norm(held) / size if size else 0.0
    return ratio if 0 < ratio < 1e6 and short(ratio) else None
