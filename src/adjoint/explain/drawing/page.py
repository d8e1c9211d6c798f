"""The graph as one page to look into: everything it needs is inside."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import Any

from ..graph_data import GraphData
from .as_json import as_dict
from .picture import brief, card_of
from .svg import _DARK, _LIGHT, _text

_DIGITS = 7


def page(graph: GraphData) -> str:
    """A self-contained HTML page: no other file, no network."""
    here = files(__name__.rpartition(".")[0])

    def read(name: str) -> str:
        return (here / name).read_text(encoding="utf-8")

    parts = {
        "TITLE": escape(_text(graph.title), quote=True),
        "STYLE": _colours() + read("page.css"),
        "DATA": _data(graph),
        "SCRIPT": "\n".join(read(name) for name in ("layout.js", "view.js", "panel.js", "page.js")),
    }
    # One pass: what is put in is not looked through again.
    return re.sub(r"\{\{(\w+)\}\}", lambda m: parts[m[1]], read("page.html"))


def framed(graph: GraphData) -> str:
    """The page in a frame, for notebooks."""
    return (
        f'<iframe title="The graph of {escape(graph.title, quote=True)}" srcdoc="{escape(page(graph), quote=True)}" '
        'style="width:100%;height:560px;border:1px solid #8884;border-radius:8px"></iframe>'
    )


def _colours() -> str:
    light = "".join(f"--{k}:{v};" for k, v in _LIGHT.items())
    dark = "".join(f"--{k}:{v};" for k, v in _DARK.items())
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


def _data(graph: GraphData) -> str:
    """The JSON of the page: that of `json()` without what is empty, and with the texts of the cards."""
    d = as_dict(graph)
    at = {n.id: i for i, n in enumerate(graph.nodes)}
    for n, node in zip(d["nodes"], graph.nodes, strict=True):
        card = card_of(node, False)
        n["sign"], n["lines"] = card.sign, card.lines
        if node.gradient is not None:
            n["grad_line"] = f"grad {brief(node.gradient, 27)}"
    for e, edge in zip(d["edges"], graph.edges, strict=True):
        e["source"], e["target"] = at[edge.source.id], at[edge.target.id]
        if edge.gradient is not None:
            e["label"] = f"↑ {brief(edge.gradient, 20)}"
    text = json.dumps(_lean(d), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _lean(d: Any) -> Any:
    if isinstance(d, dict):
        kept = ((k, v) for k, v in d.items() if k in ("shape", "nodes", "edges") or not _empty(v))
        return {k: _lean(v) for k, v in kept}
    if isinstance(d, (list, tuple)):
        return [_lean(v) for v in d]
    return float(f"{d:.{_DIGITS}g}") if isinstance(d, float) else d


def _empty(v: Any) -> bool:
    return v is None or v is False or (isinstance(v, (str, list, dict)) and not v)
