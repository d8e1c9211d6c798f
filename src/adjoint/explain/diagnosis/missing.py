"""No gradient at all: why `.grad` is None."""

from __future__ import annotations

import re
from typing import Any

from ... import _core
from ..capture import Node, Where
from . import cuts
from .case import ESCAPES, Case, Cut, line
from .report import Diagnosis, at

_MOST_TOLD = 3


def not_asked(case: Case, d: Diagnosis) -> Diagnosis:
    """A tensor with requires_grad=False."""
    t = case.tensor
    if chain := case.chain(t):
        d.say(
            f"{case.subject} has no gradient and no graph: its history was cut by {cuts.phrase(chain[0])}.",
            line(chain[0]),
        )
        return _chain(d, chain)
    d.kind = "no_requires_grad"
    if not (t.is_floating_point() or t.is_complex()):
        kind = "boolean" if t.dtype is _core.bool else "integer"
        d.say(
            f"{case.subject} has no gradient: it is {kind} ({t.dtype}), and only floating-point tensors can have one."
        )
        d.remedy = "convert it to a floating-point type before it is asked for a gradient."
        return d
    d.say(
        f"{case.subject} has no gradient because nobody asked for one: its requires_grad is False, and nothing it was "
        "computed from requires grad."
    )
    d.remedy = "create it with requires_grad=True, or call requires_grad_() before computing with it."
    left = [c for c in reversed(case.cuts) if c["kind"] in ESCAPES and case.near(c)][:_MOST_TOLD]
    if left:
        places = ", ".join(dict.fromkeys(cuts.phrase(c).removesuffix(",") for c in left))
        d.say(
            f"Values left the graph by {places}: what is computed from those has no history.", *(line(c) for c in left)
        )
    return d


def _chain(d: Diagnosis, chain: list[Cut]) -> Diagnosis:
    d.kind, d.remedy = cuts.kind(chain[0]), cuts.REMEDIES[cuts.kind(chain[0])]
    for earlier in chain[1 : 1 + _MOST_TOLD]:
        d.say(f"What it was cut from had been cut before, by {cuts.phrase(earlier)}.", line(earlier))
        d.remedy = cuts.REMEDIES[cuts.kind(earlier)]
    return d


def set_after_cut(name: str, d: Diagnosis, cut: Cut) -> Diagnosis:
    """`loss.requires_grad = True` on something detached."""
    d.kind = "requires_grad_after_cut"
    d.say(
        f"{name} is a leaf of its own: its history was cut by {cuts.phrase(cut)}, and requires_grad was set to True "
        "afterwards. That silences the error of backward() but brings no history back: "
        f"{name}.backward() reaches {name} alone, and no parameter gets a gradient.",
        line(cut),
    )
    d.remedy = f"do not set {name}.requires_grad; remove the cut: {cuts.REMEDIES[cuts.kind(cut)]}"
    return d


def not_a_leaf(case: Case, d: Diagnosis, node: Node | None) -> Diagnosis:
    """A result: gradients flow through it and are not kept."""
    t, where = case.tensor, node.where if node else None
    operation = (node.operation if node else None) or "an operation"
    d.kind = "not_a_leaf"
    d.say(
        f"{case.subject} is not a leaf: it is the result of {operation} {at(where)}. "
        "Gradients flow through results and are not kept in their .grad.",
        where,
    )
    parent = next((e.source for e in node.inputs if e.source.kind == "leaf"), None) if node else None
    own_text = where is not None and case.name is not None and where.text.replace(" ", "").startswith(f"{case.name}=")
    if parent is not None and parent.shape == tuple(t.shape) and operation in ("to", "cuda", "cpu", "float", "double"):
        d.say(
            f"{operation} made a copy: the leaf is {parent.name or 'the tensor before'}, and the gradient arrives there."
        )
        d.remedy = "convert first and ask for the gradient afterwards: w = w.to(...).detach().requires_grad_()."
    elif parent is not None and parent.shape == tuple(t.shape) and own_text and _mentions(case.name, where):
        d.say(f"The name {case.name} stands for a new tensor since that line: the leaf it named before was replaced.")
        d.remedy = f"update the leaf in place: with no_grad(): {case.name} -= lr * {case.name}.grad."
    else:
        d.remedy = f"call {case.name or 'tensor'}.retain_grad() before backward() to keep it."
    if node is not None and node.released:
        d.say("Its graph was freed by a backward pass that has run already.")
    return d


