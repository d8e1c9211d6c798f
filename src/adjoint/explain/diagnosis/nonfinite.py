"""NaN and infinity: the first operation that made one, forward or backward, its inputs, and the safe form."""

from __future__ import annotations

import math
from typing import Any

from ... import _core
from ...autograd.grad_mode import no_grad
from ..capture import Capture, Edge, Node
from .numbers import has_nan, is_finite, span
from .report import Diagnosis, at
from .values import operand

_SAFE_FORMS = {
    "log": "keep the argument positive before the log: log(clamp(x, min=eps)), log1p(x) for log(1 + x), log_softmax for "
    "the log of a softmax, logsigmoid for the log of a sigmoid",
    "log2": "keep the argument positive before the log: log2(clamp(x, min=eps))",
    "log10": "keep the argument positive before the log: log10(clamp(x, min=eps))",
    "log1p": "keep the argument above -1 before log1p: clamp(x, min=-1 + eps)",
    "sqrt": "keep the argument positive before the sqrt: sqrt(x + eps), or sqrt(clamp(x, min=eps)); where one "
    "branch is not meant, put a where before the sqrt: sqrt(where(x > 0, x, 1))",
    "rsqrt": "keep the argument positive before rsqrt: rsqrt(x + eps)",
    "div": "keep the divisor away from 0 before the division: x / clamp(y, min=eps), or x / where(y != 0, y, 1)",
    "reciprocal": "keep the argument away from 0 before the reciprocal: 1 / clamp(y, min=eps), or 1 / where(y != 0, y, 1)",
    "exp": "exp overflows (float32 above 88.7, float64 above 709.8): use logsumexp or softmax for sums of it, expm1 for "
    "exp(x) - 1, softplus for log(1 + exp(x)), or subtract the maximum first",
    "acos": "keep the argument inside (-1, 1) before acos: acos(clamp(x, -1 + eps, 1 - eps)); its slope is infinite at ±1",
    "asin": "keep the argument inside (-1, 1) before asin: asin(clamp(x, -1 + eps, 1 - eps)); its slope is infinite at ±1",
    "atanh": "keep the argument inside (-1, 1) before atanh: atanh(clamp(x, -1 + eps, 1 - eps))",
    "acosh": "keep the argument above 1 before acosh: acosh(clamp(x, min=1 + eps))",
    "norm": "the norm has no slope at 0: use sqrt((x * x).sum() + eps), or the squared norm",
    "std": "std needs two elements that differ: use var, or sqrt(var(x) + eps), and correction=0 for a single element",
    "var": "the variance of one element is 0/0 with correction=1: use correction=0",
    "pow": "a power with a fractional exponent needs a positive base: clamp(x, min=eps) ** p, or abs(x) ** p",
    "softmax": "a row that is -inf everywhere has no softmax: leave such rows out before it, or mask with a large "
    "negative number such as -1e9",
    "atan2": "atan2 has no slope at (0, 0): keep one argument away from 0",
    "hypot": "hypot has no slope at (0, 0): use sqrt(x * x + y * y + eps)",
    "prod": "the product overflows: add logarithms up instead of multiplying",
    "mul": "bound the factors: one is infinite, or the product overflows (0 times infinity is NaN)",
    "logit": "keep the argument inside (0, 1) before logit: logit(x, eps=1e-6)",
}
_ALIASES = {
    "pow_half": "sqrt",
    "linalg.vector_norm": "norm",
    "linalg_vector_norm": "norm",
    "log_softmax": "softmax",
    "logsumexp": "softmax",
    "exp2": "exp",
    "expm1": "exp",
    "sinh": "exp",
    "cosh": "exp",
    "cumprod": "prod",
    "mm": "mul",
    "bmm": "mul",
    "dot": "mul",
    "square": "mul",
    "pow_two": "mul",
    "true_divide": "div",
}
_BRANCHES = ("where", "masked_fill")
_DEFAULT = "keep the inputs of this operation inside the range where value and slope are finite"


def forward(diagnosis: Diagnosis, graph: Capture, root: Node) -> Diagnosis:
    """The first operation of the forward pass whose result is not finite though its inputs are."""
    value = root.value
    nan = value is not None and has_nan(value)
    node = _origin(root, has_nan if nan else _infinite)
    _tell_forward(diagnosis, node, "NaN" if nan else "an infinite value")
    infinite = [e.source for e in node.inputs if (v := e.source.values.get(e.output)) is not None and _infinite(v)]
    if nan and infinite:
        earlier = _origin(infinite[0], _infinite)
        _tell_forward(diagnosis, earlier, "the first infinite value on the way there", first=False)
    return diagnosis


def _infinite(t: Any) -> bool:
    return not is_finite(t) and bool((t.abs() == math.inf).any())


def _origin(root: Node, bad: Any) -> Node:
    """Upwards from a bad value along inputs that are bad or unknown, to the earliest that is bad."""
    todo, seen, first = [root], {root.index}, root
    while todo:
        node = todo.pop()
        if node.index < first.index and _is_bad(node, bad):
            first = node
        for e in node.inputs:
            if e.source.index not in seen and _may_be_bad(e, bad):
                seen.add(e.source.index)
                todo.append(e.source)
    return first


def _may_be_bad(edge: Edge, bad: Any) -> bool:
    """Is the input bad, or of unknown value with something bad behind it?"""
    value = edge.source.values.get(edge.output)
    if value is not None:
        return bool(bad(value))
    return bool(edge.source.inputs)


def _is_bad(node: Node, bad: Any) -> bool:
    return any(bad(v) for v in node.values.values())


