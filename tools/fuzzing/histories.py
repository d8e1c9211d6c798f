"""Random programs of views and changes in place, statement by statement on PyTorch and on Adjoint: the same exceptions,
values, versions, leaves and nodes after each, and in the end the same gradients."""

import random
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field

import adjoint

# x and y are replaced by tensors of the program.
VIEWS = [
    "x[0]", "x[-1]", "x[1:]", "x[..., :1]", "x[..., ::2]", "x.view(-1)", "x.reshape(-1)", "x.t()", "x.T", "x.mT", "x.transpose(0, -1)", "x.unsqueeze(0)",
    "x.unsqueeze(-1)", "x.squeeze()", "x.squeeze(0)", "x.detach()", "x.data", "x.real", "x.imag", "torch.view_as_real(x)", "torch.view_as_complex(x)",
    "x.expand(2, *x.shape)", "x.unfold(0, 2, 1)", "x.diagonal()", "x.split(1)[0]", "x.unbind(0)[0]", "x.chunk(2)[0]", "x.tensor_split(2)[1]",
    "x.as_strided((2,), (1,), 1)", "x.as_strided((2, 2), (1, 1))", "x.view_as(x)", "x.flatten()", "x.narrow(0, 1, 1)", "x.movedim(0, -1)", "x.select(-1, 0)",
    "x.contiguous()", "x.permute(*range(x.dim())[::-1])",
]  # fmt: skip
RESULTS = [
    "x * 2", "x * y", "x + y", "x.clone()", "x.sin()", "x.sum()", "x.abs()", "torch.stack([x, x])", "torch.cat([x, y])", "x @ y", "x * x", "x.conj() * 1", "x / 2",
    "x.exp()", "x.requires_grad_()", "x.clone().requires_grad_()", "torch.zeros_like(x)", "x.detach().clone()", "x.index_select(0, torch.tensor([0]))",
    "x.to(torch.complex128)", "x.cumsum(0)", "torch.where(x.real > 0, x, y)",
]  # fmt: skip
CHANGES = [
    "x.mul_(2)", "x.mul_(y)", "x.add_(y)", "x.add_(1)", "x.copy_(y)", "x.fill_(0.5)", "x.fill_(y)", "x.zero_()", "x[0] = y", "x[0] = 0.25", "x[..., :1] = y",
    "x[..., 0] *= 2", "x[0] += y", "x[...] = y", "x.sin_()", "x.neg_()", "x.t_()", "x.transpose_(0, -1)", "x.unsqueeze_(0)", "x.squeeze_()", "x.swapaxes_(0, -1)", "x.detach_()",
    "x.requires_grad_()", "x.requires_grad_(False)", "x.retain_grad()", "x.data = y", "x.set_(y)", "x.data.mul_(2)", "x.detach().mul_(2)", "x.real.mul_(2)",
    "x.imag.copy_(y)", "x.real = y", "x.imag = y", "x.real[...] = 0.5", "x.sub_(y)", "x.div_(2)", "x.exp_()", "x.mul_(x)", "x.as_strided_((2,), (1,))",
    "x.view(-1)[0] = y", "x.masked_fill_(x.real > 0, 0.5)", "x[x.real > 0] = 0.5", "x.index_fill_(0, torch.tensor([0]), 0.5)", "x.index_add_(0, torch.tensor([0]), y)",
    "x.grad = None", "x.clamp_(-1, 1)", "x.cumsum_(0)", "x.addcmul_(y, y)", "x.set_()", "x.lerp_(y, 0.5)", "x.tanh_()", "x.pow_(2)", "x.abs_()", "x.sigmoid_()",
    "x.index_copy_(0, torch.tensor([0]), y)", "x.index_put_((torch.tensor([0]),), y)", "torch.add(x, y, out=x)", "torch.sin(y, out=x)", "x.triu_()",
    "x.movedim(0, -1).mul_(2)",
]  # fmt: skip
MODES = ["with torch.no_grad(): ", "with torch.inference_mode(): ", "with torch.enable_grad(): "]
LEAVES = "acs"


