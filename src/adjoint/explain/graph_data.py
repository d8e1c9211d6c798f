"""The graph behind tensors as data: nodes, edges, and what is known of each."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .capture import Where
from .statistics import Statistics


@dataclass(frozen=True)
class SavedValue:
    """A value that an operation keeps until the backward pass."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    text: str


@dataclass(eq=False)
class GraphEdge:
    """A value on its way: output number `output` of `source` is input number `input` of `target`."""

    source: GraphNode
    target: GraphNode
    input: int = 0
    output: int = 0
    tracked: bool = True  # a gradient flows back along it
    count: int = 1  # edges of the unfolded graph that it stands for
    name: str = ""  # the input's name in the operation's signature: "self", "other"
    slope: str | None = None  # d(result)/d(input): "b"
    rule: str | None = None  # what flows back: "g·b"
    spelled: str | None = None  # the rule with numbers: "g·b = 0.25 · 8 = 2 everywhere"
    gradient: Statistics | None = None
    gradient_shape: tuple[int, ...] | None = None


@dataclass(eq=False)
class GraphNode:
    """An operation with its result, a leaf that requires grad, data without gradient, or several nodes folded into one.

    `kind` is "operation", "leaf", "data", "module" (folded by module) or "run" (a folded chain).
    """

    id: str  # "n4"; stable for the same program
    index: int  # in forward order: every node comes after its inputs
    kind: str
    label: str  # the name, or the operation with its number: never empty
    name: str | None = None  # what the caller calls it
    operation: str | None = None  # "mul"
    backward_name: str | None = None  # "MulBackward0"
    module: str = ""  # dotted path: "encoder.fc1"
    shape: tuple[int, ...] | None = None
    dtype: str | None = None  # "float32"
    where: Where | None = None  # file, line, text of the program's line that made it
    formula: str | None = None  # "a·b"
    rule: str | None = None  # of an operation on whole tensors: "gx = expand(g)"
    value: Statistics | None = None
    gradient: Statistics | None = None
    saved: list[SavedValue] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)  # numbers and sizes that the rule keeps
    released: bool = False  # a backward pass freed what it had saved
    is_output: bool = False
    count: int = 1  # nodes of the unfolded graph that it stands for
    operations: dict[str, int] = field(default_factory=dict)  # of a folded node: backward name → how many
    inputs: list[GraphEdge] = field(default_factory=list)
    outputs: list[GraphEdge] = field(default_factory=list)

    @property
    def saved_bytes(self) -> int:
        return sum(s.nbytes for s in self.saved)

    @property
    def source(self) -> str | None:
        """ "train.py:12"; None if unknown."""
        return None if self.where is None else f"{os.path.basename(self.where.file)}:{self.where.line}"

    def __repr__(self) -> str:
        shape = "" if self.shape is None else f" {list(self.shape)}"
        return f"<{self.kind} {self.label}{shape}>"


class GraphData:
    """The graph behind some tensors: `nodes` in forward order, and `edges`.

    It holds statistics, not tensors, so it keeps nothing of the program alive.

    Attributes:
        nodes: GraphNode objects, every node after its inputs.
        title: what the drawings are headed with.
        notes: sentences on what is missing and why ("the graph was freed ...").
    """

    nodes: list[GraphNode]
    title: str
    notes: list[str]

    def __init__(self, nodes: list[GraphNode], title: str, notes: Iterable[str] = ()) -> None:
        self.nodes, self.title, self.notes = nodes, title, list(notes)

    @property
    def edges(self) -> list[GraphEdge]:
        return [e for n in self.nodes for e in n.inputs]

    @property
    def outputs(self) -> list[GraphNode]:
        return [n for n in self.nodes if n.is_output]

    @property
    def has_gradients(self) -> bool:
        return any(n.gradient is not None for n in self.nodes)

    @property
    def modules(self) -> list[str]:
        """The dotted paths of the modules, in forward order."""
        return list(dict.fromkeys(n.module for n in self.nodes if n.module))

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[GraphNode]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> GraphNode:
        """The node of that name, label or id.

        Raises:
            KeyError: there is none; the message names the nearest.
        """
        for n in self.nodes:
            if name in (n.name, n.label, n.id):
                return n
        raise KeyError(unknown("node", str(name), [n.label for n in self.nodes]))


def unknown(what: str, name: str, there: list[str]) -> str:
    """The message for a name that is not there."""
    near = difflib.get_close_matches(name, there, 3)
    if near:
        return f"no {what} is called {name!r}; did you mean {' or '.join(map(repr, near))}?"
    some = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")
    return f"no {what} is called {name!r}; there are {some or 'none'}"
