"""Values that nodes did not save are worked out again where their inputs are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import _core
from ...autograd.grad_mode import no_grad
from ..capture import Capture, Node

_RENAMED = {"pow_two": "pow", "pow_half": "pow"}
_MOST_WORK = 50_000_000  # numbers computed again


def _named(operation: str) -> Callable[..., Any] | None:
    f: Callable[..., Any] | None = getattr(_core, _RENAMED.get(operation, operation), None)
    return f


def complete(graph: Capture) -> None:
    """Fills in the first value of nodes, in forward order, from those of their inputs."""
    work = 0
    with no_grad():
        for node in graph.nodes:
            if node.kind != "operation" or 0 in node.values or node.lost or work > _MOST_WORK:
                continue
            value = _again(node)
            if isinstance(value, _core.Tensor):
                work += value.numel()
                node.note_value(0, value)


def operand(node: Node, i: int) -> Any | None:
    """The value of input number i: a tensor, a number, or None when it is not known."""
    for e in node.inputs:
        if e.input == i:
            return e.source.values.get(e.output)
    if i < len(node.parameters):
        return node.attributes.get(node.parameters[i])
    return None


def _again(node: Node) -> Any | None:
    assert node.operation is not None
    try:
        if node.parameters:
            return _pointwise(node)
        if node.operation in ("sum", "mean"):
            x = operand(node, 0)
            if x is None or ("dim" not in node.attributes and "keepdim" in node.attributes):
                return None
            f = _named(node.operation)
            assert f is not None
            if "dim" in node.attributes:
                return f(x, node.attributes["dim"], node.attributes.get("keepdim", False))
            return f(x)
        if node.operation in ("mm", "mv", "dot", "bmm"):
            a, b, f = operand(node, 0), operand(node, 1), _named(node.operation)
            return None if a is None or b is None or f is None else f(a, b)
    except (RuntimeError, TypeError, ValueError, IndexError):
        pass  # not as we thought: the value stays unknown
    return None


def _pointwise(node: Node) -> Any | None:
    assert node.operation is not None
    args: list[Any] = [operand(node, i) for i in range(len(node.parameters))]
    if any(a is None for a in args):
        return None
    if node.operation == "add_scaled":
        return args[0] + args[2] * args[1]
    f = _named(node.operation)
    if f is None and node.backward_name:  # a variant with a name of its own: "pow_general" is PowBackward0
        f = _named(node.backward_name.rstrip("0123456789").removesuffix("Backward").lower())
    return None if f is None else f(*args)