def start(torch):
    real, complex_ = torch.float64, torch.complex128
    a = torch.tensor([[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]], dtype=real, requires_grad=True)
    b = torch.tensor([0.5, -1.2, 0.8, 0.35], dtype=real)
    c = torch.tensor([[0.3 + 1j, -0.7 - 0.2j], [0.9 + 0.5j, 0.2 - 0.1j]], dtype=complex_, requires_grad=True)
    d = torch.tensor([0.6 - 1j, 0.25 + 0.4j, -0.8 + 0.1j], dtype=complex_)
    s = torch.tensor(0.7, dtype=real, requires_grad=True)
    return {"torch": torch, "a": a, "b": b, "c": c, "d": d, "s": s}


def drawn(seed):
    """5 to 12 statements, after two that make results of leaves."""
    rng = random.Random(seed)
    lines, names = ["e = a * 1", "g = c * 1"], list("abcdseg")
    for i in range(rng.randint(5, 12)):
        r = rng.random()
        x, y = (rng.choice(names[-5:] if rng.random() < 0.6 else names) for _ in range(2))
        text = rng.choice(VIEWS if r < 0.38 else RESULTS if r < 0.5 else CHANGES)
        text = re.sub(r"\bx\b", x, re.sub(r"\by\b", y, text))
        if r < 0.5:
            text = f"v{i} = {text}"
            names.append(f"v{i}")
        lines.append(rng.choice(MODES) + text if rng.random() < 0.08 else text)
    return lines


def _ask(question):
    try:
        return question()
    except RuntimeError as e:
        return type(e).__name__


def _values(t):
    t = t.detach().resolve_conj().resolve_neg()
    return _ask(t.tolist)


def _state(t):
    node = _ask(lambda: t.grad_fn)
    return {
        "shape": tuple(t.shape),
        "version": _ask(lambda: t._version),
        "leaf": _ask(lambda: t.is_leaf),
        "requires_grad": t.requires_grad,
        "node": node if node is None or isinstance(node, str) else node.name(),
        "view": t._is_view(),
        "strides": tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1) if t.numel() else (),
        "offset": t.storage_offset(),
        "inference": t.is_inference(),
        "retains": t.retains_grad,
        "value": _values(t),
    }


def _gradients(torch, space):
    """{result: its gradients in the leaves, or an exception}"""
    found = {}
    for name, t in space.items():
        if not isinstance(t, torch.Tensor) or not t.requires_grad or name in LEAVES:
            continue
        try:
            for leaf in LEAVES:
                space[leaf].grad = None
            weights = torch.arange(1.0, t.numel() + 1, dtype=torch.float64).reshape(t.shape)
            y = (t * weights).sum()
            (y.real + 2 * y.imag if y.is_complex() else y).backward(retain_graph=True)
            found[name] = [g if g is None else _values(g) for g in (space[leaf].grad for leaf in LEAVES)]
        except Exception as e:
            found[name] = e
    return found


def run(torch, lines):
    """What each statement raises and leaves; last, the gradients."""
    space, told = start(torch), []
    for line in lines:
        raised = None
        try:
            exec(line, space)
        except Exception as e:
            raised = e
        told.append((raised, {n: _state(t) for n, t in space.items() if isinstance(t, torch.Tensor)}))
    return told, _gradients(torch, space)


def _close(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, (int, float, complex)) and isinstance(b, (int, float, complex)):
        return a == b or abs(a - b) <= 1e-9 * (1 + abs(a) + abs(b)) or (a != a and b != b)
    return a == b


