"""Losses: reductions by all their names, warnings, sizes, stable ends, bits, and what is refused."""

import math

import pytest

import adjoint as torch

F = torch.nn.functional
PLAIN = ["mse_loss", "l1_loss", "smooth_l1_loss", "soft_margin_loss", "binary_cross_entropy_with_logits"]


@pytest.mark.parametrize("name", PLAIN)
def test_reductions_by_their_old_names(name):
    f, x, t = getattr(F, name), torch.randn(3, 4), torch.rand(3, 4)
    for old, new in (
        ({"size_average": True}, "mean"),
        ({"size_average": False}, "sum"),
        ({"reduce": False}, "none"),
        ({"size_average": False, "reduce": True}, "sum"),
    ):
        with pytest.warns(UserWarning, match=f"please use reduction='{new}' instead"):
            y = f(x, t, **old)
        assert torch.equal(y, f(x, t, reduction=new))
    with pytest.warns(UserWarning, match="elementwise_mean"):
        f(x, t, reduction="elementwise_mean")
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        f(x, t, reduction="average")


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_sizes_that_broadcast_are_told_of(name):
    f = getattr(F, name)
    x, t = torch.randn(4, 3, requires_grad=True), torch.randn(3, requires_grad=True)
    with pytest.warns(UserWarning, match=r"target size \(torch.Size\(\[3\]\)\) that is different to the input size"):
        y = f(x, t)
    wide = t.expand(4, 3)
    for g, want in zip(torch.autograd.grad(y, (x, t)), torch.autograd.grad(f(x, wide), (x, t)), strict=True):
        assert torch.allclose(g, want)


def test_cross_entropies_refuse_sizes_that_differ():
    with pytest.raises(ValueError, match="is deprecated. Please ensure they have the same size"):
        F.binary_cross_entropy(torch.rand(3), torch.rand(1))
    with pytest.raises(ValueError, match="must be the same as input size"):
        F.binary_cross_entropy_with_logits(torch.rand(3), torch.rand(1))
    for f in (F.mse_loss, F.l1_loss, F.huber_loss):
        with pytest.raises(ValueError, match="Weights and input must have the same size"):
            f(torch.rand(3), torch.rand(3), weight=torch.rand(1))


def test_probabilities_are_held_to_the_unit_interval():
    good = torch.rand(2, 3)
    for value in (1.5, -0.1, float("nan")):
        bad = good.clone()
        bad[1, 2] = value
        for args, what in (((bad, good), "input"), ((good, bad), "target")):
            with pytest.raises(RuntimeError, match=f"all elements of {what} should be between 0 and 1") as e:
                F.binary_cross_entropy(*args)
            assert "the element at [1, 2] is" in str(e.value.__notes__)
    edge = torch.tensor([1.0 + 2.0**-50], dtype=torch.float64)
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(edge, edge - 1)


def test_binary_cross_entropy_at_its_ends():
    """Logarithms are held above -100; slopes are the loss's where target and input agree."""
    x = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=torch.float64, requires_grad=True)
    t = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    y = F.binary_cross_entropy(x, t, reduction="none")
    assert y.tolist() == [0, 100, 0, 100]
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g[0] == 1 and g[2] == -1 and g[1] < -1e11 and g[3] > 1e11


def test_cross_entropy_of_logits_keeps_its_digits_far_out():
    x = torch.tensor([-60.0, 60.0, -700.0, 700.0], dtype=torch.float64, requires_grad=True)
    t = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    y = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    small = math.exp(-60)
    assert torch.allclose(y, torch.tensor([small, small, 700, 700], dtype=torch.float64), rtol=1e-12, atol=0)
    (g,) = torch.autograd.grad(y.sum(), x)
    assert torch.allclose(g, torch.tensor([small, -small, -1, 1], dtype=torch.float64), rtol=1e-12, atol=0)


def test_soft_margin_does_not_overflow():
    x = torch.tensor([-1000.0, 1000.0], requires_grad=True)
    y = F.soft_margin_loss(x, torch.ones(2), reduction="sum")
    assert y.item() == 1000 and torch.autograd.grad(y, x)[0].tolist() == [-1, 0]


