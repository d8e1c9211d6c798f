"""Hooks of modules. With ADJOINT_STANDIN=torch it runs on PyTorch, too."""

import copy
import pickle

import pytest
from support import IS_TORCH, torch

nn = torch.nn
module = nn.modules.module


class Double(nn.Module):
    def forward(self, x, *, plus=0):
        return x * 2 + plus


class Pair(nn.Module):
    def forward(self, x, y):
        return x * y, x + y


def test_order_and_changes():
    m, log = Double(), []
    m.register_forward_pre_hook(lambda m, args: log.append("pre 1"))
    m.register_forward_pre_hook(lambda m, args: (log.append("pre 0"), args[0] + 1)[1], prepend=True)
    m.register_forward_hook(lambda m, args, out: log.append(("post", args[0].item(), out.item())))
    m.register_forward_hook(lambda m, args, out: out * 10, prepend=True)
    assert m(torch.tensor(1.0)).item() == 40
    assert log == ["pre 0", "pre 1", ("post", 2.0, 40.0)]


def test_keywords():
    m = Double()
    m.register_forward_pre_hook(lambda m, args, kwargs: (args, {"plus": 5}), with_kwargs=True)
    seen = []
    m.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert m(torch.tensor(1.0), plus=1).item() == 7 and seen == [{"plus": 5}]
    bad = Double()
    bad.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple of .new_args, new_kwargs."):
        bad(torch.tensor(1.0))


def test_removal():
    m = Double()
    handle = m.register_forward_hook(lambda m, args, out: out * 0)
    assert m(torch.tensor(1.0)).item() == 0
    handle.remove()
    assert m(torch.tensor(1.0)).item() == 2
    with m.register_forward_pre_hook(lambda m, args: args[0] * 3):
        assert m(torch.tensor(1.0)).item() == 6
    assert m(torch.tensor(1.0)).item() == 2 and m(torch.tensor(1.0)).item() == 2
    handle = m.register_forward_hook(lambda m, args, out: out * 0)
    assert m(torch.tensor(1.0)).item() == 0


def test_dicts_set_from_outside():
    m = Double()
    m(torch.tensor(1.0))
    m._forward_hooks[77] = lambda m, args, out: out * 3
    assert m(torch.tensor(1.0)).item() == 6
    other = Double()
    other._forward_hooks = m._forward_hooks
    assert other(torch.tensor(1.0)).item() == 6
    m._forward_hooks.clear()
    assert m(torch.tensor(1.0)).item() == 2 and other(torch.tensor(1.0)).item() == 2


def test_always_called():
    class Bad(nn.Module):
        def forward(self, x):
            raise ValueError("bad")

    m, log = Bad(), []
    m.register_forward_hook(lambda m, args, out: log.append("never"))
    m.register_forward_hook(lambda m, args, out: log.append(out), always_call=True)
    m.register_forward_hook(lambda m, args, kwargs, out: log.append(kwargs), always_call=True, with_kwargs=True)
    with pytest.raises(ValueError, match="bad"):
        m(1)
    assert log == [None, {}]
    m.register_forward_hook(lambda m, args, out: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match="silenced as another error was raised in forward"), pytest.raises(ValueError):
        m(1)


def test_full_backward():
    m, log = Pair(), []
    m.register_full_backward_hook(lambda m, gi, go: log.append(([g.item() for g in gi], [g.item() for g in go])))
    x, y = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    a, b = m(x, y)
    (a + 2 * b).backward()
    assert log == [([5.0, 4.0], [1.0, 2.0])]
    assert (x.grad.item(), y.grad.item()) == (5.0, 4.0)


def test_backward_changes():
    m = Double()
    m.register_full_backward_pre_hook(lambda m, go: (go[0] * 3,))
    m.register_full_backward_pre_hook(lambda m, go: (go[0] + 1,), prepend=True)
    m.register_full_backward_hook(lambda m, gi, go: (gi[0] + go[0],))
    x = torch.tensor(1.0, requires_grad=True)
    m(x).backward()
    assert x.grad.item() == 6 * 2 + 6  # (1 + 1) * 3 = 6, times 2, plus 6


def test_backward_without_inputs():
    m, log = nn.Linear(2, 1), []
    m.register_full_backward_hook(lambda m, gi, go: log.append((gi, [g.item() for g in go])))
    y = m(torch.ones(2))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        y.backward()
    assert log == [((None,), [1.0])] and m.weight.grad is not None


