"""Local derivatives: one edge of the graph, its formula and its value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from . import flow
from .capture import Edge, Where
from .symbols import compute, read
from .term import Term, derivative
from .value import Value, value_of
from .wording import Wording, values_of

_TOLERANCE = 1e-4  # between a formula as it is written, with six digits, and the rule that runs


@dataclass(frozen=True)
class Step:
    """A local derivative: of an operation's result by one of its inputs.

    Attributes:
        of, by: the result and the input, in the caller's names.
        operation: "mul"; module: the path of the module it belongs to.
        formula: of the derivative, e.g. "w3"; None where it is no formula but a rule.
        rule: what a structured operation makes of the cotangent g: "g ↦ g·Wᵀ".
        value: of the derivative, where it is one number for each element.
        elementwise: the cotangent is multiplied by `value`, element by element.
        summed: the input was broadcast, so the products are summed up over its copies.
        note: what else is to be said, e.g. of complex numbers.
        where: the line of the program.
    """

    of: Term
    by: Term
    operation: str
    module: str
    formula: Term | None
    rule: str | None
    value: Value | None
    elementwise: bool
    summed: bool
    note: str | None
    where: Where | None
    of_shape: tuple[int, ...]
    by_shape: tuple[int, ...]

    @property
    def derivative(self) -> Term:
        return derivative(self.of, self.by)

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "of": str(self.of),
            "by": str(self.by),
            "operation": self.operation,
            "module": self.module,
            "formula": None if self.formula is None else str(self.formula),
            "rule": self.rule,
            "value": None if self.value is None else self.value.data(),
            "elementwise": self.elementwise,
            "summed": self.summed,
            "note": self.note,
            "where": None if self.where is None else list(self.where),
            "of_shape": list(self.of_shape),
            "by_shape": list(self.by_shape),
        }


@dataclass
class Local:
    """A step with the tensor it multiplies by (None if it is a rule)."""

    step: Step
    slope: Any


def local_derivative(edge: Edge, cotangent: Any, output: int, wording: Wording) -> Local:
    """The step along one edge, its value found by the rule itself.

    Args:
        cotangent: of the target's output; only its shape and dtype matter.
        output: which of the target's outputs.
    """
    node = edge.target
    ones = _core.ones_like(cotangent)
    at = flow.tracked(node).index(edge)
    pulled = flow.pull(node, {output: ones})[at]
    formula, slope, note = wording.slope(edge), None, None
    if formula is not None:
        slope, note = _slope(edge, ones, pulled, output, at)
    elif ones.numel() == 1 and not (ones.is_complex() or pulled.is_complex()):
        formula = wording.plain_slope(edge)
        slope = _one(pulled)
    shown = None if slope is None else value_of(slope)
    step = Step(
        of=wording.symbol(node, output),
        by=wording.symbol(edge.source, edge.output),
        operation=node.operation or "",
        module=node.module,
        formula=formula,
        rule=None if slope is not None else _rule(edge, wording),
        value=shown,
        elementwise=slope is not None,
        summed=tuple(pulled.shape) != tuple(ones.shape) and slope is not None and ones.numel() > 1,
        note=note,
        where=node.where,
        of_shape=tuple(ones.shape),
        by_shape=tuple(pulled.shape),
    )
    return Local(step, slope)


def _rule(edge: Edge, wording: Wording) -> str:
    pulled = wording.pull(edge)
    return wording.rule(edge) if pulled is None else f"g ↦ {pulled}"


def _one(t: Any) -> Any:
    """A single element where all are the same."""
    if t.numel() > 1 and bool((t == t.reshape(-1)[0]).all().item()):
        return t.reshape(-1)[0]
    return t


def _slope(edge: Edge, ones: Any, pulled: Any, output: int, at: int) -> tuple[Any, str | None]:
    """The tensor that the cotangent is multiplied by, as small as the formula gives it."""
    if ones.is_complex() or pulled.is_complex():
        return _complex_slope(edge, ones, pulled, output, at)
    try:
        with no_grad():
            written = compute(read(edge.target.slopes[edge.input] or ""), values_of(edge.target))
            small = not isinstance(written, _core.Tensor) or written.numel() == 1
            full = _core.broadcast_to(_as_tensor(written, ones), ones.shape)
            agrees = _close(full.sum_to_size(tuple(pulled.shape)), pulled)
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError):
        written, small, agrees = None, False, False
    if tuple(pulled.shape) == tuple(ones.shape):
        return (pulled.reshape(-1)[0] if agrees and small and pulled.numel() else pulled), None
    return (_as_tensor(written, ones), None) if agrees else (None, None)


def _complex_slope(edge: Edge, ones: Any, pulled: Any, output: int, at: int) -> tuple[Any, str | None]:
    """PyTorch's convention: the rule multiplies by the conjugate, if the operation is analytic."""
    if not (ones.is_complex() and pulled.is_complex()):
        return None, "real and complex meet here: the rule gives the part that counts"
    turned = flow.pull(edge.target, {output: ones * 1j})[at]
    if not _close(turned, pulled * 1j):
        return None, "not analytic: the rule treats real and imaginary part each in its own right"
    if tuple(pulled.shape) != tuple(ones.shape):
        return None, "multiplied by the conjugate, and summed up over the copies"
    return _one(pulled.conj().resolve_conj()), "multiplied by its conjugate"


def _as_tensor(x: Any, like: Any) -> Any:
    return x.to(like.dtype) if isinstance(x, _core.Tensor) else _core.tensor(float(x), dtype=like.dtype)


def _close(a: Any, b: Any) -> bool:
    if not (a.is_floating_point() or a.is_complex()):
        return False
    loose = a.dtype in (_core.float16, _core.bfloat16)
    tolerance = 0.02 if loose else _TOLERANCE
    return bool(_core.allclose(a, b.to(a.dtype), rtol=tolerance, atol=tolerance * 1e-2, equal_nan=True))
