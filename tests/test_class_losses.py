"""cross_entropy and nll_loss at their edges: classes that are not there, large and infinite logits, what they keep.
What they give for ordinary numbers, and their derivatives: tests/catalogue/nn_classes.py."""

import pytest
from support import torch

F = torch.nn.functional
LOSSES = [F.cross_entropy, F.nll_loss]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("wrong", [4, -1, -101, 2**62, -(2**63)])
def test_a_class_that_is_not_there_is_named_with_its_place(loss, wrong):
    target = torch.tensor([[0, 3], [1, wrong], [wrong, 0]])
    with pytest.raises(IndexError, match=f"Target {wrong} is out of bounds.") as e:
        loss(torch.ones(3, 4, 2), target)
    assert f"target[1, 1] is {wrong}, and there are 4 classes, 0 to 3" in "\n".join(e.value.__notes__)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_ignored_class_may_be_any(loss):
    x = torch.arange(12.0).reshape(3, 4).sin()
    for ignored in (-100, 1, 77, -(2**63)):
        target = torch.tensor([2, ignored, 0])
        got = loss(x, target, ignore_index=ignored)
        assert got == pytest.approx(float(loss(x[[0, 2]], target[[0, 2]])), rel=1e-6)
    with pytest.raises(IndexError):
        loss(x, torch.tensor([2, -100, 0]), ignore_index=1)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": torch.ones(4)}])
def test_a_mean_over_none(options):
    x = torch.ones(2, 4, requires_grad=True)
    target = torch.tensor([-100, -100])
    y = F.cross_entropy(x, target, **options)
    assert y.isnan()
    for create_graph in (False, True):
        (g,) = torch.autograd.grad(F.cross_entropy(x, target, **options), x, create_graph=create_graph)
        assert g.tolist() == [[0.0] * 4] * 2
    assert F.cross_entropy(x, target, reduction="sum", **options) == 0


def test_large_logits_keep_their_digits():
    """Differences count, whatever they are added to."""
    x = torch.arange(60.0).reshape(6, 10).sin().mul(1024).round().div(1024)  # exact beside 4096
    target = torch.tensor([0, 1, 2, 3, 4, 5])
    found = []
    for shift in (0, 4096):
        leaf = (x + shift).requires_grad_()
        y = F.cross_entropy(leaf, target, reduction="none")
        found.append((y.detach(), torch.autograd.grad(y.sum(), leaf)[0]))
    assert torch.equal(found[0][0], found[1][0]) and torch.equal(found[0][1], found[1][1])


def test_infinite_logits():
    inf = float("inf")
    x = torch.tensor([[0.0, -inf, 1.0], [-inf, 2.0, -inf]], requires_grad=True)
    y = F.cross_entropy(x, torch.tensor([2, 1]), reduction="none")
    assert y.tolist() == pytest.approx([0.313261688, 0.0])
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g[0].tolist() == pytest.approx([0.268941421, 0.0, -0.268941421]) and g[1].tolist() == [0, 0, 0]
    assert F.cross_entropy(x, torch.tensor([1, 1]), reduction="none").tolist() == [inf, 0.0]


def test_huge_logits():
    x = torch.tensor([[3e38, -3e38, 0.0]], requires_grad=True)
    y = F.cross_entropy(x, torch.tensor([0]))
    assert y == 0 and torch.autograd.grad(y, x)[0].tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("shape", [(5, 3), (40, 1000), (2, 2500), (3, 7, 50), (2, 40, 5, 9)])
@pytest.mark.parametrize("soft", [False, True])
def test_every_shape_beside_doubles(shape, soft):
    x = torch.arange(float(torch.Size(shape).numel()), dtype=torch.float64).mul(0.7).sin().mul(3).reshape(shape)
    places = (shape[0], *shape[2:])
    target = torch.arange(torch.Size(places).numel()).reshape(places).mul(7).remainder(shape[1])
    if soft:
        target = x.cos().softmax(1)
    found = []
    for dtype in (torch.float32, torch.float64):
        leaf = x.to(dtype).requires_grad_()
        t = target.to(dtype) if soft else target
        y = F.cross_entropy(leaf, t, reduction="none", label_smoothing=0.1)
        g = torch.autograd.grad(y, leaf, torch.ones_like(y))[0]
        log_p = leaf.detach().double().log_softmax(1)
        q = target.double() if soft else torch.zeros(shape, dtype=torch.float64).scatter(1, target.unsqueeze(1), 1)
        q = 0.9 * q + 0.1 / shape[1]
        found.append((y.detach().double(), g.double(), -(q * log_p).sum(1), log_p.exp() * q.sum(1, True) - q))
    for y, g, want, want_g in found:
        assert torch.allclose(y, want, rtol=3e-6, atol=1e-6) and torch.allclose(g, want_g, rtol=1e-5, atol=1e-6)
    y, g, want, want_g = found[1]
    assert torch.allclose(y, want, rtol=1e-13, atol=1e-13) and torch.allclose(g, want_g, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(300, 70), (2, 9, 40, 30)])
