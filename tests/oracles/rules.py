"""What an operation gives, by other means: NumPy in long double, mpmath where NumPy has no such function.

An oracle is a function of arrays with the operation's own signature, and a rule for the types of its results:

    "exp": floating(np.exp)      operands promoted, integers to the default type
    "add": promoting(add)        operands promoted
    "eq": truth(np.equal)        operands promoted, the result is bool
    "sum": Oracle(total, SUMMED) operands as they are

Floats come as long double and complex numbers likewise, so that the reference has digits to spare; integers and truth
values in their own types, where NumPy wraps as the core does. mpmath (pure Python, half a megabyte) computes special
functions on few points: SciPy has fewer digits, lacks some, and takes longer to install than all else together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import near, types

LONG, CLONG = np.longdouble, np.clongdouble

Rule = Callable[..., str]  # of the operands' type together, the options and the arguments


def SAME(dtype: str, *_: Any) -> str:
    return dtype


def FLOAT(dtype: str, *_: Any) -> str:
    return types.floating(dtype)


def SUMMED(dtype: str, *_: Any) -> str:
    return types.summed(dtype)


def REAL(dtype: str, *_: Any) -> str:
    return types.real(dtype)


def REAL_FLOAT(dtype: str, *_: Any) -> str:
    return types.real(types.floating(dtype))


def FIRST(dtype: str, options: dict, args: tuple) -> str:
    return types.name(next(each_tensor(args)).dtype)


def always(dtype: str) -> Rule:
    return lambda *_: dtype


BOOL, INDEX, INT32 = always("bool"), always("int64"), always("int32")


def array(t: Any) -> np.ndarray:
    """A tensor's elements in NumPy's type, those of bfloat16 as float32."""
    t = t.detach()
    return (t.float() if types.name(t.dtype) == "bfloat16" else t).numpy()


def wide(x: Any, dtype: str | None = None) -> Any:
    """An array, or a number for a number, in the type that stands for `dtype` here."""
    number = isinstance(x, (bool, int, float, complex))
    if number and dtype is None:
        return x
    values = np.asarray(x) if number or isinstance(x, np.ndarray) else array(x)
    kind = types.letter(dtype) if dtype else {"b": "b", "u": "i", "i": "i", "f": "f", "c": "c"}[values.dtype.kind]
    if kind == "c":
        return values.astype(CLONG)
    if kind == "f":
        # Numbers and integers are rounded to the type that is computed in.
        rounds = dtype not in (None, "float64") and (number or values.dtype.kind in "iu")
        values = values.astype(np.float32) if rounds else values
        return values.astype(LONG)
    return values.astype(dtype) if dtype else values


def is_tensor(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "dim")


def each_tensor(value: Any) -> Iterator[Any]:
    if is_tensor(value):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from each_tensor(v)


def mapped(value: Any, f: Callable) -> Any:
    if is_tensor(value):
        return f(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(v, f) for v in value)
    return value


class Oracle:
    """The function, the rules for the types of its results (one for all, or one for each), and how near they must be."""

    def __init__(
        self,
        function: Callable,
        *results: Rule,
        ulps: float = 4,
        scale: Callable | None = None,  # of the same arguments: the size of what is added up
        steps: int = 0,  # of a composition, each of which rounds to the result's type
        signed: bool = True,  # a zero has the right sign
        typed: bool = False,  # the function wants to know the operand's type
    ):
        self.function, self.results = function, results or (SAME,)
        self.scale, self.typed = scale, typed
        self.nearness = {"ulps": ulps, "steps": steps, "signed": signed and scale is None}

    def operands(self, args: tuple, options: dict) -> list:
        return list(each_tensor(args))

    def together(self, args: tuple, options: dict) -> str:
        """The operands' type, by promotion."""
        operands = self.operands(args, options)
        return types.result_type(operands) if operands else types.DEFAULT

    def dtype(self, args: tuple, options: dict) -> str:
        """What is computed in, from which the rules derive the results' types."""
        return self.together(args, options)

    def arguments(self, args: tuple, options: dict) -> tuple[tuple, dict]:
        return mapped(args, wide), {k: mapped(v, wide) for k, v in options.items()}

    def __call__(self, args: tuple, options: dict) -> Iterator[tuple[Any, str, Any]]:
        """(value, type, size of its parts or None) of each result."""
        dtype = self.dtype(args, options)
        xs, named = self.arguments(args, options)
        chosen = named.pop("dtype", None)
        if self.typed:
            named["type"] = dtype
        with np.errstate(all="ignore"):
            values = self.function(*xs, **named)
            sizes = self.scale(*xs, **named) if self.scale else None
        values = list(values) if isinstance(values, (tuple, list)) else [values]
        sizes = list(sizes) if isinstance(sizes, (tuple, list)) else [sizes] * len(values)
        rules = self.results * len(values) if len(self.results) == 1 else self.results[: len(values)]
        for value, rule, size in zip(values, rules, sizes, strict=True):
            yield value, types.name(chosen) if chosen is not None else rule(dtype, options, args), size


class Pointwise(Oracle):
    """Its operands are cast to the type that they have together, or to what `computed` makes of it."""

    def __init__(
        self, function: Callable, *results: Rule, computed: Rule = SAME, first: int = 0, last: int = 9, **more: Any
    ):
        super().__init__(function, *results, **more)
        self.computed, self.first, self.last = computed, first, last

    def operands(self, args: tuple, options: dict) -> list:
        named = [v for k, v in options.items() if k in ("min", "max")]
        return [x for x in (*args[self.first : self.last], *named) if x is not None]

    def dtype(self, args: tuple, options: dict) -> str:
        return self.computed(self.together(args, options), options)

    def arguments(self, args: tuple, options: dict) -> tuple[tuple, dict]:
        dtype = self.dtype(args, options)
        cast = lambda x: None if x is None else wide(x, dtype)
        inner = [cast(x) if self.first <= i < self.last else mapped(x, wide) for i, x in enumerate(args)]
        return tuple(inner), {k: cast(v) if k in ("min", "max") else v for k, v in options.items()}


