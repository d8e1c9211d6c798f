"""Calls around the graph: nodes, backward passes with hooks, functions with a forward and a backward of their own."""

import adjoint as torch
from adjoint import _core

from . import oddities, surface
from .operands import FALSE, TRUE
from .recipes import Call, Code, Ref, Steps, Tensor, Value
from .samples import sample
from .targets import of_target

NODE_NAMES = [
    *sorted(n for n in dir(_core.Node) + dir(_core._FunctionBase) + dir(_core.SavedTensor) if n not in dir(object)),
    "_saved_self", "_saved_other", "_saved_result", "_saved_dim", "_raw_saved_self", "_raw_saved_result", "__call__", "__call__",
    "__init__", "__new__", "__class__", "__dict__",
]  # fmt: skip
_FORWARDS = [
    "lambda ctx, x, *y: x", "lambda ctx, x, *y: x * 2", "lambda ctx, x, *y: (x, x * 2)", "lambda ctx, x, *y: None", "lambda ctx, x, *y: [x.clone()]",
    "lambda ctx, x, *y: x.view_as(x)", "lambda ctx, x, *y: (ctx.mark_dirty(x), x.mul_(2))[1]", "lambda ctx, x, *y: (ctx.mark_dirty(1), x)[1]",
    "lambda ctx, x, *y: (ctx.save_for_backward(x, *y), x * 2)[1]", "lambda ctx, x, *y: (ctx.save_for_backward(1), x)[1]",
    "lambda ctx, x, *y: (ctx.mark_non_differentiable(x), x.clone())[1]", "lambda ctx, x, *y: (x.clone(), 5, None, 'a')",
    "lambda ctx, x, *y: (ctx.set_materialize_grads(False), (x * 1, x * 2))[1]", "lambda ctx, x, *y: ctx", "lambda ctx, x, *y: x.detach()",
    "lambda ctx, x, *y: (setattr(ctx, 'x', x), x.clone())[1]", "lambda ctx, x, *y: (setattr(ctx, 'to_save', 5), x.clone())[1]",
    "lambda ctx, x, *y: (ctx.mark_dirty(x, x), x.add_(1), x)[1:]", "lambda ctx: torch.ones(2)", "lambda ctx, x, *y: x[:1]", "1", "Raises()",
]  # fmt: skip
_BACKWARDS = [
    "lambda ctx, *g: g[0]", "lambda ctx, *g: g", "lambda ctx, *g: None", "lambda ctx, *g: 1", "lambda ctx, *g: (g[0], None, None)",
    "lambda ctx, *g: g[0][:0]", "lambda ctx, *g: g[0].to(torch.int64)", "lambda ctx, *g: ctx.saved_tensors", "lambda ctx, *g: fail()",
    "lambda ctx, *g: g[0].expand(2, 3)", "lambda ctx, *g: g[0].sum()", "lambda ctx, *g: ctx", "lambda ctx, *g: [g[0]]", "lambda ctx, *g: ()",
    "lambda ctx, *g: g[0].requires_grad_()", "lambda ctx, *g: torch.autograd.grad(g[0], g[0])", "lambda ctx: 1", "lambda ctx, *g: Raises()", "None",
]  # fmt: skip
_HOOKS = [
    "lambda g: None", "lambda g: g", "lambda g: 1", "lambda g: g[:0]", "lambda g: g.to(torch.int64)", "lambda g: fail()", "lambda g: g.mul_(2)",
    "lambda g: g.sum()", "lambda: 1", "lambda g: torch.ones(2, 3)", "lambda g, h: (g, h)", "lambda g: (g,)", "lambda g: g.resize_(7)", "lambda g: Raises()",
    "lambda g: (g.resize_(0), None)[1]", "lambda g: (g.unsqueeze_(0), None)[1]", "lambda g: setattr(g, 'data', torch.ones(2))", "lambda g: (g.set_(torch.ones(1)), None)[1]",
    "lambda g: (g.requires_grad_(), g.sum().backward())[1]", "lambda g: (g.zero_(), None)[1]",
]  # fmt: skip
DIFFERENTIABLE = [t for t in surface.operations() if t.kind in ("function", "method", "in-place method")]


def _leaf(op):
    op.grad = True
    op.dtype = op.rng.choice((torch.float64, torch.float32, torch.complex128))
    return Steps(op.laid_out(op.shape, op.dtype), (("requires_grad_", ()),))


