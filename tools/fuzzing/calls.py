"""A seed becomes a call: of what, and with which operands."""

import functools
import operator

import adjoint as torch
from adjoint import _core

from . import oddities, surface
from .operands import FALSE, NONE, TRUE, Operands, seeded
from .recipes import Call, Code, List, Ref, Steps, Value
from .samples import sample


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


# --- indexing ---


def _index(op):
    random, rng = op.random, op.rng
    r = random()
    if random() < op.wild:
        return op.odd()
    if r < 0.3:
        return Value(rng.choice((0, -1, 1, 2, 5, 2**31, -(2**63), 2**63)))
    if r < 0.5:
        ends = (None, 0, 1, 2, -1, 2**63, -(2**70))
        return Value(slice(rng.choice(ends), rng.choice(ends), rng.choice((None, 1, 2, 3, 2**62))))
    if r < 0.6:
        return rng.choice((NONE, Value(...), TRUE, FALSE))
    if r < 0.8:
        return op.tensor("index" if random() < 0.5 else "mask")
    if r < 0.9:
        return Value([rng.choice((0, 1, -1)) for _ in range(rng.randrange(3))])
    return op.odd()


def indexing(op):
    tensor = op.tensor()
    op.made.append((0, op.shape))
    index = _index(op) if op.random() < 0.5 else List([_index(op) for _ in range(op.rng.randrange(5))], tuple)
    r = op.random()
    if r < 0.5:
        return Call("getitem", "operator.getitem", operator.getitem, [tensor, index])
    if r < 0.98:
        value = op.value(op.rng.choice(("Tensor", "Number", "Any")), "value")
        return Call("setitem", "operator.setitem", operator.setitem, [tensor, index, value], writes=True)
    return Call("setitem", "operator.delitem", operator.delitem, [tensor, index], writes=True)


# --- attributes ---

ATTRIBUTES = surface.attributes()


def attribute(op):
    tensor, name = op.tensor(), Value(op.rng.choice(ATTRIBUTES))
    op.made.append((0, op.shape))
    r = op.random()
    if r < 0.45:
        return Call("attribute", "getattr", getattr, [tensor, name])
    if r < 0.9:
        value = op.tensor() if op.random() < 0.6 else op.odd()
        return Call("attribute", "setattr", setattr, [tensor, name, value], writes="any")
    return Call("attribute", "delattr", delattr, [tensor, name], writes="any")


# --- constructors and bridges ---

CONSTRUCTORS = {
    f"torch.{name}": getattr(torch, name)
    for name in ("tensor as_tensor asarray from_numpy frombuffer from_dlpack Tensor FloatTensor LongTensor BoolTensor HalfTensor "
                 "ComplexFloatTensor FloatStorage Size device Generator UntypedStorage").split()
    if hasattr(torch, name)
}  # fmt: skip
CONSTRUCTORS |= {
    "torch.nn.Parameter": torch.nn.Parameter,
    "torch.nn.Buffer": getattr(torch.nn, "Buffer", torch.nn.Parameter),
    "torch.Tensor._make_subclass": torch.Tensor._make_subclass,
    "torch.Tensor.new_tensor": torch.Tensor.new_tensor,
    "torch.Tensor.__array__": torch.Tensor.__array__,
    "torch.Tensor.numpy": torch.Tensor.numpy,
    "torch.Tensor.__dlpack__": torch.Tensor.__dlpack__,
    "torch.Tensor.as_subclass": torch.Tensor.as_subclass,
    "torch._core._legacy_new": _core._legacy_new,
}
_OPTIONS = {
    "dtype": "dtype?", "device": "device?", "requires_grad": "bool", "copy": "bool?", "count": "int", "offset": "int", "pin_memory": "bool",
    "stream": "int", "max_version": "int[]", "dl_device": "int[]", "force": "bool",
}  # fmt: skip
_ARRAYS = [
    Code(f"np.arange(6).astype('{kind}'){view}")
    for kind in ("f4", "f8", "f2", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "?", ">f4", "S3", "O", "m8[s]", "g")
    for view in ("", "[::2]", "[::-1]", ".reshape(2, 3).T", "[:0]", "[3]", "[1:3].view()")
] + [
    Code(text)
    for text in ("np.broadcast_to(1.0, (2, 3))", "np.frombuffer(b'abcdefgh', 'f4')", "bytearray(16)", "b'abcdefgh'", "memoryview(bytearray(8))",
                 "memoryview(bytearray(8))[::2]", "np.lib.stride_tricks.as_strided(np.zeros(3), (2, 2), (8, 8))", "np.zeros((0, 3))")
]  # fmt: skip


