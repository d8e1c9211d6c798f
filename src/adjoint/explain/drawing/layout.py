"""A layered layout (Sugiyama's method): where boxes and arrows go.

Ranks from longest paths; dummy places on long edges; crossings reduced by medians and by swapping neighbours; coordinates
by Brandes and Köpf's four alignments ("Fast and Simple Horizontal Coordinate Assignment", 2001), compacted as longest
paths over blocks. Deterministic: nothing depends on hashes. `page.js` holds the same method for the browser.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

GAP_X, GAP_Y = 28.0, 26.0
_GAP_DUMMY = 16.0
_MOST_DUMMIES = 20_000  # beyond, the longest edges are drawn straight
_SWEEPS = 12


@dataclass(eq=False)
class Box:
    """What is placed: its size, and after `layout` its centre."""

    width: float
    height: float
    head: float = 0.0  # how wide the part is that lines arrive at; 0: all of it
    radius: float = 0.0  # of that part, if it is round
    x: float = 0.0
    y: float = 0.0
    rank: int = 0


@dataclass(eq=False)
class Line:
    """An edge from box number `source` to box number `target`, with room for a label."""

    source: int
    target: int
    label_width: float = 0.0
    label_height: float = 0.0
    points: list[tuple[float, float]] = field(default_factory=list)  # from the source's foot to the target's head
    curve: list[tuple[float, float]] = field(default_factory=list)  # Bézier points, where another program drew it
    label: tuple[float, float] | None = None  # the label's centre


def layout(boxes: Sequence[Box], lines: Sequence[Line]) -> tuple[float, float]:
    """Places boxes and lines, and returns the picture's width and height. Sources are above their targets."""
    if not boxes:
        return 0.0, 0.0
    grid = _Grid(boxes, lines)
    grid.order()
    grid.place()
    return grid.finish()


