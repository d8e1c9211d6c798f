"""utils.checkpoint: the same gradients with less kept, both ways."""

import pytest
from support import raised, torch

from adjoint.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

nn = torch.nn
BOTH = pytest.mark.parametrize("reentrant", [True, False])


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))


def gradients(run):
    m, x = net(), torch.ones(5, 3, requires_grad=True)
    torch.manual_seed(1)
    run(m, x).pow(2).sum().backward()
    return [p.grad for p in (x, *m.parameters())], torch.rand(1)


@BOTH
def test_gradients_and_random_numbers_are_the_same(reentrant):
    plain, after = gradients(lambda m, x: m(x))
    for run in (
        lambda m, x: checkpoint(m, x, use_reentrant=reentrant),
        lambda m, x: checkpoint_sequential(m, 2, x, use_reentrant=reentrant),
    ):
        again, later = gradients(run)
        assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True)) and torch.equal(after, later)


def test_higher_derivatives_nesting_and_keywords():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    f = lambda x, s=1: (x * s).sin().exp()
    inner = lambda z: checkpoint(f, z, s=2, use_reentrant=False) * z
    y, plain = checkpoint(inner, w, use_reentrant=False).sum(), (f(w, 2) * w).sum()
    (g,), (h,) = (torch.autograd.grad(t, w, create_graph=True) for t in (y, plain))
    torch.testing.assert_close(g, h)
    torch.testing.assert_close(torch.autograd.grad(g.sum(), w), torch.autograd.grad(h.sum(), w))


def test_a_second_backward_runs_it_once_more():
    calls, w = [], torch.tensor([1.0], requires_grad=True)
    y = checkpoint(lambda x: calls.append(1) or x.exp().sin(), w, use_reentrant=False)
    y.backward(retain_graph=True)
    first = w.grad.clone()
    y.backward()
    assert torch.equal(w.grad, 2 * first) and len(calls) == 3


def test_what_the_part_saves_is_computed_when_it_is_asked_for():
    calls = []
    x = torch.ones(3, requires_grad=True)
    y = checkpoint(lambda x: calls.append(1) or x.exp().exp(), x, use_reentrant=False)
    assert len(calls) == 1
    torch.testing.assert_close(y.grad_fn._saved_result, y.detach())
    assert len(calls) == 2


def test_recomputations_that_differ():
    w, n = torch.tensor([1.0, 2.0], requires_grad=True), [0]

    def fewer(z):
        n[0] += 1
        return z.sin() if n[0] > 1 else z.sin().exp()

    def smaller(z):
        n[0] += 1
        return (z[:1] if n[0] > 1 else z).exp()

    for f, words in ((fewer, "different number of tensors"), (smaller, "different metadata")):
        n[0] = 0
        error = raised(lambda f=f: checkpoint(f, w, use_reentrant=False).sum().backward())
        assert type(error) is CheckpointError and words in str(error)


def test_options():
    w = torch.ones(2, requires_grad=True)
    assert type(raised(lambda: checkpoint(torch.exp, w, use_reentrant=True, s=2))) is ValueError
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed"):
        checkpoint(torch.exp, w)
    with pytest.warns(UserWarning, match="None of the inputs"):
        checkpoint(torch.exp, w.detach(), use_reentrant=True)
    with torch.no_grad():
        assert not checkpoint(torch.exp, w, use_reentrant=False).requires_grad
