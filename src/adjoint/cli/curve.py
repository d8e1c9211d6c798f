"""A curve of losses as a picture, in SVG; dark where the viewer is."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 320, 58, 40, 30, 14

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #3d4757 }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #d9dee6 }
.raw { stroke: #b9c4d6; fill: none }
.mean { stroke: #3f51b5; stroke-width: 2; fill: none }
rect { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #c3cad6 } .grid { stroke: #38404d } .raw { stroke: #55617a } .mean { stroke: #9aa7ff } rect { fill: #1b2028 }
}"""


def svg(losses: Sequence[float], title: str) -> str:
    """The losses by step on a logarithmic scale, faint, and their running mean."""
    floor = max(min(v for v in losses if v > 0), 1e-6)
    low, high = math.floor(math.log10(floor)), math.ceil(math.log10(max(losses)))
    high = max(high, low + 1)
    span_x, span_y = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(step: float, value: float) -> str:
        y = (high - math.log10(max(value, floor))) / (high - low)
        return f"{LEFT + span_x * step / max(1, len(losses) - 1):.1f},{TOP + span_y * y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="20">{title}</text>',
    ]
    for power in range(low, high + 1):
        y = TOP + span_y * (high - power) / (high - low)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(power)}</text>')
    for quarter in range(5):
        step = round((len(losses) - 1) * quarter / 4)
        x = LEFT + span_x * quarter / 4
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 20}" text-anchor="middle">{step}</text>')
    parts.append(f'<text x="{LEFT + span_x / 2}" y="{HEIGHT - 4}" text-anchor="middle">step</text>')
    for name, values in (("raw", losses), ("mean", _running_mean(losses))):
        points = " ".join(at(i, v) for i, v in enumerate(values))
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _number(power: int) -> str:
    return f"{10**power:g}" if power >= 0 else f"{10.0**power:.{-power}f}"


def _running_mean(values: Sequence[float], keep: float = 0.9) -> list[float]:
    found, mean, weight = [], 0.0, 0.0
    for v in values:
        mean, weight = keep * mean + (1 - keep) * v, keep * weight + (1 - keep)
        found.append(mean / weight)
    return found
