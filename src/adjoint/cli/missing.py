"""`adjoint run --missing`: what programs need of torch and Adjoint lacks, read from their source; nothing runs."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import adjoint

from .script import Complaint


def run(paths: Sequence[str]) -> int:
    """Prints each missing name with its lines, and a summary. 1 where something is missing."""
    files = list(_files(paths))
    if not files:
        raise Complaint("run --missing: which files or folders?")
    needed: dict[str, list[str]] = {}
    for file in files:
        for name, line in _names(file):
            needed.setdefault(name, []).append(f"{file}:{line}")
    lacking = {name: places for name, places in sorted(needed.items()) if not _has(name)}
    for name, places in lacking.items():
        print(f"{name:50} {', '.join(places[:3])}{' ...' if len(places) > 3 else ''}")
    have = len(needed) - len(lacking)
    print(
        f"{len(files)} files use {len(needed)} names of torch: Adjoint {adjoint.__version__} has {have}, lacks {len(lacking)}"
    )
    return int(bool(lacking))


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(path.rglob("*.py"))
        elif path.exists():
            yield path
        else:
            raise Complaint(f"there is no file {path}")


def _names(file: Path) -> Iterator[tuple[str, int]]:
    """Every `torch.x.y` of a file, however it was imported, with its line."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise Complaint(f"{file} is no Python program: {error}", 1) from None
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "torch":
                    known[alias.asname or "torch"] = alias.name if alias.asname else "torch"
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] == "torch":
            for alias in node.names:
                if alias.name != "*":
                    known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    yield f"{node.module}.{alias.name}", node.lineno
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            chain, base = [node.attr], node.value
            while isinstance(base, ast.Attribute):
                inner.add(id(base))
                chain.append(base.attr)
                base = base.value
            if isinstance(base, ast.Name) and base.id in known:
                yield ".".join([known[base.id], *reversed(chain)]), node.lineno


def _has(name: str) -> bool:
    """Is there such a thing? Attributes of what is no module (methods of a class, say) are looked at as far as they go."""
    thing: object = adjoint
    path = "adjoint"
    for part in name.split(".")[1:]:
        path += f".{part}"
        try:
            thing = getattr(thing, part)
        except AttributeError:
            if not isinstance(thing, type(adjoint)):
                return isinstance(thing, type) is False  # an instance: what it has shows at run time
            try:
                thing = importlib.import_module(path)
            except ImportError:
                return False
    return True
