"""Many nodes drawn as one: by module, or chains of the same operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from .graph_data import GraphEdge, GraphNode

_SHORTEST = 3  # nodes of a chain that is worth folding
_LEAVES = 4  # of a chain that are worth seeing one by one


def fold_modules(nodes: Sequence[GraphNode], modules: Iterable[str]) -> list[GraphNode]:
    """Every node of one of the modules, or of a module inside it, goes into one node of kind "module"."""
    chosen = sorted(set(modules), key=len)  # the outermost wins

    def group(n: GraphNode) -> str | None:
        return next((m for m in chosen if n.module == m or n.module.startswith(m + ".")), None)

    return _merge(nodes, _between(nodes, [group(n) for n in nodes]), _module)


def _between(nodes: Sequence[GraphNode], groups: list[str | None]) -> list[str | None]:
    """Gives nodes of no module that lie on a way from a folded module back into it to that module."""
    bit = {g: 1 << i for i, g in enumerate(dict.fromkeys(g for g in groups if g is not None))}
    own = {id(n): 0 if g is None else bit[g] for n, g in zip(nodes, groups, strict=True)}
    above, below = dict(own), dict(own)
    for n in nodes:
        for e in n.inputs:
            above[id(n)] |= above[id(e.source)]
    for n in reversed(nodes):
        for e in n.outputs:
            below[id(n)] |= below[id(e.target)]
    named = list(bit)
    result = list(groups)
    for i, n in enumerate(nodes):
        both = above[id(n)] & below[id(n)]
        if result[i] is None and both and not n.module:
            result[i] = named[(both & -both).bit_length() - 1]
    return result


def fold_runs(nodes: Sequence[GraphNode]) -> list[GraphNode]:
    """Chains of the same operation become one node each, of kind "run", labelled "5 × MulBackward0"."""
    at = {id(n): i for i, n in enumerate(nodes)}
    names = [n.backward_name if n.kind == "operation" and not n.is_output else None for n in nodes]
    before = [[at[id(e.source)] for e in n.inputs] for n in nodes]
    uses = [[at[id(e.target)] for e in n.outputs] for n in nodes]
    return _merge(nodes, [None if k is None else str(k) for k in runs(names, before, uses)], _run)


def runs(
    names: Sequence[str | None],
    before: Sequence[Sequence[int]],
    uses: Sequence[Sequence[int]],
    mixed: bool = False,
) -> list[int | None]:
    """The number of the chain that each node belongs to.

    In a chain every node has one use, the next node, which takes no other operation's result. Leaves that only one node
    of the chain uses go with it where there are many. Nodes are in forward order.

    Args:
        names: an operation's name; None for leaves and for what must stay on its own.
        mixed: chains may be of several operations.
    """
    head: list[int | None] = [None] * len(names)
    length: dict[int, int] = {}
    for i, name in enumerate(names):
        if name is None:
            continue
        h, producer = i, -1
        for j in before[i]:
            if names[j] is not None and j != producer:
                h, producer = (j, j) if producer < 0 else (i, len(names))  # a second producer: a chain begins here
        if h != i:
            use = uses[h]
            joins = (mixed or names[h] == name) and (len(use) == 1 or all(u == i for u in use))
            first = head[h]
            h = first if joins and first is not None else i
        head[i] = h
        length[h] = length.get(h, 0) + 1
    chain = [k if k is not None and length[k] >= _SHORTEST else None for k in head]
    alone: dict[int, list[int]] = {}
    for i, name in enumerate(names):
        if name is None and len(uses[i]) == 1 and not before[i] and (k := chain[uses[i][0]]) is not None:
            alone.setdefault(k, []).append(i)
    for k, leaves in alone.items():
        if len(leaves) > _LEAVES:
            for i in leaves:
                chain[i] = k
    return chain


def count_label(operations: dict[str, int]) -> str:
    """ "3 × MulBackward0, 2 × AddBackward0" """
    return ", ".join(f"{n:,} × {name}" for name, n in operations.items())


def _operations(members: Sequence[GraphNode]) -> dict[str, int]:
    found: dict[str, int] = {}
    for n in members:
        if n.backward_name is not None:
            found[n.backward_name] = found.get(n.backward_name, 0) + 1
    return found


def _common(members: Sequence[GraphNode], **more: Any) -> GraphNode:
    last = members[-1]
    return replace(
        last,
        name=None,
        operation=None,
        backward_name=None,
        formula=None,
        rule=None,
        attributes={},
        saved=[s for n in members for s in n.saved],
        released=any(n.released for n in members),
        is_output=any(n.is_output for n in members),
        count=sum(n.count for n in members),
        operations=_operations(members),
        inputs=[],
        outputs=[],
        **more,
    )


def _module(key: str, members: Sequence[GraphNode]) -> GraphNode:
    return _common(members, kind="module", label=key, module=key, id=f"m:{key}")


def _run(_: str, members: Sequence[GraphNode]) -> GraphNode:
    return _common(members, kind="run", label=count_label(_operations(members)), id=f"r:{members[0].id}")


def _merge(
    nodes: Sequence[GraphNode],
    groups: Sequence[str | None],
    fold: Callable[[str, Sequence[GraphNode]], GraphNode],
) -> list[GraphNode]:
    """New nodes, one for each group and one for each node of none; edges inside a group go."""
    members: dict[str, list[GraphNode]] = {}
    for n, g in zip(nodes, groups, strict=True):
        if g is not None:
            members.setdefault(g, []).append(n)
    made: dict[int, GraphNode] = {}
    result: list[GraphNode] = []
    last = {g: m[-1] for g, m in members.items()}
    for n, g in zip(nodes, groups, strict=True):
        if g is None:
            made[id(n)] = replace(n, inputs=[], outputs=[])
            result.append(made[id(n)])
        elif n is last[g]:
            node = fold(g, members[g])
            for m in members[g]:
                made[id(m)] = node
            result.append(node)
    for i, n in enumerate(result):
        n.index = i
    _connect(nodes, made)
    return result


def _connect(nodes: Sequence[GraphNode], made: dict[int, GraphNode]) -> None:
    seen: dict[tuple[int, int, int], GraphEdge] = {}
    for n in nodes:
        for e in n.inputs:
            source, target = made[id(e.source)], made[id(e.target)]
            if source is target:
                continue
            folded = source.kind in ("module", "run") or target.kind in ("module", "run")
            key = (id(source), id(target), -1 if folded else e.input)
            if key in seen:
                seen[key].count += e.count
                seen[key].tracked |= e.tracked
                continue
            edge = seen[key] = replace(e, source=source, target=target)
            source.outputs.append(edge)
            target.inputs.append(edge)
