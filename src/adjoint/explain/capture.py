"""The graph as plain objects: what `explain`, `graph` and `why` read.

`capture(loss)` walks the graph behind a tensor once. Values come from what nodes saved and from the caller's
variables; gradients are computed on the side (`flow.py`), without touching any ``.grad`` and without running hooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

from .. import _core
from .naming import Key, Names, key_of

# Names under which structured operations save an operand (others, such as indices, are notes of the rule's own).
_OPERANDS = frozenset(
    "self other input weight mat1 mat2 mat vec vec1 vec2 batch1 batch2 tensor1 tensor2 condition mask src end".split()
)


class Where(NamedTuple):
    """A line of the user's program."""

    file: str
    line: int
    text: str


class Saved(NamedTuple):
    """A value that a node keeps for its rule."""

    name: str
    value: Any  # a tensor without history

    @property
    def nbytes(self) -> int:
        return int(self.value.numel() * self.value.element_size())


@dataclass(eq=False)
class Edge:
    """A value on its way: output number `output` of `source` is input number `input` of `target`."""

    source: Node
    target: Node
    input: int
    output: int = 0
    tracked: bool = True  # gradients flow back along it; data that needs none is shown all the same
    grad: Any = None  # what the target's rule gives back for this input, once flow.gradients() ran


@dataclass(eq=False)
class Node:
    """An operation, a leaf that requires grad, or data without gradient."""

    index: int  # in forward order
    kind: str  # "operation", "leaf" or "data"
    operation: str | None = None  # "mul"
    grad_fn: Any = None  # the engine's node; None for data
    tensor: Any = None  # of a leaf or data
    name: str | None = None  # what the caller calls the (first) result
    module: str = ""  # path of the module it belongs to: "encoder.fc1"
    shape: tuple[int, ...] | None = None
    dtype: Any = None
    where: Where | None = None
    sequence: int = 0
    released: bool = False  # a backward pass freed what it saved
    formula: str | None = None  # the value: "a·b"
    slopes: list[str | None] = field(default_factory=list)  # dy/d(input i): "b"
    pulls: list[str | None] = field(default_factory=list)  # the cotangent of input i: "g·b"
    rule: str | None = None  # of a structured operation: "gx = expand(g)"
    parameters: list[str] = field(default_factory=list)  # the inputs' names in the operation's signature
    saved: list[Saved] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)  # numbers and sizes that the rule keeps
    lost: list[str] = field(default_factory=list)  # saved values that were changed since
    inputs: list[Edge] = field(default_factory=list)
    outputs: list[Edge] = field(default_factory=list)
    values: dict[int, Any] = field(default_factory=dict)  # output number → tensor without history
    grads: dict[int, Any] = field(default_factory=dict)  # output number → cotangent

    @property
    def id(self) -> str:
        return f"n{self.index}"

    @property
    def value(self) -> Any | None:
        return self.values.get(0)

    @property
    def grad(self) -> Any | None:
        return self.grads.get(0)

    @property
    def label(self) -> str:
        """The caller's name, or the operation with its number."""
        if self.name:
            return self.name
        return f"{self.operation or self.kind}_{self.index}"

    @property
    def backward_name(self) -> str | None:
        """ "MulBackward0"; None for data."""
        return None if self.grad_fn is None else type(self.grad_fn).__name__

    def note_value(self, output: int, tensor: Any) -> None:
        if output in self.values:
            return
        self.values[output] = _core._plain(tensor) if tensor.requires_grad else tensor
        if output == 0:
            self.shape, self.dtype = tuple(tensor.shape), tensor.dtype

    def __repr__(self) -> str:
        shape = "" if self.shape is None else f" {list(self.shape)}"
        return f"<{self.kind} {self.label}{shape}>"


class TooLarge(RuntimeError):
    """The graph has more nodes than was allowed."""


class Capture:
    """The nodes behind some roots, in forward order (every node after its inputs)."""

    roots: list[Any]
    nodes: list[Node]
    names: Names

    def __init__(self, roots: list[Any], nodes: list[Node], names: Names) -> None:
        self.roots, self.nodes, self.names = roots, nodes, names
        self._by_key = {id(n.tensor if n.kind != "operation" else n.grad_fn): n for n in nodes}
        self.has_gradients = False

    @property
    def edges(self) -> list[Edge]:
        return [e for n in self.nodes for e in n.inputs]

    @property
    def leaves(self) -> list[Node]:
        return [n for n in self.nodes if n.kind == "leaf"]

    def find(self, tensor: Any) -> Node | None:
        """The node that a tensor is an output of, or the leaf that it is; None if it is not part of the graph."""
        return self._by_key.get(key_of(tensor)[0])

    def named(self, name: str) -> Node:
        """The node of that name, label or id; KeyError lists what there is."""
        for n in self.nodes:
            if name in (n.name, n.label, n.id):
                return n
        raise KeyError(f"no node is called {name!r}; there are {', '.join(n.label for n in self.nodes[:30])}")


