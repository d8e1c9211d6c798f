"""Paths through a captured graph: how many there are, and which carry most of a gradient."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from . import flow
from .capture import Capture, Edge, Node
from .value import norm

Place = tuple[Node, int]  # an output of a node, or a leaf (output 0)

MOST_ELEMENTS = 200_000_000  # that the search touches, so that large tensors do not make it slow


@dataclass
class Sweep:
    """What one run of all rules tells: gradients at the places asked for, and sizes along the edges."""

    gradients: dict[Any, Any] = field(default_factory=dict)  # (id(node), output) → gradient
    edges: dict[int, float] = field(default_factory=dict)  # id(edge) → norm of what flowed along it
    arrived: dict[int, float] = field(default_factory=dict)  # id(node) → norm of what came to its outputs
    shapes: dict[Any, Any] = field(default_factory=dict)  # (id(node), output) → a cotangent's shape and dtype


def relevant(graph: Capture, targets: Iterable[Place]) -> set[int]:
    """The ids of the nodes that depend on a target."""
    found = {id(node) for node, _ in targets}
    for n in graph.nodes:
        if id(n) not in found and any(e.tracked and id(e.source) in found for e in n.inputs):
            found.add(id(n))
    return found


def starts(graph: Capture, cotangents: list[Any]) -> list[tuple[Place, Any]]:
    """Where the derivation begins: the roots with their cotangents."""
    found = []
    for root, g in zip(graph.roots, cotangents, strict=True):
        node = graph.find(root)
        assert node is not None
        number = 0 if root.grad_fn is None else _core._gradient_edge(root)[1]
        found.append(((node, number), g))
    return found


def sweep(graph: Capture, begin: list[tuple[Place, Any]], targets: list[Place]) -> Sweep:
    """Runs the rules of all nodes between the roots and the targets once; keeps what `Sweep` says, not more."""
    wanted = relevant(graph, targets)
    keep = {(id(n), k) for n, k in targets}
    told = Sweep()
    waiting: dict[int, dict[int, Any]] = {}
    with no_grad():
        for (node, number), g in begin:
            flow.add(waiting.setdefault(id(node), {}), number, g)
        for node in reversed(graph.nodes):
            grads = waiting.pop(id(node), None)
            if grads is None or id(node) not in wanted:
                continue
            for k, g in grads.items():
                told.shapes[id(node), k] = (tuple(g.shape), g.dtype)
                if (id(node), k) in keep:
                    told.gradients[id(node), k] = g
            told.arrived[id(node)] = math.hypot(*(norm(g) for g in grads.values()))
            if node.kind != "operation" or not any(id(e.source) in wanted for e in flow.tracked(node)):
                continue
            for edge, g in zip(flow.tracked(node), flow.pull(node, grads), strict=True):
                if g is None or id(edge.source) not in wanted:
                    continue
                told.edges[id(edge)] = norm(g)
                flow.add(waiting.setdefault(id(edge.source), {}), edge.output, g)
    return told


def count(graph: Capture, begin: list[tuple[Place, Any]], target: Place, told: Sweep) -> int:
    """How many paths lead from the roots to the target. Exact."""
    ways: dict[int, int] = {}
    for (node, number), _ in begin:
        if node is not target[0] or number == target[1]:
            ways[id(node)] = ways.get(id(node), 0) + 1
    arrived = 0
    behind = relevant(graph, [target])
    for node in reversed(graph.nodes):
        n = ways.pop(id(node), 0)
        if node is target[0]:
            return arrived + n
        for e in node.inputs if n else ():
            if id(e) not in told.edges or id(e.source) not in behind:
                continue
            if e.source is not target[0]:
                ways[id(e.source)] = ways.get(id(e.source), 0) + n
            elif e.output == target[1]:
                arrived += n
    return arrived


def gains(graph: Capture, target: Place, told: Sweep) -> dict[int, float]:
    """For each node, the logarithm of the largest gain on a path from it to the target; a guess for the search."""
    best = {id(target[0]): 0.0}
    for node in graph.nodes:
        if node is target[0]:
            continue
        own = -math.inf
        for e in node.inputs:
            if id(e) not in told.edges or id(e.source) not in best:
                continue
            if e.source is target[0] and e.output != target[1]:
                continue
            own = max(own, best[id(e.source)] + _log(told.edges[id(e)]) - _log(told.arrived.get(id(node), 0.0)))
            best[id(node)] = own
    return best


def _log(x: float) -> float:
    """A logarithm that can be added up: 0, inf and nan are far away, not infinite."""
    return -1000.0 if x == 0 else math.log(x) if math.isfinite(x) else 1000.0


@dataclass
class Found:
    """A path with what it carries: `pushed[i]` is the cotangent after edge i."""

    start: Place
    cotangent: Any
    edges: list[Edge]
    pushed: list[Any]

    @property
    def product(self) -> Any:
        return self.pushed[-1] if self.pushed else self.cotangent


@dataclass
class _Partial:
    """The beginning of a path: the last edge and what came before it."""

    before: _Partial | None
    start: Place
    edge: Edge | None
    grad: Any
    depth: int

    def unroll(self) -> Found:
        edges: list[Edge] = []
        pushed: list[Any] = []
        at: _Partial = self
        while at.before is not None:
            assert at.edge is not None
            edges.append(at.edge)
            pushed.append(at.grad)
            at = at.before
        return Found(self.start, at.grad, edges[::-1], pushed[::-1])


def search(
    graph: Capture, begin: list[tuple[Place, Any]], target: Place, told: Sweep, most: int, budget: int
) -> list[Found]:
    """The heaviest paths first, as far as `budget` rules go.

    Best first: the part that is walked counts with its cotangent's norm, the part ahead with the largest gain that the
    whole gradient met there. A good guess, not a proof: nothing is, short of walking every path.
    """
    ahead = gains(graph, target, told)
    heap: list[tuple[float, int, int, _Partial]] = []
    found: list[Found] = []
    pulls = elements = serial = 0

    def note(partial: _Partial, node: Node) -> None:
        nonlocal serial
        serial += 1
        weight = _log(norm(partial.grad)) + ahead[id(node)]
        # Rounded, so that among equals the longest is taken first and the search comes to an end.
        heapq.heappush(heap, (-round(weight, 5), -partial.depth, serial, partial))

    for place, g in begin:
        if id(place[0]) in ahead and (place[0] is not target[0] or place[1] == target[1]):
            note(_Partial(None, place, None, g, 0), place[0])
    while heap and len(found) < most:
        partial = heapq.heappop(heap)[3]
        node, number = partial.start if partial.edge is None else (partial.edge.source, partial.edge.output)
        if node is target[0]:
            found.append(partial.unroll())
            continue
        if pulls >= budget or elements > MOST_ELEMENTS:
            break
        pulls += 1
        for edge, g in zip(flow.tracked(node), flow.pull(node, {number: partial.grad}), strict=True):
            if g is None or id(edge) not in told.edges or id(edge.source) not in ahead:
                continue
            if edge.source is target[0] and edge.output != target[1]:
                continue
            elements += g.numel()
            note(_Partial(partial, partial.start, edge, g, partial.depth + 1), edge.source)
    return found
