"""The article's graph as a picture and as a page, drawn from a script that is written beside them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adjoint.cli.script import run

SCRIPT = """\
import adjoint as torch

input = torch.ones([2, 2])
w1 = torch.tensor(2.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
w3 = torch.tensor(4.0, requires_grad=True)
l1 = input * w1
l2 = l1 + w2
l3 = l1 * w3
l4 = l2 * l3
loss = l4.mean()
"""


def write(folder: str | None) -> list[Path]:
    """Writes article.py, article.svg and article.html into the folder (None: a new temporary one); returns their paths.

    Raises:
        OSError: the folder cannot be made or written.
    """
    from adjoint.explain.graph import graph

    home = Path(tempfile.mkdtemp(prefix="adjoint-demo-") if folder is None else folder)
    home.mkdir(parents=True, exist_ok=True)
    paths = [home / f"article.{kind}" for kind in ("py", "svg", "html")]
    paths[0].write_text(SCRIPT, encoding="utf-8")
    variables = run(str(paths[0]), [])
    drawn = variables.ask(lambda: graph(variables.tensor("loss"), names=variables.tensors))
    paths[1].write_text(drawn.svg(), encoding="utf-8")
    paths[2].write_text(drawn.html(), encoding="utf-8")
    return paths
