"""What goes wrong with networks although every gradient is right: remarks on modules, optimizers and losses."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

from ... import _core
from ...functional import broadcast_shapes
from ..capture import Capture, Node, Where
from ..naming import is_module, modules_in
from .case import Case
from .report import Diagnosis, at

_LOSSES = set(
    "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div "
    "poisson_nll_loss gaussian_nll_loss soft_margin_loss".split()
)
_DIFFERENCES = {"sub", "rsub"}
_MOST_NAMED = 3


class Remark(NamedTuple):
    kind: str
    sentence: str
    remedy: str
    where: Where | None = None


def remark(case: Case, d: Diagnosis) -> Diagnosis:
    """Adds what is known of the modules and optimizers that the caller's variables hold, and of the loss."""
    for found in _remarks(case):
        d.say(found.sentence, found.where)
        if d.kind == "healthy" or (found.kind == "no_optimizer" and d.kind == "backward_not_called"):
            d.kind = found.kind
        d.remedy = f"{d.remedy.rstrip('.')}; {found.remedy}" if d.remedy else found.remedy
    return d


def _remarks(case: Case) -> Iterator[Remark]:
    t = case.tensor
    if t.is_leaf and t.requires_grad:
        held = _in_plain_list(case)
        if held is not None:
            yield held
        else:
            yield from _no_optimizer(case)
        yield from _in_eval_mode(case)
    graph = case.around()
    if graph is not None:
        yield from _broadcast(graph)


def _spaces(case: Case) -> list[dict[str, Any]]:
    """The caller's variables; after them the attributes of `self`, of a trainer or the like."""
    if case.frame is None:
        return []
    spaces = [dict(case.frame.f_locals), dict(case.frame.f_globals)]
    owner = case.frame.f_locals.get("self")
    if owner is not None and hasattr(owner, "__dict__"):
        spaces.insert(1, {f"self.{k}": v for k, v in vars(owner).items() if not k.startswith("_")})
    return spaces


def _modules(case: Case) -> list[tuple[str, Any]]:
    seen: dict[int, tuple[str, Any]] = {}
    for space in _spaces(case):
        for name, module in modules_in(space).items():
            seen.setdefault(id(module), (name, module))
    return list(seen.values())


def _is_optimizer(thing: Any) -> bool:
    return isinstance(getattr(thing, "param_groups", None), list) and callable(getattr(thing, "step", None))


def _optimizers(case: Case) -> dict[str, Any]:
    found: dict[int, tuple[str, Any]] = {}
    for space in _spaces(case):
        for name, thing in space.items():
            if not isinstance(thing, type) and not name.startswith("__") and _is_optimizer(thing):
                found.setdefault(id(thing), (name, thing))
    return dict(found.values())


# --- a parameter that no optimizer holds


def _no_optimizer(case: Case) -> Iterator[Remark]:
    optimizers = _optimizers(case)
    held = {name: [p for g in o.param_groups for p in g["params"]] for name, o in optimizers.items()}
    if not held or any(p is case.tensor for params in held.values() for p in params):
        return
    if not _is_parameter(case):  # an input that asks for its gradient is no optimizer's business
        return
    counts = ", ".join(f"{name} holds {len(params)} others" for name, params in held.items())
    twin = any(
        p.shape == case.tensor.shape and p.dtype == case.tensor.dtype and not _reachable(case, p)
        for params in held.values()
        for p in params
    )
    sentence = f"No optimizer holds {case.subject} ({counts}): step() leaves it as it is."
    if twin:
        sentence += (
            " An optimizer holds a tensor of the same shape that no module here has: the module, or this parameter, was "
            "replaced after the optimizer was made."
        )
    first = next(iter(held))
    yield Remark(
        "no_optimizer",
        sentence,
        f'make the optimizer from all parameters, once the module is complete, or call {first}.add_param_group({{"params": ...}}).',
    )


def _is_parameter(case: Case) -> bool:
    if getattr(case.tensor, "_is_param", False) or type(case.tensor) is not _core.Tensor:
        return True
    return _reachable(case, case.tensor)


def _reachable(case: Case, p: Any) -> bool:
    return any(_registered(m, p) for _, m in _modules(case))


# --- a module kept in a plain list


def _in_plain_list(case: Case) -> Remark | None:
    for root, module in _modules(case):
        for path, part in module.named_modules():
            for attribute, things in vars(part).items():
                if attribute.startswith("_") or not isinstance(things, (list, tuple, dict)):
                    continue
                if _holds(things, case.tensor) and not _registered(module, case.tensor):
                    return _plain(case, f"{root}.{path}" if path else root, part, attribute, things)
    return None


def _holds(things: Any, t: Any) -> bool:
    items = things.values() if isinstance(things, dict) else things
    return any(i is t or (is_module(i) and any(p is t for p in i.parameters())) for i in items)


def _registered(module: Any, t: Any) -> bool:
    return any(p is t for p in module.parameters())


