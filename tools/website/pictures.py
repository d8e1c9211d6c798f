"""The pages that the site shows as pictures one can look into: written while it is built, not kept."""

import tempfile
from pathlib import Path
from typing import Any

from adjoint.cli import pictures


def article() -> tuple[str, str]:
    """The graph of the tutorial's example: as SVG, and as a page."""
    with tempfile.TemporaryDirectory() as folder:
        _, picture, page = pictures.article(Path(folder))
        return picture.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


def on_files(files: Any, config: Any) -> Any:
    """mkdocs: adds pictures/article.html."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "pictures/article.html", content=article()[1]))
    return files
