"""The reference of operations, written from their records while the site is built (mkdocs calls `on_files`).

Signatures and texts are the records' own. Derivatives are read off nodes: the samples of tests/catalogue are run, and what
each result's node says of itself is shown. So a page cannot say anything that the code does not.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

import catalogue  # noqa: E402

import adjoint  # noqa: E402
from adjoint import _core  # noqa: E402

FAMILIES = {  # page: (title, folders or files of core/ops, what is on it)
    "pointwise": (
        "Element by element",
        ("pointwise/", "closeness"),
        "Operations on each element by itself; operands broadcast. One formula is the kernel, the derivative and what is "
        "shown here.",
    ),
    "reductions": ("Sums, means, extremes", ("reduce/",), "Operations that make many elements into few, and scans."),
    "shapes": (
        "Shapes and views",
        ("view/", "shape/", "copy", "to", "layout"),
        "Operations that move elements or look at them in another order. Views share memory.",
    ),
    "indexing": ("Indexing", ("index/",), "Operations that pick elements by index or mask, and that put them."),
    "products": ("Products and distances", ("linalg/",), "Matrices, vectors, einsum, distances."),
    "creation": ("Making tensors", ("creation/", "random/"), "New tensors: ranges, constants, random numbers."),
}

_CASTS = frozenset("bfloat16 bool byte cdouble cfloat char double float half int long short".split())


@dataclass
class Operation:
    """All overloads of one name."""

    name: str
    schemas: list[str] = field(default_factory=list)
    forms: set[str] = field(default_factory=set)
    doc: str = ""
    family: str = "pointwise"

    @property
    def spellings(self) -> list[str]:
        plain = self.name
        found = [
            ("function", f"torch.{plain}"),
            ("method", f"Tensor.{plain}"),
            ("linalg", f"torch.linalg.{plain.removeprefix('linalg_')}"),
            ("special", f"torch.special.{plain}"),
            ("nn", f"torch.nn.functional.{plain}"),
            ("inplace", f"Tensor.{plain}_"),
        ]
        return [text for form, text in found if form in self.forms]

    @property
    def samples(self) -> str | None:
        """The name under which the catalogue has samples of it."""
        forms = (self.name, *(s.removeprefix("torch.") for s in self.spellings))
        return next((f for f in forms if f in set(catalogue.names())), None)


def operations() -> list[Operation]:
    """The public ones that are not in place, by name."""
    homes, found = _homes(), {}
    for record in _core._records():
        name, hidden = record["name"], "hidden" in record["forms"]
        if name.startswith("_") or name.endswith("_") or (hidden and not hasattr(adjoint, name)):
            continue
        family = "shapes" if name in _CASTS else homes.get(name, "pointwise")
        op = found.setdefault(name, Operation(name, family=family))
        if record["schema"] not in op.schemas:
            op.schemas.append(record["schema"])
        op.forms |= record["forms"] | ({"function"} if hidden else set())
        op.doc = op.doc or record["doc"]
    return sorted(found.values(), key=lambda op: op.name)


def _homes() -> dict[str, str]:
    """Operation → page, by the file of core/ops that its schema stands in."""
    homes = {}
    for path in sorted((ROOT / "core" / "ops").rglob("*.cpp")):
        place = str(path.relative_to(ROOT / "core" / "ops"))
        page = next((p for p, (_, starts, _) in FAMILIES.items() if place.startswith(starts)), None)
        if page:
            for name in re.findall(r'"(\w+)\(', path.read_text(encoding="utf-8")):
                homes.setdefault(name, page)
    return homes


def derivative(op: Operation, known: dict[str, str]) -> list[str]:
    """Markdown lines: the rules of the nodes that a sample's result leaves; none if it has no derivative."""
    name = op.samples
    if name is None or not catalogue.differentiable(name):
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for args, kwargs in catalogue.samples(adjoint, name, adjoint.float64):
            result = catalogue.resolve(adjoint, name)(*_tracked(args), **kwargs)
            nodes = list(_nodes(result))
            if nodes:
                return _rules(op, nodes, known)
    return []


def _tracked(value: Any) -> Any:
    if isinstance(value, adjoint.Tensor):
        return value.detach().clone().requires_grad_() if value.is_floating_point() else value
    return type(value)(map(_tracked, value)) if isinstance(value, (list, tuple)) else value


