"""What the parts of the demo draw with: marks, headings, and a progress bar or plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def mark(right: bool) -> str:
    """A tick or a cross, in letters where the terminal has no such signs."""
    signs = ("✓", "✗") if (sys.stdout.encoding or "").lower().startswith("utf") else ("ok", "WRONG")
    return signs[0] if right else signs[1]


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


Advance = Callable[[str], None]


@contextmanager
def progress(title: str, total: int, plain: bool, every: int = 5) -> Iterator[Advance]:
    """Gives a function to call after each of `total` steps with a word on how it goes.

    Draws a live bar where rich is installed and the output is a terminal, else a line every few steps.
    """
    if not plain and sys.stdout.isatty():
        try:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        except ImportError:
            print("(pip install 'adjoint[cli]' draws a progress bar here)")
        else:
            note = TextColumn("{task.fields[note]}")
            columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), note)
            with Progress(*columns) as bar:
                task = bar.add_task(title, total=total, note="")
                yield lambda text: bar.update(task, advance=1, note=text)
            return
    start, done = time.perf_counter(), 0

    def advance(text: str) -> None:
        nonlocal done
        done += 1
        if done == 1 or done % every == 0 or done == total:
            print(f"{title} {done:3d}/{total}  {text}  {time.perf_counter() - start:5.1f} s", flush=True)

    yield advance
