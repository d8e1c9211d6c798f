"""Coordinates from the program `dot`, where it is installed and asked for."""

from __future__ import annotations

import shutil
import subprocess

from .picture import Picture

_INCH = 72.0
_PATIENCE = 60.0  # seconds


def place(p: Picture) -> tuple[float, float]:
    """Places cards and lines as Graphviz would, and returns the picture's width and height.

    Raises:
        RuntimeError: `dot` is not installed, took too long, or failed.
    """
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError("engine='graphviz' needs the program dot, which is not installed; leave engine away")
    try:
        done = subprocess.run(
            [program, "-Tplain"], input=_source(p), capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"dot took more than {_PATIENCE:.0f} seconds; leave engine='graphviz' away") from None
    except subprocess.CalledProcessError as e:
        raise RuntimeError(f"dot failed: {e.stderr.strip()}; leave engine='graphviz' away") from None
    return _read(p, done.stdout)


def _source(p: Picture) -> str:
    out = ['digraph g { nodesep=0.35; ranksep=0.45; node [shape=box, fixedsize=true, label=""];']
    for i, c in enumerate(p.cards):
        out.append(f"{i} [width={c.box.width / _INCH:.4f}, height={c.box.height / _INCH:.4f}];")
    for i, line in enumerate(p.lines):
        # A label of its own size keeps room for the text; its number tells the line.
        width, height = line.label_width / _INCH, line.label_height / _INCH
        table = f'<<table border="0" fixedsize="true" width="{width * _INCH:.0f}" height="{height * _INCH:.0f}"><tr><td></td></tr></table>>'
        label = f"label={table}, " if line.label_width else ""
        out.append(f'{line.source} -> {line.target} [{label}arrowhead=none, headport=n, tailport=s, color="#{i:06x}"];')
    return "\n".join([*out, "}"])


def _read(p: Picture, plain: str) -> tuple[float, float]:
    width = height = 0.0
    for row in plain.splitlines():
        parts = row.split()
        if parts[0] == "graph":
            width, height = float(parts[2]) * _INCH, float(parts[3]) * _INCH
        elif parts[0] == "node":
            box = p.cards[int(parts[1])].box
            box.x, box.y = float(parts[2]) * _INCH, height - float(parts[3]) * _INCH
        elif parts[0] == "edge":
            line = p.lines[int(parts[-1].lstrip("#"), 16)]
            count = int(parts[3])
            at = [float(v) * _INCH for v in parts[4 : 4 + 2 * count]]
            line.curve = [(x, height - y) for x, y in zip(at[::2], at[1::2], strict=True)]
            line.points = [line.curve[0], line.curve[-1]]
            if line.label_width:
                x, y = (float(v) * _INCH for v in parts[-4:-2])
                line.label = (x, height - y)
    return width, height
