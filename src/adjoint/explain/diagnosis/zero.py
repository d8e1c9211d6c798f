"""A gradient of zeros: the operations in which the last non-zero cotangents end, and why they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..capture import Capture, Edge, Node
from .numbers import is_zero, number, percent, share, span
from .report import Diagnosis, at
from .values import operand

_MOST_TOLD = 5


class Finding(NamedTuple):
    """Why an operation passes no gradient on."""

    kind: str
    sentence: str
    node: Node
    also: Node | None = None  # a second node that the sentence speaks of


@dataclass
class _End:
    """Where the flow ends: no gradient comes along `edge`, though `node`, its target, has one."""

    node: Node
    edge: Edge


REMEDIES = {
    "dead_relu": "try leaky_relu, gelu or silu, a smaller learning rate, or another initialisation, so that some inputs "
    "are positive",
    "saturated": "scale the inputs down (normalise, smaller initial weights), or use a loss that works on what comes "
    "before it (log_softmax, logsigmoid, softplus)",
    "clamped": "widen the bounds, or replace the clamp by a smooth function; outside its bounds nothing is passed on",
    "masked": "let the mask keep some of the elements, or leave this tensor out",
    "multiplied_by_zero": "make the other factor non-zero (a zero initialisation, a zero coefficient or a zero mask?)",
    "zero_derivative": "use something with a derivative: a smooth stand-in, or the straight-through form "
    "x + (f(x) - x).detach()",
    "not_selected": "select the elements that depend on this tensor, or replace the maximum by a soft one (logsumexp)",
    "stationary": "start from another value: at this one the derivative is zero",
    "cancelled": "nothing may be wrong: the contributions add up to zero",
    "custom_function": "look at the backward of this Function",
    "zero": "look at the operation named",
}

_RELU = {"relu", "relu6"}
_CLAMPS = set("clamp clamp_min clamp_max hardtanh hardsigmoid hardswish threshold softshrink hardshrink".split())
_SATURATING = set(
    "sigmoid tanh softmax log_softmax erf erfc logsigmoid log_sigmoid softplus silu gelu elu exp exp2".split()
)
_MASKS = set("where masked_fill masked_scatter dropout tril triu masked_select".split())
_PRODUCTS = set("mul mm mv bmm dot matmul addmm baddbmm addmv addbmm addr outer div linear addcmul lerp".split())
_SELECTING = set(
    "max min amax amin maximum minimum fmax fmin sort topk kthvalue median mode nanmedian cummax cummin select slice "
    "narrow index gather index_select take take_along_dim diagonal split chunk unbind unfold".split()
)


def find(graph: Capture, start: Node, output: int = 0) -> list[Finding]:
    """Why the gradient of a node's output is zero; `graph` has its gradients."""
    ends = _ends(start, output)
    findings: list[Finding] = []
    for end in sorted(ends, key=lambda e: e.node.index):
        found = _judge(end)
        if all(f.sentence != found.sentence for f in findings):
            findings.append(found)
    return findings


def tell(diagnosis: Diagnosis, findings: list[Finding]) -> Diagnosis:
    """Puts them into sentences. The kind is that of the one most often found; of equals, the first."""
    if not findings:
        diagnosis.kind = "zero"
        return diagnosis.say("No operation was found that takes the gradient away.")
    kinds = [f.kind for f in findings]
    diagnosis.kind = max(dict.fromkeys(kinds), key=kinds.count)
    for f in findings[:_MOST_TOLD]:
        diagnosis.say(f.sentence, f.node.where, f.also.where if f.also else None)
    if len(findings) > _MOST_TOLD:
        diagnosis.say(f"{len(findings) - _MOST_TOLD} more operations pass no gradient on.")
    diagnosis.remedy = "; ".join(dict.fromkeys(REMEDIES[k] for k in dict.fromkeys(kinds))) + "."
    return diagnosis


def _ends(start: Node, output: int) -> list[_End]:
    """Backwards from the tensor towards the loss as long as cotangents are zero."""
    ends: list[_End] = []
    alive = [e for e in start.outputs if e.tracked and e.output == output and not is_zero(e.grad)]
    if alive:  # contributions that add up to zero
        return [_End(start, e) for e in alive[:1]]
    todo, seen = [(start, output)], {(start.index, output)}
    while todo:
        node, number_ = todo.pop()
        for e in node.outputs:
            if not e.tracked or e.output != number_ or not e.target.grads:
                continue
            outputs = [k for k, g in e.target.grads.items() if not is_zero(g)]
            if outputs:
                ends.append(_End(e.target, e))
                continue
            for k in e.target.grads:
                if (e.target.index, k) not in seen:
                    seen.add((e.target.index, k))
                    todo.append((e.target, k))
    return ends