def _nodes(result: Any) -> Iterator[dict[str, Any]]:
    """What the nodes behind a result say of themselves, the last first, one of a kind."""
    outputs = [result] if isinstance(result, adjoint.Tensor) else list(result)
    todo, seen, kinds = [t.grad_fn for t in outputs if isinstance(t, adjoint.Tensor) and t.grad_fn], set(), set()
    while todo:
        node = todo.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        todo += [n for n, _ in node.next_functions if n is not None]
        told = _core._describe_node(node)
        if "leaf" not in told and (kind := (told["operation"], told["rule"])) not in kinds:
            kinds.add(kind)
            yield told


def _rules(op: Operation, nodes: list[dict[str, Any]], known: dict[str, str]) -> list[str]:
    if len(nodes) == 1:
        return ['```text title="derivative"', *_formulas(nodes[0]), "```"]
    names = list(dict.fromkeys(told["operation"] for told in nodes))
    links = [f"[{_text(n)}]({known[n]}.md#{n})" if n in known and n != op.name else f"`{n}`" for n in names]
    return [
        f"Its derivative is made of those of {', '.join(links[:-1])} and {links[-1]}."
        if links[1:]
        else f"Made of {links[0]}."
    ]


def _formulas(told: dict[str, Any]) -> Iterator[str]:
    """The value and each input's slope, or each input's cotangent."""
    if "pulls" not in told:
        yield from (told["rule"] or "").split("; ")
        return
    parameters = told["parameters"]
    letters = ["x"] if len(parameters) == 1 else [chr(ord("a") + i) for i in range(len(parameters))]
    rows = [
        ("y", told["value"]),
        *((f"∂y/∂{c}", s) for c, s in zip(letters, told["slopes"], strict=False) if s is not None),
    ]
    width = max(len(left) for left, _ in rows)
    yield from (f"{left:{width}} = {right}" for left, right in rows)
    yield f"{'':{width}}   where " + ", ".join(f"{c} is {p}" for c, p in zip(letters, parameters, strict=True))


def _text(doc: str) -> str:
    """A record's text is plain: what Markdown would take for marks is kept from it."""
    return re.sub(r"([*_<\[\]`|])", r"\\\1", doc)


def page(title: str, about: str, ops: list[Operation], known: dict[str, str]) -> str:
    lines = [f"# {title}", "", about, ""]
    for op in ops:
        lines += [f"## {op.name} {{ #{op.name} }}", "", " · ".join(f"`{s}`" for s in op.spellings), ""]
        lines += ["```text", *op.schemas, "```", "", _text(op.doc), "", *derivative(op, known), ""]
    return "\n".join(lines)


def index(pages: dict[str, list[Operation]]) -> str:
    count = sum(map(len, pages.values()))
    lines = [
        "# Operations",
        "",
        f"{count} names, written from the operations' own records. `x` (or `a`, `b`, ...) are inputs, `y` is the result, `g` "
        "its cotangent (the gradient that arrives from behind), `gx` what the rule passes on to `x`. A formula with `∂y/∂x` "
        "passes on `g·∂y/∂x`. Three things hold everywhere and are not repeated:",
        "",
        "- an input that was broadcast gets the sum over what was repeated;",
        "- where a holomorphic operation works on complex numbers, factors other than `g` are conjugated;",
        "- `[condition]` is 1 where the condition holds and 0 elsewhere; `n` is the number of elements that went into one.",
        "",
    ]
    for key, ops in pages.items():
        title, _, about = FAMILIES[key]
        links = " ".join(f"[{_text(op.name)}]({key}.md#{op.name})" for op in ops)
        lines += [f"## [{title}]({key}.md)", "", about, "", links, ""]
    return "\n".join(lines)


def on_files(files: Any, config: Any) -> Any:
    """mkdocs: adds the pages."""
    from mkdocs.structure.files import File

    pages: dict[str, list[Operation]] = {key: [] for key in FAMILIES}
    for op in operations():
        pages[op.family].append(op)
    known = {op.name: op.family for ops in pages.values() for op in ops}
    files.append(File.generated(config, "reference/index.md", content=index(pages)))
    for key, ops in pages.items():
        title, _, about = FAMILIES[key]
        files.append(File.generated(config, f"reference/{key}.md", content=page(title, about, ops, known)))
    return files
