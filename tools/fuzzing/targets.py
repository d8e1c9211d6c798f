"""Calls of what has parameters: by the schema, or by the signature."""

import functools

from . import surface
from .recipes import Call, Code, List, Ref, Steps, Value


@functools.cache
def targets():
    """The two tables that calls are drawn from: what has a schema, and what has none."""
    return surface.operations(), surface.others()


def _is_tensor(recipe):
    while isinstance(recipe, Steps):
        recipe = recipe.base
    return not isinstance(recipe, Value | Code | List | Ref)


def of_target(op, target):
    """A call of a target with parameters: mostly as they are, sometimes too few, too many or by other names."""
    random, rng = op.random, op.rng
    parameters = rng.choice(target.overloads)
    args, kwargs, positional = [], {}, True
    for kind, name, optional, by_keyword in parameters:
        if optional and random() < 0.5:
            positional = False
            continue
        recipe = op.value(kind, name)
        positional = positional and not by_keyword and random() < 0.93
        if positional:
            if _is_tensor(recipe):
                op.made.append((len(args), op.shape))
            args.append(recipe)
        elif name:
            kwargs["input" if name == "self" and target.kind == "function" else name] = recipe
    if random() < op.wild / 4:
        r = random()
        if r < 0.4 and args:
            args.pop()
        elif r < 0.7:
            args.append(op.odd())
        else:
            kwargs[
                rng.choice(
                    ("dim", "out", "dtype", "nonsense", "other", "input", "self", "generator", "x" * 300, "\udc80")
                )
            ] = op.odd()
    if target.out and random() < 0.12:
        kwargs["out"] = _out(op)
    writes = target.writes or any(p[1] == "inplace" for p in parameters)
    return Call(target.kind, target.text, target.function, args, kwargs, writes)


def _out(op):
    r = op.random()
    if r < 0.3 and op.made and op.aliases:
        return op.alias()
    if r < 0.75:
        return op.tensor()
    if r < 0.9:
        return List([op.tensor() for _ in range(op.rng.randrange(1, 4))], tuple)
    return op.odd()