def test_the_same_bits_on_any_number_of_threads(shape):
    x = torch.arange(float(torch.Size(shape).numel())).mul(0.7).sin().reshape(shape)
    places = (shape[0], *shape[2:])
    target = torch.arange(torch.Size(places).numel()).reshape(places).mul(7).remainder(shape[1])
    threads, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            leaf = x.clone().requires_grad_()
            y = F.cross_entropy(leaf, target)
            found.append((y.item(), torch.autograd.grad(y, leaf)[0].numpy().tobytes()))
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_it_keeps_its_input_and_two_numbers_a_row():
    x = torch.ones(30, 50, requires_grad=True)
    node = F.cross_entropy(x, torch.zeros(30, dtype=torch.int64)).grad_fn
    assert node._saved_input is x and node._saved_norms.shape == (2, 30)
    assert node._saved_weight is None and node._saved_total_weight.numel() == 1


def test_probabilities_and_their_weight_have_gradients():
    x, t = torch.arange(6.0).reshape(2, 3), torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t.requires_grad_()
    y = F.cross_entropy(x, t, w)
    log_p = x.log_softmax(1)
    gt, gw = torch.autograd.grad(y, [t, w])
    assert torch.allclose(gt, -log_p * w.detach() / 2) and torch.allclose(gw, -(log_p * t.detach()).sum(0) / 2)
    assert torch.allclose(y, F.cross_entropy(x, t, w.detach()))


ERRORS = [
    (
        lambda f: f(torch.ones(4, 5), torch.zeros(3).long()),
        ValueError,
        r"batch_size \(4\) to match target batch_size \(3\)",
    ),
    (lambda f: f(torch.ones(4, 5), torch.zeros(4, 1).long()), RuntimeError, "multi-target not supported"),
    (
        lambda f: f(torch.ones(5), torch.zeros(2).long()),
        ValueError,
        "1D target must have size 1, but got target size: 2",
    ),
    (
        lambda f: f(torch.ones(2, 5, 3), torch.zeros(2, 2).long()),
        RuntimeError,
        r"Expected target size \[2, 3\], got \[2, 2\]",
    ),
    (lambda f: f(torch.ones(4, 5), torch.zeros(4).int()), RuntimeError, "target dtype to be Long or Byte, but got Int"),
    (lambda f: f(torch.ones(4, 5), torch.zeros(4).long(), torch.ones(4)), RuntimeError, "all 5 classes or no classes"),
    (
        lambda f: f(torch.ones(4, 5), torch.zeros(4).long(), torch.ones(5).double()),
        RuntimeError,
        "expected scalar type Float",
    ),
    (
        lambda f: f(torch.ones(4, 5), torch.zeros(4).long(), reduction="all"),
        ValueError,
        "not a valid value for reduction",
    ),
    (lambda f: f(torch.ones(4, 5).long(), torch.zeros(4).long()), NotImplementedError, "not implemented for 'Long'"),
    (lambda f: f(torch.ones(4, 0), torch.zeros(4).long()), IndexError, "Target 0 is out of bounds"),
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("call, kind, text", ERRORS, ids=range(len(ERRORS)))
def test_errors(call, kind, text, loss):
    with pytest.raises(kind, match=text):
        call(loss)


def test_errors_of_cross_entropy():
    x, p = torch.ones(4, 5), torch.ones(4, 5) / 5
    with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
        F.cross_entropy(x, p, ignore_index=1)
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0.0 and 1.0. Got: 1.5"):
        F.cross_entropy(x, torch.zeros(4).long(), label_smoothing=1.5)
    with pytest.raises(
        RuntimeError, match="Expected floating point type for target with class probabilities, got Long"
    ):
        F.cross_entropy(x, p.long())


def test_what_reduction_was_before():
    x, t = torch.arange(8.0).reshape(2, 4), torch.tensor([1, 2])
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert F.cross_entropy(x, t, size_average=False) == F.cross_entropy(x, t, reduction="sum")
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert torch.nn.CrossEntropyLoss(reduce=False).reduction == "none"
