"""What the picture shows of each node: texts, sizes, and which boxes and lines there are."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from ..graph_data import GraphData, GraphEdge, GraphNode
from ..statistics import Statistics, number
from .layout import Box, Line, rank_boxes

NAME, SMALL, SIGN = 14.0, 11.5, 15.0  # sizes of letters
MARGIN = 12.0  # between a text and its frame
ROUND = 17.0  # radius of an operation's circle
STEM = 13.0  # from an operation to its result
_LONGEST = 34
_FAR = 6  # ranks from a leaf's first use where it is drawn a second time

SIGNS = {
    "add": "+",
    "sub": "−",
    "rsub": "−",
    "mul": "×",
    "div": "÷",
    "neg": "−",
    "mm": "@",
    "bmm": "@",
    "matmul": "@",
    "mv": "@",
    "dot": "·",
    "sum": "Σ",
    "prod": "∏",
    "sqrt": "√",
    "pow": "xⁿ",
    "pow_two": "x²",
    "square": "x²",
    "exp": "eˣ",
    "t": "xᵀ",
    "transpose": "xᵀ",
    "abs": "|x|",
    "reciprocal": "1/x",
}


def width_of(text: str, size: float) -> float:
    """The width of a text in a monospaced face: 0.61 of its size a letter, twice that for wide ones."""
    units = 0.0
    for c in text:
        if unicodedata.combining(c):
            continue
        units += 2.0 if unicodedata.east_asian_width(c) in "WF" else 1.0
    return units * 0.61 * size


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Long texts lose their middle."""
    if len(text) <= longest:
        return text
    head = (longest - 1) * 2 // 3
    return f"{text[:head]}…{text[-(longest - 1 - head) :]}"


def brief(s: Statistics, longest: int) -> str:
    """The numbers, or where they are too many their range."""
    if len(s.text) <= longest or s.min is None or s.max is None:
        return shortened(s.text, longest)
    return f"{number(s.min)} … {number(s.max)}"


@dataclass(eq=False)
class Card:
    """One node as it is drawn: an operation's sign above, a frame with lines of text below; either may be missing."""

    node: GraphNode
    sign: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)  # (class, text)
    again: bool = False  # a leaf drawn a second time, near a far use
    box: Box = field(default_factory=lambda: Box(0, 0))

    @property
    def sign_width(self) -> float:
        return max(2 * ROUND, width_of(self.sign, SIGN) + 2 * MARGIN) if self.sign else 0.0

    @property
    def frame_width(self) -> float:
        return max((width_of(t, _size(c)) for c, t in self.lines), default=0.0) + 2 * MARGIN if self.lines else 0.0

    @property
    def frame_height(self) -> float:
        return sum(_size(c) * 1.45 for c, _ in self.lines) + MARGIN if self.lines else 0.0

    def measure(self) -> None:
        stem = STEM if self.sign and self.lines else 0.0
        height = (2 * ROUND if self.sign else 0.0) + stem + self.frame_height
        self.box = Box(max(self.sign_width, self.frame_width), height)
        if self.sign:
            self.box.head = self.sign_width
            self.box.radius = ROUND if self.sign_width == 2 * ROUND else 0.0


def _size(kind: str) -> float:
    return NAME if kind == "name" else SMALL


def sign_of(n: GraphNode) -> str:
    return SIGNS.get(n.operation or "", (n.operation or "").replace("_", " "))


def shape_text(n: GraphNode) -> str:
    return "" if n.shape is None or n.shape == () else str(list(n.shape))


def card_of(n: GraphNode, gradients: bool) -> Card:
    card = Card(n)
    if n.kind == "operation":
        card.sign = shortened(sign_of(n), 24)
    elif n.kind == "run":
        card.lines.append(("name", shortened(n.label, 44)))
    if n.kind == "module":
        card.lines.append(("name", shortened(n.label)))
        card.lines.append(("shape", f"{n.count:,} nodes"))
    elif n.kind != "run" and (n.name or n.kind != "operation" or n.is_output):
        name = n.name or ("result" if n.is_output else n.kind)
        card.lines.append(("name", shortened(name)))
    if card.lines:
        facts = shape_text(n)
        if facts and n.dtype not in (None, "float32"):
            facts += f" {n.dtype}"
        if facts:
            card.lines.append(("shape", facts))
        if n.value is not None and n.kind not in ("module", "run"):
            card.lines.append(("value", brief(n.value, 32)))
        if gradients and n.gradient is not None:
            card.lines.append(("grad", f"grad {brief(n.gradient, 27)}"))
    card.measure()
    return card


@dataclass(eq=False)
class Picture:
    """Cards and lines, not yet placed; `edges[i]` is what `lines[i]` draws."""

    cards: list[Card]
    lines: list[Line]
    edges: list[GraphEdge]
    labels: list[str]


def picture(graph: GraphData, gradients: bool = True) -> Picture:
    """The boxes and lines of a graph. A leaf with uses far apart is drawn again near each."""
    cards = [card_of(n, gradients) for n in graph.nodes]
    at = {id(n): i for i, n in enumerate(graph.nodes)}
    ends = [(at[id(e.source)], at[id(e.target)]) for e in graph.edges]
    sources = _repeated(graph, cards, ends)
    lines, labels = [], []
    for (_, target), source, e in zip(ends, sources, graph.edges, strict=True):
        text = ""
        if gradients and e.gradient is not None and (len(e.source.outputs) > 1 or not cards[at[id(e.source)]].lines):
            text = f"↑ {brief(e.gradient, 20)}"  # else the source's card says it
        if e.count > 1:
            text = f"{text}  {e.count:,} edges" if text else f"{e.count:,} edges"
        line = Line(source, target)
        if text:
            line.label_width, line.label_height = width_of(text, SMALL) + MARGIN, SMALL * 1.7
        lines.append(line)
        labels.append(text)
    return _in_order(Picture(cards, lines, graph.edges, labels))


def _repeated(graph: GraphData, cards: list[Card], ends: list[tuple[int, int]]) -> list[int]:
    """The card that each edge starts at; adds cards where a leaf is drawn again."""
    rank = rank_boxes(len(cards), ends)[0] if cards else []
    uses: dict[int, list[int]] = {}
    for i, (source, _) in enumerate(ends):
        if graph.nodes[source].kind in ("leaf", "data"):
            uses.setdefault(source, []).append(i)
    start = [source for source, _ in ends]
    for source, edges in uses.items():
        edges.sort(key=lambda i: (rank[ends[i][1]], i))
        near, card = rank[ends[edges[0]][1]], source
        for i in edges:
            if rank[ends[i][1]] > near + _FAR:
                near, card = rank[ends[i][1]], len(cards)
                n = graph.nodes[source]
                again = Card(n, lines=[("name", shortened(n.label, 24))], again=True)
                again.measure()
                cards.append(again)
            start[i] = card
    return start


def _in_order(p: Picture) -> Picture:
    """Cards in forward order again, with repeated leaves before the operations that use them."""
    first_use: dict[int, int] = {}
    for line in p.lines:
        first_use[line.source] = min(first_use.get(line.source, line.target), line.target)
    count = len(p.cards)
    keys = [(first_use.get(i, i) - 0.5 if c.again else float(i), i) for i, c in enumerate(p.cards)]
    order = sorted(range(count), key=keys.__getitem__)
    place = {old: new for new, old in enumerate(order)}
    for line in p.lines:
        line.source, line.target = place[line.source], place[line.target]
    p.cards = [p.cards[i] for i in order]
    return p
