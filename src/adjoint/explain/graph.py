"""`graph(loss)`: the graph behind tensors as an object that can be walked, exported and drawn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from . import folding
from .capture import Capture, Edge, Node, TooLarge, capture
from .flow import Freed, gradients
from .graph_data import GraphData, GraphEdge, GraphNode, SavedValue, unknown
from .naming import caller
from .spelled import spell
from .statistics import Statistics, statistics

Fold = bool | str | Iterable[str]

_SUFFIXES = {".svg": "svg", ".html": "html", ".htm": "html", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid"}
_SUFFIXES[".json"] = "json"


class Graph(GraphData):
    """The graph behind some tensors: `nodes` in forward order, `edges`, and ways to write it down.

    It holds statistics, not tensors, so it keeps nothing of the program alive.

    Attributes:
        nodes: GraphNode objects, every node after its inputs.
        title: what the drawings are headed with.
        notes: sentences on what is missing and why ("the graph was freed ...").
    """

    def fold(self, modules: str | Iterable[str] | None = None) -> Graph:
        """The graph with the nodes of each module folded into one.

        Args:
            modules: the modules to fold, by dotted path; None: the outermost of all. In a graph without modules, chains
                of the same operation become one node each.

        Raises:
            KeyError: a module that is not there; the message names the nearest.
        """
        if modules is None:
            chosen = list(dict.fromkeys(m.partition(".")[0] for m in self.modules))
        else:
            chosen = [modules] if isinstance(modules, str) else list(modules)
            prefixes = {".".join(m.split(".")[:k]) for m in self.modules for k in range(1, m.count(".") + 2)}
            for m in chosen:
                if m not in prefixes:
                    raise KeyError(unknown("module", m, sorted(prefixes)))
        if chosen:
            return Graph(folding.fold_modules(self.nodes, chosen), self.title, self.notes)
        return Graph(folding.fold_runs(self.nodes), self.title, self.notes)

    def svg(self, *, gradients: bool = True, engine: str | None = None) -> str:
        """The picture, as SVG text: needs no other program, and follows the reader's dark or light theme.

        Args:
            gradients: write the gradients on arrows and results.
            engine: None: this package's own layout; "graphviz": that of the program `dot`, which must be installed.

        Raises:
            RuntimeError: `dot` is not installed, or there are too many nodes for a still picture.
        """
        from .drawing.svg import svg

        return svg(self, gradients=gradients, engine=engine)

    def html(self) -> str:
        """One self-contained page to look into the graph with; it works offline."""
        from .drawing.page import page

        return page(self)

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        from .drawing.dot import dot

        return dot(self)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, which GitHub draws in Markdown."""
        from .drawing.mermaid import mermaid

        return mermaid(self)

    def json(self, *, indent: int | None = None) -> str:
        """Everything the graph knows, as JSON (`"schema": "adjoint.graph/1"`)."""
        from .drawing.as_json import as_json

        return as_json(self, indent)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes the graph to a file, in the form that its suffix names, and returns the path.

        Raises:
            ValueError: an unknown suffix.
            OSError: the file cannot be written.
        """
        path = os.fspath(path)
        form = _SUFFIXES.get(os.path.splitext(path)[1].lower())
        if form is None:
            raise ValueError(f"cannot tell the form from the name {path!r}: end it in {', '.join(_SUFFIXES)}")
        text = getattr(self, form)()
        try:
            with open(path, "w", encoding="utf-8", newline="\n") as f:
                f.write(text)
        except OSError as e:
            reason = e.strerror or str(e)
            raise type(e)(e.errno, f"{reason}: the graph was not written; give a path in a folder that exists and that "
                          f"you may write to (this one is in {os.path.dirname(os.path.abspath(path))!r})", path) from None  # fmt: skip
        return path

    def __repr__(self) -> str:
        folded = sum(n.count for n in self.nodes)
        more = f", folded from {folded:,}" if folded > len(self.nodes) else ""
        return f"<Graph of {self.title}: {len(self.nodes):,} nodes{more}, {len(self.edges):,} edges>"

    def _repr_svg_(self) -> str | None:
        """For notebooks; None where the graph is too large for a still picture, and they show `repr` instead."""
        from .drawing.svg import MOST_NODES

        return self.svg() if len(self.nodes) <= MOST_NODES else None

    def _repr_html_(self) -> str:
        from .drawing.page import framed

        return framed(self)


def graph(
    *outputs: Any,
    names: Mapping[str, Any] | None = None,
    gradients: bool = True,
    fold: Fold = False,
    max_nodes: int = 5000,
    frame: FrameType | None = None,
) -> Graph:
    """The graph behind `outputs`: draw it with `.svg()` or `.html()`, export it, or walk it.

    Names come from `names`, then from the caller's variables. Gradients are computed on the side: no `.grad` is touched
    and no hook runs. If a backward pass has freed the graph, it is drawn without them and `notes` says so.

    Args:
        outputs: tensors that require grad.
        names: names to tensors; dotted ones ("encoder.fc1.weight") give modules, by which nodes fold.
        gradients: compute them (with ones for the outputs' own).
        fold: True folds modules, or chains of an operation where there are no modules; a dotted path or several fold
            those modules only; "modules" and "runs" say which.
        max_nodes: the most nodes to draw.
        frame: whose variables give the names; None: the caller's.

    Raises:
        TypeError: an output that is no tensor.
        RuntimeError: an output that does not require grad; `TooLarge` (a RuntimeError) if there are more nodes.
        KeyError: a module to fold that is not there.

    >>> import adjoint
    >>> w = adjoint.tensor(3.0, requires_grad=True)
    >>> loss = w * w
    >>> g = adjoint.graph(loss)
    >>> g, g["w"].gradient.text
    (<Graph of loss: 2 nodes, 2 edges>, '6')
    """
    if not outputs:
        raise TypeError("graph() expected at least one tensor: adjoint.graph(loss)")
    if isinstance(max_nodes, bool) or not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(f"max_nodes: expected a positive number of nodes, got {max_nodes!r}")
    frame = frame or caller()
    try:
        c = capture(outputs, names=names, frame=frame, limit=max_nodes)
    except TooLarge:
        if fold is False:
            raise TooLarge(_too_large(max_nodes)) from None
        return _skeleton(outputs, names, frame, max_nodes)
    g = _built(c, gradients)
    g.notes += _absent(c, names)
    for n in c.nodes:  # nodes and edges hold each other: without this their tensors would wait for the collector
        n.inputs.clear()
        n.outputs.clear()
    if fold is False:
        return g
    if fold == "runs":
        return Graph(folding.fold_runs(g.nodes), g.title, g.notes)
    return g.fold(None if fold is True or fold == "modules" else fold)


def _too_large(max_nodes: int) -> str:
    return (
        f"the graph has more than {max_nodes:,} nodes, too many to look at one by one.\n"
        "fold=True draws each module, or each chain of one operation, as one node; "
        "max_nodes=... lifts the limit"
    )


def _skeleton(outputs: tuple[Any, ...], names: Mapping[str, Any] | None, frame: Any, most: int) -> Graph:
    """A graph too large to capture: folded while it is read, without values and gradients."""
    from .skeleton import skeleton

    nodes, total = skeleton(outputs, names, frame, most)
    note = f"{total:,} nodes, folded as they were read: values and gradients are left out (max_nodes lifts the limit)"
    return Graph(nodes, ", ".join(n.label for n in nodes if n.is_output), [note])


def _absent(c: Capture, names: Mapping[str, Any] | None) -> list[str]:
    absent = [name for name, t in (names or {}).items() if c.find(t) is None]
    if not absent:
        return []
    shown = ", ".join(absent[:5]) + (", ..." if len(absent) > 5 else "")
    return [f"names: {shown} {'is' if len(absent) == 1 else 'are'} not part of this graph"]


def _built(c: Capture, with_gradients: bool) -> Graph:
    notes: list[str] = []
    if with_gradients:
        try:
            gradients(c)
        except Freed as e:
            notes.append(f"drawn without gradients. {e}")
            for n in c.nodes:
                n.grads.clear()
                for edge in n.inputs:
                    edge.grad = None
    roots = {id(c.find(r)) for r in c.roots}
    made: dict[int, GraphNode] = {}
    known: dict[int, Statistics] = {}  # a tensor that several nodes keep is counted once
    for n in c.nodes:
        made[id(n)] = _node(n, id(n) in roots, known)
    for n in c.nodes:
        for way in n.inputs:
            drawn = _edge(way, made, known)
            drawn.source.outputs.append(drawn)
            drawn.target.inputs.append(drawn)
    nodes = [made[id(n)] for n in c.nodes]
    released = sum(n.released for n in nodes)
    if released and not notes:
        notes.append(f"{released} of {len(nodes)} nodes have been through a backward pass, which freed what they saved")
    title = ", ".join(root.label for r in c.roots if (root := c.find(r)))
    return Graph(nodes, title, notes)


def _known(t: Any, known: dict[int, Statistics]) -> Statistics:
    if id(t) not in known:
        known[id(t)] = statistics(t)
    return known[id(t)]


def _statistics(t: Any, known: dict[int, Statistics]) -> Statistics | None:
    return None if t is None else _known(t, known)


def _short(dtype: Any) -> str | None:
    return None if dtype is None else str(dtype).removeprefix("torch.")


def _node(n: Node, is_output: bool, known: dict[int, Statistics]) -> GraphNode:
    like = n.grad if n.shape is None else None
    shape = n.shape if like is None else tuple(like.shape)
    saved = [
        SavedValue(s.name, tuple(s.value.shape), _short(s.value.dtype) or "", s.nbytes, _known(s.value, known).text)
        for s in n.saved
    ]
    return GraphNode(
        id=n.id,
        index=n.index,
        kind=n.kind,
        label=n.label,
        name=n.name,
        operation=n.operation,
        backward_name=n.backward_name if n.kind == "operation" else None,
        module=n.module,
        shape=shape,
        dtype=_short(n.dtype if like is None else like.dtype),
        where=n.where,
        formula=n.formula,
        rule=n.rule,
        value=_statistics(n.value, known),
        gradient=_statistics(n.grad, known),
        saved=saved,
        attributes={k: _attribute(v) for k, v in n.attributes.items()},
        released=n.released,
        is_output=is_output,
    )


def _attribute(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _edge(e: Edge, made: dict[int, GraphNode], known: dict[int, Statistics]) -> GraphEdge:
    n = e.target
    at = e.input
    return GraphEdge(
        made[id(e.source)],
        made[id(n)],
        at,
        e.output,
        e.tracked,
        name=n.parameters[at] if at < len(n.parameters) else "",
        slope=n.slopes[at] if at < len(n.slopes) else None,
        rule=n.pulls[at] if at < len(n.pulls) and e.tracked else None,
        spelled=spell(e) if e.grad is not None else None,
        gradient=_statistics(e.grad, known),
        gradient_shape=None if e.grad is None else tuple(e.grad.shape),
    )


__all__ = ["Graph", "GraphEdge", "GraphNode", "SavedValue", "graph"]
