"""Values without PyTorch: every operation beside NumPy or mpmath (tests/oracles), in every type, on the samples of the
catalogue and on numbers at the edges of each type. What a result's type is, and which types are refused, follows rules
that are written down a second time."""

from __future__ import annotations

import random

import catalogue
import numpy as np
import oracles
import pytest
from oracles import types
from oracles.rules import Pointwise, is_tensor, wrong
from test_catalogue import call

import adjoint as torch

NAMES = [name for name in catalogue.names() if name in oracles.ORACLE]
REFUSALS = (RuntimeError, NotImplementedError, ZeroDivisionError, ValueError)


def faults(name, args, kwargs, got, allowance=1):
    oracle = oracles.ORACLE[name]
    nearness = oracle.nearness | {"ulps": allowance * oracle.nearness["ulps"]}
    wants = list(oracle(args, kwargs))
    results = []
    for part in got if isinstance(got, (tuple, list)) else [got]:
        results += part if isinstance(part, (tuple, list)) else [part]
    assert len(results) == len(wants), f"{name}: {len(results)} results, not {len(wants)}"
    return [w for w in (wrong(r, *want, nearness) for r, want in zip(results, wants)) if w]


@pytest.mark.parametrize("dtype", types.FLOATS)
def test_what_counts_as_near(dtype):
    """Four units in the last place of what is computed in, and the rounding of half types."""
    eps, inf = torch.finfo(getattr(torch, dtype)).eps, float("inf")
    half = dtype in types.HALVES

    def far(got, want, **more):
        t = torch.tensor([got], dtype=torch.float64).to(getattr(torch, dtype))
        return wrong(t, [np.longdouble(want)], dtype, None, {"ulps": 4, "steps": 0, "signed": True} | more)

    assert not far(1.0, 1.0 + eps / 2) and not far(1.0, 1.0 + (0 if half else 4) * eps)
    assert far(1.0, 1.0 + (0.6 if half else 5) * eps) and far(1.0, -1.0) and far(0.0, eps) and far(inf, 1.0)
    assert not far(inf, inf) and far(-inf, inf) and far(1.0, inf) and far(1.0, np.nan) and far(np.nan, 1.0)
    assert far(0.0, -0.0) and not far(0.0, -0.0, signed=False) and not far(np.nan, np.nan)
    assert not far(inf, "1e400") and not far(0.0, "1e-4000")


def attempt(name, args, kwargs, dtype):
    """What the operation gives, or None where it refuses what it should; `dtype` counts where operands are not promoted."""
    oracle = oracles.ORACLE[name]
    own = [dtype]
    if isinstance(oracle, Pointwise):
        dtype, own = oracle.together(args, kwargs), [types.type_of(x) for x in oracle.operands(args, kwargs)]
    refused = oracles.refuses(name, dtype, own)
    try:
        got = call(name)(*args, **kwargs)
    except REFUSALS as error:
        assert refused or oracles.may_refuse(name, dtype), f"{name} refuses {' '.join(own)}: {error}"
        return None
    assert not refused, f"{name} does not refuse {' '.join(own)}"
    return got


def test_every_operation_has_an_oracle():
    named = oracles.ORACLE.keys() | oracles.WITHOUT.keys()
    assert named == set(catalogue.names()), named ^ set(catalogue.names())
    assert not oracles.ORACLE.keys() & oracles.WITHOUT.keys()


def test_only_what_is_random_or_of_memory_has_none():
    """The list may only become shorter."""
    assert len(oracles.WITHOUT) <= 21
    without = {catalogue.family(name) for name in oracles.WITHOUT}
    assert without <= {"creation", "views"}


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("name", NAMES)
def test_samples(name):
    found = []
    for dtype in types.ALL:
        try:
            samples = catalogue.samples(torch, name, getattr(torch, dtype), edges=True)
        except REFUSALS:  # of what prepares them
            assert oracles.refuses(name, dtype, [dtype])
            continue
        ran = 0
        for k, (args, kwargs) in enumerate(samples):
            got = attempt(name, args, kwargs, dtype)
            if got is not None:
                ran += 1
                found += [f"{name} {dtype} sample {k}: {w}" for w in faults(name, args, kwargs, got)]
        assert ran or not samples or oracles.refuses(name, dtype, [dtype]), f"{name} refuses {dtype}"
    assert not found, "\n".join(found[:12])


