"""Random programs of attributes on modules, and random states to load, on PyTorch and on Adjoint: what is found, in which
order, what is refused, word for word."""

import copy
import pickle
import random

import pytest

torch = pytest.importorskip("torch")

import adjoint

NAMES = "a b c d".split()


class Program:
    """One run of a program on one library: the same choices for the same seed."""

    def __init__(self, kind, seed):
        self.kind, self.random = kind, random.Random(seed)
        self.module = kind.nn.Module()

    def value(self):
        kind, nn = self.kind, self.kind.nn
        return self.random.choice(
            [
                lambda: nn.Parameter(kind.ones(self.random.randint(1, 3))),
                lambda: nn.Linear(1, self.random.randint(1, 3)),
                lambda: nn.Buffer(kind.zeros(2), persistent=self.random.random() < 0.5),
                lambda: kind.ones(2),
                lambda: None,
                lambda: 3,
                lambda: [1],
            ]
        )()

    def step(self):
        r, m = self.random, self.module
        name = r.choice(NAMES)
        act = r.choice(
            "set set set set del get parameter buffer module direct_set direct_del direct_pop clear update swap copy pickle "
            "shallow rebuild".split()
        )
        kind = r.choice(("_parameters", "_buffers", "_modules"))
        members = getattr(m, kind)
        value = self.value()
        if act == "set":
            setattr(m, name, value)
        elif act == "del":
            delattr(m, name)
        elif act == "get":
            getattr(m, name)
        elif act == "parameter":
            m.register_parameter(name, value)
        elif act == "buffer":
            m.register_buffer(name, value, r.random() < 0.5)
        elif act == "module":
            m.add_module(name, value)
        elif act in ("direct_set", "update") and fits(self.kind, kind, value) and name not in plain(m):
            members[name] = value if act == "direct_set" else members.get(name, value)
            members.update({name: value})
        elif act == "direct_del":
            del members[name]
        elif act == "direct_pop":
            members.pop(name, None)
        elif act == "clear" and r.random() < 0.2:
            members.clear()
        elif act == "swap":
            setattr(m, kind, dict(reversed(members.items())))
        elif act == "copy":
            self.module = copy.deepcopy(m)
        elif act == "pickle":
            self.module = pickle.loads(pickle.dumps(m))
        elif act == "rebuild":
            new = self.kind.nn.Module.__new__(self.kind.nn.Module)
            new.__dict__ = m.__dict__.copy()
            for k in ("_parameters", "_buffers", "_modules"):
                setattr(new, k, getattr(new, k).copy())
            self.module = new

    def seen(self):
        m = self.module
        found = [sorted(m._non_persistent_buffers_set)]
        for kind in ("_parameters", "_buffers", "_modules"):
            found.append([(n, described(v)) for n, v in getattr(m, kind).items()])
        found.append([(n, described(getattr(m, n)) if hasattr(m, n) else "absent") for n in NAMES])
        found.append([n for n in NAMES if n in dir(m)])
        found.append(list(m.state_dict()))
        found.append(sorted(plain(m)))
        return found

    def run(self, steps):
        log = []
        for _ in range(steps):
            try:
                self.step()
            except Exception as e:
                log.append(f"{type(e).__name__}: {e}".replace("adjoint", "torch"))
            log.append(self.seen())
        return log


def fits(kind, which, value):
    if value is None:
        return True
    cls = {"_parameters": kind.nn.Parameter, "_buffers": kind.Tensor, "_modules": kind.nn.Module}[which]
    return isinstance(value, cls) and (which != "_buffers" or not isinstance(value, kind.nn.Parameter))


def plain(m):
    """The attributes that are no members."""
    kinds = (m._parameters, m._buffers, m._modules)
    return {n for n in NAMES if n in m.__dict__ and not any(n in k and k[n] is m.__dict__[n] for k in kinds)}


def described(value):
    shape = tuple(value.shape) if hasattr(value, "shape") and not isinstance(value.shape, str) else ""
    return type(value).__name__, shape


@pytest.mark.parametrize("seed", range(60))
def test_programs(seed):
    ours, theirs = (Program(kind, seed).run(60) for kind in (adjoint, torch))
    for i, (a, b) in enumerate(zip(ours, theirs)):
        assert a == b, i


def net(kind):
    nn = kind.nn
    kind.manual_seed(0)
    inner = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2, bias=False))
    return nn.Sequential(nn.Linear(2, 3), inner, nn.PReLU())


def damaged(kind, module, r):
    """A state of the module with up to four things wrong."""
    kind.manual_seed(5)
    state = {k: kind.rand(v.shape).to(v.dtype) for k, v in module.state_dict().items()}
    for _ in range(r.randint(0, 4)):
        key = r.choice(sorted(state))
        act = r.choice("del rename shape extra other nested".split())
        if act == "del" and len(state) > 1:
            del state[key]
        elif act == "rename":
            state[r.choice(["x.", "module."]) + key] = state.pop(key)
        elif act == "shape":
            state[key] = kind.rand(r.choice([(1,), (2, 3), (), (3, 3)]))
        elif act == "extra":
            state[r.choice(["extra", "1.extra", "1.0.extra", "3.weight", "0.weight.more", "0"])] = kind.rand(1)
        elif act == "other":
            state[key] = r.choice([3, None, [1.0]])
        elif act == "nested":
            state["sub"] = {"a": 1}
    return state


def loaded(kind, seed):
    """What loading gives, or the error and, of ours, that nothing has changed."""
    r, m = random.Random(seed), net(kind)
    before = {k: v.clone() for k, v in m.state_dict().items()}
    state = damaged(kind, m, r)
    try:
        result = m.load_state_dict(state, strict=r.random() < 0.7, assign=r.random() < 0.3)
        return repr(result), [(k, v.double().flatten().tolist()) for k, v in m.state_dict().items()]
    except RuntimeError as e:
        if kind is adjoint:
            assert all(adjoint.equal(v, before[k]) for k, v in m.state_dict().items())
        return str(e)


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.filterwarnings("ignore:load_state_dict")
def test_states(seed):
    assert loaded(adjoint, seed) == loaded(torch, seed)