def _mentions(name: str | None, where: Where | None) -> bool:
    return bool(name and where and re.search(rf"\b{re.escape(name)}\b", where.text.partition("=")[2].partition(";")[0]))


def of_leaf(case: Case, d: Diagnosis) -> Diagnosis:
    """A leaf (or a result that retains its gradient) whose .grad is None."""
    results, loss = case.results(), case.loss()
    reached = loss is not None and any(t is loss for _, t, _ in results)
    if case.state["last_pass"]:
        node = next((n for _, t, n in results if t is loss), None)
        if node is None or node.released:
            return _cleared(case, d)
        _not_run(case, d, loss)
        return d.say(
            "An earlier backward pass did reach it; that gradient was set to None since (zero_grad() does that)."
        )
    if reached and loss is not None and (case.given is not None or loss.numel() == 1):
        return _not_run(case, d, loss)
    if case.given is not None and _from_given(case, d):
        return d
    if _by_cut(case, d):
        return d
    if reached:
        return _not_run(case, d, loss)
    d.kind = "not_in_graph"
    if case.too_large:
        d.kind = "unknown"
        return d.say(
            f"{case.subject} got no gradient; the graph is too large to look through. Give the loss: why(w, loss)."
        )
    if results:
        name, _, node = results[0]
        d.say(
            f"{case.subject} got no gradient: {case.called(case.given)} does not depend on it. "
            f"{name}, made {at(node.where)}, does.",
            node.where,
        )
        d.remedy = f"compute the loss from {name}, or call {name}.backward()."
        return d
    d.say(_never(case))
    d.remedy = (
        "check that the loss is computed from this very tensor (not from a copy or an older one of the same name)."
    )
    return d


def _never(case: Case) -> str:
    others = [name for name, t in case.variables() if t.grad_fn is not None]
    if case.given is not None:
        return (
            f"{case.subject} is not part of the graph of {case.called(case.given)}: nothing there was computed from it."
        )
    text = f"{case.subject} got no gradient: it was never part of a graph that the variables here lead to"
    text += f" (looked at: {', '.join(others[:8])})." if others else "; none of them has a graph."
    ran = case.state["passes"]
    return text + (" A backward pass has run, and did not come to it." if ran else " No backward pass has run either.")


def _cleared(case: Case, d: Diagnosis) -> Diagnosis:
    d.kind = "grad_cleared"
    number = case.state["last_pass"]
    d.say(
        f"A backward pass (number {number} of {case.state['passes']}) did reach {case.subject}, but its .grad is None now: either it was "
        "set to None since (zero_grad() does that), or the pass was one of autograd.grad(), which returns gradients instead of "
        "storing them."
    )
    custom = next((n for n in graph.nodes if _is_custom(n)), None) if (graph := case.around()) else None
    if custom is not None:
        d.say(f"Or the custom Function {custom.operation}, called {at(custom.where)}, gave it None.", custom.where)
    d.remedy = "read .grad before zero_grad(), or call backward() again; zero_grad(set_to_none=False) keeps zeros."
    return d


def _not_run(case: Case, d: Diagnosis, loss: Any) -> Diagnosis:
    graph = case.around()
    node = graph.find(loss) if graph else None
    where, name = (node.where if node else None), case.called(loss)
    if node is not None and graph is not None and node.released:
        return _left_out(case, d, name, node)
    half = [graph.nodes[i] for i in sorted(case.descendants()) if graph.nodes[i].released] if graph else []
    above = graph is not None and any(n.released for n in _ancestors(node)) if node else False
    if case.state["passes"] and (half or above):
        freed = half[0] if half else next(n for n in _ancestors(node) if n.released)
        d.kind = "graph_freed"
        d.say(
            f"{case.subject} got no gradient from {name}: an earlier backward pass freed part of its graph "
            f"({freed.operation} {at(freed.where)}), so backward() cannot run through it again.",
            freed.where,
        )
        d.remedy = "call the earlier backward with retain_graph=True, or compute that part again."
        return d
    d.kind = "backward_on_other" if case.state["passes"] else "backward_not_called"
    reason = (
        "a backward pass has run, but on something else"
        if case.state["passes"]
        else "backward() has not been called at all"
    )
    d.say(f"{case.subject} has no gradient yet: {reason}. {name}, made {at(where)}, depends on it.", where)
    d.remedy = f"call {name}.backward()." if case.name_of(loss) else "call backward() on the loss."
    return d


