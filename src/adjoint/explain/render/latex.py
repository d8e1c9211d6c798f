r"""A derivation as LaTeX: align environments of amsmath."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..derivation_data import DerivationData
from ..term import Term, plain
from ..value import Value, short
from .formula import latex, latex_number, latex_text
from .outline import Block, Heading, Para, Piece, Pieces, Row, outline, title

_LINE = 66  # characters of plain text that fill a line of a page
_FACTORS = 5  # fractions in a line

_BEFORE = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage[margin=22mm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""
_AFTER = "\\end{document}\n"


def render(d: DerivationData, document: bool = False) -> str:
    """A fragment for a document that uses amsmath; or a whole document."""
    lines = [r"% needs \usepackage{amsmath}", rf"\section*{{{_inline(title(d))}}}"]
    for block in outline(d):
        lines += _block(block)
    body = "\n".join(lines) + "\n"
    return _BEFORE + body + _AFTER if document else body


def notebook(d: DerivationData) -> str:
    """For MathJax: one display, headings as rows."""
    rows = []
    for block in outline(d):
        if isinstance(block, Heading):
            rows.append(rf"&\textbf{{{latex_text(block.text)}}}")
        elif isinstance(block, Para):
            rows += [rf"&\text{{{latex_text(line)}}}" for line in _wrapped(_plain(block.pieces))]
        else:
            rows += [line for row in block.rows for line in _row(row)]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield rf"\subsection*{{{latex_text(block.text)}}}"
    elif isinstance(block, Para):
        yield _inline(block.pieces) + r"\par"
    else:
        if block.title:
            yield rf"{latex_text(block.title)}:"
        yield r"\begin{align*}"
        yield " \\\\\n".join(line for row in block.rows for line in _row(row))
        yield r"\end{align*}"


def _plain(pieces: Pieces) -> str:
    return "".join(p if isinstance(p, str) else plain(p) if isinstance(p, Term) else str(p) for p in pieces)


def _inline(pieces: Pieces) -> str:
    """Text, with formulas between dollars."""
    return "".join(latex_text(p) if isinstance(p, str) else f"${_math((p,))}$" for p in pieces)


def _math(pieces: Pieces) -> str:
    out = []
    for p in pieces:
        if isinstance(p, Term):
            out.append(latex(p))
        elif isinstance(p, Value):
            out.append(value(p))
        elif p.strip() == "·":
            out.append(r" \cdot ")
        elif p.strip() in ("+", ""):
            out.append(f" {p.strip()} ")
        elif set(p) <= set("0123456789.e+-·, []()"):
            out.append(_numbers(p) + r"\ " * p.endswith(") "))
        else:
            out.append(rf"\text{{{latex_text(p)}}}")
    return "".join(out)


def _numbers(text: str) -> str:
    """ "0.25 · [5, 1e-07]" in math."""
    return " ".join(
        r"\cdot"
        if word == "·"
        else word[: len(word) - len(word.lstrip("[(-"))]
        + latex_number(word.strip("[]()-,"))
        + word[len(word.rstrip("]),")) :]
        for word in text.split()
    )


def value(v: Value) -> str:
    """Numbers as numbers, statistics as text."""
    if v.numbers is not None:
        shown = [latex_number(_i(short(x))) for x in v.numbers]
        return shown[0] if not v.shape else rf"[{', '.join(shown)}]"
    return rf"\text{{{latex_text(str(v))}}}"


def _i(text: str) -> str:
    return text.replace("i", r"\mathrm{i}") if text[-1:] == "i" else text


def _row(row: Row) -> Iterator[str]:
    r"""The lines of an equation: "left &= right", each further part on the same line while there is room."""
    left, used, marked = _left(row.left)
    yield from left[:-1]
    line = left[-1] if marked or row.right else left[-1] + " &"
    for i, part in enumerate(row.right):
        size = len(_plain(part)) + 3
        if i == 0 and used + size <= _LINE * (1 if marked else 1.3):
            line += f" {'' if marked else '&'}= {_math(part)}"
        elif used + size <= _LINE:
            line += f" = {_math(part)}"
        else:
            yield line if marked else line + " &" * (i == 0)
            line, used = rf"&= {_math(part)}", 0
        marked = True
        used += size
    if row.note and used + len(row.note) <= _LINE:
        yield line + rf" \quad \text{{({latex_text(row.note)})}}"
        return
    yield line
    for text in _wrapped(f"({row.note})") if row.note else ():
        yield rf"&\quad \text{{{latex_text(text)}}}"


def _left(pieces: Pieces) -> tuple[list[str], int, bool]:
    """The left side, how much of the line it takes, and is it aligned already; a long product takes several lines."""
    factors = sum(isinstance(p, Term) for p in pieces)
    if factors <= _FACTORS:
        text = _math(pieces)
        if factors > 1:
            return ["&" + text], 6 * factors + 8, True
        return [text], 4 if factors else len(_plain(pieces)), False
    lines: list[str] = []
    line: list[Piece] = []
    n = 0
    for p in pieces:
        line.append(p)
        n += isinstance(p, Term)
        if n == _FACTORS and isinstance(p, str):
            lines.append("&" + r"\quad " * bool(lines) + _math(tuple(line)))
            line, n = [], 0
    if line:
        lines.append(r"&\quad " + _math(tuple(line)))
    return lines, 6 * n + 8, True


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _LINE + 10, break_on_hyphens=False) or [""]
