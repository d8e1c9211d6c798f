"""Modules of the package import one way: data below what reads it, no circles, imports inside functions included."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "src" / "adjoint"


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(p): p for p in ROOT.rglob("*.py")}


def walk(node, package):
    """All of a module's code; not what a package tells only to tools, of modules that it imports at first use."""
    if package and isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        children = node.orelse
    else:
        yield node
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from walk(child, package)


def imports(name, path, source):
    """The modules of ours that a module imports, wherever it does."""
    package = path.name == "__init__.py"
    for node in walk(ast.parse(source), package):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")
                parents = parents[: len(parents) - node.level + package]
                base = ".".join([*parents, base] if base else parents)
            for a in node.names:
                whole = f"{base}.{a.name}"
                if whole in MODULES:
                    yield whole
                elif base in MODULES and whole != "adjoint._core":  # the extension module is no file of ours
                    yield base


def circles(graph):
    """The sets of modules that import each other (strongly connected components), by Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            if len(stack) - at > 1 or v in graph[v]:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for v in graph:
        if v not in index:
            visit(v)
    return found


def test_no_circles():
    graph = {name: set(imports(name, path, path.read_text())) - {name} for name, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 100  # the reader of imports has not gone blind
    assert circles(graph) == []


def test_the_reader_of_imports_sees_what_functions_and_tools_import():
    source = (
        "def f():\n    from .render.text import render\nif TYPE_CHECKING:\n    from . import flow\nfrom .. import _core"
    )
    found = set(imports("adjoint.explain.value", Path("value.py"), source))
    assert found == {"adjoint.explain.render.text", "adjoint.explain.flow"}


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