def _ancestors(node: Node | None) -> list[Node]:
    todo, seen, found = ([node] if node else []), set(), []
    while todo:
        n = todo.pop()
        if n.index in seen:
            continue
        seen.add(n.index)
        found.append(n)
        todo += [e.source for e in n.inputs if e.tracked]
    return sorted(found, key=lambda n: n.index)


def _left_out(case: Case, d: Diagnosis, name: str, node: Node) -> Diagnosis:
    d.kind = "backward_left_out"
    graph = case.around()
    assert graph is not None
    custom = [n for n in (graph.nodes[i] for i in sorted(case.descendants())) if _is_custom(n)]
    if custom:
        d.say(
            f"backward() ran through {name}, but nothing came to {case.subject}: the custom Function {custom[0].operation}, "
            f"called {at(custom[0].where)}, gave None for what leads to it.",
            custom[0].where,
        )
        d.remedy = "let its backward return a gradient for that input."
        return d
    d.say(
        f"A backward pass ran through {name}, made {at(node.where)}, without giving {case.subject} a gradient: it was asked for other "
        "inputs only (backward(inputs=...) or autograd.grad), or a hook withheld it.",
        node.where,
    )
    d.remedy = f"name it among the inputs, or call {name}.backward() without inputs=."
    return d


def _is_custom(n: Node) -> bool:
    kind = type(n.grad_fn)
    return n.kind == "operation" and kind.__name__.endswith("Backward") and not n.parameters


def _from_given(case: Case, d: Diagnosis) -> bool:
    """The loss was given and its graph does not lead to the tensor."""
    loss, name = case.given, case.called(case.given)
    chain = case.chain(loss)
    if loss.requires_grad and loss.grad_fn is None and chain:
        d.say(f"{case.subject} gets no gradient from {name}.")
        set_after_cut(case.called(loss), d, chain[0])
        return True
    if loss.requires_grad:
        return False
    if not chain:
        d.kind = "not_in_graph"
        d.say(
            f"{case.subject} gets no gradient from {name}: {name} has no graph, nothing it was computed from requires grad."
        )
        _tell_escapes(case, d)
        d.remedy = d.remedy or "compute the loss from this tensor."
        return True
    sure = case.concerns(chain[-1])
    d.say(
        f"{case.subject} gets no gradient from {name}: {name} has no graph, its history was cut by {cuts.phrase(chain[0])}"
        + ("." if sure else f". If {case.subject} went in there, that is where its gradient is lost."),
        line(chain[0]),
    )
    _chain(d, chain)
    return True


def _by_cut(case: Case, d: Diagnosis) -> bool:
    """A variable, or an operand in the loss's graph, that was computed from the tensor and lost its history."""
    carriers = case.carriers()
    sure = [c for c in carriers if any(case.concerns(cut) for cut in c[2])]
    possible = sure or ([c for c in carriers if c[1].numel() == 1] if not case.results() else [])
    if possible:
        name, t, chain = max(possible, key=lambda c: (c[1].numel() == 1, c[2][0]["id"]))
        if t.requires_grad and t.grad_fn is None:
            d.say(f"{case.subject} got no gradient.")
            set_after_cut(case.called(t), d, chain[0])
            return True
        cut = next((c for c in chain if case.concerns(c)), chain[0])
        d.say(
            f"{case.subject} got no gradient: {name} was cut from the graph by {cuts.phrase(cut)}"
            + ("." if sure else f". If {case.subject} went in there, that is where its gradient was lost."),
            line(cut),
        )
        _chain(d, chain[chain.index(cut) :])
        return True
    return _tell_escapes(case, d, alone=True)


def _tell_escapes(case: Case, d: Diagnosis, alone: bool = False) -> bool:
    """Numbers that were read out of the graph: what is computed from them has no history."""
    escapes = case.escapes()
    if not escapes and alone and not case.results():
        escapes = [c for c in reversed(case.cuts) if c["kind"] in ESCAPES and case.near(c)]
    if not escapes and not alone:
        escapes = [c for c in reversed(case.cuts) if c["kind"] in ESCAPES and case.near(c)]
    if not escapes:
        return False
    cut = escapes[0]
    kind = cuts.kind(cut)
    told = "a value computed from it" if case.concerns(cut) else "a value"
    told = f"{case.subject} got no gradient: {told}" if alone else told.capitalize()
    d.say(
        f"{told} left the graph by {cuts.phrase(cut).rstrip(',')}: what is computed from there on is not recorded.",
        line(cut),
    )
    d.kind, d.remedy = kind, cuts.REMEDIES[kind]
    return True
