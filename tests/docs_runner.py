"""Runs the code of a Markdown page: what tests/test_docs.py checks, and what `python tests/docs_runner.py` brings up to date.

A page's `python` blocks run one after another in one namespace. A block with a title is a file of that name: it is written
to the folder that the page runs in, and run as a program. `text` right after a block is what it prints. Lines of `sh`
blocks that begin with `adjoint explain|graph|why` run in that folder; the others are looked at, not run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.M | re.S)


@dataclass
class Block:
    language: str
    title: str | None
    text: str
    line: int  # of its first line of text
    start: int  # where the text begins in the page
    expected: Block | None = None  # the text block right after it


def blocks(page: Path) -> list[Block]:
    source, found = page.read_text(encoding="utf-8"), []
    end = 0
    for m in _FENCE.finditer(source):
        title = re.search(r'title="([^"]+)"', m[2])
        block = Block(m[1], title[1] if title else None, m[3], source.count("\n", 0, m.start()) + 2, m.start(3))
        if block.language == "text" and found and not source[end : m.start()].strip():
            found[-1].expected = block
        found.append(block)
        end = m.end()
    return found


class Runner:
    """One page in one folder."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.space: dict[str, object] = {"__name__": "__main__"}

    def run(self, block: Block) -> str | None:
        """What it printed; None for what is not run."""
        if block.language == "python" and block.title:
            (self.folder / block.title).write_text(block.text, encoding="utf-8")
            return self._program(block.title, {"__name__": "__main__"}, block.text)
        if block.language == "python":
            name = f"{self.page.name}:{block.line}"
            return self._program(name, self.space, block.text)
        if block.language == "sh":
            lines = [x for x in block.text.splitlines() if re.match(r"adjoint (explain|graph|why)\b", x)]
            return "".join(map(self._command, lines)) if lines else None
        return None

    def _program(self, name: str, space: dict[str, object], text: str) -> str:
        import linecache

        out = io.StringIO()
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        old = os.getcwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(text, name, "exec"), space)
        finally:
            os.chdir(old)
        return out.getvalue()

    def _command(self, line: str) -> str:
        words = line.split("  #")[0]
        command = words.replace("adjoint", f"'{sys.executable}' -W error -m adjoint", 1)
        more = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        }
        if "site-packages" in str(Path(__import__("adjoint").__file__)):
            more.pop("PYTHONPATH")  # the installed package is what is tested
        done = subprocess.run(
            command, shell=True, cwd=self.folder, capture_output=True, text=True, timeout=120, env=more
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout


def same(printed: str, expected: str) -> bool:
    tidy = [[line.rstrip() for line in text.rstrip().splitlines()] for text in (printed, expected)]
    return tidy[0] == tidy[1]


def update(page: Path, folder: Path) -> bool:
    """Writes what the blocks print into the text blocks after them."""
    source, runner, changes = page.read_text(encoding="utf-8"), Runner(page, folder), []
    for block in blocks(page):
        printed = runner.run(block)
        if block.expected and printed is not None and not same(printed, block.expected.text):
            changes.append((block.expected, "\n".join(x.rstrip() for x in printed.rstrip().splitlines()) + "\n"))
    for block, text in reversed(changes):
        source = source[: block.start] + text + source[block.start + len(block.text) :]
    page.write_text(source, encoding="utf-8")
    return bool(changes)


if __name__ == "__main__":
    import tempfile

    for page in map(Path, sys.argv[1:]) if sys.argv[1:] else PAGES:
        with tempfile.TemporaryDirectory() as folder:
            print(page, "changed" if update(page.resolve(), Path(folder)) else "is up to date")
