"""`explain`: from a graph to a derivation."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from . import check, paths
from .capture import Capture, Edge, Node, TooLarge, capture
from .derivation import Derivation
from .derivation_data import Definition, Gradient, Output, Path, expression_of
from .naming import caller, key_of
from .paths import Found, Place, Sweep
from .refusal import not_part
from .steps import Local, Step, local_derivative
from .stretches import stretches
from .symbols import names_in
from .term import Term, name
from .value import Value, norm, value_of
from .wording import Wording, is_custom

LARGE = 20_000  # nodes; beyond, the graph is folded
_DETAILED = 400  # steps of a path that keep the cotangent after each
_MOST_DEFINITIONS = 400


def explain(
    output: Any,
    *inputs: Any,
    names: Mapping[str, Any] | None = None,
    grad_output: Any = None,
    paths: int = 8,
    budget: int = 50_000,
) -> Derivation:
    """How the gradient of `output` by each of `inputs` comes about: the chain rule written out, with numbers.

    >>> import adjoint as torch
    >>> a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    >>> loss = a * b
    >>> print(torch.explain(loss, a)["a"].paths[0].steps[0].formula)
    b

    Nothing is touched: no ``.grad``, no hooks, and the graph can still be used. Values are those that the graph saved
    and those of the caller's variables, which also give the names.

    Args:
        output: the tensor to differentiate, or a list of them, whose gradients are added up.
        inputs: tensors of the graph, leaves or not, or their names; none: every leaf.
        names: names for tensors, before those of the caller's variables.
        grad_output: the cotangent of `output`, or a list of them; needed unless it is a real scalar.
        paths: the most paths that are written out for each input; the others are summed up as one.
        budget: the most rules that the search for the heaviest paths runs.

    Raises:
        TypeError: something that is no tensor.
        RuntimeError: an output without graph, or not scalar and without cotangent; an input that is not part of the
            graph; a graph that a backward pass freed (`Freed`). Also if the derivation and the engine differ: then the
            fault is ours.
        ValueError: `paths` or `budget` below 1.
    """
    if paths < 1 or budget < 1:
        raise ValueError(f"explain: paths and budget must be at least 1, got {paths} and {budget}")
    outputs = [output] if isinstance(output, _core.Tensor) else list(output)
    cotangents, given = _cotangents(outputs, grad_output)
    with _no_collection():
        graph = None
        with suppress(TooLarge):
            graph = capture(outputs, names=names, frame=caller(), limit=LARGE)
        if graph is None:
            from .folded import explain_folded

            return explain_folded(outputs, cotangents, given, inputs, names, caller())
        try:
            return _Explainer(graph, outputs, cotangents, given, inputs, paths, budget).run()
        finally:
            for n in graph.nodes:  # nodes and edges hold each other: free the graph now, not at the next collection
                n.inputs.clear()
                n.outputs.clear()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Thousands of objects that stay make each collection longer and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _cotangents(outputs: list[Any], given: Any) -> tuple[list[Any], list[bool]]:
    """A cotangent for each output, and whether the caller gave it."""
    if not outputs:
        raise ValueError("explain: expected at least one output")
    listed = [given] if given is None or isinstance(given, _core.Tensor) else list(given)
    if given is None:
        listed = [None] * len(outputs)
    if len(listed) != len(outputs):
        raise RuntimeError(f"explain: got {len(outputs)} outputs and {len(listed)} cotangents in grad_output")
    made = []
    for i, (t, g) in enumerate(zip(outputs, listed, strict=True)):
        if not isinstance(t, _core.Tensor):
            raise TypeError(f"explain: expected a tensor as output, got {type(t).__name__}")
        if g is None:
            made.append(_implicit(t, i))
            continue
        if not isinstance(g, _core.Tensor):
            raise TypeError(f"explain: grad_output must be a tensor, got {type(g).__name__}")
        if tuple(g.shape) != tuple(t.shape):
            raise RuntimeError(
                f"explain: grad_output[{i}] has a shape of {list(g.shape)} and output[{i}] has {list(t.shape)}"
            )
        made.append(g.detach().to(t.dtype))
    return made, [g is not None for g in listed]


def _implicit(t: Any, i: int) -> Any:
    if t.numel() != 1 or not t.is_floating_point():
        what = f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}"
        raise RuntimeError(
            f"explain: output {i} is {what}: a gradient can be implicitly created only for real scalar outputs; "
            "pass grad_output=, a tensor of the same shape, or explain(output.sum(), ...)"
        )
    return _core.ones_like(t).detach()


class _Explainer:
    def __init__(
        self,
        graph: Capture,
        outputs: list[Any],
        cotangents: list[Any],
        given: list[bool],
        inputs: Sequence[Any],
        most: int,
        budget: int,
    ) -> None:
        self.graph, self.tensors, self.cotangents = graph, outputs, cotangents
        self.wording = Wording(graph)
        self.most, self.budget = most, budget
        self.inputs = self._inputs(inputs)
        self.begin = paths.starts(graph, cotangents)
        self.outputs = tuple(
            Output(self._output_name(place, i, len(outputs)), value_of(t.detach()), value_of(g) if has else None)
            for i, (t, g, has, (place, _)) in enumerate(zip(outputs, cotangents, given, self.begin, strict=True))
        )
        self.locals: dict[tuple[int, int], Local] = {}

    def _output_name(self, place: Place, i: int, count: int) -> Term:
        """An output without a name is called "output": short, and clear enough."""
        found = self.wording.symbol(*place)
        if not self.wording.is_named(*place):
            found = name("output" if count == 1 else f"output{i}")
            self.wording.rename(*place, found)
        return found

    def _inputs(self, given: Sequence[Any]) -> list[tuple[Place, Any]]:
        found: list[tuple[Place, Any]] = []
        if not given:
            return [((n, 0), n.tensor) for n in self.graph.leaves]
        for t in given:
            if isinstance(t, str):
                found.append(self._by_name(t))
                continue
            if not isinstance(t, _core.Tensor):
                raise TypeError(f"explain: expected a tensor as input, got {type(t).__name__}")
            node = self.graph.find(t) if t.requires_grad else None
            if node is None:
                raise RuntimeError(not_part(t, self.graph.names.get(key_of(t))))
            found.append(((node, 0 if t.grad_fn is None else key_of(t)[1]), t))
        return found

    def _by_name(self, wanted: str) -> tuple[Place, Any]:
        for known, t in self.graph.names.items():
            node = self.graph.find(t) if known == wanted and t.requires_grad else None
            if node is not None:
                return (node, 0 if t.grad_fn is None else key_of(t)[1]), t
        named = ", ".join(n.name for n in self.graph.nodes if n.name and n.kind != "data")
        raise RuntimeError(f"explain: nothing in this graph is called {wanted!r}; there are: {named or 'no names'}")

    def run(self) -> Derivation:
        targets = [place for place, _ in self.inputs]
        told = paths.sweep(self.graph, self.begin, targets)
        hooks = check.hooked(self.graph)
        engine = None
        if not hooks:
            engine = check.engine_gradients(self.tensors, self.cotangents, [t for _, t in self.inputs])
        share = max(1, self.budget // len(targets))
        gradients = tuple(
            self._gradient(place, t, told, None if engine is None else engine[i], share)
            for i, (place, t) in enumerate(self.inputs)
        )
        return Derivation(
            outputs=self.outputs,
            gradients=gradients,
            definitions=tuple(self._definitions(gradients)),
            steps=self._steps(),
            nodes=len(self.graph.nodes),
            notes=tuple(self._notes(hooks)),
        )

    def _notes(self, hooks: bool) -> Iterator[str]:
        if hooks:
            yield (
                "hooks or retain_grad are set on this graph: the engine was not run to compare, since it would run "
                "them; the derivation leaves out what they change"
            )
        if any(n.values and n.values[min(n.values)].is_complex() for n in self.graph.nodes):
            yield (
                "complex numbers follow PyTorch's convention: the gradient is the direction of steepest ascent, so each "
                "cotangent is multiplied by the conjugate of the local derivative"
            )

    # --- one input ---

    def _gradient(self, place: Place, tensor: Any, told: Sweep, engine: Any, budget: int) -> Gradient:
        symbol = self.wording.symbol(*place)
        gradient = told.gradients.get((id(place[0]), place[1]))
        if gradient is None:
            raise RuntimeError(
                f"explain: no gradient flows to {symbol}: each path to it ends at an operation that gives none; "
                f"adjoint.why({symbol}) tells more"
            )
        into = sum(told.edges.get(id(e), 0.0) for e in place[0].outputs if e.output == place[1])
        if engine is not None and not check.same(gradient, engine, into):
            raise check.mismatch(f"d/d{symbol}", gradient, engine, "the engine", self._operations())
        count = paths.count(self.graph, self.begin, place, told)
        found = paths.search(self.graph, self.begin, place, told, self.most, budget)
        whole = norm(gradient)
        for f in found:
            for start, _, first, _ in stretches([(e.target.operation or "", e.target.module) for e in f.edges]):
                for i in range(start, start + first):
                    self._local(f, i)  # in the order of the paths: so they are listed
        copies = [self._before_sum(f) for f in found]
        shown = tuple(self._path(f, c, whole) for f, c in zip(found, copies, strict=True))
        rest, notes = self._rest(symbol, gradient, found, count)
        return Gradient(
            symbol=symbol,
            shape=tuple(gradient.shape),
            expression=expression_of(self.outputs, symbol),
            tensor=gradient.detach(),
            value=value_of(gradient),
            count=count,
            paths=shown,
            rest=None if rest is None else value_of(rest),
            total=self._total(copies, rest),
            engine=None if engine is None else True,
            grad_note=check.grad_note(str(symbol), tensor, gradient, into),
            notes=tuple(notes),
        )

    def _operations(self) -> list[str]:
        return [n.operation or n.kind for n in self.graph.nodes if n.kind == "operation"]

    def _rest(self, symbol: Term, gradient: Any, found: list[Found], count: int) -> tuple[Any, list[str]]:
        """What is left for the paths that are not shown; with all shown, the check that nothing is."""
        with no_grad():
            total = None
            for f in found:
                total = f.product if total is None else total + f.product
        if len(found) < count:
            with no_grad():
                return (gradient if total is None else gradient - total), []
        scale = sum(norm(f.product) for f in found)
        if total is None or check.same(gradient, total, scale):
            return None, []
        if any(is_custom(n) for n in self.graph.nodes):
            custom = ", ".join(sorted({n.operation or "" for n in self.graph.nodes if is_custom(n)}))
            return None, [
                f"the paths' products do not add up to the gradient of {symbol}, since a custom Function's backward "
                f"({custom}) is not linear in its argument; the gradient is the engine's"
            ]
        raise check.mismatch(f"d/d{symbol}", total, gradient, "the sum over all paths", self._operations())

    def _before_sum(self, f: Found) -> Any:
        """The path's product before the sum over the copies of a broadcast input; None where there is no such sum."""
        if not f.edges:
            return None
        before = f.pushed[-2] if len(f.pushed) > 1 else f.cotangent
        local = self._local(f, len(f.edges) - 1)
        if not local.step.summed or not local.step.elementwise:
            return None
        with no_grad():
            return before * local.slope

    @staticmethod
    def _total(copies: list[Any], rest: Any) -> Value | None:
        if rest is not None or not copies or any(c is None for c in copies):
            return None
        if any(tuple(c.shape) != tuple(copies[0].shape) for c in copies):
            return None
        with no_grad():
            total = copies[0]
            for c in copies[1:]:
                total = total + c
        return value_of(total)

    def _path(self, f: Found, copies: Any, whole: float) -> Path:
        size = norm(f.product)
        steps = tuple(self._step(f, i) for i in range(len(f.edges)))
        few = len(f.edges) <= _DETAILED
        return Path(
            output=next(i for i, (place, _) in enumerate(self.begin) if place == f.start),
            steps=steps,
            pushed=tuple(value_of(p) for p in f.pushed) if few else (),
            product=value_of(f.product if copies is None else copies),
            gradient=value_of(f.product),
            share=size / whole if whole and math.isfinite(whole) and math.isfinite(size) else None,
        )

    def _local(self, f: Found, i: int) -> Local:
        """The local derivative of a path's step, worked out once."""
        key = self._key(f, i)
        if key not in self.locals:
            before = f.pushed[i - 1] if i else f.cotangent
            self.locals[key] = local_derivative(f.edges[i], before, key[1], self.wording)
        return self.locals[key]

    @staticmethod
    def _key(f: Found, i: int) -> tuple[int, int]:
        return id(f.edges[i]), f.edges[i - 1].output if i else f.start[1]

    def _step(self, f: Found, i: int) -> Step:
        key = self._key(f, i)
        if key in self.locals:
            return self.locals[key].step
        return self._bare(f.edges[i], key[1], f.pushed[i])

    def _bare(self, edge: Edge, output: int, pushed: Any) -> Step:
        """A step without its value."""
        node, shape = edge.target, tuple(pushed.shape)
        slope = self.wording.slope(edge)
        return Step(
            self.wording.symbol(node, output), self.wording.symbol(edge.source, edge.output), node.operation or "",
            node.module, slope, None if slope is not None else self.wording.rule(edge), None, False, False,
            None, node.where, shape, shape,
        )  # fmt: skip

    def _steps(self) -> tuple[Step, ...]:
        """From the outputs to the inputs, as the backward pass meets them."""
        found = {
            (str(s.derivative), str(s.formula), str(s.value)): s for local in self.locals.values() if (s := local.step)
        }
        return tuple(found.values())

    # --- the values that formulas speak of ---

    def _definitions(self, gradients: Sequence[Gradient]) -> list[Definition]:
        core: set[str] = set()
        for step in self._steps():
            for term in (step.of, step.by, step.formula):
                core |= names_in(term)
        for o in self.outputs:
            core |= names_in(o.symbol)
        for g in gradients:
            core |= names_in(g.symbol)
        places = [(n, k) for n in sorted(self.graph.nodes, key=_first_use) for k in self._outputs_of(n)]
        wanted = set(core)
        for n, k in places:
            symbol = self.wording.symbol(n, k)
            if symbol.kind == "name" and symbol.head in core:
                wanted |= names_in(self.wording.formula(n))
        named = [(n, k, s) for n, k in places if (s := self.wording.symbol(n, k)).kind == "name" and s.head in wanted]
        return [self._definition(n, k, s) for n, k, s in named[:_MOST_DEFINITIONS]]

    @staticmethod
    def _outputs_of(node: Node) -> list[int]:
        if node.kind != "operation":
            return [0]
        return sorted({e.output for e in node.outputs} | set(node.values) | {0})

    def _definition(self, node: Node, k: int, symbol: Term) -> Definition:
        value = node.values.get(k)
        return Definition(
            symbol,
            self.wording.formula(node) if node.kind == "operation" else None,
            node.kind,
            None if value is None else value_of(value),
            None if value is None else tuple(value.shape),
            node.where,
        )


def _first_use(node: Node) -> tuple[int, int, int]:
    """Leaves and data by where they are first used; then the operations as they ran."""
    if node.kind == "operation":
        return 1, node.index, 0
    index, input = min(((e.target.index, e.input) for e in node.outputs), default=(node.index, 0))
    return 0, index, input
