"""The graph in Graphviz's language: `dot -Tsvg graph.dot`."""

from __future__ import annotations

from ..graph_data import GraphData, GraphEdge, GraphNode
from .picture import Card, card_of
from .svg import _LIGHT, tooltip

_LOOK = {
    "leaf": ("box", "leaf", "leaf-edge"),
    "data": ("box", "data", "data-edge"),
    "module": ("box3d", "fold", "fold-edge"),
    "run": ("box", "fold", "fold-edge"),
    "operation": ("box", "result", "result-edge"),
}


def quoted(text: str) -> str:
    """A string of the language; line breaks become centred lines."""
    text = "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def dot(graph: GraphData) -> str:
    """The graph as a `digraph`, its modules as clusters."""
    out = [
        f"digraph {quoted(graph.title)} {{",
        '  node [fontname="monospace", fontsize=11, style="rounded,filled"];',
        '  edge [fontname="monospace", fontsize=10, color="{}", fontcolor="{}"];'.format(
            _LIGHT["line"], _LIGHT["grad"]
        ),
    ]
    clusters: dict[str, list[GraphNode]] = {}
    for n in graph.nodes:
        clusters.setdefault(n.module if n.kind != "module" else "", []).append(n)
    for i, (module, nodes) in enumerate(clusters.items()):
        inside = "    " if module else "  "
        if module:
            out += [f"  subgraph cluster_{i} {{", f"    label={quoted(module)}; color={quoted(_LIGHT['fold-edge'])};"]
        out += [f"{inside}{_node(n)}" for n in nodes]
        out += ["  }"] if module else []
    out += [f"  {_edge(e)}" for e in graph.edges]
    return "\n".join([*out, "}", ""])


def _node(n: GraphNode) -> str:
    card: Card = card_of(n, True)
    shape, fill, line = _LOOK[n.kind]
    if n.is_output:
        fill, line = "last", "last-edge"
    lines = ([card.sign] if card.sign else []) + [t for _, t in card.lines]
    return (
        f"{quoted(n.id)} [label={quoted(chr(10).join(lines))}, shape={shape}, fillcolor={quoted(_LIGHT[fill])}, "
        f"color={quoted(_LIGHT[line])}, tooltip={quoted(tooltip(n))}];"
    )


def _edge(e: GraphEdge) -> str:
    more = [] if e.tracked else ["style=dashed"]
    if e.gradient is not None:
        more.append(f"label={quoted('↑ ' + e.gradient.text)}")
    return f"{quoted(e.source.id)} -> {quoted(e.target.id)}" + (f" [{', '.join(more)}];" if more else ";")