def _tell_forward(d: Diagnosis, node: Node, what: str, first: bool = True) -> None:
    if node.kind != "operation":
        name = node.name or ("a leaf" if node.kind == "leaf" else "a tensor of data")
        value = node.value
        if first:
            d.kind = "nonfinite_data"
            d.remedy = "look at where this data comes from (an earlier update may have spoilt a parameter), and test it with isfinite."
        d.say(f"{name} holds it from the start: its values are {span(value)}.")
        return
    name = node.operation or "the operation"
    if first:
        d.kind = "nan_forward" if what == "NaN" else "inf_forward"
        d.remedy = _remedy(node)
    unknown = [e.source for e in node.inputs if e.source.values.get(e.output) is None]
    verb = "In the forward pass" if first else "Before that,"
    d.say(f"{verb} {name} {at(node.where)} made {what}: {_inputs(node)}.", node.where)
    if unknown and first:
        places = ", ".join(dict.fromkeys(at(n.where) for n in unknown[:3]))
        d.say(
            f"It may have come from further back: the value of its input made {places} was not kept, so it was not checked."
        )


def _inputs(node: Node) -> str:
    known = []
    for i in range(max(len(node.parameters), max((e.input for e in node.inputs), default=0) + 1)):
        v = operand(node, i)
        if v is None:
            continue
        name = next((e.source.name for e in node.inputs if e.input == i and e.source.name), None)
        name = name or (node.parameters[i] if i < len(node.parameters) else f"input {i + 1}")
        name = "its input" if name == "self" else name
        known.append(f"{name} is {span(v) if isinstance(v, _core.Tensor) else v}")
    return " and ".join(known) if known else "the values of its inputs are not known"


def _remedy(node: Node) -> str:
    op = (node.operation or "").rstrip("_")
    if op == "mul" and isinstance(node.attributes.get("other"), (int, float)):
        source = next((e.source for e in node.inputs if e.tracked), None)
        if source is not None and source.operation == "reciprocal":
            op = "reciprocal"
    op = _ALIASES.get(op, op)
    return _SAFE_FORMS.get("pow" if op.startswith("pow") else op, _DEFAULT) + "."


def backward(diagnosis: Diagnosis, graph: Capture, target: Node) -> Diagnosis:
    """The first rule of the backward pass that gave something not finite from a finite cotangent."""
    behind = {target.index}
    for node in graph.nodes[target.index :]:
        if any(e.tracked and e.source.index in behind for e in node.inputs):
            behind.add(node.index)
    for node in reversed(graph.nodes):
        if node.kind != "operation" or node.index not in behind or not node.grads:
            continue
        if not all(g is None or is_finite(g) for g in node.grads.values()):
            continue
        for e in node.inputs:
            if e.tracked and e.grad is not None and not is_finite(e.grad) and e.source.index in behind:
                return _tell_backward(diagnosis, node, e)
    diagnosis.kind = "nonfinite"
    return diagnosis.say(
        "Computed again from this loss the gradient is finite: an earlier backward pass added it to .grad, or a value "
        "was changed since. Clear .grad and look again."
    )


def _tell_backward(d: Diagnosis, node: Node, edge: Edge) -> Diagnosis:
    nan = has_nan(edge.grad)
    d.kind = "nan_backward" if nan else "inf_backward"
    name = node.operation or "the operation"
    what = "NaN" if nan else "an infinite value"
    finite = node.value is None or is_finite(node.value)
    d.say(
        f"In the backward pass the rule of {name} {at(node.where)} made {what} first"
        + (" though its forward value is finite" if node.value is not None and finite else "")
        + f": {_inputs(node)}.",
        node.where,
    )
    d.remedy = _remedy(node)
    slope = node.slopes[edge.input] if edge.input < len(node.slopes) else None
    g = node.grads.get(0)
    x = operand(node, edge.input)
    formula = f", {slope}," if slope else ""
    if isinstance(x, _core.Tensor) and g is not None and g.shape == edge.grad.shape == x.shape:
        with no_grad():
            spots = ~_core.isfinite(edge.grad)
            d.say(
                f"Its slope{formula} is not finite where its input is {span(x[spots])}; the gradient there: {span(g[spots])}."
            )
            zero_times_infinity = nan and bool((g[spots] == 0).any())
        if zero_times_infinity:
            _tell_branch(d, node, name)
    elif slope:
        d.say(f"Its slope{formula} is not finite there.")
    return d


def _tell_branch(d: Diagnosis, node: Node, name: str) -> None:
    """0 · ∞: a branch that was thrown away after it was computed."""
    branch = _next(node, _BRANCHES)
    d.say("No gradient is wanted at these elements (it arrives as 0), but 0 times an infinite slope is NaN (0·∞).")
    if branch is not None:
        d.say(
            f"{branch.operation} {at(branch.where)} throws these elements away only after {name} has computed them.",
            branch.where,
        )
        d.remedy = (
            f"put the where before the {name} rather than after it: {name}(where(ok, x, 1)), then choose with "
            f"where(ok, ..., other). Or: {_remedy(node)}"
        )


def _next(node: Node, operations: tuple[str, ...]) -> Node | None:
    """The nearest operation of that kind that the node's result goes into."""
    todo, seen = [node], {node.index}
    while todo:
        at_ = todo.pop(0)
        for e in at_.outputs:
            if e.tracked and e.target.operation in operations:
                return e.target
            if e.target.index not in seen:
                seen.add(e.target.index)
                todo.append(e.target)
    return None
