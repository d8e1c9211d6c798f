"""`adjoint demo`: four parts, each of which returns whether all its numbers are right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from adjoint.cli import article, digits, network, pictures, speed
from adjoint.cli.screen import heading, mark

PARTS: dict[str, Callable[[bool], bool]] = {
    "article": article.run,
    "digits": digits.run,
    "network": network.run,
    "speed": speed.run,
}


def run(parts: Sequence[str], plain: bool = False, out: str | None = None) -> int:
    """Runs the parts in their order; 0 if all their numbers are right, 1 if not. Pictures of the graph go to `out`."""
    start = time.perf_counter()
    wrong = []
    for number, part in enumerate(parts, 1):
        heading(f"{number}. {PARTS[part].__module__.rpartition('.')[2]}: {PARTS[part].__doc__}")
        if not PARTS[part](plain):
            wrong.append(part)
    seconds = time.perf_counter() - start
    if wrong:
        print(f"{mark(False)} wrong numbers in: {', '.join(wrong)} ({seconds:.1f} s)")
        return 1
    print(f"{mark(True)} all numbers are right ({seconds:.1f} s)")
    folder = pictures.folder(out)
    rows: list[tuple[str, Path]] = []
    if "article" in parts:
        rows += zip(("the article's program", "its graph", "to look into"), pictures.article(folder), strict=True)
    if "network" in parts:
        rows.append(("the network's losses", pictures.losses(folder)))
    if rows:
        print("\n" + "\n".join(f"{name:23}{path}" for name, path in rows))
    return 0