def edges(dtype, seed):
    """Zeros, infinities, NaN, the least and the largest numbers of each type, and ordinary ones beside them."""
    r = random.Random(seed)
    if types.letter(dtype) == "b":
        return [True, False]
    if types.letter(dtype) == "i":
        info = torch.iinfo(getattr(torch, dtype))
        near_limits = [info.min, info.min + 1, info.max - 1, info.max]
        return [
            *near_limits,
            0,
            1,
            2,
            3,
            *([-1, -2] if info.min else []),
            *(r.randrange(info.min, info.max) for _ in range(6)),
        ]
    if types.letter(dtype) == "c":
        parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-3, 30.0]
        return [complex(a, b) for a in parts for b in parts]
    info = torch.finfo(getattr(torch, dtype))
    limits = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.0,
        3.0,
        10.0,
        88.0,
        1e6,
        float("inf"),
        info.max,
        info.tiny,
        info.smallest_normal * info.eps,
        info.eps,
    ]
    return [s * x for x in limits for s in (1, -1)] + [float("nan")] + [r.gauss(0, 2) for _ in range(12)]


def paired(lists):
    """Every value of each with every value of the others; of three or more, some."""
    if len(lists) == 1:
        return lists
    if len(lists) == 2:
        return [[a for a in lists[0] for _ in lists[1]], [b for _ in lists[0] for b in lists[1]]]
    r = random.Random(5)
    return [[r.choice(v) for _ in range(600)] for v in lists]


def operand_count(name):
    """Of an elementwise function of tensors alone, by its first sample; 0 for another."""
    oracle = oracles.ORACLE[name]
    args, kwargs = catalogue.samples(torch, name, torch.float64)[0]
    if not isinstance(oracle, Pointwise) or kwargs or not all(map(is_tensor, args)):
        return 0
    return len(args) if len({(t.shape, t.dtype) for t in args}) == 1 else 0


@pytest.mark.parametrize("name", [n for n in NAMES if operand_count(n)])
def test_edges(name):
    found = []
    for dtype in types.ALL:
        values = paired([edges(dtype, k) for k in range(operand_count(name))])
        args = tuple(torch.tensor(v, dtype=getattr(torch, dtype)) for v in values)
        got = attempt(name, args, {}, dtype)
        if got is not None:
            found += [f"{name} {dtype} {w}" for w in faults(name, args, {}, got)]
    assert not found, "\n".join(found[:12])


NUMBERS = [True, 2, 1.5, 1j]


def beside(dtype, other):
    """A tensor of one type beside another tensor, a 0-d tensor, and a number of each kind."""
    make = lambda d, values: torch.tensor(values).to(getattr(torch, d))
    x, y = make(dtype, [0, 1, 3]), make(other, [1, 2, 1])
    yield x, y
    yield x, y[1]
    yield x[2], y
    yield x[2], y[1]


@pytest.mark.parametrize("name", [n for n in NAMES if operand_count(n) == 2])
def test_mixed_types(name):
    found = []
    pairs = [p for a in types.ALL for b in types.ALL for p in beside(a, b)]
    # A number stands on the right of every operation that takes one.
    takes_number = any(
        isinstance(v, (int, float)) for args, _ in catalogue.samples(torch, name, torch.float64) for v in args
    )
    if takes_number:
        pairs += [
            (x, v)
            for a in types.ALL
            for x in (torch.ones(2, dtype=getattr(torch, a)), torch.ones((), dtype=getattr(torch, a)))
            for v in NUMBERS
        ]
    for x, y in pairs:
        got = attempt(name, (x, y), {}, None)
        if got is not None:
            subject = (
                f"{name} {types.type_of(x)}{list(x.shape)} {types.type_of(y)}{list(y.shape) if is_tensor(y) else ''}"
            )
            found += [f"{subject}: {w}" for w in faults(name, (x, y), {}, got)]
    assert not found, "\n".join(found[:12])


ALONG = (
    "sum mean nansum nanmean prod var std var_mean std_mean max min amax amin argmax argmin any all count_nonzero cumsum "
    "cumprod cummax cummin logsumexp logcumsumexp softmax log_softmax median nanmedian sort argsort"
).split()
# Errors that add up along the way.
ALLOWANCE = {"prod": 128, "cumprod": 128, "logcumsumexp": 8}


@pytest.mark.parametrize("name", ALONG)
def test_long_vectors(name):
    """Longer than a block of the kernels, along rows, columns and with gaps."""
    found = []
    for dtype in types.ALL:
        wide = catalogue.maker(torch, getattr(torch, dtype))(3, 1031)
        for x, dim in ((wide, 1), (wide.t().contiguous(), 0), (wide.t(), 0), (wide[:, ::2], 1)):
            for kwargs in ({"dim": dim}, {"dim": dim, "stable": True}) if "sort" in name else ({"dim": dim},):
                got = attempt(name, (x,), kwargs, dtype)
                if got is not None:
                    found += [f"{name} {dtype} {w}" for w in faults(name, (x,), kwargs, got, ALLOWANCE.get(name, 1))]
    assert not found, "\n".join(found[:12])