def difference(lines, torch):
    """(kind, statement, PyTorch's, Adjoint's) of the first difference, or None."""
    (theirs, their_gradients), (ours, our_gradients) = run(torch, lines), run(adjoint, lines)
    for line, (e, before), (f, after) in zip(lines, theirs, ours, strict=True):
        if type(e).__name__ != type(f).__name__:
            return "exception", line, repr(e), repr(f)
        for name, state in before.items():
            for kind, value in state.items():
                if not _close(value, after[name][kind]):
                    return kind, line, f"{name}: {value}", str(after[name][kind])
    for name, g in their_gradients.items():
        h = our_gradients.get(name)
        if type(g).__name__ != type(h).__name__ or (isinstance(g, list) and not _close(g, h)):
            return "gradient", name, repr(g), repr(h)
    return None


def reduced(lines, torch):
    """The program with fewer statements that differs in the same way."""
    kind, k = difference(lines, torch)[0], len(lines)
    while k:
        k -= 1
        fewer = lines[:k] + lines[k + 1 :]
        found = difference(fewer, torch)
        if found and found[0] == kind:
            lines, k = fewer, min(k + 1, len(fewer))
    return lines


# What differs on purpose, or by an accident of PyTorch's: kind, program, PyTorch's, Adjoint's, reason; no pattern fits all.
KNOWN = [
    ("version", r"\.data|set_", "", "", "`.data` shares the counter of its tensor, and set_ takes the storage's"),
    ("version", "@", "", "", "PyTorch counts its own steps"),
    ("", "inference_mode", "", "", "PyTorch changes inference tensors before it refuses; detach_ there does nothing"),
    ("exception", "", "single memory location", "", "assignment between overlapping views gives NumPy's result"),
    ("exception", "", "", "single memory location", "writes into memory that overlaps are refused in every layout"),
    ("value", "copy_|=", "", "", "assignment between overlapping views gives NumPy's result"),
    ("exception", "", "Error", "Error", "both refuse, and ask in another order"),
    ("exception", "as_strided_", "None", "outside of its base", "a base that shrank cannot take its view's change"),
    ("gradient", "", "isFloatingType|modified by an inplace|multiple views|detached in-place|more than one element", r"^\[", "PyTorch refuses"),
    ("gradient", "", "", "invalid gradient", "a cotangent of another shape is refused, not summed"),
    ("gradient", r"as_strided\(", "", "", "as_strided beyond a view goes to the base"),
    ("gradient", r"(t|transpose|swapaxes|squeeze|unsqueeze)_\(", "", "", "PyTorch remakes views of complex tensors from the shape their base has now"),
    ("leaf", "detach_", "RuntimeError", "", "a view of a detached complex base, whose shape then changes, can be asked"),
    ("node", "", "Fill|CopyBackwards", "Fill", "a number fills as a number"),
    ("node", "", "AsStrided|ViewAsReal|ViewAsComplex", "AsStrided|ViewAsReal|ViewAsComplex", "views of complex tensors are remade in two steps at most"),
    ("node", "@", "", "", "products fold their operands in their own way"),
    ("node", r"set_\(\)", "", "", "nothing is scattered into nothing"),
    ("retains", "detach_", "", "", "a detached tensor retains nothing"),
]  # fmt: skip
_COMPILED = [(kind, *map(re.compile, patterns), why) for kind, *patterns, why in KNOWN]


def reason(lines, found):
    """Why this difference is wanted, or None."""
    kind, _, theirs, ours = found
    program = "\n".join(lines)
    for known, where, what, mine, why in _COMPILED:
        if known in ("", kind) and where.search(program) and what.search(theirs) and mine.search(ours):
            return why
    return None


@dataclass
class Outcome:
    counts: Counter = field(default_factory=Counter)
    found: list = field(default_factory=list)  # (seed, the difference, the program)


def search(first, count):
    import torch

    torch.set_num_threads(1)
    outcome = Outcome()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(first, first + count):
            lines = drawn(seed)
            if not difference(lines, torch):
                outcome.counts["the same"] += 1
                continue
            lines = reduced(lines, torch)
            found = difference(lines, torch)
            why = reason(lines, found)
            outcome.counts[why or "different"] += 1
            if not why:
                outcome.found.append((seed, found, lines))
    return outcome