def _nested(op, depth=0):
    """Lists of lists of numbers, tensors and what does not belong there."""
    if depth > 3 or op.random() < 0.3:
        r = op.random()
        return op.number() if r < 0.7 else op.tensor(shape=()) if r < 0.85 else op.odd()
    return List([_nested(op, depth + 1) for _ in range(op.rng.randrange(4))], op.rng.choice((list, tuple)))


def constructor(op):
    text, function = op.rng.choice(list(CONSTRUCTORS.items()))
    r = op.random()
    data = _nested(op) if r < 0.35 else op.rng.choice(_ARRAYS) if r < 0.6 else op.tensor() if r < 0.85 else op.odd()
    args = [data]
    if text.endswith(("new_tensor", "_legacy_new", "_make_subclass")):
        args.insert(
            0,
            op.tensor()
            if "new_tensor" in text
            else Code(op.rng.choice(("Plain", "torch.Tensor", "int", "torch.nn.Parameter"))),
        )
    elif text == "torch.Tensor.as_subclass":
        args = [op.tensor(), Code(op.rng.choice(("Plain", "torch.Tensor", "torch.nn.Parameter", "int", "None")))]
    while op.random() < 0.15 + op.wild / 3 and len(args) < 6:
        args.append(op.odd() if op.random() < 0.5 else op.whole(""))
    names = op.rng.sample(list(_OPTIONS), op.rng.choice((0, 0, 0, 1, 1, 2)))
    return Call("constructor", text, function, args, {n: op.value(_OPTIONS[n], n) for n in names}, writes="any")


# --- the graph ---

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
    leaf = _leaf(op)
    op.made.append((0, op.shape))
    result = _result(op, 0)
    if op.random() < 0.5:
        result = Steps(result, (("sum", ()),))
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


# --- storages, generators, DLPack ---

STORAGE_NAMES = [
    n
    for n in dir(torch.UntypedStorage if hasattr(torch, "UntypedStorage") else type(torch.zeros(1).untyped_storage()))
    if n not in dir(object)
]
GENERATOR_NAMES = [n for n in dir(torch.Generator) if n not in dir(object)]


def part(op):
    """A method of a storage, of a generator, or of what an object of another kind has."""
    r = op.random()
    if r < 0.6:
        base, names = Steps(op.tensor(), ((op.rng.choice(("storage", "untyped_storage")), ()),)), STORAGE_NAMES
    elif r < 0.9:
        base, names = Code("torch.Generator()"), GENERATOR_NAMES
    else:
        base, names = (
            Code(op.rng.choice(("torch.float32", "torch.device('cpu')", "torch.Size([2, 3])", "torch.strided"))),
            None,
        )
    name = Value(
        op.rng.choice(
            names
            or [
                "itemsize",
                "type",
                "numel",
                "__reduce__",
                "to_real",
                "index",
                "__getitem__",
                "__enter__",
                "is_signed",
                "__init__",
            ]
        )
    )
    args = [
        op.tensor() if op.random() < 0.3 else op.whole("") if op.random() < 0.3 else op.odd()
        for _ in range(op.rng.randrange(3))
    ]
    return Call("part", "method", oddities.method, [base, name, *args], writes="any")


def operation(op):
    return of_target(op, op.rng.choice(targets()[0]))


def other(op):
    return of_target(op, op.rng.choice(targets()[1]))


FAMILIES = (
    [operation] * 8
    + [sample] * 5
    + [other] * 3
    + [indexing] * 2
    + [attribute, constructor, constructor, node, node, backward, backward, function, part]
)


def random_call(seed, meta=False, family=None):
    op = Operands(seeded(seed), meta)
    return (family or op.rng.choice(FAMILIES))(op)