@pytest.mark.parametrize("name", [*PLAIN, "huber_loss"])
@pytest.mark.parametrize("n", [1, 1023, 1025, 16385, 300_001])
def test_sums_are_those_of_the_values(name, n):
    """In blocks, and in threads: the same bits for any number of them."""
    torch.manual_seed(0)
    x, t = torch.randn(n, requires_grad=True), torch.rand(n)
    before, found = torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        y = getattr(F, name)(x, t)
        found.append((y, *torch.autograd.grad(y, x)))
    torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))
    values = getattr(F, name)(x, t, reduction="none")
    assert torch.allclose(found[0][0].double(), values.double().mean(), rtol=1e-6)
    assert torch.allclose(found[0][1], torch.autograd.grad(values.mean(), x)[0], rtol=1e-6, atol=0)


def test_a_sum_that_leaves_the_range_has_a_mean():
    x = torch.full((4,), 1.5e19, requires_grad=True)
    y = F.mse_loss(x, torch.zeros(4))
    assert y.item() == pytest.approx(2.25e38) and torch.isinf(F.mse_loss(x, torch.zeros(4), reduction="sum"))


def test_types_are_promoted():
    x, t = torch.randn(3, requires_grad=True), torch.randn(3, dtype=torch.float64)
    y = F.mse_loss(x, t)
    assert y.dtype == torch.float64 and torch.autograd.grad(y, x)[0].dtype == torch.float32
    with pytest.raises(NotImplementedError, match="\"mse_cpu\" not implemented for 'Long'"):
        F.mse_loss(torch.arange(3), torch.arange(3))


def test_layouts():
    x = torch.randn(5, 4).t().requires_grad_()
    t = torch.randn(4, 5)
    g = torch.autograd.grad(F.mse_loss(x, t), x)[0]
    assert torch.allclose(g, 2 * (x - t) / 20) and g.stride() == x.stride()
    assert F.mse_loss(x, torch.zeros(1).expand(4, 5)).item() == pytest.approx(x.square().mean().item(), rel=1e-6)


def test_divergence_means_warn():
    x, t = torch.randn(4, 3), torch.rand(4, 3)
    with pytest.warns(UserWarning, match="'batchmean' divides only"):
        F.kl_div(x, t)
    assert torch.allclose(F.kl_div(x, t, reduction="batchmean") * 4, F.kl_div(x, t, reduction="sum"))


def test_variances_that_do_not_fit():
    x = torch.randn(4, 3)
    for var, text in ((torch.tensor([-1.0]), "negative"), (-1.0, "negative"), (torch.ones(2), "incorrect size")):
        with pytest.raises(ValueError, match=text):
            F.gaussian_nll_loss(x, x, var)
    with pytest.raises(ValueError, match="best is not valid"):
        F.gaussian_nll_loss(x, x, torch.ones(4, 3), reduction="best")
    var = torch.zeros(3, requires_grad=True)  # raised to eps, where its slope is taken
    F.gaussian_nll_loss(torch.zeros(3), torch.zeros(3), var, eps=0.5, reduction="sum").backward()
    assert torch.allclose(var.grad, torch.ones(3))


def test_classes_that_are_none():
    x = torch.randn(2, 3)
    for f, bad in ((F.multi_margin_loss, [0, 3]), (F.multilabel_margin_loss, [[0, 1, 2], [1, 3, -1]])):
        with pytest.raises(RuntimeError, match="out of range") as e:
            f(x, torch.tensor(bad))
        assert "class 3 of 3" in str(e.value.__notes__)
    for f, target in ((F.multi_margin_loss, torch.zeros(2)), (F.multilabel_margin_loss, torch.zeros(2, 3))):
        with pytest.raises(RuntimeError, match="expected scalar type Long but found Float"):
            f(x, target)
        with pytest.raises(RuntimeError, match="Expected non-empty vector or matrix"):
            f(torch.randn(2, 0), target)
    with pytest.raises(ValueError, match="only p == 1 and p == 2"):
        F.multi_margin_loss(x, torch.tensor([0, 1]), p=3)


