"""Gradients of a captured graph: each rule is called by hand, from the last node to the first.

Nothing of the user's is touched: no ``.grad``, no hooks; the graph stays as it is.
"""

from __future__ import annotations

from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from .capture import Capture, Node

call_rule = _core.Node.__call__  # the nodes of custom Functions refuse to be called, as PyTorch's do


class Freed(RuntimeError):
    """A backward pass has freed values that the rules need."""


def gradients(graph: Capture, cotangents: list[Any] | None = None) -> None:
    """Fills in `grads` of every node and `grad` of every edge.

    Args:
        cotangents: of the roots; None: ones.

    Raises:
        Freed: a node's saved values are gone, or were changed since.
    """
    if graph.has_gradients:
        return
    with no_grad():
        for i, root in enumerate(graph.roots):
            node = graph.find(root)
            assert node is not None
            number = 0 if root.grad_fn is None else _core._gradient_edge(root)[1]
            g = _core.ones_like(root) if cotangents is None or cotangents[i] is None else cotangents[i]
            add(node.grads, number, g.detach())
        for node in reversed(graph.nodes):
            if node.kind == "operation" and node.grads:
                run_rule(node)
    graph.has_gradients = True


def run_rule(node: Node) -> None:
    """One node: its cotangents go along its edges."""
    for edge, g in zip(tracked(node), pull(node, node.grads), strict=True):
        edge.grad = g
        if g is not None:
            add(edge.source.grads, edge.output, g)


def tracked(node: Node) -> list[Any]:
    return [e for e in node.inputs if e.tracked]


def pull(node: Node, grads: dict[int, Any]) -> list[Any]:
    """The node's rule: the cotangents of its tracked inputs from those of its outputs."""
    count = node.grad_fn._num_outputs
    try:
        with no_grad():
            result = call_rule(node.grad_fn, *(grads.get(k) for k in range(count)))
    except RuntimeError as e:
        if node.released or node.lost:
            raise Freed(_freed(node)) from e
        raise
    everything = list(result) if isinstance(result, tuple) else [result]
    return [everything[e.input] for e in tracked(node)]


def _freed(node: Node) -> str:
    at = "" if node.where is None else f" at {node.where.file}:{node.where.line}   {node.where.text}"
    if node.lost:
        return f"{node.operation}: the saved value {node.lost[0]!r} was changed since{at}; explain before changing it"
    return (
        f"{node.operation}: the values it saved were freed by a backward pass{at}; "
        "call backward(retain_graph=True), or explain before calling backward"
    )


def add(grads: dict[int, Any], number: int, g: Any) -> None:
    """One more cotangent of output `number`."""
    grads[number] = grads[number] + g if number in grads else g
