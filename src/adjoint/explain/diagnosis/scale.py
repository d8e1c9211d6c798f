"""Gradients that grow or die out: the gain of every layer on the way from the loss to the tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..capture import Capture, Edge, Node
from .numbers import norm, number
from .report import Diagnosis, Table, at, short

EXPLODING = 1e6  # of the gradient's norm to that of the loss
VANISHING = 1e-7
_MOST_ROWS = 24


@dataclass
class _Layer:
    edges: list[Edge] = field(default_factory=list)  # from the loss towards the tensor
    arrives: float = 0.0  # the norm of the cotangent of its result
    leaves: float = 0.0  # of its input

    @property
    def gain(self) -> float:
        return self.leaves / self.arrives if self.arrives else math.inf

    @property
    def label(self) -> str:
        node = self.edges[-1].target
        operations = list(dict.fromkeys(e.target.operation or "?" for e in reversed(self.edges)))
        what = " → ".join(operations[:3]) + (" …" if len(operations) > 3 else "")
        where = "" if node.where is None else f" ({short(node.where.file)}:{node.where.line})"
        return f"{node.module}: {what}{where}" if node.module else f"{what}{where}"


def judge(diagnosis: Diagnosis, graph: Capture, target: Node) -> Diagnosis | None:
    """Says so when the gradient has exploded or vanished on its way; None when its size is nothing to talk of."""
    start = max((norm(g) for r in graph.roots if (n := graph.find(r)) for g in n.grads.values()), default=0.0)
    end = norm(target.grad)
    if not start or not end:
        return None
    total = end / start
    if VANISHING <= total <= EXPLODING:
        return None
    layers = gains(target)
    exploding = total > 1
    diagnosis.kind = "exploding" if exploding else "vanishing"
    worst = (max if exploding else min)(layers, key=lambda layer: layer.gain)
    node = worst.edges[-1].target
    count = sum((layer.gain > 1) == exploding for layer in layers)
    diagnosis.say(
        f"The gradient {'explodes' if exploding else 'vanishes'} on its way from the loss: its norm is {number(end)}, "
        f"{number(total)} times that of the loss. {count} of {len(layers)} layers make it {'larger' if exploding else 'smaller'}; "
        f"most of all {node.operation} {at(node.where)}, by a factor of {number(worst.gain)}.",
        node.where,
    )
    diagnosis.table = table(layers)
    diagnosis.remedy = (
        "clip the gradient's norm, start from smaller weights, or normalise between the layers."
        if exploding
        else "start from larger weights (a gain of 1 per layer), use relu-like activations, skip connections or "
        "normalisation, or scale the loss."
    )
    return diagnosis


def gains(target: Node) -> list[_Layer]:
    """The layers on the heaviest way from the loss to the tensor, the loss's first.

    A layer is a module where the tensors' names tell of modules; elsewhere operations up to the next repetition.
    """
    way: list[Edge] = []
    node: Node = target
    while True:
        options = [e for e in node.outputs if e.tracked and e.grad is not None]
        if not options:
            break
        way.append(max(options, key=lambda e: norm(e.grad)))
        node = way[-1].target
    layers: list[_Layer] = []
    keys: set[tuple[object, ...]] = set()
    for e in reversed(way):
        key = (e.target.operation, e.target.where and e.target.where[:2])
        last = layers[-1].edges[-1].target if layers else None
        fresh = last is None or last.module != e.target.module
        if not e.target.module:
            line = last is not None and last.where is not None and last.where[:2] != (e.target.where or (0, 0))[:2]
            fresh = fresh or key in keys or (line and not _loops(way))
        if fresh:
            layers.append(_Layer(arrives=max(norm(g) for g in e.target.grads.values())))
            keys = set()
        keys.add(key)
        layers[-1].edges.append(e)
        layers[-1].leaves = norm(e.grad)
    return layers


def _loops(way: list[Edge]) -> bool:
    """Does the program run the same lines again and again?"""
    lines = [e.target.where and e.target.where[:2] for e in way]
    return len(set(lines)) * 2 <= len(lines) and len(
        {(e.target.operation, w) for e, w in zip(way, lines, strict=True)}
    ) < len(way)


def table(layers: list[_Layer]) -> Table:
    """One row a layer; the middle of a long way is left out."""
    rows = [[layer.label, number(layer.arrives), number(layer.leaves), number(layer.gain)] for layer in layers]
    if len(rows) > _MOST_ROWS:
        half = _MOST_ROWS // 2
        left = len(rows) - 2 * half
        middle = layers[half:-half]
        gain = math.exp(sum(math.log(layer.gain) for layer in middle if layer.gain > 0) / max(1, len(middle)))
        rows = [*rows[:half], [f"… {left} more, on average", "", "", number(gain)], *rows[-half:]]
    return Table(["layer, from the loss", "norm in", "norm out", "gain"], rows)
