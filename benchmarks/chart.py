"""The chart: a bar for each row against PyTorch, on a logarithmic scale, as SVG.

The same results give the same bytes; colours follow the reader's light or dark page.
"""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from benchmarks.timing import Result

_LABEL, _PLOT, _VALUE, _ROW = 330, 420, 90, 22
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .group { font-weight: 600 } .faint { fill: #6e7781 } .grid { stroke: #d0d7de }
  .bar { fill: #2f81f7 } .missed { fill: #d29922 } .asked { stroke: #24292f; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .bar { fill: #4493f8 } .missed { fill: #d29922 } .asked { stroke: #e6edf3 }
  }
"""


def svg(results: list[Result]) -> str:
    rows = [r for r in results if r.against == "PyTorch" and r.ratio is not None]
    top = max([10.0, *(r.ratio or 0 for r in rows)])
    powers = range(math.ceil(math.log10(top)) + 1)
    scale = _PLOT / (powers[-1] or 1)

    def x(ratio: float) -> float:
        return _LABEL + max(0.0, math.log10(ratio)) * scale

    body, y, group = [], 48, None
    for r in rows:
        assert r.ratio is not None
        if r.group != group:
            y += 10
            body.append(f'<text class="group" x="8" y="{y + 15}">{escape(r.group)}</text>')
            y += _ROW
            group = r.group
        name = f"{r.name}" + (f", {r.threads} threads" if r.threads > 1 else "")
        kind = "bar" if r.met is not False else "missed"
        body.append(f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        body.append(f'<rect class="{kind}" x="{_LABEL}" y="{y + 4}" width="{x(r.ratio) - _LABEL:.1f}" height="14"/>')
        if r.target is not None:
            at = f"{x(r.target):.1f}"
            body.append(f'<line class="asked" x1="{at}" x2="{at}" y1="{y + 2}" y2="{y + 20}"/>')
        body.append(f'<text x="{x(max(r.ratio, r.target or 0)) + 6:.1f}" y="{y + 15}">{r.ratio:.1f} ×</text>')
        y += _ROW
    grid = []
    for power in powers:
        at = f"{_LABEL + power * scale:.1f}"
        grid.append(f'<line class="grid" x1="{at}" x2="{at}" y1="40" y2="{y + 4}"/>')
        grid.append(f'<text class="faint" x="{at}" y="34" text-anchor="middle">{10**power} ×</text>')
    width, height = _LABEL + _PLOT + _VALUE, y + 16
    title = '<text class="group" x="8" y="18">Times faster than PyTorch (the short line: what was asked)</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label="Adjoint beside PyTorch">',
            f"<style>{_STYLE}</style>",
            title,
            *grid,
            *body,
            "</svg>\n",
        ]
    )