def _judge(end: _End) -> Finding:
    node, edge = end.node, end.edge
    if edge.source is node:
        lines = sorted({at(e.target.where) for e in node.outputs if e.tracked and not is_zero(e.grad)})
        text = (
            f"Its contributions are not zero, but they cancel: they arrive from the operations {' and '.join(lines)}."
        )
        return Finding("cancelled", text, node.outputs[0].target)
    name = node.operation or "operation"
    return (
        _flat(node, edge, name)
        or _activation(node, edge, name)
        or _masked(node, edge, name)
        or _product(node, edge, name)
        or _joined(node, edge, name)
        or _selected(node, edge, name)
        or _stationary(node, edge, name)
    )


def _flat(node: Node, edge: Edge, name: str) -> Finding | None:
    """A derivative that is zero everywhere."""
    if edge.input < len(node.pulls) and node.pulls[edge.input] == "0":
        text = f"{name} {at(node.where)} has the derivative 0 everywhere: no gradient comes through it."
        return Finding("zero_derivative", text, node)
    return None


def relu_sentence(node: Node, value: Any) -> str:
    """The share of units that a ReLU passes no gradient to."""
    dead = percent(share(value <= 0), value.numel())
    text = f"{node.operation} {at(node.where)} is dead: {dead} units are inactive"
    x = operand(node, 0)
    if x is not None and x.numel():
        text += f" (its input is {span(x)})"
    return text + "; an inactive unit passes no gradient on."


def suspect(node: Node) -> Finding | None:
    """What a value that is still known says of a node whose cotangents are not known."""
    y = node.value
    if node.kind != "operation" or y is None or isinstance(y, (int, float)) or not y.numel():
        return None
    if node.operation in _RELU and bool((y <= 0).all()):
        return Finding("dead_relu", relu_sentence(node, y), node)
    if node.operation in ("sigmoid", "tanh") and is_zero(y * (1 - y) if node.operation == "sigmoid" else 1 - y * y):
        text = f"{node.operation} {at(node.where)} is saturated: its output is {span(y)}, where its slope is 0."
        return Finding("saturated", text, node)
    return None


def _activation(node: Node, edge: Edge, name: str) -> Finding | None:
    y, x = node.value, operand(node, edge.input)
    if name in _RELU and y is not None and bool((y <= 0).any()):
        return Finding("dead_relu", relu_sentence(node, y), node)
    if name in _CLAMPS or name in _RELU:
        bounds = [
            v for k in ("min", "max", "min_val", "max_val") if isinstance(v := node.attributes.get(k), (int, float))
        ]
        text = f"{name} {at(node.where)} passes no gradient on: its input lies outside its bounds"
        text += f" ({' and '.join(number(b) for b in bounds)})" if bounds else ""
        return Finding("clamped", text + (f"; it is {span(x)}." if x is not None else "."), node)
    if name == "softmax" and y is not None and float(y.max()) < 1 - 1e-6:
        text = f"The outputs of softmax {at(node.where)} always add up to 1: what weighs them all alike does not depend on it."
        return Finding("stationary", text, node)
    if name in _SATURATING:
        if y is None and x is None:
            known = "its values are not known any more"
        else:
            known = f"its {'input' if y is None else 'output'} is {span(x if y is None else y)}"
            if y is not None and x is not None:
                known += f" (input {span(x)})"
        text = f"{name} {at(node.where)} is saturated: {known}, where its slope is 0 in this precision."
        return Finding("saturated", text, node)
    return None


def _masked(node: Node, edge: Edge, name: str) -> Finding | None:
    if name not in _MASKS:
        return None
    mask = operand(node, 0) if node.parameters else node.attributes.get("mask")
    text = f"{name} {at(node.where)} masks it"
    if mask is not None and not isinstance(mask, (int, float)) and node.parameters:
        taken = mask if edge.input == 1 else ~mask.bool()
        text += f": of this input it takes {percent(share(taken), taken.numel())} elements"
        if share(taken) > 0:
            text += ", and no gradient arrives at those"
    return Finding("masked", text + ".", node)


