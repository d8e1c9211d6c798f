"""Every pointwise formula on every road of its driver: `failures()` lists where a road leaves other bits for the same
numbers, `digests()` what each formula leaves, to be compared between instruction sets. Run as a program it prints both
as JSON; tests/test_roads.py does so once for each instruction set."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterator

import adjoint as torch
from adjoint._core import _formula, _formulas

INF, NAN = float("inf"), float("nan")
# Signed zeros, halves, the least and the largest numbers of both types, angles and quotients too large for the quick
# reduction, poles of the gamma functions, and what overflows in a square or an exponential.
WILD = [
    0.0,
    1.0,
    0.5,
    1.5,
    2.0,
    3.0,
    INF,
    5e-324,
    1e-310,
    1e-45,
    1e-38,
    1e-20,
    1e-7,
    0.25,
    0.49999,
    0.75,
    0.9999999,
    10.0,
]
WILD += [
    17.25,
    88.0,
    89.5,
    103.5,
    709.5,
    745.0,
    99999.5,
    1e6,
    2749682432.0,
    1e13,
    1e20,
    1e22,
    3e38,
    1e155,
    1e300,
    1.7e308,
]
WILD = [s * x for x in WILD for s in (1.0, -1.0)] + [NAN]
FLOATS = {"f": [torch.float32, torch.float64, torch.bfloat16], "c": [torch.complex128]}
INTEGERS = {"i": [torch.uint8, torch.int16, torch.int64], "b": [torch.bool]}
LENGTHS = (1, 7, 16, 17, 64)
COUNT = 1061  # elements of the longest operand: no multiple of a block


def numbers(dtype: torch.dtype, seed: int) -> torch.Tensor:
    r = random.Random(seed)
    if dtype.is_complex:
        wild = [complex(r.choice(WILD), r.choice(WILD)) for _ in range(COUNT // 2)]
        values = wild + [complex(r.gauss(0, 2), r.gauss(0, 2)) for _ in range(COUNT - len(wild))]
        return torch.tensor(values, dtype=dtype)
    if dtype.is_floating_point:
        # Every wild number comes early, with other neighbours for each seed; later ones meet by chance.
        wild = r.sample(WILD, len(WILD)) + [r.choice(WILD) for _ in range(COUNT // 2 - len(WILD))]
        values = wild + [r.gauss(0, 2) for _ in range(COUNT // 4)] + [r.uniform(0, 1) for _ in range(COUNT // 8)]
        values += [r.uniform(-20, 20) for _ in range(COUNT - len(values))]
        return torch.tensor(values, dtype=torch.float64).to(dtype)
    bits = 63 if dtype == torch.bool else dtype.itemsize * 8 - (dtype != torch.uint8)
    low = 0 if dtype in (torch.uint8, torch.bool) else -(2**bits)
    edges = [low, low + 1, 2**bits - 1, 2**bits - 2, 0, 1, 2, 3, 7, 8, max(low, -1), max(low, -2)]
    values = [r.choice(edges) if r.random() < 0.5 else r.randrange(low, 2**bits) for _ in range(COUNT)]
    return torch.tensor([v % 2 for v in values] if dtype == torch.bool else values, dtype=dtype)


def bits(t: torch.Tensor) -> list:
    """Comparable bit for bit, NaN equal to NaN."""
    t = t.detach()
    if t.is_complex():
        t = torch.view_as_real(t)
    if t.is_floating_point():
        t = torch.where(t.isnan(), torch.full((), NAN, dtype=t.dtype), t)
    t = t.contiguous().reshape(-1)
    return t.view({1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[t.element_size()]).tolist()


def strided(t: torch.Tensor) -> torch.Tensor:
    return torch.stack([t, t], -1)[..., 0]


def transposed(t: torch.Tensor, rows: int = 13) -> torch.Tensor:
    n = len(t) // rows * rows
    return t[:n].reshape(-1, rows).t().contiguous().t()


class Formula:
    def __init__(self, name: str, arity: int, takes: str, promoting: int, truth_first: bool, gradients: tuple):
        self.name, self.arity, self.takes, self.promoting = name, arity, takes, promoting
        self.truth_first, self.gradients = truth_first, gradients

    def operands(self, dtype: torch.dtype) -> list[torch.Tensor]:
        xs = [numbers(dtype, 7 * k + 1) for k in range(self.arity)]
        if self.truth_first:
            xs[0] = xs[0] != 0
        return xs

    def __call__(self, *xs, out=None, in_place=False) -> torch.Tensor:
        return _formula(self.name, xs, out, in_place)


ALL = [Formula(*row) for row in _formulas()]
# Attributes whose value the callers choose so that the formula makes sense.
FIXED = {"left_shift": {2: 8}, "right_shift": {2: 8}, "polygamma": {0: 3}}
# Operands whose size is the time that the formula takes.
SMALL = {"polynomial": 1}


def types_of(f: Formula) -> Iterator[torch.dtype]:
    for letter, dtypes in (FLOATS | INTEGERS).items():
        if letter in f.takes:
            yield from dtypes


def roads(f: Formula, xs: list[torch.Tensor]) -> Iterator[tuple[str, list, list]]:
    """(road, bits, bits of the same elements on the dense road) of the value."""
    dense = f(*xs)
    want = bits(dense)
    per = len(want) // COUNT

    def of(elements) -> list:
        return [b for i in elements for b in want[i * per : (i + 1) * per]]

    for n in LENGTHS:
        for at in range(0, COUNT - n, max(n, 40) + 9):
            part = range(at, at + n)
            yield f"length {n}", bits(f(*(x[at : at + n].clone() for x in xs))), of(part)
    for i in range(0, COUNT, 17):
        yield "0-d", bits(f(*(x[i] for x in xs))), of([i])
    yield "strided", bits(f(*map(strided, xs))), want
    yield "strided and dense", bits(f(strided(xs[0]), *xs[1:])), want
    table = range(COUNT // 13 * 13)
    yield "transposed", bits(f(*map(transposed, xs))), of(table)
    yield (
        "transposed and dense",
        bits(f(transposed(xs[0]), *(x[: len(table)].reshape(-1, 13) for x in xs[1:]))),
        of(table),
    )
    yield "out", bits(f(*xs, out=torch.empty_like(dense))), want
    yield "strided out", bits(f(*xs, out=strided(torch.empty_like(dense)))), want
    if dense.dtype == xs[0].dtype:
        yield "in place", bits(f(xs[0].clone(), *xs[1:], in_place=True)), want
        yield "strided in place", bits(f(strided(xs[0]), *xs[1:], in_place=True)), want
    for k in range(f.arity if f.arity > 1 else 0):
        for i in range(3, COUNT, 97):
            one = xs[k][i]
            dense_one = one.expand(COUNT).clone()
            beside = [*xs[:k], dense_one, *xs[k + 1 :]]
            expect = bits(f(*beside))
            yield f"operand {k} expanded", bits(f(*xs[:k], one.expand(COUNT), *xs[k + 1 :])), expect
            yield f"operand {k} 0-d", bits(f(*xs[:k], one, *xs[k + 1 :])), expect
            if any(j != k for j in range(f.truth_first, min(f.arity, f.promoting))) and not (f.truth_first and k == 0):
                yield f"operand {k} a number", bits(f(*xs[:k], one.item(), *xs[k + 1 :])), expect


def pulls(f: Formula, xs: list[torch.Tensor]) -> Iterator[tuple[str, list, list]]:
    """The same of the recorded value and of the gradients."""
    wants = [k for k in range(f.arity) if f.gradients[k] and xs[k].dtype.is_floating_point | xs[k].dtype.is_complex]
    plain = f(*xs)
    if not wants or not (plain.is_floating_point() or plain.is_complex()):
        return
    g = numbers(plain.dtype, 99).roll(300)

    def gradients(g: torch.Tensor, operands: list, create_graph: bool = False) -> tuple[torch.Tensor, list[list]]:
        leaves = [x.detach().requires_grad_() if k in wants else x for k, x in enumerate(operands)]
        y = f(*leaves)
        found = torch.autograd.grad(y, [leaves[k] for k in wants], g, create_graph=create_graph)
        return y, [bits(t) for t in found]

    y, want = gradients(g, xs)
    yield "recorded", bits(y), bits(plain)
    per = [len(w) // COUNT for w in want]

    def same(road: str, found: list[list], elements) -> Iterator[tuple[str, list, list]]:
        for k, got, all_, size in zip(wants, found, want, per):
            yield f"pull {k}, {road}", got, [b for i in elements for b in all_[i * size : (i + 1) * size]]

    for n in LENGTHS:
        for at in range(0, COUNT - n, max(n, 100) + 9):
            part = slice(at, at + n)
            yield from same(
                f"length {n}", gradients(g[part].clone(), [x[part].clone() for x in xs])[1], range(at, at + n)
            )
    for i in range(0, COUNT, 43):
        yield from same("0-d", gradients(g[i], [x[i] for x in xs])[1], [i])
    yield from same("strided", gradients(strided(g), [strided(x) for x in xs])[1], range(COUNT))
    table = range(COUNT // 13 * 13)
    yield from same("transposed", gradients(transposed(g), [transposed(x) for x in xs])[1], table)
    one = g[5].expand(COUNT)
    expanded, dense = gradients(one, xs)[1], gradients(one.clone(), xs)[1]
    for k, got, expect in zip(wants, expanded, dense):
        yield f"pull {k}, g expanded", got, expect


def each(check: Callable) -> Iterator[tuple[str, str, list, list]]:
    for f in ALL:
        for dtype in types_of(f):
            xs = f.operands(dtype)
            for k, v in FIXED.get(f.name, {}).items():
                xs[k] = torch.full((COUNT,), v, dtype=dtype)
            for part, k in SMALL.items():
                if part in f.name:
                    xs[k] = xs[k].nan_to_num(3.0, 3.0, 3.0).clamp(-2, 40)
            for road, got, want in check(f, xs):
                yield f"{f.name} {dtype}".replace("torch.", ""), road, got, want


def failures() -> list[str]:
    found = {}
    for check in (roads, pulls):
        for subject, road, got, want in each(check):
            if got != want:
                at = next(i for i, (a, b) in enumerate(zip(got, want, strict=True)) if a != b)
                found.setdefault(f"{subject}, {road}", f"element {at}: {got[at]:#x}, dense {want[at]:#x}")
    return [f"{road}: {text}" for road, text in found.items()]


def dense(f: Formula, xs: list[torch.Tensor]) -> Iterator[tuple[str, list, list]]:
    leaves = [
        x.detach().requires_grad_() if g and (x.is_floating_point() or x.is_complex()) else x
        for x, g in zip(xs, f.gradients)
    ]
    y = f(*leaves)
    yield "value", bits(y), []
    if y.requires_grad:
        for t in torch.autograd.grad(y, [x for x in leaves if x.requires_grad], numbers(y.dtype, 99)):
            yield "pull", bits(t), []


def digests() -> dict[str, str]:
    found: dict[str, str] = {}
    for subject, road, got, _ in each(dense):
        text = found.get(subject, "") + f" {road} " + hashlib.md5(repr(got).encode()).hexdigest()[:8]
        found[subject] = text.strip()
    return found


if __name__ == "__main__":
    json.dump({"failures": failures(), "digests": digests()}, sys.stdout)
