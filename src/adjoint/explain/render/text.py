"""A derivation as plain text that fits a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from ..derivation_data import DerivationData
from ..term import Term, plain
from .outline import Block, Equations, Heading, Para, Pieces, Row, outline, title

_INDENT = "  "
_NARROWEST = 30


def render(d: DerivationData, width: int = 80) -> str:
    """Lines of at most `width` characters (30 at least)."""
    width = max(width, _NARROWEST)
    lines = list(_wrap(inline(title(d)), width, ""))
    for block in outline(d):
        lines += block_lines(block, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def inline(pieces: Pieces) -> str:
    """Text of what stands in a line."""
    return "".join(p if isinstance(p, str) else plain(p) if isinstance(p, Term) else str(p) for p in pieces)


def block_lines(block: Block, width: int) -> Iterator[str]:
    """The lines of a heading, a sentence or equations."""
    if isinstance(block, Heading):
        yield ""
        yield from _wrap(block.text, width, "")
    elif isinstance(block, Para):
        yield from _wrap(inline(block.pieces), width, _INDENT)
    else:
        yield from _equations(block, width)


def _equations(block: Equations, width: int) -> Iterator[str]:
    if block.title:
        yield from _wrap(block.title + ":", width, _INDENT)
    lefts = [inline(r.left) for r in block.rows]
    pad = min(max(map(len, lefts)), width // 3)
    for row, left in zip(block.rows, lefts, strict=True):
        yield from _row(row, left.ljust(pad), width)


def _row(row: Row, left: str, width: int) -> Iterator[str]:
    note = f"   ({row.note})" if row.note else ""
    parts = [inline(p) for p in row.right]
    line = _INDENT + " = ".join([left, *parts]) + note
    if len(line) <= width:
        yield line
        return
    yield from _wrap(left.rstrip(), width, _INDENT)
    for k, part in enumerate(parts):
        last = note if k == len(parts) - 1 else ""
        yield from _wrap(f"= {part}{last}", width, _INDENT * 3, _INDENT * 4)
    if not parts and note:
        yield from _wrap(note.strip(), width, _INDENT * 3)


def _wrap(text: str, width: int, indent: str, hang: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=hang or indent + _INDENT, break_on_hyphens=False
    ) or [indent]


def rich_text(d: DerivationData) -> Any:
    """For rich: the headings bold, numbers as rich colours them, at the console's width."""
    return _Rich(d)


class _Rich:
    def __init__(self, d: DerivationData) -> None:
        self.derivation = d

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from rich.text import Text

        width = options.max_width
        for line in _wrap(inline(title(self.derivation)), width, ""):
            yield Text(line, style="bold")
        for block in outline(self.derivation):
            for line in block_lines(block, width):
                yield Text(line.rstrip(), style="bold cyan" if isinstance(block, Heading) else "")
