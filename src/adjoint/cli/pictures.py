"""The article's graph as a picture and as a page, drawn from a script that is written beside them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adjoint.cli.article import lines
from adjoint.cli.script import run


def write(folder: str | None) -> list[Path]:
    """Writes article.py, article.svg and article.html into the folder (None: a new temporary one); returns their paths.

    Raises:
        OSError: the folder cannot be made or written.
    """
    from adjoint.explain.graph import graph

    home = Path(tempfile.mkdtemp(prefix="adjoint-demo-") if folder is None else folder)
    home.mkdir(parents=True, exist_ok=True)
    paths = [home / f"article.{kind}" for kind in ("py", "svg", "html")]
    paths[0].write_text("\n".join(["import adjoint as torch", "", *lines(), ""]), encoding="utf-8")
    variables = run(str(paths[0]), [])
    drawn = variables.ask(lambda: graph(variables.tensor("loss"), names=variables.tensors))
    paths[1].write_text(drawn.svg(), encoding="utf-8")
    paths[2].write_text(drawn.html(), encoding="utf-8")
    return paths