def _product(node: Node, edge: Edge, name: str) -> Finding | None:
    if name not in _PRODUCTS:
        return None
    factors = [
        (e.source, v)
        for e in node.inputs
        if e is not edge and (v := e.source.values.get(e.output)) is not None and not isinstance(v, (int, float))
    ]
    for key, v in node.attributes.items():
        if key in ("other", "self", "alpha", "value", "weight") and isinstance(v, (int, float)) and v == 0:
            return Finding("multiplied_by_zero", f"{name} {at(node.where)} multiplies it by 0.", node)
    for source, v in factors:
        if not is_zero(v):
            continue
        dead = _dead_relu_behind(source)
        if dead is not None:
            text = f"{relu_sentence(dead, dead.value)[:-1]}, and {name} {at(node.where)} multiplies by the zeros that follow."
            return Finding("dead_relu", text, dead, node)
        what = f"{source.name}, which is" if source.name else "a tensor that is"
        origin = f" (made {at(source.where)})" if source.where else ""
        text = f"{name} {at(node.where)} multiplies it by {what} 0 everywhere{origin}."
        return Finding("multiplied_by_zero", text, node, source if source.where else None)
    for source, v in factors:
        zeros = share(v == 0)
        if zeros > 0:
            what = source.name or "a tensor"
            text = (
                f"{name} {at(node.where)} multiplies it by {what}, a mask: {percent(zeros, v.numel())} elements are 0, "
                "among them those where a gradient arrives."
            )
            return Finding("masked", text, node)
    if factors:
        text = f"In {name} {at(node.where)} the contributions to it cancel: its factors are not zero, their sum is."
        return Finding("cancelled", text, node)
    return None


def _dead_relu_behind(node: Node) -> Node | None:
    """The ReLU without an active unit that a value of zeros comes from."""
    todo, seen = [node], {node.index}
    while todo:
        n = todo.pop()
        if n.operation in _RELU and n.value is not None and bool((n.value <= 0).all()):
            return n
        for e in n.inputs:
            v = e.source.values.get(e.output)
            if e.source.index not in seen and v is not None and is_zero(v):
                seen.add(e.source.index)
                todo.append(e.source)
    return None


def _joined(node: Node, edge: Edge, name: str) -> Finding | None:
    """Part of a cat or stack: what comes after it lets no gradient through to this part."""
    if name not in ("cat", "stack", "concat", "hstack", "vstack"):
        return None
    after = next((e.target for e in node.outputs if e.tracked and e.target.grads), None)
    what = "what comes after" if after is None else f"{after.operation} {at(after.where)}"
    text = f"It is part of {name} {at(node.where)}, and {what} selected none of the elements that depend on it."
    return Finding("not_selected", text, node, after)


def _selected(node: Node, edge: Edge, name: str) -> Finding | None:
    bare = name.removesuffix("Backward0").removesuffix("Backward1")
    plain = {"Index": "index", "Gather": "gather", "IndexSelect": "index_select", "Take": "take"}.get(bare, bare)
    if plain not in _SELECTING:
        return None
    index = node.attributes.get("index")
    text = f"{plain} {at(node.where)} selected none of the elements that depend on it"
    if isinstance(index, int):
        text += f" (it took number {index} along dimension {node.attributes.get('dim', 0)})"
    elif plain in ("maximum", "minimum", "fmax", "fmin"):
        text += ": the other operand won everywhere"
    elif plain in ("max", "min", "amax", "amin") and node.value is not None:
        text += f": the {plain[-3:]}imum is {span(node.value)}"
    return Finding("not_selected", text + ".", node)


def _stationary(node: Node, edge: Edge, name: str) -> Finding:
    x = operand(node, edge.input)
    if type(node.grad_fn).__name__.endswith("Backward") and not node.parameters and node.rule is None:
        text = f"The backward of the custom Function {name}, called {at(node.where)}, returned zeros (or None)."
        return Finding("custom_function", text, node)
    dead = _dead_relu_behind(edge.source) if x is not None and not isinstance(x, (int, float)) and is_zero(x) else None
    if dead is not None:
        text = f"{relu_sentence(dead, dead.value)[:-1]}, and at the zeros that follow the slope of {name} {at(node.where)} is 0."
        return Finding("dead_relu", text, dead, node)
    slope = node.slopes[edge.input] if edge.input < len(node.slopes) else None
    if x is not None and not isinstance(x, (int, float)):
        formula = f" ({slope})" if slope else ""
        text = f"The derivative of {name} {at(node.where)}{formula} is 0 at this input, which is {span(x)}."
        return Finding("stationary", text, node)
    return Finding(
        "zero", f"{name} {at(node.where)} passes no gradient on: what it gives back for this input is 0.", node
    )
