"""PyTorch's rules of result types, written down a second time, from its documentation: what the core says of itself proves
nothing. Types are named as users name them: "float32"."""

from __future__ import annotations

from collections.abc import Iterable

BOOL = "bool"
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
HALVES = ("float16", "bfloat16")
FLOATS = (*HALVES, "float32", "float64")
COMPLEX = ("complex64", "complex128")
ALL = (BOOL, *INTEGERS, *FLOATS, *COMPLEX)
DEFAULT = "float32"
_NUMBERS = {bool: BOOL, int: "int64", float: DEFAULT, complex: "complex64"}


def letter(dtype: str) -> str:
    """The category: b, i, f or c, each of which holds the ones before it."""
    return {"b": "b", "u": "i", "i": "i", "c": "c"}.get(dtype[0], "f") if dtype[:2] != "bf" else "f"


def _order(dtype: str) -> int:
    return "bifc".index(letter(dtype))


def real(dtype: str) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def floating(dtype: str) -> str:
    """The type in which a function of real numbers answers: integers' is the default type."""
    return dtype if letter(dtype) in "fc" else DEFAULT


def summed(dtype: str) -> str:
    """Integers are summed as int64."""
    return dtype if letter(dtype) in "fc" else "int64"


def promote(a: str, b: str) -> str:
    """The smallest type that holds both."""
    if a == b:
        return a
    a, b = sorted((a, b), key=ALL.index)
    low, high = letter(a), letter(b)
    if high == "c":
        return "complex128" if "float64" in (a, real(b)) or a == "complex128" else "complex64"
    if high == "f" and low == "f":
        return "float32" if b == "bfloat16" else b
    if high == "i" and a == "uint8":
        return "int16" if b == "int8" else b
    return b


def type_of(x: object) -> str:
    """Of a tensor or a number."""
    return _NUMBERS[type(x)] if type(x) in _NUMBERS else name(x.dtype)


def result_type(operands: Iterable) -> str:
    """Of tensors with dimensions, 0-d tensors and numbers: a lower group counts where its category is higher."""
    groups: list[str | None] = [None, None, None]
    for x in operands:
        k = 2 if type(x) in _NUMBERS else 0 if x.dim() else 1
        dtype = type_of(x)
        groups[k] = dtype if groups[k] is None else promote(groups[k], dtype)
    found: str | None = None
    for lower in filter(None, groups):
        if found is None:
            found = lower
        elif _order(lower) > _order(found):
            # A complex number beside real floats takes their width.
            found = promote(found, lower) if letter(lower) != "c" or letter(found) != "f" else widened(found)
    assert found is not None
    return found


def widened(dtype: str) -> str:
    return "complex128" if dtype == "float64" else "complex64"


def name(dtype: object) -> str:
    return str(dtype).split(".")[-1]
