"""`why(tensor)`: a straight answer when a gradient is missing, zero, not finite, or out of scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _core
from ..autograd.grad_mode import no_grad
from .capture import Capture, Node, TooLarge, capture
from .diagnosis import missing, networks, nonfinite, scale, zero
from .diagnosis.case import LIMIT, Case
from .diagnosis.numbers import has_nan, is_finite, is_zero, norm, number, span
from .diagnosis.report import Diagnosis, at
from .diagnosis.values import complete
from .flow import Freed, gradients
from .naming import caller

__all__ = ["Diagnosis", "why"]


def why(tensor: Any, loss: Any = None, *, names: Mapping[str, Any] | None = None) -> Diagnosis:
    """Says why a tensor's gradient is None, zero, NaN, infinite, huge or tiny, or that it is well, with source lines.

    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> loss = (w.detach() * 3) ** 2
    >>> why(w)
    w got no gradient: loss was cut from the graph by detach() at line 2 of train.py.

    Nothing is changed: no ``.grad``, no hook runs, the graph stays. Zero and non-finite gradients are followed
    through the loss's graph, which must not be freed: ask before ``backward()``, with ``why(w, loss)``, or call
    ``backward(retain_graph=True)``.

    Args:
        tensor: whose gradient.
        loss: what the gradient is of. Without it the caller's variables are searched for the likeliest: the latest
            single number computed from the tensor.
        names: names for tensors, before those of the caller's variables: ``{"encoder.fc1.weight": w}``. Dotted
            names group layers by module.

    Returns:
        A `Diagnosis`; print it, or read its `kind`, `sentences`, `lines`, `remedy` and `table`.

    Raises:
        TypeError: something else than tensors.
    """
    for what, t in (("tensor", tensor), ("loss", loss)):
        if not isinstance(t, _core.Tensor) and not (what == "loss" and t is None):
            raise TypeError(f"why: expected {what} to be a tensor, got {type(t).__name__}")
    case = Case(tensor, loss, names, caller())
    try:
        with no_grad():
            return networks.remark(case, _diagnose(case))
    finally:
        case.frame = None


def _diagnose(case: Case) -> Diagnosis:
    t, d = case.tensor, Diagnosis("unknown", case.subject)
    if not t.requires_grad:
        return missing.not_asked(case, d)
    grad = t.grad if t.is_leaf or t.retains_grad else None
    if (
        t.is_leaf
        and t.numel() == 1
        and (case.given is None or case.given is t)
        and (chain := case.chain(t))
        and not case.results()
    ):
        return missing.set_after_cut(case.subject, d, chain[0])
    if grad is not None:
        return _of_gradient(case, d, grad)
    if not t.is_leaf and not t.retains_grad:
        return _of_result(case, d)
    missing.of_leaf(case, d)
    return _foresee(case, d)


def _of_result(case: Case, d: Diagnosis) -> Diagnosis:
    """A tensor with a grad_fn that keeps no gradient: asked about as a loss, or by mistake for a leaf."""
    t, graph = case.tensor, case.around()
    node = graph.find(t) if graph else None
    if case.given is not None and case.given is not t:
        flowed, target, _ = _flow(case)
        if flowed is not None and target is not None and target.grads:
            where = node.where if node else None
            d.say(
                f"{case.subject} is the result of {node.operation if node else 'an operation'} {at(where)}; its gradient is not kept, so it was computed on the side.",
                where,
            )
            return _of_flow(case, d, flowed, target)
    value = _core._plain(t)
    if not is_finite(value):
        alone = _capture(case, t)
        if alone is not None:
            complete(alone)
            root = alone.find(t)
            assert root is not None
            d.say(f"{case.subject} itself is {span(value)}.")
            return nonfinite.forward(d, alone, root)
    return missing.not_a_leaf(case, d, node)


def _capture(case: Case, root: Any) -> Capture | None:
    try:
        return capture(root, names=case.explicit, frame=case.frame, limit=LIMIT)
    except TooLarge:
        case.too_large = True
        return None


def _flow(case: Case) -> tuple[Capture | None, Node | None, str]:
    """The loss's graph with its gradients computed on the side, the tensor's node in it, and else what stood in the way."""
    loss = case.loss()
    if loss is None:
        return (
            None,
            None,
            "No loss was found among the variables here, so its graph could not be looked at: why(tensor, loss) takes it.",
        )
    if not loss.requires_grad:
        return None, None, ""
    graph = _capture(case, loss)
    if graph is None:
        return None, None, f"The graph has more than {LIMIT:,} nodes: it was not looked through."
    target = graph.find(case.tensor)
    complete(graph)
    try:
        gradients(graph)
    except Freed:
        name = case.called(loss)
        return (
            graph,
            target,
            (
                f"The graph of {name} was freed by backward(), so the gradient could not be followed through it: call "
                f"{name}.backward(retain_graph=True), or ask why(tensor, {name}) before backward()."
            ),
        )
    except RuntimeError as e:  # a rule that cannot be run by hand
        return graph, target, f"The graph could not be followed: {str(e).splitlines()[0]}"
    return graph, target, ""


def _of_gradient(case: Case, d: Diagnosis, grad: Any) -> Diagnosis:
    """The gradient is there: is it well?"""
    name = f"{case.subject}.grad" if case.name else "its gradient"
    if is_finite(grad) and not is_zero(grad):
        return _of_size(case, d, grad, name)
    graph, target, note = _flow(case)
    if not is_finite(grad):
        d.kind = "nonfinite"
        d.say(f"{name} is {span(grad)}.")
    else:
        d.kind = "zero"
        d.say(f"{name} is zero everywhere." if grad.numel() else f"{name} is empty: it has no elements.")
        if not grad.numel():
            d.kind = "empty"
            return d
    if graph is None or target is None or not graph.has_gradients:
        return _without_flow(case, d, graph, note)
    if not is_finite(grad):
        return _not_finite(d, graph, target)
    if not is_zero(target.grad):
        return d.say(
            "Computed again from this loss it is not zero: .grad was set to zero since (zero_grad), or belongs to another loss."
        )
    return zero.tell(d, zero.find(graph, target, _output(case, target)))


def _output(case: Case, target: Node) -> int:
    return 0 if case.tensor.grad_fn is None else int(_core._gradient_edge(case.tensor)[1])


def _not_finite(d: Diagnosis, graph: Capture, target: Node) -> Diagnosis:
    root = graph.find(graph.roots[0])
    assert root is not None
    if root.value is not None and not is_finite(root.value):
        d.say(f"The loss is {span(root.value)}, too.")
        return nonfinite.forward(d, graph, root)
    return nonfinite.backward(d, graph, target)


def _without_flow(case: Case, d: Diagnosis, graph: Capture | None, note: str) -> Diagnosis:
    """The cotangents cannot be computed: what the values that are still known say."""
    if d.kind == "nonfinite":
        root = graph.find(graph.roots[0]) if graph else None
        if graph is not None and root is not None and root.value is not None and not is_finite(root.value):
            d.say(f"The loss is {span(root.value)}, too.")
            nonfinite.forward(d, graph, root)
    else:
        for node in graph.nodes if graph else ():
            found = zero.suspect(node)
            if (
                found is not None
                and (target := graph.find(case.tensor) if graph else None)
                and node.index > target.index
            ):
                d.kind, d.remedy = found.kind, zero.REMEDIES[found.kind] + "."
                d.say(found.sentence, node.where)
    if note:
        d.say(note)
    d.remedy = d.remedy or ("call backward(retain_graph=True), or ask why(tensor, loss) before backward().")
    return d


def _of_size(case: Case, d: Diagnosis, grad: Any, name: str) -> Diagnosis:
    graph, target, note = _flow(case)
    if graph is None or target is None:
        d.kind = "healthy"
        d.say(f"{name} is well: finite, not zero, its norm is {number(norm(grad))}, its values are {span(grad)}.")
        return d.say(note or "Which loss it comes from was not found among the variables here.")
    if not graph.has_gradients:
        _well(d, target, grad, name)
        return d.say("The graph has been freed since, so the gain of its layers was not looked at.")
    return scale.judge(d, graph, target) or _well(d, target, grad, name)


def _well(d: Diagnosis, target: Node, grad: Any, name: str) -> Diagnosis:
    d.kind = "healthy"
    sources = [e.target for e in target.outputs if e.tracked]
    places = [f"{n.operation} {at(n.where)}" for n in sources]
    from_ = f"{len(places)} operations: " if len(places) > 1 else ""
    shown = "; ".join(dict.fromkeys(places[:4])) + ("; …" if len(places) > 4 else "")
    return d.say(
        f"{name} is well: finite, not zero, its norm is {number(norm(grad))}, its values are {span(grad)}. "
        f"It comes from {from_}{shown}.",
        *(n.where for n in sources[:4]),
    )


def _of_flow(case: Case, d: Diagnosis, graph: Capture, target: Node) -> Diagnosis:
    """The same questions of a gradient that was computed on the side."""
    number_ = _output(case, target)
    grad = target.grads.get(number_)
    if grad is None or is_zero(grad):
        d.say(f"The gradient of {case.called(graph.roots[0])} with respect to it is zero everywhere.")
        return zero.tell(d, zero.find(graph, target, number_))
    if not is_finite(grad):
        d.say(f"The gradient of {case.called(graph.roots[0])} with respect to it is {span(grad)}.")
        return _not_finite(d, graph, target)
    return scale.judge(d, graph, target) or _well(d, target, grad, "the gradient")


def _foresee(case: Case, d: Diagnosis) -> Diagnosis:
    """backward() is still to come: what would it give?"""
    if d.kind not in ("backward_not_called", "backward_on_other"):
        return d
    graph, target, _ = _flow(case)
    if graph is None or target is None or not graph.has_gradients:
        return d
    grad = target.grad
    loss = case.called(graph.roots[0])
    first = d.kind
    root = graph.find(graph.roots[0])
    if root is not None and root.value is not None and not is_finite(root.value):
        d.say(f"{loss} is {span(root.value)}.")
        return nonfinite.forward(d, graph, root)
    if grad is None or is_zero(grad):
        d.say(f"{loss}.backward() would give a gradient of zeros.")
        return zero.tell(d, zero.find(graph, target))
    if not is_finite(grad):
        d.say(f"{loss}.backward() would give {'NaN' if has_nan(grad) else 'infinite values'}.")
        return _not_finite(d, graph, target)
    if scale.judge(d, graph, target) is None:
        d.kind = first
        d.say(f"{loss}.backward() would give a gradient of norm {number(norm(grad))}.")
    return d
