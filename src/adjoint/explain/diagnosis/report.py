"""The answer of `why`: sentences with source lines, printed as text, Markdown, HTML or by rich."""

from __future__ import annotations

import html
import os
import textwrap
from dataclasses import dataclass, field
from typing import Any

from ..capture import Where

_WIDTH = 100


@dataclass
class Table:
    """Rows of text under a header."""

    header: list[str]
    rows: list[list[str]]

    def __str__(self) -> str:
        widths = [max(len(row[i]) for row in [self.header, *self.rows]) for i in range(len(self.header))]
        lines = [self._line(row, widths) for row in [self.header, *self.rows]]
        return "\n".join([lines[0], "  ".join("─" * w for w in widths), *lines[1:]])

    @staticmethod
    def _line(row: list[str], widths: list[int]) -> str:
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return "  ".join(cells).rstrip()


@dataclass
class Diagnosis:
    """Why a gradient is as it is.

    Attributes:
        kind: a stable word for programs: "healthy", "cut_by_detach", "dead_relu" ...; docs list them all.
        sentences: what was found, the answer first.
        lines: the source lines that the sentences speak of, in their order.
        remedy: what to do about it; empty when nothing is wrong.
        table: numbers in rows (the gain of every layer), where a table says more than sentences.
        subject: what the tensor is called.
    """

    kind: str
    subject: str
    sentences: list[str] = field(default_factory=list)
    lines: list[Where] = field(default_factory=list)
    remedy: str = ""
    table: Table | None = None

    def say(self, sentence: str, *lines: Where | None) -> Diagnosis:
        """Adds a sentence and the lines that it names."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)
        self.lines += [w for w in lines if w is not None and w not in self.lines]
        return self

    @property
    def is_healthy(self) -> bool:
        return self.kind == "healthy"

    def _sources(self) -> list[str]:
        places = [f"{short(w.file)}:{w.line}" for w in self.lines]
        width = max((len(p) for p in places), default=0)
        return [f"{p.ljust(width)}   {w.text}".rstrip() for p, w in zip(places, self.lines, strict=True)]

    def __str__(self) -> str:
        parts = ["\n".join(_wrap(s) for s in self.sentences)]
        if self.lines:
            parts.append("\n".join("    " + s for s in self._sources()))
        if self.table:
            parts.append(textwrap.indent(str(self.table), "    "))
        if self.remedy:
            parts.append(_wrap(f"Remedy: {self.remedy}"))
        return "\n\n".join(parts)

    __repr__ = __str__

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.padding import Padding
        from rich.table import Table as RichTable
        from rich.text import Text

        parts: list[Any] = [Text(self.sentences[0], style="bold"), *(Text(s) for s in self.sentences[1:])]
        parts += [Padding(Text(s, style="cyan", no_wrap=True), (0, 0, 0, 4)) for s in self._sources()]
        if self.table:
            table = RichTable(*self.table.header)
            for row in self.table.rows:
                table.add_row(*(Text(c) for c in row))
            parts.append(table)
        if self.remedy:
            parts.append(Text.assemble(("Remedy: ", "bold green"), self.remedy))
        return Group(*parts)

    def _repr_markdown_(self) -> str:
        parts = [f"**{_md(self.sentences[0])}**"] + [_md(s) for s in self.sentences[1:]]
        if self.lines:
            parts.append("```\n" + "\n".join(self._sources()) + "\n```")
        if self.table:
            rows = [self.table.header, ["---"] * len(self.table.header), *self.table.rows]
            parts.append("\n".join("| " + " | ".join(_md(c).replace("|", "\\|") for c in r) + " |" for r in rows))
        if self.remedy:
            parts.append(f"*Remedy:* {_md(self.remedy)}")
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        e = html.escape
        parts = [f"<p><strong>{e(self.sentences[0])}</strong></p>"] + [f"<p>{e(s)}</p>" for s in self.sentences[1:]]
        if self.lines:
            parts.append(f"<pre>{e(chr(10).join(self._sources()))}</pre>")
        if self.table:
            head = "".join(f"<th>{e(c)}</th>" for c in self.table.header)
            body = "".join("<tr>" + "".join(f"<td>{e(c)}</td>" for c in r) + "</tr>" for r in self.table.rows)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        if self.remedy:
            parts.append(f"<p><em>Remedy:</em> {e(self.remedy)}</p>")
        return f'<div class="adjoint-why" data-kind="{e(self.kind)}">' + "".join(parts) + "</div>"


def short(file: str) -> str:
    """Files below the current directory are named from there, others by their last part."""
    here = os.getcwd() + os.sep
    return file[len(here) :] if file.startswith(here) else os.path.basename(file)


def at(where: Where | None) -> str:
    """ "at line 12 of train.py"."""
    return "at a line that was not noted" if where is None else f"at line {where.line} of {short(where.file)}"


def _wrap(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _md(text: str) -> str:
    for c in "\\*_`[]<>":
        text = text.replace(c, "\\" + c)
    return text
