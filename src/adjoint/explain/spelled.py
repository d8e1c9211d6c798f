"""A rule with its numbers put in: "g·b = 0.25 · 8 = 2 everywhere"."""

from __future__ import annotations

import re
from typing import Any

from .capture import Edge, Node
from .statistics import Statistics, number, statistics

_LETTERS = re.compile(r"(?<![\w.])([abcgxy])(?![\w(])")
_MOST = 64  # elements of a tensor whose numbers are worth spelling out


def spell(edge: Edge) -> str | None:
    """The rule of one edge with numbers, where its tensors are small; None if the operation states no rule for it."""
    node = edge.target
    at = edge.input
    rule = node.pulls[at] if at < len(node.pulls) else None
    if rule is None or edge.grad.numel() > _MOST:
        return None
    known = {letter: _short(s) for letter, s in _letters(node, rule).items()}
    if any(v is None for v in known.values()):
        return None
    after = "" if edge.grad.numel() == 1 and _gradient_count(node) <= 1 else _summed(edge)
    numbers = _LETTERS.sub(lambda m: str(known.get(m[1], m[1])), rule).replace("·", " · ")
    result = statistics(edge.grad).text
    if after:
        return f"{rule} = {numbers}, {after} = {result}"
    if numbers in (result, result.removesuffix(" everywhere")):
        return f"{rule} = {result}"
    return f"{rule} = {numbers} = {result}"


def _gradient_count(node: Node) -> int:
    return 1 if node.grad is None else int(node.grad.numel())


def _summed(edge: Edge) -> str:
    """What broadcasting adds: the gradients of all places where an element was used."""
    before, after = _gradient_count(edge.target), int(edge.grad.numel())
    if after >= before or after == 0:
        return ""
    return f"summed over the {before // after} places it was broadcast to"


def _short(s: Statistics | None) -> str | None:
    if s is None:
        return None
    if s.uniform and s.min is not None:
        text = s.text.removesuffix(" everywhere")
        return f"({text})" if text.startswith("-") else text
    return s.text if s.count <= 4 else None


def _letters(node: Node, rule: str) -> dict[str, Statistics | None]:
    """The statistics of what each letter of the rule stands for."""
    wanted = set(_LETTERS.findall(rule))
    inputs: dict[int, Any] = {e.input: e.source.values.get(e.output) for e in node.inputs}
    for s in node.saved:  # what the node saved is what the rule reads
        if s.name in node.parameters:
            inputs[node.parameters.index(s.name)] = s.value
    found: dict[str, Any] = {"g": node.grad, "y": node.value}
    for i, letter in enumerate("abc"):
        found[letter] = inputs.get(i)
    found["x"] = inputs.get(0)
    result: dict[str, Statistics | None] = {}
    for letter in wanted:
        value = found[letter]
        if value is None and letter in "abc" and "abc".index(letter) < len(node.parameters):
            kept = node.attributes.get(node.parameters["abc".index(letter)])
            if isinstance(kept, (int, float)):
                result[letter] = Statistics(1, number(kept), kept, kept, kept, uniform=True)
                continue
        result[letter] = None if value is None or value.numel() > _MOST else statistics(value)
    return result
