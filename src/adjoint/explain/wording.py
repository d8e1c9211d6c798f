"""What the values of a graph are called, and the formulas between them in those names."""

from __future__ import annotations

import re
from typing import Any

from .capture import Capture, Edge, Node
from .symbols import read, simplify, substitute
from .term import Term, call, name, number, op

_SHORT = 14  # an unnamed value whose formula is no longer than this is written as that formula
_PRODUCTS = frozenset(("mm", "bmm", "mv", "matmul", "dot"))
_TURNED = frozenset(("t", "transpose", "adjoint", "mT"))
_VARIABLES = "abcd"
_SIDE = re.compile(r"g(\w+)(?:\[\w+\])? = (.*)")  # one input's part of a rule: "ga = g·bᵀ"
_WORD = re.compile(r"(?<![\w.])[a-z]+(?![A-Za-z0-9_(])")
_ONE = re.compile(r"(?<![\w.])1·")
_FACTORS = frozenset(("alpha", "beta", "p", "value"))


class Wording:
    """Terms for the outputs of a graph's nodes."""

    def __init__(self, graph: Capture) -> None:
        self.graph = graph
        self._known: dict[tuple[int, int], Term] = {}
        self._labels: set[str] = set()  # names that are ours, not the caller's
        for node in graph.nodes:  # inputs first, so that no formula has to look far
            for k in {0, *(e.output for e in node.outputs)}:
                self.symbol(node, k)

    def symbol(self, node: Node, output: int = 0) -> Term:
        """The caller's name; a short formula for a value without one; or a label such as mul_7."""
        key = (id(node), output)
        if key not in self._known:
            self._known[key] = self._named(node, output) or self._brief(node) or self._label(node, output)
        return self._known[key]

    def rename(self, node: Node, output: int, term: Term) -> None:
        """Gives an output another name."""
        self._known[id(node), output] = term

    def is_named(self, node: Node, output: int = 0) -> bool:
        return self._named(node, output) is not None

    def _named(self, node: Node, output: int) -> Term | None:
        held = node.grad_fn if node.kind == "operation" else node.tensor
        found = self.graph.names.get((id(held), output))
        if found is not None and found[0] != "_":
            return name(found)
        return name(node.name) if output == 0 and node.kind != "operation" and node.name else None

    def _brief(self, node: Node) -> Term | None:
        if node.kind != "operation" or node.formula is None:
            return None
        if any(self.symbol(e.source, e.output).head in self._labels for e in node.inputs):
            return None
        term = self.formula(node)
        return term if term is not None and len(str(term)) <= _SHORT else None

    def _label(self, node: Node, output: int) -> Term:
        label = f"{node.operation or node.kind}_{node.index}".replace(".", "_")
        many = node.kind == "operation" and getattr(node.grad_fn, "_num_outputs", 1) > 1
        label = f"{label}[{output}]" if many else label
        self._labels.add(label)
        return name(label)

    def operand(self, node: Node, i: int) -> Term | None:
        """Input number i of a node: another node's output, a number that it keeps, or a constant."""
        for e in node.inputs:
            if e.input == i:
                return self.symbol(e.source, e.output)
        parameter = node.parameters[i] if i < len(node.parameters) else None
        if parameter in node.attributes:
            return number(node.attributes[parameter])
        for saved in node.saved:
            if saved.name == parameter and saved.value.numel() == 1:
                return number(saved.value.item())
        return None if parameter is None else name(parameter)

    def names_of(self, node: Node) -> dict[str, Term]:
        """What the letters of a pointwise record's formulas stand for."""
        count = max(len(node.parameters), 1 + max((e.input for e in node.inputs), default=0))
        if count == 1:
            found = {"x": self.operand(node, 0)}
        else:
            found = {_VARIABLES[i]: self.operand(node, i) for i in range(min(count, 4))}
        return {k: v for k, v in found.items() if v is not None}

    def formula(self, node: Node) -> Term | None:
        """What the node computes: "input·w1", "mean(l4)"."""
        if node.kind != "operation":
            return None
        if node.formula is not None:
            return simplify(substitute(read(node.formula), self.names_of(node)))
        operands = [self.symbol(e.source, e.output) for e in node.inputs]
        if node.operation in _PRODUCTS and len(operands) == 2:
            return call("@", *operands)
        if node.operation in _TURNED and len(operands) == 1:
            return call("t", *operands)
        shown = [name(f"{k}={v}") for k, v in node.attributes.items() if k in ("dim", "dims", "index") and v != ()]
        return call(node.operation or node.kind, *operands, *shown)

    def slope(self, edge: Edge) -> Term | None:
        """The derivative of a pointwise operation by one of its inputs: "w3"."""
        node = edge.target
        text = node.slopes[edge.input] if edge.input < len(node.slopes) else None
        if node.formula is None or text is None:
            return None
        by = self.names_of(node)
        by["y"] = self.symbol(node)
        return simplify(substitute(read(text), by))

    def plain_slope(self, edge: Edge) -> Term | None:
        """Of reductions: 1 for a sum, 1/n for a mean."""
        node = edge.target
        if node.operation == "sum":
            return number(1)
        if node.operation == "mean" and "self_sym_numel" in node.attributes:
            return op("/", number(1), number(node.attributes["self_sym_numel"]))
        return None

    def pull(self, edge: Edge) -> Term | None:
        """What a pointwise operation's rule gives back for one input, from the cotangent g: "g·w3"."""
        node = edge.target
        text = node.pulls[edge.input] if edge.input < len(node.pulls) else None
        if text is None:
            return None
        return simplify(substitute(read(text), {**self.names_of(node), "y": self.symbol(node)}))

    def rule(self, edge: Edge) -> str:
        """What a structured operation's rule makes of the cotangent g, in the caller's names: "g ↦ g·Wᵀ"."""
        node = edge.target
        if is_custom(node):
            return f"g ↦ {node.operation}.backward(g)"
        if not node.rule:
            return f"the rule of {node.operation}"
        parts = [p.strip() for p in node.rule.split(";")]
        sides = [_SIDE.fullmatch(p) for p in parts]
        if not all(sides):
            return node.rule
        own = sides[edge.input] if len(parts) > 1 and edge.input < len(parts) else sides[0]
        assert own is not None
        by = {m[1]: self._in_rule(node, i) for i, m in enumerate(sides) if m is not None}
        by["y"] = str(self.symbol(node))
        by |= {k: str(v) for k, v in node.attributes.items() if isinstance(v, (int, float)) and k in _FACTORS}
        text = _WORD.sub(lambda m: by.get(m[0]) or m[0], own[2])
        return "g ↦ " + _ONE.sub("", text)

    def _in_rule(self, node: Node, i: int) -> str | None:
        term = self.operand(node, i)
        if term is None:
            return None
        return str(term) if term.kind == "name" else f"({term})"


def is_custom(node: Node) -> bool:
    """Is it a Function of the user's?"""
    from ..autograd.function import BackwardCFunction

    return isinstance(node.grad_fn, BackwardCFunction)


def values_of(node: Node) -> dict[str, Any]:
    """The tensors and numbers that the letters of a pointwise record's formulas stand for, as far as known."""
    count = max(len(node.parameters), 1)
    found: dict[str, Any] = {}
    for i in range(min(count, 4)):
        letter = "x" if count == 1 else _VARIABLES[i]
        parameter = node.parameters[i] if node.parameters else ""
        saved = next((s.value for s in node.saved if s.name == parameter), None)
        edge = next((e for e in node.inputs if e.input == i), None)
        if saved is not None:
            found[letter] = saved
        elif parameter in node.attributes:
            found[letter] = node.attributes[parameter]
        elif edge is not None and edge.output in edge.source.values:
            found[letter] = edge.source.values[edge.output]
    result = next((s.value for s in node.saved if s.name == "result"), node.value)
    if result is not None:
        found["y"] = result
    return found