def test_margins_that_are_none():
    x = torch.randn(2, 3)
    with pytest.raises(ValueError, match="margin must be greater than 0"):
        F.triplet_margin_loss(x, x, x, margin=0)
    with pytest.raises(RuntimeError, match="same number of dimensions"):
        F.triplet_margin_loss(x, x, x[0])
    with pytest.raises(RuntimeError, match="All input tensors should have same dimension"):
        F.margin_ranking_loss(x, x, torch.ones(2))
    with pytest.raises(RuntimeError, match="1D target tensor expects 2D input"):
        F.cosine_embedding_loss(x[0], x[0], torch.ones(1))


@pytest.mark.parametrize("scale", [1e-18, 1.0, 1e18])
def test_cosines_do_not_depend_on_lengths(scale):
    a, b = torch.randn(4, 3), torch.randn(4, 3)
    t = torch.tensor([1, -1, 1, -1])
    if scale < 1:  # below eps lengths count as eps, as in cosine_similarity
        a, b = a.double(), b.double()
        scale = 1e-6
    assert torch.allclose(F.cosine_embedding_loss(a * scale, b * scale, t), F.cosine_embedding_loss(a, b, t), rtol=1e-5)


def test_rows_at_a_time_are_those_of_the_whole():
    torch.manual_seed(0)
    x, w, b = (torch.randn(*s, dtype=torch.float64).requires_grad_() for s in ((37, 6), (11, 6), (11,)))
    target = torch.randint(0, 11, (37,))
    target[5] = 3
    classes = torch.rand(11, dtype=torch.float64) + 0.5
    options = {"weight": classes, "ignore_index": 3, "label_smoothing": 0.1}
    for reduction in ("mean", "sum", "none"):
        whole = F.cross_entropy(F.linear(x, w, b), target, reduction=reduction, **options)
        g = torch.rand(whole.shape, dtype=torch.float64)
        want = torch.autograd.grad(whole, (x, w, b), g)
        for rows in (1, 10, 37, 100):
            chunks = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=rows)
            y = F.linear_cross_entropy(x, w, target, linear_bias=b, reduction=reduction, options=chunks, **options)
            assert torch.allclose(y, whole)
            for got, expected in zip(torch.autograd.grad(y, (x, w, b), g), want, strict=True):
                assert torch.allclose(got, expected)


def test_options_of_rows():
    options = torch.nn.LinearCrossEntropyOptions
    assert options(chunking_method="aspect_ratio")._rows(1000, 10, 100) == 128
    assert options(chunking_method="aspect_ratio:4")._rows(1000, 10, 100) == 32
    assert options(batch_chunk_size=5)._rows(1000, 10, 100) == 5 and options()._rows(1000, 10, 100) is None
    for bad in (
        {"acc_policy": "best"},
        {"chunking_method": "ratio"},
        {"batch_chunk_size": 0},
        {"acc_dtype": torch.int8},
    ):
        with pytest.raises(ValueError):
            options(**bad)
    with pytest.raises(ValueError, match="pass only one"):
        options(batch_chunk_size=5, chunking_method="aspect_ratio")._rows(1000, 10, 100)


def test_linear_cross_entropy_looks_at_shapes():
    x, w, t = torch.randn(4, 3), torch.randn(5, 3), torch.zeros(4, dtype=torch.int64)
    for args, text in (
        ((torch.randn(2, 4, 3), w, t), "expected input with dimensionality 1 or 2, got 3"),
        ((x, w[0], t), "expected linear_weight with dimensionality at least 2, got 1"),
        ((x, torch.randn(5, 2), t), "got 3 and 2, respectively"),
        ((x[0], torch.randn(5, 2, 3), t[0]), "requires batched input"),
    ):
        with pytest.raises(RuntimeError, match=text):
            F.linear_cross_entropy(*args)
    with pytest.raises(ValueError, match=r"Expected input batch_size \(4\) to match target batch_size \(3\)"):
        F.linear_cross_entropy(x, w, t[:3])
    with pytest.raises(RuntimeError, match="expected linear_bias shape"):
        F.linear_cross_entropy(x, w, t, linear_bias=torch.ones(4))
    with pytest.raises(IndexError, match="out of bounds"):
        F.linear_cross_entropy(x, w, torch.tensor([0, 1, 5, 2]))