def _result(op, leaf_at=None):
    """A recipe of a differentiable result; of the operand at a place, if told so."""
    target = op.rng.choice(DIFFERENTIABLE) if op.random() < 0.6 else None
    leaf = Ref(leaf_at) if leaf_at is not None else _leaf(op)
    if target is None:
        name, more = op.rng.choice(
            (
                ("mul", 2),
                ("exp", 1),
                ("sum", 1),
                ("view_as", 2),
                ("__getitem__", 0),
                ("sin", 1),
                ("matmul", 2),
                ("cumsum", 0),
            )
        )
        args = [leaf, leaf] if more == 2 else [leaf] if more else [leaf, Value(0)]
        return Call("method", f"torch.Tensor.{name}", getattr(torch.Tensor, name), args)
    op.wild /= 3
    call = of_target(op, target)
    call.args[:1] = [Steps(leaf, (("mul", (1,)),)) if op.random() < 0.3 else leaf]
    call.kwargs.pop("out", None)
    return call


def _sampled(op):
    """A leaf, and one of the catalogue's calls that reads it."""
    op.dtype = op.rng.choice((torch.float64, torch.float32, torch.complex128))
    op.grad, op.aliases = False, False
    call = sample(op)
    call.kwargs.pop("out", None)
    for i, recipe in enumerate(call.args):
        base = recipe.base if isinstance(recipe, Steps) else recipe
        if isinstance(base, Tensor) and base.dtype == op.dtype:
            leaf = Steps(recipe, (("detach", ()), ("requires_grad_", ())))
            call.args[i] = Steps(Ref(0), (("mul", (1,)),)) if call.writes else Ref(0)
            return leaf, call
    return _leaf(op), None


def node(op):
    recipe = Steps(_result(op), (("grad_fn",),))
    if op.random() < 0.2:
        recipe = Steps(recipe, (("next_functions",), ("__getitem__", (0,)), ("__getitem__", (0,))))
    name = op.rng.choice(NODE_NAMES)
    r = op.random()
    if r < 0.3:
        return Call("node", "getattr", getattr, [recipe, Value(name)], writes="any")
    if r < 0.4:
        return Call("node", "setattr", setattr, [recipe, Value(name), op.odd()], writes="any")
    args = [
        op.tensor() if op.random() < 0.5 else op.rng.choice(HOOKS) if op.random() < 0.4 else op.odd()
        for _ in range(op.rng.randrange(4))
    ]
    return Call("node", "method", oddities.method, [recipe, Value(name), *args], writes="any")


HOOKS = [Code(text) for text in _HOOKS]
FORWARDS = [Code(text) for text in _FORWARDS]
BACKWARDS = [Code(text) for text in _BACKWARDS]


def backward(op):
    leaf, result = _sampled(op) if op.random() < 0.4 else (_leaf(op), None)
    op.made = [(0, op.shape)]
    result = result or _result(op, 0)
    if op.random() < 0.5:
        twice = TRUE if op.random() < 0.3 else FALSE
        return Call("backward", "swept", oddities.swept, [leaf, result, twice], writes="any")
    if op.random() < 0.6:
        result = Steps(result, (("abs", ()), ("sum", ())))
    kwargs = {}
    for name, kind in (
        ("retain_graph", "bool"),
        ("create_graph", "bool"),
        ("allow_unused", "bool"),
        ("materialize_grads", "bool"),
        ("is_grads_batched", "bool"),
    ):
        if op.random() < 0.15:
            kwargs[name] = op.odd() if op.random() < op.wild else op.value(kind, name)
    if op.random() < 0.35:
        kwargs["grad_outputs"] = op.value(op.rng.choice(("Tensor", "Tensor[]", "Any")), "")
    if op.random() < 0.3:
        hook = op.rng.choice(HOOKS)
        return Call(
            "backward",
            "hooked",
            oddities.hooked,
            [leaf, result, hook, Value(op.rng.choice(("leaf", "result", "node", "prehook", "post")))],
            writes="any",
        )
    if op.random() < 0.15:
        pack, unpack = op.rng.choice(HOOKS), op.rng.choice(HOOKS)
        return Call(
            "backward", "packed", oddities.packed, [pack, unpack, Value(op.rng.randrange(4)), leaf], writes="any"
        )
    return Call(
        "backward",
        "torch.autograd.grad",
        torch.autograd.grad,
        [],
        {"inputs": leaf, "outputs": result, **kwargs},
        writes="any",
    )


def function(op):
    """An autograd.Function with a forward and a backward that may do anything."""
    args = [op.tensor() if op.random() < 0.85 else op.odd() for _ in range(op.rng.randrange(1, 3))]
    if op.random() < 0.7:
        args[0] = _leaf(op)
        if op.random() < 0.5:
            args[0] = Steps(args[0], (("mul", (1,)),))
    return Call(
        "autograd function",
        "applied",
        oddities.applied,
        [op.rng.choice(FORWARDS), op.rng.choice(BACKWARDS), *args],
        writes="any",
    )
