"""Random valid calls on PyTorch and on Adjoint: the same error or value, dtype, shape, numbers.

What differs on purpose stands in deviations.py, each with its reason.
"""

import operator
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field

import adjoint

from . import children, deviations
from .calls import indexing
from .operands import Operands, seeded
from .recipes import Environment
from .samples import sample
from .targets import of_target, targets

# Results of these are random, or memory as it was found.
RANDOM = re.compile(
    r"empty|rand|normal|bernoulli|multinomial|poisson|exponential_|geometric_|cauchy_|uniform_|resize|new_tensor|seed|generator|dropout"
)
# Relative to the largest finite number of the result: PyTorch's own error is of this size in places.
TOLERANCE = {
    "float64": 1e-9, "complex128": 1e-9, "float32": 3e-5, "complex64": 1e-4, "float16": 4e-3, "bfloat16": 3e-2,
}  # fmt: skip


@dataclass
class Outcome:
    counts: Counter = field(default_factory=Counter)
    found: dict = field(default_factory=dict)  # (kind, function) → [count, seed, text]

    def add(self, kind, where, seed, text):
        self.found.setdefault((kind, where), [0, seed, text])[0] += 1


def resolved(torch, text):
    """The function of that name in PyTorch."""
    if text.startswith("operator."):
        return getattr(operator, text.removeprefix("operator."))
    owner = torch
    for part in text.split(".")[1:]:
        owner = getattr(owner, part)
    return owner


def drawn(seed):
    """A call with operands that fit, of plain tensors."""
    op = Operands(seeded(seed))
    op.wild, op.classes = 0.0, False
    # What an operation gives for memory that overlaps itself is anyone's guess; PyTorch does not always refuse.
    op.aliases = False
    # Floating numbers at their limits are compared operation by operation, by the catalogue's edges.
    op.tame = op.dtype.is_floating_point or op.dtype.is_complex or op.random() < 0.8
    op.numbers = 0.02
    r = op.random()
    if r < 0.12:
        return indexing(op)
    if r < 0.5:
        return sample(op)
    tables = targets()
    target = op.rng.choice(tables[0])
    return of_target(op, target)


def attempt(call, environment, function):
    """What a call gives: (None, results) or (exception, None); results are the value's tensors and the operands written."""
    try:
        args, kwargs = environment.build(call)
        value = function(*args, **kwargs)
        extra = [args[0]] if call.writes and args else []
        return None, [value, *extra]
    except Exception as e:
        return e, None


def _tensors(value, module, depth=0):
    if isinstance(value, module.Tensor):
        yield value
    elif isinstance(value, (tuple, list)) and depth < 3:
        for v in value:
            yield from _tensors(v, module, depth + 1)


def _numbers(t):
    """A tensor's elements as a list of Python numbers."""
    t = t.detach()
    return t.resolve_conj().resolve_neg().reshape(-1).tolist() if hasattr(t, "resolve_neg") else t.reshape(-1).tolist()


def _close(a, b, tolerance, size):
    if a == b or (a != a and b != b):
        return True
    if isinstance(a, complex) or isinstance(b, complex):
        a, b = complex(a), complex(b)
        return _close(a.real, b.real, tolerance, size) and _close(a.imag, b.imag, tolerance, size)
    return abs(a - b) <= tolerance * max(size, abs(b))


def compared(ours, theirs, call, torch):
    """(kind, text) of the first difference of two results, or None."""
    mine, other = list(_tensors(ours, adjoint)), list(_tensors(theirs, torch))
    if len(mine) != len(other):
        return "structure", f"{len(mine)} tensors, PyTorch {len(other)}"
    if not mine:
        a, b = ours[0], theirs[0]
        if isinstance(a, (bool, int, float, complex, str)) and type(a) is type(b) and not _close(a, b, 1e-5, 1.0):
            return "value", f"{a}, PyTorch {b}"
        return None
    for a, b in zip(mine, other, strict=True):
        if str(a.dtype).split(".")[-1] != str(b.dtype).split(".")[-1]:
            return "dtype", f"{a.dtype}, PyTorch {b.dtype}"
        if tuple(a.shape) != tuple(b.shape):
            return "shape", f"{tuple(a.shape)}, PyTorch {tuple(b.shape)}"
        if a.requires_grad != b.requires_grad:
            return "requires grad", f"{a.requires_grad}, PyTorch {b.requires_grad}"
        if RANDOM.search(call.text) or a.numel() > 10_000:
            continue
        tolerance = TOLERANCE.get(str(b.dtype).split(".")[-1], 0)
        p, q = _numbers(a), _numbers(b)
        finite = [abs(x) for x in q if x == x and abs(x) != float("inf")]
        size = min(max(finite, default=0.0), 1e4) if tolerance else 0
        for i, (x, y) in enumerate(zip(p, q, strict=True)):
            if not _close(x, y, tolerance, size):
                return "value", f"at {i} of {tuple(a.shape)} {a.dtype}: {x}, PyTorch {y}"
    return None


def _alike(a, b):
    """Do two texts speak of the same thing?"""
    a, b = set(a.split()), set(b.split())
    return len(a & b) > 0.5 * min(len(a), len(b))


def check(seed, torch, counts):
    """One call by its seed: (kind of difference, function, text), or None."""
    call = drawn(seed)
    if "_core." in call.text:
        return None
    try:
        function = resolved(torch, call.text)
    except AttributeError:
        counts["PyTorch has no such name"] += 1
        return None
    counts["calls"] += 1
    e, ours = attempt(call, Environment(), call.function)
    f, theirs = attempt(call, Environment(torch), function)
    if e and f:
        counts["both raise"] += 1
        if type(e).__name__ == type(f).__name__:
            return None
        if not _alike(str(e), str(f)):
            counts["both raise, each names another fault"] += 1
            return None
        kind, text = "class of error", f"{type(e).__name__}: {e!s:.150}; PyTorch {type(f).__name__}: {f!s:.150}"
    elif e or f:
        counts["one raises"] += 1
        kind, text = f"only {'Adjoint' if e else 'PyTorch'} raises", f"{type(e or f).__name__}: {e or f!s:.300}"
    else:
        counts["both give a value"] += 1
        different = compared(ours, theirs, call, torch)
        if not different:
            return None
        kind, text = different
    reason = deviations.reason(kind, call, text)
    if reason:
        counts[f"known: {reason}"] += 1
        return None
    return kind, call.text, text


def search(first, count):
    """Compares the calls of `count` seeds, in children. Needs PyTorch."""
    import torch

    torch.set_num_threads(1)
    outcome, end = Outcome(), first + count

    def prepare():
        warnings.simplefilter("ignore")
        tally = children.Tally(end)

        def step(seed, write):
            found = check(seed, torch, tally.counts)
            if found:
                write([found[0], seed, found[2], found[1]])
            tally.send(seed, write)

        return step

    for line in children.stretches(first, end, prepare):
        if line[0] == "counts":
            outcome.counts.update(line[1])
        else:
            kind, seed, text, *where = line
            call = drawn(seed)
            if not where and not any(k == kind for k, _ in children.alone(call)):
                outcome.counts[f"a {kind} of PyTorch's"] += 1
                continue
            outcome.add(kind, where[0] if where else call.text, seed, text[:1000])
    return outcome
