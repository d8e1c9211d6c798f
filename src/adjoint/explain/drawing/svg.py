"""The picture as SVG: no other program needed, light and dark by the reader's theme, the same bytes every time."""

from __future__ import annotations

import itertools
from xml.sax.saxutils import escape

from ..graph_data import GraphData, GraphNode
from .layout import layout
from .picture import MARGIN, NAME, ROUND, SIGN, SMALL, Card, Picture, picture, width_of

MOST_NODES = 500  # of a picture shown in a notebook
_FACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_PAD = 24.0

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2733",
    "soft": "#677384",
    "line": "#8a94a3",
    "leaf": "#e3eefc",
    "leaf-edge": "#5b8fd6",
    "data": "#f0f1f3",
    "data-edge": "#a6aeb9",
    "result": "#ffffff",
    "result-edge": "#b5bdc8",
    "last": "#e4f5ea",
    "last-edge": "#3f9d63",
    "sign": "#333f50",
    "sign-ink": "#ffffff",
    "fold": "#f3ecfb",
    "fold-edge": "#9468c8",
    "grad": "#c2255c",
    "bad": "#d9480f",
}
_DARK = {
    "paper": "#11161d",
    "ink": "#e6ebf2",
    "soft": "#96a1b0",
    "line": "#6c7888",
    "leaf": "#16294a",
    "leaf-edge": "#5f97e6",
    "data": "#20262f",
    "data-edge": "#5c6776",
    "result": "#1a212b",
    "result-edge": "#4a5564",
    "last": "#143022",
    "last-edge": "#4fb478",
    "sign": "#d5dce6",
    "sign-ink": "#11161d",
    "fold": "#2a1f3d",
    "fold-edge": "#a583d8",
    "grad": "#ff8fb1",
    "bad": "#ff9f6b",
}


def _style() -> str:
    light = "".join(f"--{k}:{v};" for k, v in _LIGHT.items())
    dark = "".join(f"--{k}:{v};" for k, v in _DARK.items())
    return f"""
svg {{ {light} }}
@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}
text {{ font-family: {_FACE}; font-size: {SMALL}px; fill: var(--ink); text-anchor: middle; }}
.paper {{ fill: var(--paper); }}
.name {{ font-size: {NAME}px; font-weight: 600; }}
.shape, .key {{ fill: var(--soft); }}
.grad {{ fill: var(--grad); }}
.sign circle, .sign rect {{ fill: var(--sign); }}
.sign text {{ font-size: {SIGN}px; font-weight: 600; fill: var(--sign-ink); }}
.box {{ fill: var(--result); stroke: var(--result-edge); stroke-width: 1.3; }}
.leaf .box {{ fill: var(--leaf); stroke: var(--leaf-edge); }}
.data .box {{ fill: var(--data); stroke: var(--data-edge); }}
.last .box {{ fill: var(--last); stroke: var(--last-edge); stroke-width: 1.8; }}
.module .box, .run .box {{ fill: var(--fold); stroke: var(--fold-edge); }}
.again .box {{ stroke-dasharray: 4 3; }}
.sick .box {{ stroke: var(--bad); stroke-width: 2.2; }}
.edge {{ fill: none; stroke: var(--line); stroke-width: 1.5; }}
.untracked {{ stroke-dasharray: 5 4; }}
.tip {{ fill: var(--line); stroke: none; }}
.label {{ fill: var(--paper); }}
.key {{ text-anchor: start; }}
"""


def svg(graph: GraphData, *, gradients: bool = True, engine: str | None = None) -> str:
    """The picture of a graph; see `Graph.svg`."""
    if engine not in (None, "own", "graphviz"):
        raise ValueError(f"engine: expected None or 'graphviz', got {engine!r}")
    p = picture(graph, gradients)
    if engine == "graphviz":
        from .graphviz import place

        width, height = place(p)
    else:
        width, height = layout([c.box for c in p.cards], p.lines)
    key = _key(graph, gradients)
    notes = [line for note in graph.notes for line in _wrapped(note)]
    across = max([width, key[1], *(width_of(t, SMALL) for t in notes)])
    left = _PAD + (across - width) / 2
    foot = height + 2 * _PAD
    total = foot + 12 + len(notes) * SMALL * 1.5
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(across + 2 * _PAD)} {_n(total + 12)}" '
        f'width="{_n(across + 2 * _PAD)}" height="{_n(total + 12)}" role="img" aria-labelledby="t">',
        f'<title id="t">{_text(f"The graph of {graph.title}")}</title>',
        f"<style>{_style()}</style>",
        f'<rect class="paper" width="{_n(across + 2 * _PAD)}" height="{_n(total + 12)}" rx="14"/>',
        f'<g transform="translate({_n(left)} {_n(_PAD)})">',
        *_lines(p),
        *(_card(c, gradients) for c in p.cards),
        *_labels(p),
        "</g>",
        f'<g transform="translate({_n(_PAD + (across - key[1]) / 2)} {_n(foot)})">{key[0]}</g>',
    ]
    for i, note in enumerate(notes):
        out.append(f'<text class="key" x="{_n(_PAD)}" y="{_n(foot + 22 + i * SMALL * 1.5)}">{_text(note)}</text>')
    return "\n".join([*out, "</svg>", ""])


def _n(x: float) -> str:
    """A coordinate, short and always the same."""
    text = f"{x:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def _text(s: str) -> str:
    return escape("".join(c if c.isprintable() else "�" for c in s))


