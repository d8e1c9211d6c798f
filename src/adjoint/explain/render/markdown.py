"""A derivation as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ..derivation_data import DerivationData
from ..term import Term, plain
from .outline import Block, Equations, Heading, Para, Pieces, Row, outline, title


def render(d: DerivationData) -> str:
    """Headings, sentences, and lists with formulas as code: what every reader of Markdown takes."""
    lines = [f"# {_inline(title(d))}"]
    for block in outline(d):
        lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"## {_escape(block.text)}"
    elif isinstance(block, Para):
        yield _inline(block.pieces)
    elif block.folded and block.title:
        yield f"<details><summary>{_escape(block.title)}</summary>\n"
        yield from _list(block)
        yield "\n</details>"
    else:
        if block.title:
            yield f"{_escape(block.title)}:\n"
        yield from _list(block)


def _list(block: Equations) -> Iterator[str]:
    for row in block.rows:
        yield f"- {_row(row)}"


def _row(row: Row) -> str:
    formula = " = ".join([_bare(row.left), *map(_bare, row.right)])
    note = f" ({_escape(row.note)})" if row.note else ""
    return _code(formula) + note


def _bare(pieces: Pieces) -> str:
    return "".join(p if isinstance(p, str) else plain(p) if isinstance(p, Term) else str(p) for p in pieces)


def _inline(pieces: Pieces) -> str:
    return "".join(_escape(p) if isinstance(p, str) else _code(_bare((p,))) for p in pieces)


def _code(text: str) -> str:
    """A code span, also around backticks."""
    fence = "`"
    while fence in text:
        fence += "`"
    gap = " " if len(fence) > 1 else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def _escape(text: str) -> str:
    for c in "\\`*_[]<>#|":
        text = text.replace(c, "\\" + c)
    return text
