"""A graph of a million nodes, folded while it is read: types and edges only, no values, in seconds."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

from .. import _core
from .capture import TooLarge
from .folding import count_label, runs
from .graph_data import GraphEdge, GraphNode
from .naming import Names, key_of

_MOST_READ = 5_000_000
_LEAF = "AccumulateGrad"
_NONE: list[Any] = []


def _is_leaf(node: Any) -> bool:
    return type(node).__name__ == _LEAF


def skeleton(outputs: Any, names: Mapping[str, Any] | None, frame: Any, most: int) -> tuple[list[GraphNode], int]:
    """The folded nodes and the number of nodes that were read.

    Chains of one operation are folded; if that is not enough, chains of any operations.

    Raises:
        TooLarge: more than `most` nodes are left, or the graph is beyond reading.
    """
    enabled = gc.isenabled()
    gc.disable()  # a million live objects would be looked through again and again
    try:
        found, before = _read(outputs)
        return _folded(found, before, Names(names, frame), outputs, most), len(found)
    finally:
        if enabled:
            gc.enable()


def _read(outputs: Any) -> tuple[list[Any], list[list[int]]]:
    """The engine's nodes in forward order, and the numbers of each one's inputs."""
    at: dict[int, int] = {}
    found: list[Any] = []
    todo = [_core._gradient_edge(t)[0] for t in outputs]
    next_of: list[list[Any]] = []
    while todo:
        node = todo.pop()
        if id(node) in at:
            continue
        at[id(node)] = len(found)
        found.append(node)
        if len(found) > _MOST_READ:
            raise TooLarge(f"the graph has more than {_MOST_READ:,} nodes: not even its folded view is drawn")
        following = [source for source, _ in node.next_functions if source is not None] if not _is_leaf(node) else _NONE
        next_of.append(following)
        todo += following
    numbers = [-1 if _is_leaf(node) else node._sequence_nr() for node in found]
    order = sorted(range(len(found)), key=lambda i: (numbers[i], -i))
    place = [0] * len(order)
    for new, old in enumerate(order):
        place[old] = new
    return [found[i] for i in order], [[place[at[id(s)]] for s in next_of[i]] for i in order]


def _uses(before: list[list[int]]) -> list[list[int]]:
    uses: list[list[int]] = [[] for _ in before]
    for i, inputs in enumerate(before):
        for j in inputs:
            uses[j].append(i)
    return uses


def _folded(found: list[Any], before: list[list[int]], names: Names, outputs: Any, most: int) -> list[GraphNode]:
    kinds = [type(node).__name__ for node in found]
    roots = {key_of(t)[0] for t in outputs}
    roots |= {id(_core._gradient_edge(t)[0]) for t in outputs}
    chained = [None if k == _LEAF or id(n) in roots else k for n, k in zip(found, kinds, strict=True)]
    uses = _uses(before)
    for mixed in (False, True):
        chain = runs(chained, before, uses, mixed)
        left = len({(0, k) if k is not None else (1, i) for i, k in enumerate(chain)})
        if left <= most:
            return _nodes(found, kinds, before, chain, names, roots)
    raise TooLarge(
        f"the graph has {len(found):,} nodes, and {left:,} when its chains are folded: too many to look at.\n"
        "Draw the graph behind a part of it, or lift the limit with max_nodes=..."
    )


def _nodes(
    found: list[Any],
    kinds: list[str],
    before: list[list[int]],
    chain: list[int | None],
    names: Names,
    roots: set[int],
) -> list[GraphNode]:
    made: dict[int, GraphNode] = {}  # by the chain's number or the node's
    of: list[GraphNode] = []
    for i, node in enumerate(found):
        k, kind = chain[i], kinds[i]
        n = made.get(i if k is None else -1 - k)
        if n is None:
            n = made[i if k is None else -1 - k] = _node(node, kind, k is not None, len(made), names, roots)
        else:
            n.count += 1
        if k is not None and kind != _LEAF:
            n.operations[kind] = n.operations.get(kind, 0) + 1
        of.append(n)
    for n in made.values():
        if n.kind == "run":
            n.label = count_label(n.operations)
    seen: dict[tuple[int, int], GraphEdge] = {}
    for i, inputs in enumerate(before):
        for at, j in enumerate(inputs):
            source, target = of[j], of[i]
            if source is target:
                continue
            if (id(source), id(target)) in seen:
                seen[id(source), id(target)].count += 1
                continue
            e = seen[id(source), id(target)] = GraphEdge(source, target, at)
            source.outputs.append(e)
            target.inputs.append(e)
    return list(made.values())


def _node(node: Any, kind: str, folded: bool, index: int, names: Names, roots: set[int]) -> GraphNode:
    leaf = node.variable if kind == _LEAF else None
    name = names.get((id(node), 0)) if leaf is None else names.get((id(leaf), 0))
    if folded:
        return GraphNode(f"r:{index}", index, "run", "")
    if leaf is not None:
        shape, dtype = tuple(leaf.shape), str(leaf.dtype).removeprefix("torch.")
        return GraphNode(f"n{index}", index, "leaf", name or f"leaf_{index}", name, shape=shape, dtype=dtype)
    operation = kind.rstrip("0123456789").removesuffix("Backward").lower()
    label = name or f"{operation}_{index}"
    return GraphNode(f"n{index}", index, "operation", label, name, operation, kind, is_output=id(node) in roots)