def _wrapped(note: str, longest: int = 96) -> list[str]:
    lines = [""]
    for word in note.split():
        if lines[-1] and len(lines[-1]) + len(word) >= longest:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def _smooth(points: list[tuple[float, float]]) -> str:
    """Curves that leave and arrive upright."""
    d = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if abs(x0 - x1) < 0.05:
            d += f"V{_n(y1)}"
            continue
        bend = (y1 - y0) * 0.5
        d += f"C{_n(x0)} {_n(y0 + bend)} {_n(x1)} {_n(y1 - bend)} {_n(x1)} {_n(y1)}"
    return d


def _lines(p: Picture) -> list[str]:
    out = []
    for line, e in zip(p.lines, p.edges, strict=True):
        points = list(line.points)
        (x, y), down = points[-1], 1 if points[-1][1] >= points[-2][1] else -1
        points[-1] = (x, y - 7 * down)
        more = "" if e.tracked else " untracked"
        d = _smooth(points)
        if line.curve:
            d = f"M{_n(line.curve[0][0])} {_n(line.curve[0][1])}C"
            d += " ".join(f"{_n(a)} {_n(b)}" for a, b in [*line.curve[1:-1], points[-1]])
        out.append(f'<path class="edge{more}" d="{d}"/>')
        out.append(f'<path class="tip" d="M{_n(x)} {_n(y)}l-4.2 {_n(-8.5 * down)}h8.4z"/>')
    return out


def _labels(p: Picture) -> list[str]:
    out = []
    for line, text in zip(p.lines, p.labels, strict=True):
        if not text or line.label is None:
            continue
        x, y = line.label
        w, h = line.label_width, line.label_height
        kind = "grad" if text.startswith("↑") else "shape"
        out.append(
            f'<g><rect class="label" x="{_n(x - w / 2 + 1)}" y="{_n(y - h / 2)}" width="{_n(w - 2)}" height="{_n(h)}" '
            f'rx="5"/><text class="{kind}" x="{_n(x)}" y="{_n(y + SMALL * 0.36)}">{_text(text)}</text></g>'
        )
    return out


def _classes(c: Card) -> str:
    n = c.node
    found = [n.kind]
    if n.is_output:
        found.append("last")
    if c.again:
        found.append("again")
    if any(s is not None and not s.healthy for s in (n.value, n.gradient)):
        found.append("sick")
    return " ".join(found)


def tooltip(n: GraphNode, gradients: bool = True) -> str:
    """All that fits in a few lines."""
    lines = [n.label if n.backward_name is None else f"{n.label} = {n.operation}   {n.backward_name}"]
    if n.formula:
        lines.append(n.formula)
    if n.shape is not None:
        lines.append(f"{n.dtype} {list(n.shape)}")
    if n.where is not None:
        lines.append(f"{n.source}   {n.where.text}")
    lines += [f"value {n.value.text}"] if n.value else []
    lines += [f"grad {n.gradient.text}"] if n.gradient and gradients else []
    lines += [f"saves {n.saved_bytes:,} bytes"] if n.saved else []
    return "\n".join(lines)


def _card(c: Card, gradients: bool) -> str:
    b = c.box
    top = b.y - b.height / 2
    out = [f'<g class="{_classes(c)}"><title>{_text(tooltip(c.node, gradients))}</title>']
    y = top
    if c.sign:
        if c.lines:
            out.append(f'<path class="edge" d="M{_n(b.x)} {_n(top + 2 * ROUND)}V{_n(top + 2 * ROUND + 13)}"/>')
        out.append('<g class="sign">')
        w = c.sign_width
        if w == 2 * ROUND:
            out.append(f'<circle cx="{_n(b.x)}" cy="{_n(top + ROUND)}" r="{_n(ROUND)}"/>')
        else:
            out.append(
                f'<rect x="{_n(b.x - w / 2)}" y="{_n(top)}" width="{_n(w)}" height="{_n(2 * ROUND)}" rx="{_n(ROUND)}"/>'
            )
        out.append(f'<text x="{_n(b.x)}" y="{_n(top + ROUND + SIGN * 0.35)}">{_text(c.sign)}</text></g>')
        y += 2 * ROUND + (13 if c.lines else 0)
    if c.lines:
        w, h = c.frame_width, c.frame_height
        out.append(
            f'<rect class="box" x="{_n(b.x - w / 2)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" '
            f'rx="{10 if c.node.kind != "module" else 4}"/>'
        )
        y += MARGIN / 2
        for kind, text in c.lines:
            size = NAME if kind == "name" else SMALL
            out.append(f'<text class="{kind}" x="{_n(b.x)}" y="{_n(y + size * 1.08)}">{_text(text)}</text>')
            y += size * 1.45
    out.append("</g>")
    return "".join(out)


def _key(graph: GraphData, gradients: bool) -> tuple[str, float]:
    """What the colours mean: only those that are there. The text and its width."""
    kinds = {n.kind for n in graph.nodes}
    words = [("data", "data"), ("leaf", "requires grad"), ("module", "module"), ("run", "chain")]
    out, x = [], 0.0
    for kind, word in words:
        if kind in kinds:
            out.append(f'<g class="{kind}"><rect class="box" x="{_n(x)}" y="-9" width="14" height="11" rx="3"/></g>')
            out.append(f'<text class="key" x="{_n(x + 20)}">{word}</text>')
            x += 20 + width_of(word, SMALL) + 18
    if "operation" in kinds:
        out.append(f'<g class="sign"><circle cx="{_n(x + 6)}" cy="-3.5" r="6"/></g>')
        out.append(f'<text class="key" x="{_n(x + 18)}">operation</text>')
        x += 18 + width_of("operation", SMALL) + 18
    if gradients and graph.has_gradients:
        out.append(f'<text class="key grad" x="{_n(x)}">↑ gradient</text>')
        x += width_of("↑ gradient", SMALL) + 18
    return "".join(out), max(x - 18, 0.0)