def promoting(f: Callable, **more: Any) -> Oracle:
    return Pointwise(f, **more)


def floating(f: Callable, **more: Any) -> Oracle:
    return Pointwise(f, computed=FLOAT, **more)


def truth(f: Callable, **more: Any) -> Oracle:
    return Pointwise(f, BOOL, **more)


def of_first(f: Callable, **more: Any) -> Oracle:
    """The first operand has the type; numbers beside it are settings."""
    return Pointwise(f, last=1, **more)


def total(f: Callable, *results: Rule, **more: Any) -> Oracle:
    """A sum of products, or another function whose error is that of the same sum of absolute values."""
    sizes = lambda options: {k: abs(v) if k in ("alpha", "beta") else v for k, v in options.items()}
    return Oracle(f, *results, scale=lambda *args, **options: f(*map(absolute, args), **sizes(options)), **more)


def absolute(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
        return np.abs(x)
    return type(x)(map(absolute, x)) if isinstance(x, (list, tuple)) else x


class Places:
    """Stands for indices that need only point at the right values: which of equal ones is left open."""

    def __init__(self, x: np.ndarray, values: np.ndarray, dim: int, keepdim: bool = True):
        self.x, self.values, self.dim, self.keepdim = x, values, dim, keepdim

    def wrong(self, found: np.ndarray) -> str | None:
        at = found if self.keepdim or self.x.ndim == 0 else np.expand_dims(found, self.dim)
        values = self.values if self.keepdim or self.x.ndim == 0 else np.expand_dims(self.values, self.dim)
        if at.shape != values.shape:
            return f"shape {at.shape}, not {values.shape}"
        if (np.diff(np.sort(at, self.dim), axis=self.dim) == 0).any() if at.ndim else False:
            return f"indices {found.tolist()} repeat"
        there = np.take_along_axis(np.atleast_1d(self.x), np.atleast_1d(at), self.dim)
        same = (there == values) | (np.isnan(there) & np.isnan(values))
        return None if same.all() else f"indices {found.tolist()} of other values"


class Vectors:
    """Stands for columns of length 1 that are determined up to a phase each: those of `want`. There are `count`, which are
    orthogonal if `unit`; further ones span what is left."""

    def __init__(self, want: np.ndarray, count: int, rows: bool = False, unit: bool = True, ordered: bool = True):
        self.want, self.count, self.rows, self.unit, self.ordered = want, count, rows, unit, ordered

    def wrong(self, found: np.ndarray) -> str | None:
        room = 64 * np.finfo(found.dtype).eps  # neighbouring values take their part of the precision
        wide = np.complex128 if np.iscomplexobj(found) else np.float64
        v = np.asarray(np.swapaxes(found, -1, -2) if self.rows else found, wide)
        if v.shape != (*self.want.shape[:-1], self.count):
            return f"shape {found.shape}"
        k = self.want.shape[-1]
        if not self.ordered and k:
            like = np.abs(np.swapaxes(v, -1, -2).conj() @ self.want)
            v = np.take_along_axis(v, np.argmax(like, -2)[..., None, :], -1)
        phase = np.sum(self.want.conj() * v[..., :k], -2, keepdims=True)
        if (
            np.abs(v[..., :k] - self.want * phase).max(initial=0) > room
            or np.abs(np.abs(phase) - 1).max(initial=0) > room
        ):
            return f"vectors {found.tolist()}, not {self.want.tolist()}"
        if self.unit and np.abs(np.swapaxes(v, -1, -2).conj() @ v - np.eye(self.count)).max(initial=0) > room:
            return "the columns are not unitary"
        return None


def wrong(got: Any, want: Any, dtype: str, size: Any, nearness: dict) -> str | None:
    """What is wrong with a result, a tensor or a value of Python; None if nothing is. Masked elements are left open."""
    if not is_tensor(got):
        return None if type(got) is type(want) and got == want else f"{got!r}, not {want!r}"
    if types.name(got.dtype) != dtype:
        return f"type {types.name(got.dtype)}, not {dtype}"
    if hasattr(want, "wrong"):
        return want.wrong(array(got))
    open_ = np.ma.getmaskarray(want) if isinstance(want, np.ma.MaskedArray) else np.False_
    want = np.ma.getdata(want)
    if tuple(got.shape) != want.shape:
        return f"shape {tuple(got.shape)}, not {want.shape}"
    found = array(got)
    if found.dtype.kind == "c":
        want = want.astype(CLONG)
        # A complex number is as exact as its absolute value; which of its parts are infinite or NaN is left open.
        finite = np.isfinite(want)
        sizes = np.where(finite, np.abs(want) if size is None else size, 0)
        parts = [
            near.differences(f, w, types.real(dtype), scale=sizes, **nearness | {"signed": False})
            for f, w in ((found.real, want.real), (found.imag, want.imag))
        ]
        bad = np.where(finite, parts[0] | parts[1], np.isfinite(found))
    elif found.dtype.kind == "f":
        bad = near.differences(found, want, dtype, scale=size, **nearness)
    else:
        bad = found != want
    bad = bad & ~open_
    if not bad.any():
        return None
    at = tuple(int(k[0]) for k in np.nonzero(bad)) if bad.ndim else ()
    return f"at {at} of {int(bad.sum())}: {found[at]!r}, not {want[at]!r}"
