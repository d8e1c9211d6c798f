"""Random programs of views, in-place changes and backward passes do the same in torch and adjoint: values, gradients,
grad modes, version counters, and which steps raise which class of error."""

import random

import pytest

torch = pytest.importorskip("torch")
adjoint = pytest.importorskip("adjoint")

# Some of the random programs build cycles through saved views, as in PyTorch: nothing to count.
pytestmark = [pytest.mark.parity, pytest.mark.keeps_tensors]

VIEWS = [
    lambda t, r: t[r.randrange(-1, t.shape[0])] if t.dim() else t.view(1),
    lambda t, r: t[r.randrange(2) :: r.choice([1, 2])] if t.dim() else t[None],
    lambda t, r: t.t() if t.dim() == 2 else t.reshape(-1),
    lambda t, r: t.view(-1),
    lambda t, r: t.unsqueeze(r.randrange(t.dim() + 1)),
    lambda t, r: t.squeeze(),
    lambda t, r: t.expand(2, *t.shape),
    lambda t, r: t.transpose(0, -1) if t.dim() else t.view(1, 1),
    lambda t, r: t.detach(),
    lambda t, r: t.unbind()[0] if t.dim() else t.clone(),
    lambda t, r: t.chunk(2)[-1] if t.dim() else t.view(()),
    lambda t, r: t.diagonal() if t.dim() == 2 else t.flatten(),
]
VALUES = [
    lambda a, b, r: a * b,
    lambda a, b, r: a + b * r.choice([1, 2, -0.5]),
    lambda a, b, r: a - b,
    lambda a, b, r: a.sin(),
    lambda a, b, r: a.tanh() * 2,
    lambda a, b, r: (a * 0.3).exp(),
    lambda a, b, r: a.sum(),
    lambda a, b, r: a.mean(-1) if a.dim() else a * 1,
    lambda a, b, r: a.clamp(-0.5, 0.5),
    lambda a, b, r: a.abs() + 0.1,
    lambda a, b, r: a / (b * b + 1),
    lambda a, b, r: a**2,
    lambda a, b, r: a.clone(),
]
# Adjoint reads what was there: a factor is saved as a copy before the product is written over it, and an assignment
# between views that overlap gives what it would with a copy.
TIMES = lambda a, b, r: a.mul_(b)
COPIES = [lambda a, b, r: a.copy_(b), lambda a, b, r: a.__setitem__(slice(0, 1), b)]
POINTWISE = [TIMES, lambda a, b, r: a.add_(b), lambda a, b, r: a.sub_(b, alpha=0.5)]
CHANGES = [
    lambda a, b, r: a.add_(1),
    lambda a, b, r: a.mul_(r.choice([0.5, -1, 2])),
    TIMES,
    POINTWISE[1],
    COPIES[0],
    lambda a, b, r: a.zero_(),
    lambda a, b, r: a.fill_(0.25),
    lambda a, b, r: a.tanh_(),
    lambda a, b, r: a.__setitem__(0, 0.5),
    COPIES[1],
    lambda a, b, r: a.neg_(),
    POINTWISE[2],
]


def run(lib, seed):
    """What happens, step by step."""
    r = random.Random(seed)
    data = [[r.uniform(-1, 1) for _ in range(4)] for _ in range(3)]
    leaves = [lib.tensor(d, dtype=lib.float64).requires_grad_(i != 2) for i, d in enumerate(data)]
    leaves[1] = lib.tensor([data[1][:2], data[1][2:]], dtype=lib.float64, requires_grad=True)
    pool = [*leaves, leaves[0] * 1, leaves[1] * 1]
    log = []

    def step():
        kind = r.random()
        a, b = r.choice(pool), r.choice(pool)
        pick = r.choice(VIEWS if kind < 0.3 else CHANGES if kind < 0.55 else VALUES)
        no_grad = r.random() < 0.12
        state = r.getstate()
        if lib is torch and ((pick is TIMES and same_memory(a, b)) or (pick in COPIES and share_memory(a, b))):
            b = b.clone()  # where PyTorch reads what is being written over, or refuses to
        try:
            if lib is torch and pick in POINTWISE and partly(a, b):
                raise RuntimeError("PyTorch sees this in contiguous memory only")
            with lib.set_grad_enabled(not no_grad):
                made = pick(a, r) if kind < 0.3 else pick(a, b, r)
            r.setstate(state)
        except (RuntimeError, IndexError) as e:
            r.setstate(state)
            log.append(type(e).__name__)
            return
        if kind < 0.3 or kind >= 0.55:
            pool.append(made)
        last = a if 0.3 <= kind < 0.55 else made
        try:
            log.append(
                (
                    last.requires_grad,
                    last.is_leaf,
                    last._version,
                    [round(v, 6) for v in last.detach().flatten().tolist()],
                )
            )
        except RuntimeError:
            log.append("history cannot be told")

    for _ in range(r.randrange(6, 16)):
        step()
    for _ in range(2):
        root = r.choice(pool[3:])
        try:
            root.sum().backward(retain_graph=True)
            log.append("backward")
        except RuntimeError:
            log.append("error")
        for x in leaves[:2]:
            log.append(None if x.grad is None else [round(v, 5) for v in x.grad.flatten().tolist()])
    return log


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(20))
def test_same_story(block):
    for seed in range(block * 50, block * 50 + 50):
        expected, got = run(torch, seed), run(adjoint, seed)
        for n, (e, g) in enumerate(zip(expected, got, strict=False)):
            assert same(e, g), f"seed {seed}, entry {n}: torch {e}, adjoint {g}"
        assert len(expected) == len(got), f"seed {seed}"


def same_memory(a, b):
    return a.numel() == b.numel() and a.data_ptr() == b.data_ptr() and a.is_contiguous() and b.is_contiguous()


def share_memory(a, b):
    return a is not b and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def places(t):
    numbers = torch.arange(t.untyped_storage().nbytes() // t.element_size())
    return numbers.as_strided(t.shape, t.stride(), t.storage_offset()).flatten().tolist()


def partly(a, b):
    return share_memory(a, b) and places(a) != places(b) and not set(places(a)).isdisjoint(places(b))


def same(a, b):
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= 2e-5 * max(1.0, abs(a)) or (a != a and b != b)
    return type(a) is type(b) and a == b
