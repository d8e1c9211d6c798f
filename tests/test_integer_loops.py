"""Arithmetic, comparisons and logic of integers and truth values: loops of their own type, numpy's results."""

import itertools
import operator

import numpy as np
import pytest

import adjoint as torch

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64"]
SIZES = [1, 3, 77, 1000, 70_000]
ARITHMETIC = {
    "add": (operator.add, np.add),
    "sub": (operator.sub, np.subtract),
    "mul": (operator.mul, np.multiply),
    "alpha": (lambda a, b: torch.add(a, b, alpha=3), lambda a, b: np.add(a, b * a.dtype.type(3))),
    "maximum": (torch.maximum, np.maximum),
    "minimum": (torch.minimum, np.minimum),
    "and": (operator.and_, np.bitwise_and),
    "or": (operator.or_, np.bitwise_or),
    "xor": (operator.xor, np.bitwise_xor),
    "where": (lambda a, b: torch.where(a > b, a, b), lambda a, b: np.where(a > b, a, b)),
}
TRUTH = {
    "eq": (operator.eq, np.equal),
    "ne": (operator.ne, np.not_equal),
    "lt": (operator.lt, np.less),
    "le": (operator.le, np.less_equal),
    "gt": (operator.gt, np.greater),
    "ge": (operator.ge, np.greater_equal),
    "logical_and": (torch.logical_and, np.logical_and),
    "logical_or": (torch.logical_or, np.logical_or),
    "logical_xor": (torch.logical_xor, np.logical_xor),
}
ONE = {
    "neg": (operator.neg, np.negative),
    "invert": (operator.invert, np.invert),
    "abs": (abs, np.abs),
    "square": (torch.square, np.square),
    "logical_not": (torch.logical_not, np.logical_not),
    "clamp": (lambda a: torch.clamp(a, 2, 50), lambda a: np.clip(a, 2, 50)),
    "clamp_min": (lambda a: torch.clamp(a, min=3), lambda a: np.maximum(a, a.dtype.type(3))),
}


def values(n, dtype, seed):
    source = np.random.default_rng(seed)
    if dtype == "bool":
        return source.integers(0, 2, n).astype(bool)
    bounds = np.iinfo(dtype)
    x = source.integers(bounds.min, bounds.max, n, dtype=dtype, endpoint=True)
    x[: n // 2] = source.integers(0, 5, n // 2)  # equal ones, and zeros
    return source.permutation(x)


def check(got, want, what):
    assert str(got.dtype).removeprefix("torch.").endswith(str(want.dtype)), what
    assert np.array_equal(got.numpy(), want), what


@pytest.mark.parametrize("dtype", TYPES)
def test_two_operands(dtype):
    for n in SIZES:
        x, y = values(n, dtype, 1), values(n, dtype, 2)
        a, b = torch.from_numpy(x), torch.from_numpy(y)
        for name, (ours, theirs) in (ARITHMETIC | TRUTH).items():
            if dtype == "bool" and name in ("sub", "alpha"):
                continue
            check(ours(a, b), theirs(x, y), (name, n))
            check(ours(a[::2], b[::2]), theirs(x[::2], y[::2]), (name, n, "strided"))
            check(ours(a, b[:1]), theirs(x, y[:1]), (name, n, "broadcast"))


@pytest.mark.parametrize("dtype", TYPES)
def test_one_operand(dtype):
    for n, (name, (ours, theirs)) in itertools.product(SIZES, ONE.items()):
        x = values(n, dtype, 3)
        if dtype == "bool" and name not in ("invert", "logical_not"):
            continue
        check(ours(torch.from_numpy(x)), theirs(x), (name, n))


@pytest.mark.parametrize("dtype", TYPES[1:])
def test_numbers_are_of_the_tensor_s_type(dtype):
    x = values(1000, dtype, 4)
    a, kind = torch.from_numpy(x), np.dtype(dtype).type
    check(a + 7, x + kind(7), "add")
    check(100 - a, kind(100) - x, "rsub")
    check(a == 3, x == kind(3), "eq")
    check(a < 3, x < kind(3), "lt")
    check(a.clone().mul_(5), x * kind(5), "mul_")


def test_truth_values_against_numbers():
    x = values(1000, "bool", 5)
    a = torch.from_numpy(x)
    assert not (a == 2).any() and (a < 2).all() and (a != 2).all()
    check(a == 1, x, "eq")
    check(a + 2, x + np.int64(2), "add")


def test_mixed_types_meet_in_the_larger():
    x, y = values(1000, "uint8", 6), values(1000, "int16", 7)
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    check(a + b, x + y, "add")
    check(a < b, x < y, "lt")


@pytest.mark.parametrize("dtype", TYPES)
def test_extrema(dtype):
    x = values(35_000, dtype, 8).reshape(500, 70)
    a = torch.from_numpy(x)
    for dim in (0, 1):
        check(a.amax(dim), x.max(dim), "amax")
        check(a.amin(dim), x.min(dim), "amin")
        if dtype == "bool":
            continue
        largest, smallest = a.max(dim), a.min(dim)
        check(largest.values, x.max(dim), "max")
        check(smallest.values, x.min(dim), "min")
        check(largest.indices, x.argmax(dim), "argmax")
        check(smallest.indices, x.argmin(dim), "argmin")
    assert a.max().item() == x.max() and a.min().item() == x.min()
