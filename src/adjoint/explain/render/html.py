"""A derivation as HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..derivation_data import DerivationData
from ..term import Term, plain
from ..value import Value
from .formula import html
from .outline import Block, Equations, Heading, Para, Piece, Pieces, Row, outline, title

_LONG = 34  # characters of a left side that gets a line of its own
_MANY = 14  # rows that are shown without asking

# Sizes and colours follow the surroundings, so that the fragment fits a notebook in either theme.
_STYLE = """
.adjoint-derivation{line-height:1.5;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
  font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.adjoint-derivation h1{font-size:1.35em;font-weight:600;margin:0 0 .8em;display:flex;flex-wrap:wrap;align-items:center;gap:.35em}
.adjoint-derivation h2{font-size:1em;font-weight:650;margin:1.8em 0 .5em;color:var(--adjoint-accent,inherit)}
.adjoint-derivation p{margin:.45em 0}
.adjoint-derivation .eqs{display:grid;grid-template-columns:max-content minmax(0,1fr);column-gap:.5em;row-gap:.3em;
  align-items:center;margin:.4em 0 .4em .2em;font-family:"STIX Two Text",Cambria,"Times New Roman","DejaVu Serif",serif;font-size:1.08em}
.adjoint-derivation .row{display:contents}
.adjoint-derivation .right{display:flex;flex-wrap:wrap;align-items:center;gap:.1em .5em;min-width:0}
.adjoint-derivation .wide>.left{grid-column:1/-1;display:flex;flex-wrap:wrap;align-items:center;gap:.3em;margin-top:.35em}
.adjoint-derivation .wide>.right{grid-column:1/-1;padding-left:1.6em}
.adjoint-derivation .note{font-family:system-ui,sans-serif;font-size:.78em;opacity:.72}
.adjoint-derivation .words{font-family:system-ui,sans-serif;font-size:.86em;white-space:pre-wrap}
.adjoint-derivation var{font-style:italic;white-space:nowrap}
.adjoint-derivation sub,.adjoint-derivation sup{font-size:.72em;line-height:0}
.adjoint-derivation .frac{display:inline-flex;flex-direction:column;align-items:center;vertical-align:middle;line-height:1.25;margin:0 .1em;font-size:.94em}
.adjoint-derivation .frac>span{padding:0 .2em;white-space:nowrap}
.adjoint-derivation .frac>.bar{height:0;width:100%;overflow:hidden;padding:0;border-top:1px solid currentColor}
.adjoint-derivation .root{border-top:1px solid currentColor}
.adjoint-derivation .cases{display:inline-grid;grid-template-columns:auto auto;gap:0 .8em;vertical-align:middle;
  border-left:2px solid currentColor;border-radius:.5em 0 0 .5em;padding-left:.5em;font-size:.92em}
.adjoint-derivation details{margin:.4em 0}
.adjoint-derivation summary{cursor:pointer;opacity:.8;font-size:.92em}
.adjoint-derivation summary:focus-visible{outline:2px solid currentColor;outline-offset:2px}
.adjoint-derivation .check{border-left:3px solid var(--adjoint-good,#2a9d5c);padding:.1em 0 .1em .8em}
@media (max-width:560px){.adjoint-derivation .eqs{grid-template-columns:minmax(0,1fr)}
  .adjoint-derivation .left{display:flex;flex-wrap:wrap;align-items:center;gap:.2em}
  .adjoint-derivation .right{padding-left:1.2em;margin-bottom:.25em}}
"""
_PAGE = """
:root{color-scheme:light dark;--back:#fdfdfc;--text:#1d2430;--adjoint-accent:#2451a6;--adjoint-good:#1f8f55}
@media (prefers-color-scheme:dark){:root{--back:#14171d;--text:#e4e7ec;--adjoint-accent:#8ab0ff;--adjoint-good:#4cc38a}}
body{margin:0;background:var(--back);color:var(--text);font-size:16px}
main{max-width:54rem;margin:0 auto;padding:2rem 1.25rem 4rem;box-sizing:border-box}
"""


def page(d: DerivationData) -> str:
    """A whole page."""
    name = escape("".join(_plain(p) for p in title(d)))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{_PAGE}</style></head>\n<body><main>\n{fragment(d)}</main></body></html>\n"
    )


def fragment(d: DerivationData) -> str:
    """What a notebook shows: a block with its own style."""
    lines = [f'<div class="adjoint-derivation"><style>{_STYLE}</style>', f"<h1>{_inline(title(d))}</h1>"]
    checking = False
    for block in outline(d):
        if isinstance(block, Heading):
            checking = block.text == "Check"
        lines += _block(block, checking)
    return "\n".join([*lines, "</div>"]) + "\n"


def _block(block: Block, checking: bool) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"<h2>{escape(block.text)}</h2>"
    elif isinstance(block, Para):
        kind = ' class="check"' if checking else ""
        yield f"<p{kind}>{_inline(block.pieces)}</p>"
    elif block.title or len(block.rows) > _MANY:
        name = block.title or f"{len(block.rows)} lines"
        opened = "" if block.title else " open"
        yield f"<details{opened}><summary>{escape(name)}</summary>"
        yield from _equations(block)
        yield "</details>"
    else:
        yield from _equations(block)


def _equations(block: Equations) -> Iterator[str]:
    yield '<div class="eqs">'
    for row in block.rows:
        yield _row(row)
    yield "</div>"


def _row(row: Row) -> str:
    wide = " wide" if sum(len(_plain(p)) for p in row.left) > _LONG else ""
    where = f' title="{escape(row.where, quote=True)}"' if row.where else ""
    parts = "".join(f'<span class="part">= {_inline(p)}</span>' for p in row.right)
    note = f'<span class="note">{escape(row.note)}</span>' if row.note else ""
    left = f'<div class="left"{where}>{_inline(row.left)}</div>'
    return f'<div class="row{wide}">{left}<div class="right">{parts}{note}</div></div>'


def _inline(pieces: Pieces) -> str:
    return "".join(_piece(p) for p in pieces)


def _piece(p: Piece) -> str:
    if isinstance(p, Term):
        return f'<span class="term">{html(p)}</span>'
    if isinstance(p, Value):
        return f'<span class="value">{escape(str(p).replace("-", "−"))}</span>'
    if set(p) <= set("0123456789.e+-·, []()"):
        return f"<span>{escape(p.replace('-', '−'))}</span>"
    return f'<span class="words">{escape(p)}</span>'


def _plain(p: Piece) -> str:
    return p if isinstance(p, str) else plain(p) if isinstance(p, Term) else str(p)