@pytest.mark.parametrize(
    "hook, words",
    [
        (lambda m, gi, go: (gi[0], gi[0]), "invalid number of grad_input, got 2, but expected 1"),
    ],
)
def test_backward_refused(hook, words):
    m = Double()
    m.register_full_backward_hook(hook)
    with pytest.raises(RuntimeError, match=words):
        m(torch.tensor(1.0, requires_grad=True)).backward()
    m = Double()
    m.register_full_backward_pre_hook(lambda m, go: (go[0], go[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad_output, got 2, but expected 1"):
        m(torch.tensor(1.0, requires_grad=True)).backward()


def test_two_kinds_of_backward_hooks():
    m = Double()
    m.register_full_backward_hook(lambda *a: None)
    with pytest.raises(
        RuntimeError, match="Cannot use both regular backward hooks and full backward hooks on a single"
    ):
        m.register_backward_hook(lambda *a: None)
    m, log = nn.Tanh(), []
    m.register_backward_hook(lambda m, gi, go: log.append((len(gi), go[0].item())))
    with pytest.raises(RuntimeError, match="Cannot use both"):
        m.register_full_backward_hook(lambda *a: None)
    m(torch.tensor(0.0, requires_grad=True) * 1).backward()
    assert log == [(1, 1.0)]


def test_deprecated_backward_hooks_say_what_they_miss():
    m = Double()
    m.register_backward_hook(lambda *a: None)
    with pytest.warns(FutureWarning, match="when the forward contains multiple autograd Nodes"):
        m(torch.tensor(1.0, requires_grad=True), plus=torch.tensor(1.0, requires_grad=True))


def test_double_backward():
    m, log = Double(), []
    m.register_full_backward_hook(lambda m, gi, go: log.append(gi[0].item()))
    x = torch.tensor(3.0, requires_grad=True)
    y = m(x * x)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (gg,) = torch.autograd.grad(g, x)
    assert gg.item() == 4 and log[0] == 2


def test_no_grad():
    m, log = Double(), []
    m.register_full_backward_hook(lambda *a: log.append(1))
    with torch.no_grad():
        assert m(torch.tensor(1.0, requires_grad=True)).item() == 2
    assert not log


def test_global_hooks():
    log = []
    handles = [
        module.register_module_forward_pre_hook(lambda m, args: log.append(f"pre {type(m).__name__}")),
        module.register_module_forward_hook(lambda m, args, out: log.append(f"post {type(m).__name__}")),
        module.register_module_full_backward_pre_hook(lambda m, go: log.append(f"back pre {type(m).__name__}")),
        module.register_module_full_backward_hook(lambda m, gi, go: log.append(f"back {type(m).__name__}")),
    ]
    try:
        nn.Sequential(Double())(torch.tensor(1.0, requires_grad=True)).backward()
        with pytest.raises(RuntimeError, match="as a global Module hook"):
            module.register_module_backward_hook(lambda *a: None)
    finally:
        for handle in handles:
            handle.remove()
    assert log[:4] == ["pre Sequential", "pre Double", "post Double", "post Sequential"]
    assert log[4:] == ["back pre Sequential", "back pre Double", "back Double", "back Sequential"]
    log.clear()
    Double()(torch.tensor(1.0))
    assert not log


def test_global_hooks_that_are_always_called():
    class Bad(nn.Module):
        def forward(self, x):
            raise ValueError

    log = []
    with (
        module.register_module_forward_hook(lambda m, args, out: log.append(out), always_call=True),
        pytest.raises(ValueError),
    ):
        Bad()(1)
    assert log == [None]


def test_registration_hooks():
    log = []

    def see(kind):
        return lambda m, name, value: log.append((kind, name))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Identity()
            self.b = nn.Parameter(torch.ones(1))
            self.register_buffer("c", None)
            self.d = nn.Buffer(torch.ones(1), persistent=False)

    with (
        module.register_module_module_registration_hook(see("module")),
        module.register_module_parameter_registration_hook(see("parameter")),
        module.register_module_buffer_registration_hook(see("buffer")),
    ):
        net = Net()
    assert log == [("module", "a"), ("parameter", "b"), ("buffer", "c"), ("buffer", "d")]
    assert list(net.state_dict()) == ["b"]
    other = nn.Parameter(torch.zeros(1))
    with module.register_module_parameter_registration_hook(lambda m, name, value: other):
        net.b = nn.Parameter(torch.ones(1))
    assert net.b is other


def hook_of_a_module(m, args, out):
    return out + 1


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_hooks(how):
    m = nn.Identity()
    m.handle = m.register_forward_hook(hook_of_a_module)
    other = how(m)
    assert other(1) == 2
    other.handle.remove()
    assert other(1) == 1 and m(1) == 2
    plain = how(nn.Identity())
    plain.register_forward_hook(hook_of_a_module)
    assert plain(1) == 2


@pytest.mark.skipif(IS_TORCH, reason="how it is done here")
def test_a_call_without_hooks_looks_at_nothing():
    m = nn.Identity()
    assert not m._hooked
    handle = m.register_forward_hook(hook_of_a_module)
    assert m(1) == 2 and m._hooked
    handle.remove()
    assert m(1) == 1 and not m._hooked
    m.compile()
    assert m(1) == 1 and m(1) == 1
