"""Gradients of random programs, compared with finite differences and, where it is installed, with PyTorch."""

import random
import warnings
from collections import Counter
from dataclasses import dataclass, field

import adjoint

from .programs import Program

CLOSE = {
    "PyTorch": 1e-9,
    "second, PyTorch": 1e-7,
}  # relative to the largest entry; its second derivatives cancel in places
NUMERIC = 2e-6  # to finite differences
STEP = 1e-4


@dataclass
class Outcome:
    counts: Counter = field(default_factory=Counter)
    largest: dict = field(
        default_factory=lambda: {
            "finite differences": 0.0,
            "PyTorch": 0.0,
            "second, finite differences": 0.0,
            "second, PyTorch": 0.0,
        }
    )
    wrong: list = field(default_factory=list)  # (seed, what, the program)


def oracle():
    """PyTorch, or None."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch


def _leaves(module, program, direction=None, t=0.0):
    made = []
    for i, (values, shape) in enumerate(zip(program.leaves, program.shapes, strict=True)):
        if direction:
            values = [v + t * d for v, d in zip(values, direction[i], strict=True)]
        made.append(module.tensor(values, dtype=module.float64).reshape(shape).requires_grad_())
    return made


def _flat(grads, leaves):
    return [
        [0.0] * leaf.numel() if g is None else g.detach().reshape(-1).tolist()
        for g, leaf in zip(grads, leaves, strict=True)
    ]


def run(module, program, second=None):
    """(value, gradients, gradients of <gradient, second>) or the exception."""
    leaves = _leaves(module, program)
    try:
        y = program.function(module, *leaves)
        if not y.requires_grad:
            return y.item(), _flat([None] * 3, leaves), None
        grads = module.autograd.grad(y, leaves, create_graph=second is not None, allow_unused=True)
        third = None
        if second is not None:
            pairs = [(g, d) for g, d in zip(grads, second, strict=True) if g is not None and g.requires_grad]
            if pairs:
                inner = sum((g.reshape(-1) * module.tensor(d, dtype=module.float64)).sum() for g, d in pairs)
                third = _flat(module.autograd.grad(inner, leaves, allow_unused=True), leaves)
        return y.item(), _flat(grads, leaves), third
    except (RuntimeError, IndexError, TypeError, ValueError) as e:
        return e


def _dot(a, b):
    return sum(x * y for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True))


def _slope(f):
    """f'(0) and how far two estimates of it lie apart: a kink or a steep place has no business here."""
    at = {k: f(k * STEP) for k in (-2, -1, 1, 2)}
    one, two = (at[1] - at[-1]) / (2 * STEP), (at[2] - at[-2]) / (4 * STEP)
    return (4 * one - two) / 3, abs(one - two)


def _numeric(program, direction):
    with adjoint.no_grad():
        return _slope(lambda t: program.function(adjoint, *_leaves(adjoint, program, direction, t)).item())


def _numeric_second(program, direction, along):
    def gradient(t):
        leaves = _leaves(adjoint, program, direction, t)
        grads = adjoint.autograd.grad(program.function(adjoint, *leaves), leaves, allow_unused=True)
        return _dot(_flat(grads, leaves), along)

    return _slope(gradient)


def _apart(a, b):
    """The largest difference of two gradients, relative to their largest entry or 1."""
    size = max([1.0, *(abs(x) for p in b for x in p)])
    return max(
        (
            abs(x - y) / size if x == x or y == y else 0.0
            for p, q in zip(a, b, strict=True)
            for x, y in zip(p, q, strict=True)
        ),
        default=0.0,
    )


def _note(outcome, name, apart, bound):
    # not (<=): NaN is wrong
    if not apart <= bound:
        return f"{name}: {apart:.2e} apart"
    outcome.largest[name] = max(outcome.largest[name], apart)
    return None


def judge(program, seed, outcome, torch=None):
    """What is wrong with the gradients of a program, or None."""
    rng = random.Random(~seed)
    direction = [[rng.gauss(0, 1) for _ in leaf] for leaf in program.leaves]
    along = [[rng.gauss(0, 1) for _ in leaf] for leaf in program.leaves]
    twice = rng.random() < 0.35
    ours = run(adjoint, program, along if twice else None)
    wrong = torch and _beside_torch(ours, run(torch, program, along if twice else None), outcome)
    if wrong or isinstance(ours, Exception):
        outcome.counts["backward refuses"] += isinstance(ours, Exception)
        return wrong
    if "detach" in program.source:
        outcome.counts["cut on purpose: no finite differences"] += 1
        return None
    slope, doubt = _numeric(program, direction)
    size = max(1.0, abs(slope))
    if not doubt <= 1e-4 * size:
        outcome.counts["at a kink"] += 1
        return None
    outcome.counts["compared with finite differences"] += 1
    apart = abs(_dot(ours[1], direction) - slope) / size
    wrong = _note(outcome, "finite differences", apart, NUMERIC + doubt / size / 50)
    if wrong or not ours[2]:
        return wrong
    slope, doubt = _numeric_second(program, direction, along)
    size = max(1.0, abs(slope))
    if not doubt <= 1e-4 * size:
        return None
    outcome.counts["second derivatives compared with finite differences"] += 1
    apart = abs(_dot(ours[2], direction) - slope) / size
    return _note(outcome, "second, finite differences", apart, NUMERIC + doubt / size / 50)


def _beside_torch(ours, theirs, outcome):
    if isinstance(ours, Exception) and isinstance(theirs, Exception):
        return None
    if isinstance(theirs, Exception):
        # What PyTorch cannot do, or saves more for; finite differences judge.
        lacks = isinstance(theirs, NotImplementedError) or "undefined Tensor" in str(theirs)
        outcome.counts["PyTorch has no such derivative" if lacks else "only PyTorch refuses"] += 1
        return None
    if isinstance(ours, Exception):
        outcome.counts["only Adjoint refuses"] += 1
        return f"only Adjoint refuses: {ours!s:.200}"
    outcome.counts["compared with PyTorch"] += 1
    wrong = _note(outcome, "PyTorch", _apart([[ours[0]], *ours[1]], [[theirs[0]], *theirs[1]]), CLOSE["PyTorch"])
    if ours[2] and theirs[2] and not wrong:
        outcome.counts["second derivatives compared with PyTorch"] += 1
        wrong = _note(outcome, "second, PyTorch", _apart(ours[2], theirs[2]), CLOSE["second, PyTorch"])
    return wrong


def reduced(program, seed, wrong, torch):
    """The program without the lines and terms that its fault does not need."""
    going = True
    while going:
        going = False
        trials = [({i}, ()) for i in range(len(program.lines))] + [
            ((), {n}) for n in program.terms if len(program.terms) > 1
        ]
        for lines, terms in trials:
            try:
                smaller = program.without(lines, terms)
                again = judge(smaller, seed, Outcome(), torch)
            except NameError:
                continue
            if again and again[:12] == wrong[:12]:
                program, going = smaller, True
                break
    return program


def check(seed, outcome, torch=None, extra=()):
    """One program, by its seed. `extra` are further lines to draw from."""
    program = Program(seed, extra=extra)
    outcome.counts["programs"] += 1
    wrong = judge(program, seed, outcome, torch)
    if wrong:
        small = reduced(program, seed, wrong, torch)
        outcome.wrong.append((seed, wrong, f"shapes {small.shapes}\n{small.source}"))


def search(first, count, extra=()):
    """Checks the programs of `count` seeds."""
    warnings.simplefilter("ignore")
    outcome, torch = Outcome(), oracle()
    for seed in range(first, first + count):
        check(seed, outcome, torch, extra)
    return outcome
