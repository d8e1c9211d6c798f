"""Random operands: tensors of every dtype and layout, views of one another, and a value for each kind of parameter."""

import math
import random

import adjoint as torch

from . import oddities
from .recipes import Code, List, Ref, Steps, Tensor, Value

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex64, torch.complex128]
INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
DTYPES = [*FLOATS, *COMPLEX, *INTEGERS, torch.bool]
# Six of one kind, half a dozen of the other: most calls should get past the check of types.
LIKELY = [torch.float32] * 6 + [torch.float64] * 4 + [torch.int64] * 2 + DTYPES
SHAPES = [
    (), (0,), (1,), (3,), (2, 3), (3, 2), (3, 3), (0, 4), (2, 0), (1, 1), (2, 1, 3), (2, 2, 2), (2, 3, 3), (1, 2, 3, 2), (5,), (17,), (4, 9), (1, 0, 2),
    (2,) * 6, (1,) * 20,
]  # fmt: skip
TAME = [0.5, 1.0, -1.25, 2.0, 0.75, -0.5, 3.0, 0.1, -2.0, 1.5, 0.25, -0.875, 4.0, 0.0, 1.0, -3.0]
SPECIAL = [
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    1e-45,
    1e-310,
    1e38,
    -1e38,
    1e300,
    65504.0,
    2.0**24 + 1,
    1e20,
    -1e-20,
    170.0,
    -88.0,
]
WHOLE = [0, 1, 2, 1, 3, 0, 1, 2, 5, 1, 0, 2, 4, 7, 1, 3]
LIMITS = {
    dtype: [
        torch.iinfo(dtype).min,
        torch.iinfo(dtype).max,
        0,
        1,
        torch.iinfo(dtype).max - 1,
        torch.iinfo(dtype).min + 1,
        2,
        63,
    ]
    for dtype in INTEGERS
}
SIZES = [0, 1, 2, 3, 4, 5, 7, -1]
STRINGS = {
    "reduce": ["sum", "prod", "mean", "amax", "amin"],
    "rounding_mode": ["floor", "trunc"],
    "interpolation": ["linear", "lower", "higher", "nearest", "midpoint"],
    "approximate": ["none", "tanh"],
    "compute_mode": ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"],
    "mode": ["constant", "reflect", "replicate", "circular"],
    "indexing": ["ij", "xy"],
    "side": ["left", "right"],
    "ord": ["fro", "nuc"],
    "p": ["fro", "nuc"],
    "equation": [
        "ij,jk->ik",
        "i,i",
        "ij->ji",
        "ii",
        "...i,...i->...",
        "bij,bjk->bik",
        "i",
        "ij,kj",
        "a...,...a",
        "->",
        "i,j->ji",
    ],
}
ROLES = {
    "index": "index", "indices": "index", "condition": "mask", "mask": "mask", "sorter": "index", "fweights": "index",
}  # fmt: skip
SUBCLASSES = [
    oddities.Plain,
    oddities.Passes,
    oddities.Passes,
    oddities.Refuses,
    oddities.Unwraps,
    oddities.RaisingTensor,
]
ODD = [Code(text) for text in oddities.ODD_OBJECTS]
SLOW = [Code(text) for text in oddities.SLOW_OBJECTS]
WILD = [Code(text) for text in oddities.WILD_NUMBERS]
SMALL = [Value(v) for v in (0, 1, 2, 3, -1, -2, 0.5, 1.0, -1.5, 2.0, 1, 0.25)]
NONE, TRUE, FALSE = Value(None), Value(True), Value(False)
DTYPE_VALUES = [Value(d) for d in DTYPES]
MEMORY_FORMATS = [
    Code(f"torch.{name}") for name in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
]


