"""`adjoint run`: a program that imports torch runs on Adjoint, unchanged, with its children."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn

import adjoint

from .script import Complaint, as_main, compile_file, new_main, show_error


def run(words: Sequence[str]) -> int:
    """Runs `script.py arguments`, `-m module arguments` or `-- command arguments`.

    Raises:
        Complaint: there is no such program, or the real torch is loaded already.
    """
    if not words:
        raise Complaint("run: which program? adjoint run train.py, adjoint run -m package, adjoint run -- pytest")
    try:
        adjoint.as_torch()
    except RuntimeError as error:
        raise Complaint(str(error), 1) from None
    _for_children()
    first, *rest = words
    if first == "-m":
        if not rest:
            raise Complaint("run -m: which module?")
        sys.argv = [rest[0], *rest[1:]]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return 0
    if first == "--":
        if not rest:
            raise Complaint("run --: which command?")
        return _command(rest[0], rest[1:])
    return _script(first, rest)


def _for_children() -> None:
    """Python programs that this one starts find Adjoint under the name of torch, too."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "children")
    root = os.path.dirname(os.path.dirname(os.path.abspath(adjoint.__file__)))
    path = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *path, *([] if root in path else [root])])
    os.environ["ADJOINT_AS_TORCH"] = "1"


def _script(path: str, arguments: list[str]) -> int:
    code = compile_file(path)
    module = new_main(path)
    with as_main(module, path, arguments):
        try:
            exec(code, module.__dict__)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            show_error(error, path)
            return 1
    return 0


def _command(name: str, arguments: list[str]) -> int:
    """A command that a package brings (pytest, say), in this process."""
    for entry in metadata.entry_points(group="console_scripts"):
        if entry.name == name:
            sys.argv = [name, *arguments]
            sys.path.insert(0, os.getcwd())
            return int(entry.load()() or 0)
    return _replace(name, arguments)


def _replace(name: str, arguments: list[str]) -> NoReturn:
    """Any other command takes this process's place; Pythons that it starts are our children."""
    try:
        os.execvp(name, [name, *arguments])
    except OSError as error:
        raise Complaint(f"cannot run {name}: {error.strerror}") from None