class _Builder:
    def __init__(self, names: Names, limit: int | None, data: bool) -> None:
        self.names, self.limit, self.data = names, limit, data
        self.known: dict[int, Node] = {}
        self.described: dict[int, dict[str, Any]] = {}
        self.own: set[int] = set()  # leaves, and what a transpose or the like makes of one

    def discover(self, roots: Iterable[Any]) -> list[tuple[Any, dict[str, Any]]]:
        """Every engine node behind the roots with its description, in forward order."""
        todo = [_core._gradient_edge(r)[0] for r in roots]
        found: list[tuple[Any, dict[str, Any]]] = []
        seen: set[int] = set()
        while todo:
            node = todo.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            d = _core._describe_node(node)
            found.append((node, d))
            if self.limit is not None and len(found) > self.limit:
                raise TooLarge(f"the graph has more than {self.limit:,} nodes")
            todo += [e[0] for e in d.get("edges", ()) if e[0] is not None]
        found.sort(key=lambda item: item[1].get("sequence", 0))  # leaves first, then as the program ran
        return found

    def leaf(self, node: Any, tensor: Any, index: int) -> Node:
        n = Node(index, "leaf", grad_fn=node, tensor=tensor, name=self.names.get(key_of(tensor)))
        n.note_value(0, tensor)
        n.module = n.name.rpartition(".")[0] if n.name else ""
        self.own.add(id(n))
        return n

    def operation(self, node: Any, d: dict[str, Any], index: int) -> Node:
        n = Node(index, "operation", d["operation"], node)
        n.where = Where(*d["where"]) if d["where"] else None
        n.sequence, n.released, n.lost = d["sequence"], d["released"], d["lost"]
        n.formula, n.slopes, n.pulls = d.get("value"), d.get("slopes", []), d.get("pulls", [])
        n.rule, n.parameters = d["rule"], d.get("parameters", [])
        if n.operation is None:  # a custom Function, CopySlices ...: named after its class
            n.operation = type(node).__name__.removesuffix("Backward").removesuffix("Backward0")
        for number in range(getattr(node, "_num_outputs", 1)):
            key: Key = (id(node), number)
            if (name := self.names.get(key)) and n.name is None:
                n.name = name
            if (tensor := self.names.tensor(key)) is not None:
                n.note_value(number, tensor)
        return n

    def connect(self, n: Node, d: dict[str, Any], nodes: list[Node]) -> None:
        for i, (source, output) in enumerate(d["edges"]):
            if source is not None:
                self.edge(self.known[id(source)], n, i, output)
        free = [i for i, (source, _) in enumerate(d["edges"]) if source is None]
        for name, value in d["saved"]:
            if not isinstance(value, _core.Tensor):
                n.attributes[name] = value
                continue
            n.saved.append(Saved(name, _core._plain(value) if value.requires_grad else value))
            if name == "result":
                n.note_value(0, value)
            elif value.requires_grad:
                key = key_of(value)
                if key[0] in self.known:
                    self.known[key[0]].note_value(key[1], value)
            elif self.data and (name in n.parameters or (not n.parameters and name in _OPERANDS)):
                at = n.parameters.index(name) if name in n.parameters else free.pop(0) if free else len(d["edges"])
                self.edge(self.datum(value, nodes), n, at, 0, tracked=False)
        n.inputs.sort(key=lambda e: e.input)
        if not n.module:  # that of its parameters, also where they come by a transpose or the like
            n.module = next((e.source.module for e in n.inputs if id(e.source) in self.own and e.source.module), "")
        if len(n.inputs) == 1 and id(n.inputs[0].source) in self.own:
            self.own.add(id(n))

    def datum(self, tensor: Any, nodes: list[Node]) -> Node:
        if id(tensor) not in self.known:
            n = Node(-1, "data", tensor=tensor, name=self.names.get((id(tensor), 0)))
            n.note_value(0, tensor)
            self.known[id(tensor)] = n
            nodes.append(n)
        return self.known[id(tensor)]

    @staticmethod
    def edge(source: Node, target: Node, i: int, output: int, tracked: bool = True) -> None:
        e = Edge(source, target, i, output, tracked)
        source.outputs.append(e)
        target.inputs.append(e)


def capture(
    roots: Any,
    *,
    names: Mapping[str, Any] | None = None,
    frame: FrameType | None = None,
    limit: int | None = None,
    data: bool = True,
) -> Capture:
    """The graph behind `roots` (a tensor or several).

    Args:
        names: names for tensors, before those of the variables in `frame`.
        frame: whose variables name the nodes; see `naming.caller`.
        limit: the most nodes; TooLarge beyond.
        data: show saved operands that need no gradient as nodes, too.

    Raises:
        TypeError: roots that are no tensors.
        RuntimeError: a root that does not require grad: there is no graph behind it.
    """
    tensors = [roots] if isinstance(roots, _core.Tensor) else list(roots)
    known = Names(names, frame)
    for t in tensors:
        if not isinstance(t, _core.Tensor):
            raise TypeError(f"expected a tensor, got {type(t).__name__}")
        if not t.requires_grad:
            raise RuntimeError(_no_graph(t))
        known.add(known.get(key_of(t)) or "_output", t)
    build = _Builder(known, limit, data)
    found = build.discover(tensors)
    nodes: list[Node] = []
    for node, d in found:
        n = build.leaf(node, d["leaf"], 0) if "leaf" in d else build.operation(node, d, 0)
        build.known[id(node)] = n
        if n.kind == "leaf":
            build.known[id(n.tensor)] = n
    for node, d in found:
        n = build.known[id(node)]
        if n.kind == "operation":
            build.connect(n, d, nodes)
        nodes.append(n)
    for i, n in enumerate(nodes):
        n.index = i
        if n.name == "_output":
            n.name = None
    return Capture(tensors, nodes, known)


def _no_graph(t: Any) -> str:
    what = f"this {str(t.dtype).removeprefix('torch.')}{list(t.shape)} tensor does not require grad"
    cut = _core._cut_of(t)
    if cut is None:
        return f"{what}: there is no graph behind it; compute it from a tensor with requires_grad=True"
    where = "" if cut["where"] is None else " at {}:{}   {}".format(*cut["where"])
    return f"{what}: its history was cut by {cut['kind']}{where}; adjoint.why(tensor) tells more"
