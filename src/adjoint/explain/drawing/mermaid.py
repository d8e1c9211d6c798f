"""The graph as a Mermaid flowchart."""

from __future__ import annotations

from ..graph_data import GraphData, GraphNode
from .picture import card_of
from .svg import _LIGHT

_CLASSES = (("leaf", "leaf"), ("data", "data"), ("last", "last"), ("module", "fold"), ("run", "fold"))


def mermaid(graph: GraphData) -> str:
    """A `flowchart TD`; each module is a subgraph."""
    ids = {id(n): f"n{i}" for i, n in enumerate(graph.nodes)}
    out = ["flowchart TD"]
    clusters: dict[str, list[GraphNode]] = {}
    for n in graph.nodes:
        clusters.setdefault(n.module if n.kind != "module" else "", []).append(n)
    for i, (module, nodes) in enumerate(clusters.items()):
        out += [f'  subgraph m{i}["{escaped(module)}"]'] if module else []
        out += [f"    {ids[id(n)]}{_node(n)}" for n in nodes]
        out += ["  end"] if module else []
    for e in graph.edges:
        arrow = "-->" if e.tracked else "-.->"
        label = "" if e.gradient is None else f'|"↑ {escaped(e.gradient.text)}"|'
        out.append(f"  {ids[id(e.source)]} {arrow}{label} {ids[id(e.target)]}")
    for name, colour in _CLASSES:
        members = [ids[id(n)] for n in graph.nodes if _class(n) == name]
        if members:
            ink = _LIGHT["ink"]
            out.append(f"  classDef {name} fill:{_LIGHT[colour]},stroke:{_LIGHT[colour + '-edge']},color:{ink}")
            out.append(f"  class {','.join(members)} {name}")
    return "\n".join([*out, ""])


def escaped(text: str) -> str:
    """Text inside quotes: what Mermaid or HTML would read otherwise becomes a numbered entity."""
    return "".join(c if c.isprintable() and c not in '"#&<>`\\;|{}[]' else f"#{ord(c)};" for c in text)


def _class(n: GraphNode) -> str:
    return "last" if n.is_output else n.kind


def _node(n: GraphNode) -> str:
    card = card_of(n, True)
    lines = ([card.sign] if card.sign else []) + [t for _, t in card.lines]
    text = "<br/>".join(escaped(t) for t in lines)
    if n.kind == "operation" and not card.lines:
        return f'(("{text}"))'
    return f'["{text}"]' if n.kind in ("module", "run") else f'("{text}")'
