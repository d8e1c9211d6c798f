"""What `explain` returns: a derivation with its ways to be written down."""

from __future__ import annotations

import shutil
from typing import Any

from .derivation_data import DerivationData


class Derivation(DerivationData):
    """How gradients came about; what `adjoint.explain` returns.

    Prints as text that fits the terminal; `markdown()`, `latex()` and `html()` say the same in their ways, `data()` and
    `json()` as plain data. Notebooks show it by themselves.

    Attributes:
        outputs: what is differentiated.
        gradients: the derivation for each input, in the order asked for.
        definitions: the values that the formulas speak of, in forward order.
        steps: every local derivative on the paths that are shown, each once.
        nodes: how many nodes the graph has; operations: how many of each, in a graph that is too large to be walked.
        notes: what else is to be said.
    """

    def text(self, width: int | None = None) -> str:
        """Plain text.

        Args:
            width: of the lines; None: the terminal's.
        """
        from .render.text import render

        return render(self, width or shutil.get_terminal_size().columns)

    def markdown(self) -> str:
        """Markdown that any reader takes: headings, lists and fenced text."""
        from .render.markdown import render

        return render(self)

    def latex(self, document: bool = False) -> str:
        """LaTeX for amsmath.

        Args:
            document: a whole document, ready for pdflatex, in place of a fragment.
        """
        from .render.latex import render

        return render(self, document)

    def html(self) -> str:
        """A page that needs nothing else: light and dark, long parts folded."""
        from .render.html import page

        return page(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def __rich__(self) -> Any:
        from .render.text import rich_text

        return rich_text(self)

    def _repr_html_(self) -> str:
        from .render.html import fragment

        return fragment(self)

    def _repr_latex_(self) -> str:
        from .render.latex import notebook

        return notebook(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()