def _plain(case: Case, where: str, part: Any, attribute: str, things: Any) -> Remark:
    kind, items = type(things).__name__, list(things.values()) if isinstance(things, dict) else list(things)
    names = dict.fromkeys(type(i).__name__ for i in items if is_module(i) or isinstance(i, _core.Tensor))
    container = ("ModuleDict" if kind == "dict" else "ModuleList") if any(map(is_module, items)) else "ParameterList"
    return Remark(
        "plain_list",
        f"{case.subject} is not among the parameters of {where} ({type(part).__name__}), which keeps {len(items)} "
        f"{' and '.join(names)} in the plain {kind} `{attribute}`: parameters(), to(), state_dict() and optimizers made from "
        "parameters() do not see them.",
        f"self.{attribute} = nn.{container}(...).",
    )


# --- a layer in eval mode that should train


def _in_eval_mode(case: Case) -> Iterator[Remark]:
    for root, module in _modules(case):
        if not hasattr(module, "training") or not _registered(module, case.tensor):
            continue
        still = [(path, m) for path, m in module.named_modules() if not m.training and _differs(m)]
        if not still:
            continue
        names = [f"{path or root} ({type(m).__name__})" for path, m in still[:_MOST_NAMED]]
        more = f" and {len(still) - _MOST_NAMED} more" if len(still) > _MOST_NAMED else ""
        whole = "" if module.training else f"{root} was put into eval mode as a whole; "
        yield Remark(
            "eval_mode",
            f"{whole}{', '.join(names)}{more} {'are' if len(still) > 1 else 'is'} in eval mode: dropout does nothing there, and "
            "batch norm uses its running statistics and does not update them.",
            f"call {root}.train() before training, if that is not meant.",
        )


def _differs(module: Any) -> bool:
    """Does it compute something else in training?"""
    if "Dropout" in type(module).__name__:
        return bool(getattr(module, "p", 0))
    if getattr(module, "running_mean", None) is not None:
        return True
    return type(module).__name__ in ("RNN", "LSTM", "GRU", "MultiheadAttention") and bool(getattr(module, "dropout", 0))


# --- an input and a target that broadcast in a loss


def _broadcast(graph: Capture) -> Iterator[Remark]:
    for node in graph.nodes:
        if node.kind != "operation" or node.operation not in _LOSSES | _DIFFERENCES:
            continue
        shapes, whole = _operands(node), _shape(node)
        if len(shapes) == 1 and whole is not None and node.operation in _DIFFERENCES:
            shapes += _other_of_square(shapes[0], whole)
        if len(shapes) != 2 or not _blows_up(*shapes):
            continue
        if node.operation in _DIFFERENCES and not _feeds_a_mean(node):
            continue
        a, b = (str(list(s)) for s in shapes)
        yield Remark(
            "broadcast_in_loss",
            f"The loss compares {a} with {b}: {node.operation} {at(node.where)} broadcasts them to "
            f"{list(broadcast_shapes(*shapes))}, so that every prediction is held against every target.",
            "give both the same shape: prediction.squeeze(-1), or target.unsqueeze(-1) (view_as, reshape).",
            node.where,
        )
        return


def _other_of_square(known: tuple[int, ...], whole: tuple[int, ...]) -> list[tuple[int, ...]]:
    """A difference does not keep its operands: [n, 1] that became [n, n] met [n], and the other way round."""
    n = max(known, default=0)
    if n > 1 and whole == (n, n) and known in ((n, 1), (n,)):
        return [(n,) if len(known) == 2 else (n, 1)]
    return []


def _operands(node: Node) -> list[tuple[int, ...]]:
    """The shapes of both operands as the program gave them, where they are known."""
    found: dict[int, tuple[int, ...]] = {}
    for e in node.inputs:
        source = e.source
        if source.operation == "expand" and source.inputs:  # a loss expands its operands first
            source = source.inputs[0].source
        shape = _shape(source)
        if shape is not None:
            found.setdefault(e.input, shape)
    for s in node.saved:
        if s.name in ("self", "target", "input", "other") and len(found) < 2:
            i = 0 if s.name in ("self", "input") else 1
            found.setdefault(i, _unexpanded(s.value))
    return [found[i] for i in sorted(found)]


def _shape(node: Node) -> tuple[int, ...] | None:
    if node.shape is not None:
        return node.shape
    known = getattr(node.grad_fn, "_input_metadata", None)
    return tuple(known[0].shape) if known else None


def _unexpanded(t: Any) -> tuple[int, ...]:
    """The shape before an expansion: 1 where all elements are one in memory."""
    shape = [1 if n > 1 and step == 0 else n for n, step in zip(t.shape, t.stride(), strict=True)]
    return tuple(shape)


def _blows_up(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Each of the two is repeated for the other: [n, 1] beside [n]."""
    if a == b:
        return False
    try:
        both = tuple(broadcast_shapes(a, b))
    except RuntimeError:
        return False
    return prod(both) > max(prod(a), prod(b)) and min(prod(a), prod(b)) > 1


def _feeds_a_mean(node: Node) -> bool:
    """Its elements are made positive and averaged or summed: a loss written by hand."""
    for _ in range(4):
        outputs = [e.target for e in node.outputs if e.tracked]
        if len({id(n) for n in outputs}) != 1:
            return False
        node = outputs[0]
        if node.operation in ("mean", "sum"):
            return True
    return False