def _values(rng, n, dtype, tame):
    if dtype.is_floating_point:
        pool = TAME if tame else SPECIAL
    elif dtype.is_complex:
        pool = [complex(a, b) for a, b in zip(TAME, TAME[3:] + TAME[:3], strict=True)] if tame else SPECIAL
    elif dtype == torch.bool:
        pool = [True, False, True, True]
    else:
        pool = WHOLE if tame else LIMITS[dtype]
    at = rng.randrange(len(pool))
    pool = pool[at:] + pool[:at]
    return (pool * (n // len(pool) + 1))[:n]


def _count(shape):
    n = 1
    for s in shape:
        n *= s
    return n


class Operands:
    """Draws the operands of one call. `wild` is the share of arguments that do not fit, from 0 to 1."""

    def __init__(self, rng, meta=False):
        self.rng, self.random, self.meta = rng, rng.random, meta
        self.wild = rng.choice((0.0, 0.0, 0.0, 0.03, 0.1, 0.3, 0.9))
        self.shape = rng.choice(SHAPES)
        self.dtype = rng.choice(LIKELY)
        self.tame = self.random() < 0.6
        self.grad = self.random() < 0.4
        self.plain = self.random() < 0.3  # no odd layouts
        self.classes = self.random() < 0.06
        self.numbers = 0.15  # the share of numbers at limits
        self.aliases = True  # operands may share memory, with one another and within themselves
        self.made = []  # (place, shape) of the operands that are tensors

    # --- tensors ---

    def some_shape(self):
        """The call's shape, one that broadcasts with it, or any."""
        r = self.random()
        if r < 0.7:
            return self.shape
        if r < 0.9:
            shape = [1 if self.random() < 0.4 else s for s in self.shape]
            return tuple(shape[self.rng.randrange(len(shape) + 1) :])
        return self.rng.choice(SHAPES)

    def tensor(self, role=None, shape=None, dtype=None):
        if self.aliases and self.made and self.random() < 0.08:
            return self.alias()
        shape = self.some_shape() if shape is None else shape
        if dtype is None:
            dtype = self.dtype if self.random() < 0.85 else self.rng.choice(DTYPES)
            if role == "index" and self.random() > self.wild / 2:
                dtype = self.rng.choice((torch.int64, torch.int64, torch.int64, torch.int32))
            elif role == "mask" and self.random() > self.wild / 2:
                dtype = torch.bool
        tame = self.tame or (role == "index" and self.random() < 0.8)
        return self.laid_out(shape, dtype, tame)

    def laid_out(self, shape, dtype, tame=True):
        rng, n = self.rng, _count(shape)
        kind = (
            "plain"
            if self.plain or self.random() < 0.4
            else rng.choice(("transposed", "strided", "expanded", "overlapping", "offset"))
        )
        steps = []
        if kind == "transposed" and len(shape) >= 2:
            order = list(range(len(shape)))
            rng.shuffle(order)
            steps = [("reshape", (tuple(shape[o] for o in _inverse(order)),)), ("permute", (tuple(order),))]
        elif kind == "strided" and shape:
            n *= 2
            steps = [
                ("reshape", ((*shape[:-1], 2 * shape[-1]),)),
                ("__getitem__", ((..., slice(rng.randrange(2), None, 2)),)),
            ]
        elif kind == "expanded" and shape:
            inner = tuple(1 if s and self.random() < 0.6 else s for s in shape)
            n, steps = _count(inner), [("reshape", (inner,)), ("expand", (shape,))]
        elif kind == "overlapping" and shape and self.aliases:
            strides = tuple(rng.randrange(3) for _ in shape)
            n = sum((s - 1) * t for s, t in zip(shape, strides, strict=True) if s) + 2 if n else 2
            steps = [("as_strided", (shape, strides, rng.randrange(2)))]
        elif kind == "offset" and len(shape) == 1:
            n, steps = n + 2, [("__getitem__", (slice(1, n + 1),))]
        elif shape != (n,):
            steps = [("reshape", (shape,))]
        base = Tensor(_values(rng, n, dtype, tame), dtype)
        if self.grad and (dtype.is_floating_point or dtype.is_complex) and self.random() < 0.7:
            r = self.random()
            if r < 0.5:
                steps.append(("requires_grad_", ()))
            elif r < 0.75:
                steps.insert(0, ("requires_grad_", ()))
            else:
                steps = [("requires_grad_", ()), ("mul", (1,)), *steps]
        if self.classes:
            steps.append(("as_subclass", (rng.choice(SUBCLASSES),)))
        if self.meta and self.random() < 0.3:
            steps.append(("to", ("meta",)))
        return Steps(base, tuple(steps)) if steps else base

    def alias(self):
        """An earlier operand once more, or a view of it."""
        rng = self.rng
        place, shape = rng.choice(self.made)
        steps = [(), (("detach", ()),), (("data",),), (("flatten", ()),)]
        if shape:
            half = (shape[0] + 1) // 2
            steps += [
                (("__getitem__", (slice(1, None),)),),
                (("__getitem__", (slice(None, half),)),),
                (("__getitem__", (0,)),),
            ]
            steps += [(("__getitem__", (slice(None, 1),)), ("expand", (shape,)))]
        if len(shape) >= 2:
            steps += [(("transpose", (0, -1)),), (("mT",),)]
        if shape == ():
            steps += [(("expand", ((3,),)),), (("expand", (self.shape,)),)]
        chosen = rng.choice(steps)
        return Steps(Ref(place), chosen) if chosen else Ref(place)

    # --- values for parameters ---

    def odd(self):
        r = self.random()
        if r < 0.35:
            return self.rng.choice(WILD)
        if r < 0.5:
            return self.laid_out(self.rng.choice(SHAPES), self.rng.choice(DTYPES))
        if r < 0.6:
            return List([self.odd() for _ in range(self.rng.randrange(4))], self.rng.choice((list, tuple)))
        if r < 0.602:
            return self.rng.choice(SLOW)
        return self.rng.choice(ODD)

    def number(self):
        return self.rng.choice(WILD if self.random() < self.numbers else SMALL)

    def whole(self, name):
        rng, ndim = self.rng, len(self.shape)
        if self.random() < 0.06:
            return self.rng.choice(WILD[:18])
        if name.startswith(("dim", "axis")) or name in ("source", "destination", "start_dim", "end_dim"):
            return (
                Value(rng.randrange(-ndim, ndim)) if ndim and self.random() < 0.9 else Value(rng.choice((0, -1, 1, 2)))
            )
        return Value(rng.choice((0, 1, 1, 2, 2, 3, 4, -1, 5)))

    def wholes(self, name):
        rng, ndim = self.rng, len(self.shape)
        if name.startswith("dim") or name in ("axes", "axis"):
            dims = list(range(ndim))
            rng.shuffle(dims)
            if ndim > 6:  # as repeats they are a size of gigabytes
                dims = dims[:3]
            return Value(tuple(dims if self.random() < 0.4 else dims[: rng.randrange(ndim + 1)]))
        if name in ("size", "sizes", "shape") and self.random() < 0.6:
            n = _count(self.shape)
            return Value(
                rng.choice((self.shape, (-1,), (n,), (1, n), (*self.shape, 1), (2, *self.shape), (-1, *self.shape[1:])))
            )
        if self.random() < 0.04:
            return List(
                [self.rng.choice(WILD[:18]) if self.random() < 0.6 else Value(2) for _ in range(rng.randrange(1, 4))]
            )
        return Value(tuple(rng.choice(SIZES) for _ in range(rng.randrange(ndim + 2))))

    def value(self, kind, name):
        """A recipe for a parameter of this kind, as the schema writes it: "Tensor", "int[1]?", "Scalar" …"""
        rng = self.rng
        if kind == "Tensor!":  # in any case
            return self.tensor()
        if self.random() < self.wild:
            return self.odd()
        if kind.endswith("?"):
            if self.random() < 0.3:
                return NONE
            kind = kind[:-1]
        if kind == "Tensor":
            return self.tensor(ROLES.get(name))
        if kind == "Number":
            return self.tensor() if self.random() < 0.65 else self.number()
        if kind in ("Scalar", "float"):
            return self.number()
        if kind == "int":
            return self.whole(name)
        if kind == "int[1]" and self.random() < 0.5:
            return self.whole(name)
        if kind.startswith("int["):
            return self.wholes(name)
        if kind == "bool":
            return TRUE if self.random() < 0.5 else FALSE
        if kind == "str":
            return Value(rng.choice(STRINGS.get(name, ["sum", "mean"])))
        if kind == "dtype":
            return rng.choice(DTYPE_VALUES)
        if kind == "device":
            return Value("meta" if self.meta and self.random() < 0.3 else "cpu")
        if kind == "memory_format":
            return rng.choice(MEMORY_FORMATS)
        if kind == "Generator":
            return Code("torch.Generator()")
        if kind in ("Tensor[]", "Tensor?[]"):
            role = "index" if "?" in kind else None
            return List([self.tensor(role) for _ in range(rng.randrange(1, 4))], rng.choice((list, tuple)))
        return self.odd()


def _inverse(order):
    """Of a permutation: where each place comes from."""
    at = [0] * len(order)
    for i, o in enumerate(order):
        at[o] = i
    return at


def seeded(seed):
    return random.Random(seed)
