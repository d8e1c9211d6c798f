"""A gradient derived by hand, as data: local derivatives, the product along each path, the sum over paths and copies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .steps import Step
from .term import Term, derivative, name, op
from .value import Value


@dataclass(frozen=True)
class Definition:
    """A value of the forward pass: "l1 = input·w1 = [2, 2, 2, 2]".

    Attributes:
        symbol: its name; formula: what made it, None for leaves and data.
        kind: "leaf", "data" or "operation".
        value: None where nobody holds it any more; shape: None where it is not known.
    """

    symbol: Term
    formula: Term | None
    kind: str
    value: Value | None
    shape: tuple[int, ...] | None
    where: tuple[str, int, str] | None

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "name": str(self.symbol),
            "formula": None if self.formula is None else str(self.formula),
            "kind": self.kind,
            "value": None if self.value is None else self.value.data(),
            "shape": None if self.shape is None else list(self.shape),
            "where": None if self.where is None else list(self.where),
        }


@dataclass(frozen=True)
class Path:
    """One way from an output to an input, and what the chain rule gives along it.

    Attributes:
        output: which output it starts at.
        steps: its local derivatives, in the order of the product.
        pushed: the cotangent after each step.
        product: what arrives: before the sum over the copies of a broadcast input, where that can be told apart.
        gradient: what arrives, in the input's shape.
        share: the norm of `gradient` over that of the whole gradient; None where that is zero or not finite.
    """

    output: int
    steps: tuple[Step, ...]
    pushed: tuple[Value, ...]
    product: Value
    gradient: Value
    share: float | None

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "output": self.output,
            "expression": " · ".join(str(s.derivative) for s in self.steps) if len(self.steps) <= 64 else None,
            "length": len(self.steps),
            "steps": [s.data() for s in self.steps[:200]],
            "pushed": [v.data() for v in self.pushed[:200]],
            "product": self.product.data(),
            "gradient": self.gradient.data(),
            "share": self.share,
        }


@dataclass(frozen=True)
class Gradient:
    """The derivation for one input.

    Attributes:
        symbol: the input's name; shape: its shape.
        expression: what is derived: "dloss/dw1".
        tensor: the gradient itself; value: told in a few numbers.
        count: how many paths there are; an int, or text such as "about 10^3010" where the number has too many digits.
        paths: the heaviest, as many as were asked for and found.
        rest: what all other paths give together; None where there are none.
        total: the sum over the paths before the sum over the copies of a broadcast input; None where they are one.
        engine: does the engine give the same? None: it was not run, `notes` say why.
        grad_note: what the input's `.grad` holds; None if nothing.
    """

    symbol: Term
    shape: tuple[int, ...]
    expression: Term
    tensor: Any
    value: Value
    count: int | str
    paths: tuple[Path, ...]
    rest: Value | None
    total: Value | None
    engine: bool | None
    grad_note: str | None
    notes: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "name": str(self.symbol),
            "expression": str(self.expression),
            "value": self.value.data(),
            "count": self.count if isinstance(self.count, str) or self.count < 10**18 else str(count_text(self.count)),
            "paths": [p.data() for p in self.paths],
            "rest": None if self.rest is None else self.rest.data(),
            "total": None if self.total is None else self.total.data(),
            "engine": self.engine,
            "grad_note": self.grad_note,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Output:
    """A tensor that is differentiated, with its cotangent (None: one)."""

    symbol: Term
    value: Value
    cotangent: Value | None

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        given = None if self.cotangent is None else self.cotangent.data()
        return {"name": str(self.symbol), "value": self.value.data(), "cotangent": given}


@dataclass(frozen=True)
class DerivationData:
    """How gradients came about.

    Attributes:
        outputs: what is differentiated.
        gradients: the derivation for each input, in the order asked for.
        definitions: the values that the formulas speak of, in forward order.
        steps: every local derivative on the paths that are shown, each once.
        nodes: how many nodes the graph has; operations: how many of each, in a graph that is too large to be walked.
        notes: what else is to be said.
    """

    outputs: tuple[Output, ...]
    gradients: tuple[Gradient, ...]
    definitions: tuple[Definition, ...] = ()
    steps: tuple[Step, ...] = ()
    nodes: int = 0
    operations: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of all inputs, one after another."""
        return tuple(p for g in self.gradients for p in g.paths)

    def __getitem__(self, key: int | str) -> Gradient:
        """The derivation for one input, by number or name."""
        if isinstance(key, int):
            return self.gradients[key]
        for g in self.gradients:
            if str(g.symbol) == key:
                return g
        raise KeyError(f"no gradient of {key!r}; there are {', '.join(str(g.symbol) for g in self.gradients)}")

    def data(self) -> dict[str, Any]:
        """As plain data that JSON takes."""
        return {
            "outputs": [o.data() for o in self.outputs],
            "gradients": [g.data() for g in self.gradients],
            "definitions": [d.data() for d in self.definitions],
            "steps": [s.data() for s in self.steps],
            "nodes": self.nodes,
            "operations": dict(self.operations),
            "notes": list(self.notes),
        }

    def json(self, indent: int | None = None) -> str:
        """`data()` as JSON."""
        return json.dumps(self.data(), indent=indent, ensure_ascii=False, allow_nan=False)


def count_text(n: int | str) -> str:
    """A number of paths: 1,024, or "about 10^30"."""
    if isinstance(n, str):
        return n
    if n < 10**15:
        return f"{n:,}"
    from math import log10

    bits = n.bit_length()
    exponent = (bits - 64) * log10(2) + log10(n >> (bits - 64)) if bits > 64 else log10(n)
    whole = int(exponent)
    return f"{10 ** (exponent - whole):.1f}·10^{whole}"


def expression_of(outputs: Sequence[Output], by: Term) -> Term:
    """What is derived: "dloss/dw1"; with cotangents "grad_output·dy/dw"; of several outputs the sum."""
    if len(outputs) > 3:
        return name(f"gradient of {by}")
    parts = []
    for i, o in enumerate(outputs):
        part = derivative(o.symbol, by)
        parts.append(part if o.cotangent is None else op("·", cotangent_name(outputs, i), part))
    whole = parts[0]
    for part in parts[1:]:
        whole = op("+", whole, part)
    return whole


def cotangent_name(outputs: Sequence[Output], i: int) -> Term:
    """What the cotangent of output number i is called."""
    return name("grad_output" if len(outputs) == 1 else f"grad_outputs[{i}]")
