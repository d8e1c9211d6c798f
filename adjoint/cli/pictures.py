"""The article's graph as a picture and as a page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adjoint.cli.article import program


def write(folder: str | None) -> list[Path]:
    """Writes article.svg and article.html into the folder (None: a new temporary one); returns their paths.

    Raises:
        OSError: the folder cannot be made or written.
    """
    from adjoint.explain.graph import graph

    tensors, _ = program(retain=False, backward=False)
    drawn = graph(tensors["loss"], names=tensors)
    home = Path(tempfile.mkdtemp(prefix="adjoint-demo-") if folder is None else folder)
    home.mkdir(parents=True, exist_ok=True)
    paths = [home / "article.svg", home / "article.html"]
    for path, text in zip(paths, (drawn.svg(), drawn.html()), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
