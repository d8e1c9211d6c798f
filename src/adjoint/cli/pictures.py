"""What the demo draws: the article's graph, as a picture and as a page, from a script beside them; the network's losses."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adjoint.cli import curve, network
from adjoint.cli.article import lines
from adjoint.cli.script import run


def folder(name: str | None) -> Path:
    """Where pictures go: that folder, or a new temporary one.

    Raises:
        OSError: it cannot be made.
    """
    home = Path(tempfile.mkdtemp(prefix="adjoint-demo-") if name is None else name)
    home.mkdir(parents=True, exist_ok=True)
    return home


def article(home: Path) -> list[Path]:
    """Writes article.py, article.svg and article.html; returns their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    from adjoint.explain.graph import graph

    paths = [home / f"article.{kind}" for kind in ("py", "svg", "html")]
    paths[0].write_text("\n".join(["import adjoint as torch", "", *lines(), ""]), encoding="utf-8")
    variables = run(str(paths[0]), [])
    drawn = variables.ask(lambda: graph(variables.tensor("loss"), names=variables.tensors))
    paths[1].write_text(drawn.svg(), encoding="utf-8")
    paths[2].write_text(drawn.html(), encoding="utf-8")
    return paths


def losses(home: Path) -> Path:
    """Writes losses.svg, of the network's training; returns its path. Raises as `article` does."""
    path = home / "losses.svg"
    path.write_text(curve.svg(network.losses, "Cross entropy while it learns to read digits"), encoding="utf-8")
    return path
