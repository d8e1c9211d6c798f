"""Random programs of attributes on modules, run on PyTorch and on Adjoint: what is found, in which order, what is refused."""

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
