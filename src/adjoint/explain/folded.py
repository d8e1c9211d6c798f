"""Gradients of enormous graphs: derived rule by rule in bounded memory, told in a few lines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from . import check
from .derivation import Derivation
from .derivation_data import Gradient, Output, Path, expression_of
from .flow import Freed, call_rule
from .naming import Names, key_of
from .refusal import not_part
from .steps import Step
from .term import Term, name
from .value import norm, value_of

MOST_INPUTS = 50  # that are explained when none are named
_LONGEST = 20_000  # steps of a path that is followed
_BITS = 4096  # of a number of paths that is kept exactly

_LEAF = "AccumulateGrad"
Count = Any  # an int, or (mantissa, binary exponent) when it has too many digits


def explain_folded(
    outputs: list[Any],
    cotangents: list[Any],
    given: list[bool],
    inputs: Sequence[Any],
    names: Mapping[str, Any] | None,
    frame: FrameType | None,
) -> Derivation:
    """As `explain`, for a graph too large to be written out: the gradient, checked, and how many paths it sums up."""
    known = Names(names, frame)
    graph = _Graph(outputs)
    tensors = _inputs(graph, inputs, known)
    told = tuple(
        Output(_symbol(known, t, f"output{i}" if i else "output"), value_of(t.detach()), value_of(g) if has else None)
        for i, (t, g, has) in enumerate(zip(outputs, cotangents, given, strict=True))
    )
    places = [graph.place(t) for t in tensors]
    derived, ways = graph.sweep(outputs, cotangents, places)
    hooks = any(_core._has_hooks(n) for n in graph.nodes)
    engine = None if hooks else check.engine_gradients(outputs, cotangents, tensors)
    gradients = []
    for i, (t, place) in enumerate(zip(tensors, places, strict=True)):
        symbol = _symbol(known, t, f"input{i}")
        own = derived.get(place)
        if own is None:
            raise RuntimeError(f"explain: no gradient flows to {symbol}; adjoint.why({symbol}) tells more")
        if engine is not None and not check.same(own, engine[i], norm(own) * math.log2(2 + len(graph.nodes))):
            raise check.mismatch(f"d/d{symbol}", own, engine[i], "the engine", list(graph.operations))
        few = len(tensors) == 1 and ways[place] != 1  # a single path is the whole gradient
        path = graph.follow(outputs, cotangents, place, own) if few else None
        gradients.append(_told(told, symbol, t, own, ways[place], path, engine is not None))
    notes = ["hooks are set on this graph: the engine was not run to compare, since it would run them"] if hooks else []
    return Derivation(
        outputs=told,
        gradients=tuple(gradients),
        nodes=len(graph.nodes),
        operations=dict(sorted(graph.operations.items(), key=lambda item: (-item[1], item[0]))),
        notes=tuple(notes),
    )


def _told(
    outputs: tuple[Output, ...],
    symbol: Term,
    t: Any,
    own: Any,
    ways: Count,
    path: tuple[Path, Any] | None,
    checked: bool,
) -> Gradient:
    rest = None
    if path is not None and ways != 1:
        with no_grad():
            rest = value_of(own - path[1])
    return Gradient(
        symbol=symbol,
        shape=tuple(own.shape),
        expression=expression_of(outputs, symbol),
        tensor=own.detach(),
        value=value_of(own),
        count=_count_of(ways),
        paths=() if path is None else (path[0],),
        rest=rest,
        total=None,
        engine=True if checked else None,
        grad_note=check.grad_note(str(symbol), t, own, norm(own)),
    )


def _is_leaf(node: Any) -> bool:
    return type(node).__name__ == _LEAF


def _symbol(known: Names, t: Any, otherwise: str) -> Term:
    return name(known.get(key_of(t)) or otherwise)


def _count_of(ways: Count) -> int | str:
    if isinstance(ways, int):
        return ways
    mantissa, exponent = ways
    return f"about 10^{int(math.log10(mantissa) + exponent * math.log10(2)):,}"


def _add_counts(a: Count, b: Count) -> Count:
    if type(a) is int and type(b) is int:
        total = a + b
        return total if total.bit_length() <= _BITS else _scaled(total, 0)
    m, e = _scaled(a, 0) if isinstance(a, int) else a
    n, f = _scaled(b, 0) if isinstance(b, int) else b
    total = m + (n >> (e - f)) if e >= f else n + (m >> (f - e))
    return _scaled(total, max(e, f))


def _scaled(mantissa: int, exponent: int) -> tuple[int, int]:
    extra = max(0, mantissa.bit_length() - 64)
    return mantissa >> extra, exponent + extra


def _inputs(graph: _Graph, given: Sequence[Any], known: Names) -> list[Any]:
    if not given:
        leaves = [n.variable for n in graph.nodes if _is_leaf(n)]
        if len(leaves) > MOST_INPUTS:
            raise RuntimeError(f"explain: this graph has {len(leaves):,} leaves; say which: explain(output, w)")
        return leaves
    by_name = dict(known.items())
    found = []
    for t in given:
        if isinstance(t, str):
            if t not in by_name:
                raise RuntimeError(f"explain: nothing in this graph is called {t!r}")
            t = by_name[t]
        if not isinstance(t, _core.Tensor):
            raise TypeError(f"explain: expected a tensor as input, got {type(t).__name__}")
        if not t.requires_grad or graph.place(t)[0] not in graph.by_id:
            raise RuntimeError(not_part(t, known.get(key_of(t))))
        found.append(t)
    return found


class _Graph:
    """The engine's own nodes, held so that their ids stay theirs; no objects beside them."""

    def __init__(self, outputs: list[Any]) -> None:
        self.by_id: dict[int, Any] = {}
        todo = [_core._gradient_edge(t)[0] for t in outputs]
        while todo:
            node = todo.pop()
            if id(node) in self.by_id:
                continue
            self.by_id[id(node)] = node
            todo += [n for n, _ in node.next_functions if n is not None]
        self.nodes = sorted(self.by_id.values(), key=lambda n: -1 if _is_leaf(n) else n._sequence_nr())
        self.operations = Counter(
            type(n).__name__.partition("Backward")[0].lower() for n in self.nodes if not _is_leaf(n)
        )

    @staticmethod
    def place(t: Any) -> tuple[int, int]:
        node, number = _core._gradient_edge(t)[:2]
        return id(node), number

    def sweep(
        self, outputs: list[Any], cotangents: list[Any], wanted: list[tuple[int, int]]
    ) -> tuple[dict[tuple[int, int], Any], dict[tuple[int, int], Count]]:
        """Gradients and numbers of paths at the places that are wanted; all else is let go on the way."""
        waiting: dict[int, dict[int, Any]] = {}
        ways: dict[int, dict[int, Count]] = {}
        found: dict[tuple[int, int], Any] = {}
        counts: dict[tuple[int, int], Count] = {}
        keep = set(wanted)
        for t, g in zip(outputs, cotangents, strict=True):
            node, k = self.place(t)
            _deliver(waiting, ways, node, k, g, 1)
        with no_grad():
            for node in reversed(self.nodes):
                grads = waiting.pop(id(node), None)
                if grads is None:
                    continue
                mine = ways.pop(id(node))
                for k, g in grads.items():
                    if (id(node), k) in keep:
                        found[id(node), k], counts[id(node), k] = g, mine[k]
                if _is_leaf(node):
                    continue
                first, *others = mine.values()
                total: Count = first
                for n in others:
                    total = _add_counts(total, n)
                for (source, k), g in zip(node.next_functions, run(node, grads), strict=True):
                    if source is not None and g is not None:
                        _deliver(waiting, ways, id(source), k, g, total)
        return found, counts

    def follow(
        self, outputs: list[Any], cotangents: list[Any], target: tuple[int, int], whole: Any
    ) -> tuple[Path, Any] | None:
        """One path, along the heaviest edge at each turn; None if it is too long to be followed."""
        behind = {target[0]}
        for node in self.nodes:
            if any(id(n) in behind for n, _ in node.next_functions if n is not None):
                behind.add(id(node))
        start = next((i for i, t in enumerate(outputs) if self.place(t)[0] in behind), None)
        if start is None:
            return None
        at, number = self.place(outputs[start])
        grad, steps = cotangents[start], list[Step]()
        with no_grad():
            while at != target[0] and len(steps) < _LONGEST:
                node = self.by_id[at]
                open_ways = [
                    (norm(g), -i, id(n), k, g)
                    for i, ((n, k), g) in enumerate(zip(node.next_functions, run(node, {number: grad}), strict=True))
                    if n is not None and g is not None and id(n) in behind
                ]
                if not open_ways:
                    return None
                _, _, source, k, g = max(open_ways, key=lambda w: w[:2])
                steps.append(self._step(node, number, self.by_id[source], k, grad, g))
                at, number, grad = source, k, g
        if (at, number) != target:
            return None
        size, share = norm(whole), None
        if size and math.isfinite(size):
            share = norm(grad) / size
        return Path(start, tuple(steps), (), value_of(grad), value_of(grad), share), grad

    def _step(self, node: Any, number: int, source: Any, k: int, grad: Any, g: Any) -> Step:
        operation = type(node).__name__.partition("Backward")[0].lower()
        shapes = tuple(grad.shape), tuple(g.shape)
        rule = f"the rule of {operation}"
        of, by = self._label(node, number), self._label(source, k)
        return Step(of, by, operation, "", None, rule, None, False, False, None, None, *shapes)

    @staticmethod
    def _label(node: Any, number: int) -> Term:
        if _is_leaf(node):
            return name("input")
        return name(f"{type(node).__name__.partition('Backward')[0].lower()}_{node._sequence_nr()}")


def run(node: Any, grads: dict[int, Any]) -> Sequence[Any]:
    """A node's rule by hand; `Freed` if it has lost what it saved."""
    try:
        result = call_rule(node, *(grads.get(k) for k in range(node._num_outputs)))
    except RuntimeError as e:
        told = _core._describe_node(node)
        if not (told["released"] or told["lost"]):
            raise
        raise Freed(
            f"{told['operation']}: the values it saved were freed by a backward pass or changed since; "
            "call backward(retain_graph=True), or explain before calling backward"
        ) from e
    return result if isinstance(result, tuple) else (result,)


def _deliver(
    waiting: dict[int, dict[int, Any]], ways: dict[int, dict[int, Count]], node: int, k: int, g: Any, n: Count
) -> None:
    grads = waiting.get(node)
    if grads is None:
        waiting[node], ways[node] = {k: g}, {k: n}
    elif k in grads:
        grads[k] = grads[k] + g
        ways[node][k] = _add_counts(ways[node][k], n)
    else:
        grads[k], ways[node][k] = g, n
