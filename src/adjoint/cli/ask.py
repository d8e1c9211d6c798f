"""`adjoint explain`, `adjoint graph`, `adjoint why`: the library's answers about a script's variables."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

from adjoint.cli.script import Complaint, Variables, run

FORMATS = ("text", "markdown", "latex", "html")
_WRITTEN = ("html", "svg")  # of a graph: files; the others may go to standard output
_PRINTED = ("dot", "mermaid", "json")


def explain(options: argparse.Namespace) -> int:
    variables = run(options.script, options.arguments, options.step)
    output = variables.tensor(options.of)
    inputs = [variables.tensor(name) for name in options.by]
    from adjoint.explain import explain as derive

    found = _ask(variables, lambda: derive(output, *inputs, names=_chosen(variables, options.of, *options.by)))
    text = str(found) if options.format == "text" else getattr(found, options.format)()
    _write(text, options.out)
    return 0


def graph(options: argparse.Namespace) -> int:
    variables = run(options.script, options.arguments, options.step)
    output = variables.tensor(options.of)
    from adjoint.explain.graph import graph

    found = _ask(variables, lambda: graph(output, names=_chosen(variables, options.of)))
    chosen = {kind: getattr(options, kind) for kind in (*_WRITTEN, *_PRINTED) if getattr(options, kind) is not None}
    if options.open:
        return _show(found.html(), options.of)
    for kind, path in chosen.items() or [("html", "")]:
        text = getattr(found, kind)()
        if path == "" and kind in _WRITTEN:
            path = f"{_file_name(options.of)}.{kind}"
        _write(text, path or None)
    return 0


def why(options: argparse.Namespace) -> int:
    variables = run(options.script, options.arguments, options.step)
    tensor = variables.tensor(options.of)
    loss = None if options.loss is None else variables.tensor(options.loss)
    from adjoint.explain.why import why

    chosen = [options.of] if options.loss is None else [options.of, options.loss]
    print(_ask(variables, lambda: why(tensor, loss, names=_chosen(variables, *chosen))))
    return 0


def _chosen(variables: Variables, *names: str) -> dict[str, Any]:
    """The names that the user wrote come first, then the script's others."""
    return {name: variables.tensor(name) for name in names} | variables.tensors


def _ask(variables: Variables, question: Any) -> Any:
    try:
        return variables.ask(question)
    except (RuntimeError, TypeError, ValueError) as error:  # a tensor without graph, values changed since ...
        raise Complaint(str(error), 1) from error


def _write(text: str, path: str | None) -> None:
    if path is None or path == "-":
        print(text)
        return
    try:
        Path(path).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise Complaint(f"cannot write {path}: {error.strerror}") from None
    print(f"wrote {path}", file=sys.stderr)


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name)


def _show(page: str, name: str) -> int:
    folder = tempfile.mkdtemp(prefix="adjoint-")
    path = os.path.join(folder, f"{_file_name(name)}.html")
    _write(page, path)
    if not webbrowser.open(Path(path).as_uri()):
        print(f"no browser could be started: open {path} in one", file=sys.stderr)
    return 0
