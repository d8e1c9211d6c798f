"""A seed becomes a call: of what, and with which operands."""

import operator

import adjoint as torch
from adjoint import _core

from . import oddities, surface
from .graphs import backward, function, node
from .operands import FALSE, NONE, TRUE, Operands, seeded
from .recipes import Call, Code, List, Steps, Value
from .samples import sample
from .targets import of_target, targets

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
    return op.odd() if op.wild else NONE


def indexing(op):
    tensor = op.tensor()
    op.made.append((0, op.shape))
    index = _index(op) if op.random() < 0.5 else List([_index(op) for _ in range(op.rng.randrange(5))], tuple)
    r = op.random()
    if r < 0.5:
        return Call("getitem", "operator.getitem", operator.getitem, [tensor, index])
    if r < 0.98:
        value = op.value(op.rng.choice(("Tensor", "Number", "Any" if op.wild else "Scalar")), "value")
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