class _Grid:
    """Boxes and dummies in ranks. Places are numbered: boxes first, then dummies."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.boxes, self.lines = boxes, lines
        self.labelled = any(e.label_width for e in lines)
        ranks, self.minor = rank_boxes(len(boxes), [(e.source, e.target) for e in lines if e.source != e.target])
        step = 2 if self.labelled else 1
        self.rank = [r * step for r in ranks]
        self.width = [b.width for b in boxes]
        self.height = [b.height for b in boxes]
        self.up: list[list[int]] = [[] for _ in boxes]
        self.down: list[list[int]] = [[] for _ in boxes]
        self.paths: list[list[int]] = [[] for _ in lines]
        self._dummies()
        self.layers: list[list[int]] = [[] for _ in range(max(self.rank) + 1)]
        for v in self._first_order():
            self.layers[self.rank[v]].append(v)
        self.x = [0.0] * len(self.rank)

    def _dummies(self) -> None:
        spans = [abs(self.rank[e.target] - self.rank[e.source]) for e in self.lines]
        left = _MOST_DUMMIES
        for i in sorted(range(len(self.lines)), key=lambda i: (spans[i], i)):
            e = self.lines[i]
            if e.source == e.target or spans[i] == 0:
                continue
            left -= max(spans[i] - 1, 0)
            if left < 0:
                continue
            top, foot = e.source, e.target
            if self.rank[top] > self.rank[foot]:
                top, foot = foot, top
            path = [top]
            for r in range(self.rank[top] + 1, self.rank[foot]):
                v = len(self.rank)
                self.rank.append(r)
                first = len(path) == 1
                self.width.append(e.label_width if first else 0.0)
                self.height.append(e.label_height if first else 0.0)
                self.minor.append(self.minor[e.source])
                self.up.append([])
                self.down.append([])
                path.append(v)
            path.append(foot)
            for a, b in itertools.pairwise(path):
                self.down[a].append(b)
                self.up[b].append(a)
            self.paths[i] = path

    def _first_order(self) -> list[int]:
        """Depth first from the roots: what belongs together starts side by side."""
        seen = [False] * len(self.rank)
        found: list[int] = []
        starts = sorted(range(len(self.boxes)), key=lambda v: (-self.rank[v], v))
        for start in starts:
            todo = [start]
            while todo:
                v = todo.pop()
                if seen[v]:
                    continue
                seen[v] = True
                found.append(v)
                todo += reversed(self.up[v])
        return found

    # -- order within the ranks

    def order(self) -> None:
        """Starts from two orders, and keeps the best that either leads to."""
        small = len(self.rank) < 1500
        best, fewest = self.layers, -1
        for start in (self.layers, [row[::-1] for row in self.layers]) if small else (self.layers,):
            self.layers = [list(row) for row in start]
            found, crossings = self._improve(_SWEEPS if len(self.rank) < 4000 else 4, small)
            if fewest < 0 or crossings < fewest:
                best, fewest = found, crossings
            if fewest == 0:
                break
        self.layers = best

    def _improve(self, sweeps: int, swaps: bool) -> tuple[list[list[int]], int]:
        place = [0] * len(self.rank)
        self._number(place)
        best, fewest = [list(row) for row in self.layers], self._crossings(place)
        for sweep in range(sweeps):
            if fewest == 0:
                break
            flip = sweep % 4 >= 2  # ties go the other way, to leave a plateau
            rows = range(1, len(self.layers)) if sweep % 2 == 0 else range(len(self.layers) - 2, -1, -1)
            for r in rows:
                self._median(r, self.up if sweep % 2 == 0 else self.down, place, flip)
            if swaps:
                self._transpose(place, flip)
            crossings = self._crossings(place)
            if crossings < fewest:
                best, fewest = [list(row) for row in self.layers], crossings
        return best, fewest

    def _number(self, place: list[int]) -> None:
        for row in self.layers:
            for i, v in enumerate(row):
                place[v] = i

    def _median(self, r: int, near: list[list[int]], place: list[int], flip: bool) -> None:
        row = self.layers[r]
        key: dict[int, float] = {}
        for v in row:
            at = sorted(place[u] for u in near[v])
            if not at:
                key[v] = float(place[v])
            elif len(at) % 2:
                key[v] = float(at[len(at) // 2])
            else:
                key[v] = (at[len(at) // 2 - 1] + at[len(at) // 2]) / 2
        row.sort(key=lambda v: (key[v], -place[v] if flip else place[v]))
        for i, v in enumerate(row):
            place[v] = i

    def _transpose(self, place: list[int], flip: bool) -> None:
        for _ in range(4):
            better = False
            for row in self.layers:
                for i in range(len(row) - 1):
                    a, b = row[i], row[i + 1]
                    gain = self._pair(a, b, place) - self._pair(b, a, place)
                    if gain > 0 or (flip and gain == 0):
                        row[i], row[i + 1] = b, a
                        place[a], place[b] = i + 1, i
                        better = better or gain > 0
            flip = False
            if not better:
                break

    def _pair(self, a: int, b: int, place: list[int]) -> int:
        """Crossings between the edges of a and of b when a is on the left."""
        return sum(
            place[u] > place[v] for near in (self.up, self.down) for u in near[a] for v in near[b]
        )  # fmt: skip

    def _crossings(self, place: list[int]) -> int:
        total = 0
        for row in self.layers[:-1]:
            below: list[int] = []
            for v in row:
                below += sorted(place[u] for u in self.down[v])
            total += _inversions(below)
        return total

    # -- coordinates

    def place(self) -> None:
        """The mean of the two middle positions of four alignments."""
        marked = self._conflicts()
        four: list[list[float]] = []
        for upward in (False, True):
            for mirrored in (False, True):
                layers = self.layers[::-1] if upward else self.layers
                if mirrored:
                    layers = [row[::-1] for row in layers]
                near = self.down if upward else self.up
                root = self._align(layers, near, marked)
                x = self._compact(layers, root)
                four.append([-v for v in x] if mirrored else x)
        widths = [max(x) - min(x) for x in four]
        narrow = widths.index(min(widths))
        low, high = min(four[narrow]), max(four[narrow])
        for i, x in enumerate(four):
            shift = low - min(x) if i % 2 == 0 else high - max(x)
            four[i] = [v + shift for v in x]
        for v in range(len(self.x)):
            middle = sorted(x[v] for x in four)
            self.x[v] = (middle[1] + middle[2]) / 2

    def _is_dummy(self, v: int) -> bool:
        return v >= len(self.boxes)

    def _conflicts(self) -> set[tuple[int, int]]:
        """Pieces of lines that cross one which matters more, and give way to it: the inner part of a long line comes
        first, then the stream of operations, then parameters and data."""
        marked: set[tuple[int, int]] = set()
        place = [0] * len(self.rank)
        self._number(place)
        for row in self.layers[:-1]:
            pieces = [(u, v) for u in row for v in self.down[u]]
            for level in (1, 2):
                above = [(place[u], place[v]) for u, v in pieces if self._matters(u, v) >= level]
                marked |= _crossed([p for p in pieces if self._matters(*p) < level], above, place)
        return marked

    def _matters(self, u: int, v: int) -> int:
        return 0 if self.minor[u] else 2 if self._is_dummy(u) and self._is_dummy(v) else 1

    def _align(self, layers: list[list[int]], near: list[list[int]], marked: set[tuple[int, int]]) -> list[int]:
        """The block of each place: places that stand straight below each other."""
        size = len(self.rank)
        root, align = list(range(size)), list(range(size))
        place = [0] * size
        for row in layers:
            for i, v in enumerate(row):
                place[v] = i
        for row in layers:
            last = -1
            for v in row:
                main = [u for u in near[v] if not self.minor[u]]  # the stream is straight, parameters join it aslant
                at = sorted(main or near[v], key=lambda u: place[u])
                if not at:
                    continue
                for u in (at[(len(at) - 1) // 2], at[len(at) // 2]):
                    if self.minor[v] and near is self.down and any(not self.minor[w] for w in self.up[u]):
                        continue
                    if align[v] != v or last >= place[u] or (u, v) in marked or (v, u) in marked:
                        continue
                    align[u] = v
                    root[v] = root[u]
                    align[v] = root[v]
                    last = place[u]
        return root

    def _compact(self, layers: list[list[int]], root: list[int]) -> list[float]:
        """The leftmost position of every block, then pulled right towards its neighbours where there is room."""
        after: dict[int, list[tuple[int, float]]] = {}
        before: dict[int, list[tuple[int, float]]] = {}
        for row in layers:
            for u, v in itertools.pairwise(row):
                after.setdefault(root[u], []).append((root[v], self._apart(u, v)))
                before.setdefault(root[v], []).append((root[u], self._apart(u, v)))
        blocks = sorted(set(root))
        order = _topological(blocks, after, before)
        x: dict[int, float] = {}
        for b in order:
            x[b] = max((x[a] + d for a, d in before.get(b, ())), default=0.0)
        for b in reversed(order):
            room = min((x[c] - d for c, d in after.get(b, ())), default=None)
            if room is not None:
                x[b] = max(x[b], room)
        return [x[r] for r in root]

    def _apart(self, u: int, v: int) -> float:
        gap = _GAP_DUMMY if self._is_dummy(u) or self._is_dummy(v) else GAP_X
        return (self.width[u] + self.width[v]) / 2 + gap

    # -- the result

    def finish(self) -> tuple[float, float]:
        left = min(self.x[v] - self.width[v] / 2 for v in range(len(self.x)))
        width = max(self.x[v] + self.width[v] / 2 for v in range(len(self.x))) - left
        tops: list[float] = []
        heights: list[float] = []
        y = 0.0
        for row in self.layers:
            tops.append(y)
            heights.append(max((self.height[v] for v in row), default=0.0))
            aside = max((abs(self.x[v] - self.x[u]) for v in row for u in self.down[v]), default=0.0)
            gap = GAP_Y * (0.55 if self.labelled else 1.0)
            y += heights[-1] + gap + min(aside * 0.1, 48.0)  # slanted lines need height
        for i, b in enumerate(self.boxes):
            r = self.rank[i]
            b.x, b.y, b.rank = self.x[i] - left, tops[r] + heights[r] / 2, r
        self.paths = [p or [e.source, e.target] for e, p in zip(self.lines, self.paths, strict=True)]
        feet, heads = self._ports(0), self._ports(-1)
        for i, (e, path) in enumerate(zip(self.lines, self.paths, strict=True)):
            self._route(e, path, tops, heights, left, feet[i], heads[i])
        return width, tops[-1] + heights[-1]

    def _ports(self, end: int) -> list[float]:
        """How far from the middle of its box each line leaves (0) or arrives (-1): side by side, uncrossed."""
        at: dict[int, list[int]] = {}
        for i, path in enumerate(self.paths):
            at.setdefault(path[end], []).append(i)
        offset = [0.0] * len(self.lines)
        next_to = 1 if end == 0 else -2
        for v, lines in at.items():
            if v >= len(self.boxes):
                continue
            box = self.boxes[v]
            room = box.width if end == 0 or not box.head else box.head
            step = min(14.0, room * 0.6 / len(lines))
            lines.sort(key=lambda i: (self.x[self.paths[i][next_to]], i))
            for k, i in enumerate(lines):
                offset[i] = (k - (len(lines) - 1) / 2) * step
        return offset

    def _route(
        self, e: Line, path: list[int], tops: list[float], heights: list[float], left: float, foot: float, head: float
    ) -> None:
        points: list[tuple[float, float]] = []
        for k, v in enumerate(path):
            r, x = self.rank[v], self.x[v] - left
            if self._is_dummy(v):
                points += [(x, tops[r]), (x, tops[r] + heights[r])] if heights[r] else [(x, tops[r])]
                if k == 1 and e.label_width:
                    e.label = (x, tops[r] + heights[r] / 2)
                continue
            box = self.boxes[v]
            # Lines are upright beside the other boxes of a rank, and slant only between the ranks.
            if k == 0:
                points += [(x + foot, box.y + box.height / 2), (x + foot, tops[r] + heights[r])]
            else:
                dip = box.radius - math.sqrt(max(box.radius**2 - head**2, 0.0)) if box.radius else 0.0
                points += [(x + head, tops[r]), (x + head, box.y - box.height / 2 + dip)]
        if self.rank[e.source] > self.rank[e.target]:  # against the order: only where folding made a circle
            points.reverse()
        e.points = points


def _crossed(pieces: list[tuple[int, int]], others: list[tuple[int, int]], place: list[int]) -> set[tuple[int, int]]:
    """Those pieces that cross any of the others, which are given by their places above and below, sorted."""
    if not pieces or not others:
        return set()
    tops = [top for top, _ in others]
    most, least = [-1], [len(place)]  # the greatest place below of the first k, the least of the last k
    for _, foot in others:
        most.append(max(most[-1], foot))
    for _, foot in reversed(others):
        least.append(min(least[-1], foot))
    found = set()
    for u, v in pieces:
        on_left = bisect.bisect_left(tops, place[u])
        on_right = len(tops) - bisect.bisect_right(tops, place[u])
        if most[on_left] > place[v] or least[on_right] < place[v]:
            found.add((u, v))
    return found


def _topological(
    blocks: list[int], after: dict[int, list[tuple[int, float]]], before: dict[int, list[tuple[int, float]]]
) -> list[int]:
    waiting = {b: len(before.get(b, ())) for b in blocks}
    ready = [b for b in blocks if waiting[b] == 0]
    order: list[int] = []
    while ready:
        b = ready.pop()
        order.append(b)
        for c, _ in after.get(b, ()):
            waiting[c] -= 1
            if waiting[c] == 0:
                ready.append(c)
    return order


def rank_boxes(count: int, edges: list[tuple[int, int]]) -> tuple[list[int], list[bool]]:
    """Longest paths from the first operations; leaves, and a transpose or the like of one, stand right above their use.

    Says of each box, too, whether it is such. Boxes are in forward order; an edge against it does not count.
    """
    before: list[list[int]] = [[] for _ in range(count)]
    uses: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        if a < b:
            before[b].append(a)
            uses[a].append(b)
    rank = [0] * count
    for v in range(count):
        rank[v] = max((rank[u] + 1 for u in before[v]), default=0)
    light = [False] * count  # a leaf, or what a chain of single operations makes of one
    for v in range(count):
        light[v] = len(before[v]) <= 1 and all(light[u] and len(uses[u]) == 1 for u in before[v])
    for v in reversed(range(count)):
        if light[v] and uses[v]:
            rank[v] = min(rank[u] for u in uses[v]) - 1
    low = min(rank)
    return [r - low for r in rank], light


def _inversions(values: list[int]) -> int:
    """Pairs in the wrong order, with a Fenwick tree."""
    if not values:
        return 0
    size = max(values) + 1
    tree = [0] * (size + 1)
    total = 0
    for seen, v in enumerate(values):
        i = v + 1
        smaller = 0
        while i > 0:
            smaller += tree[i]
            i -= i & -i
        total += seen - smaller
        i = v + 1
        while i <= size:
            tree[i] += 1
            i += i & -i
    return total
