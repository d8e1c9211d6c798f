"""Losses, embeddings, dropout and gates beside PyTorch: samples of the catalogue, derivatives, streams, bad arguments."""

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import nn_dropout, nn_embedding, nn_gates, nn_losses

import adjoint
from parity.side_by_side import check_error, check_sample

NAMES = sorted(
    nn_losses.SAMPLES.keys() | nn_embedding.SAMPLES.keys() | nn_gates.SAMPLES.keys() | nn_dropout.SAMPLES.keys()
)
# Their gradients differ on purpose (docs/pytorch.md).
OTHER_GRADIENTS = {"ctc_loss", "nn.functional.ctc_loss"}
NO_GRADIENTS = OTHER_GRADIENTS | nn_embedding.NO_GRADIENT
# One node here, another or several there; or values that PyTorch refuses, or does not differentiate.
GENEROUS = {
    *("nn.functional.soft_margin_loss", "nn.functional.binary_cross_entropy"),
    *("binary_cross_entropy_with_logits", "nn.functional.binary_cross_entropy_with_logits"),
    *("nn.functional.multi_margin_loss", "embedding_bag", "nn.functional.embedding_bag"),
    *("nn.functional.dropout1d", "nn.functional.dropout3d", "nn.functional.multilabel_margin_loss"),
    *("nn.functional.linear_cross_entropy", "nn.functional.one_hot", "native_dropout"),
}
# bfloat16 and float16 are computed in float32 and rounded once; PyTorch rounds each step, or has inf.
DTYPES = ("float32", "float64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [n for n in NAMES if n != "embedding_bag"])
def test_samples(name, dtype):
    for i in range(len(catalogue.samples(adjoint, name, getattr(adjoint, dtype)))):
        gradients = dtype == "float64" and name not in NO_GRADIENTS
        check_sample(name, dtype, i, gradients, node_names=name not in GENEROUS, generous=name in GENEROUS)


@pytest.mark.parametrize(
    "name", ["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"]
)
@pytest.mark.parametrize("shape", [(3, 40), (2, 3, 50), (5, 7, 3, 2), (2, 6, 3, 2, 2), (4, 1000)])
@pytest.mark.filterwarnings("ignore")
def test_streams(name, shape):
    if name == "dropout1d" and len(shape) not in (2, 3):
        return
    results = []
    for module in (adjoint, torch):
        module.manual_seed(7)
        x = module.arange(1, 1 + int(torch.Size(shape).numel()), dtype=module.float32).reshape(shape)
        y = getattr(module.nn.functional, name)(x, 0.3, True)
        z = getattr(module.nn.functional, name)(x.t() if len(shape) == 2 else x.transpose(0, 1), 0.3, True)
        results.append((y.tolist(), z.tolist(), module.rand(3).tolist()))
    assert results[0] == results[1]


def test_streams_of_gates():
    results = []
    for module in (adjoint, torch):
        module.manual_seed(7)
        x = module.linspace(-2, 2, 60).reshape(6, 10)
        f = module.nn.functional
        results.append((f.rrelu(x, training=True), f.gumbel_softmax(x, hard=True), module.rand(3)))
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(torch.tensor(ours.tolist()), theirs, atol=1e-6)


def test_ctc_through_log_softmax():
    grads = []
    for module in (adjoint, torch):
        x = module.linspace(-3, 3, 20 * 3 * 7).sin().reshape(20, 3, 7).double().requires_grad_()
        targets = module.arange(12).reshape(3, 4) % 6 + 1
        y = module.nn.functional.ctc_loss(x.log_softmax(2), targets, (20, 15, 9), (4, 3, 1))
        grads.append((y, *module.autograd.grad(y, x)))
    for ours, theirs in zip(*grads, strict=True):
        assert torch.allclose(torch.tensor(ours.tolist(), dtype=torch.float64), theirs, atol=1e-12)


BAD = """F.mse_loss(a, a, reduction="best")
F.mse_loss(a, a, weight=a[0])
F.mse_loss(i, i)
F.l1_loss(i.bool(), i.bool())
F.huber_loss(a, a, delta=0.)
F.huber_loss(a, a, delta=-1.)
F.smooth_l1_loss(a, a, beta=-1.)
F.binary_cross_entropy(a + 5, a)
F.binary_cross_entropy(p, p + 5)
F.binary_cross_entropy(p, p[0])
F.binary_cross_entropy(p, p, weight=torch.ones(5))
F.binary_cross_entropy_with_logits(a, a[0])
F.binary_cross_entropy_with_logits(a, a, weight=torch.ones(5))
F.kl_div(i, i)
F.kl_div(a, a, reduction="batch")
F.gaussian_nll_loss(a, a, -p)
F.gaussian_nll_loss(a, a, p[:2])
F.gaussian_nll_loss(a, a, p, reduction="best")
F.poisson_nll_loss(a, a, reduction="best")
F.margin_ranking_loss(a, a, a[0])
F.cosine_embedding_loss(a, a, a)
F.cosine_embedding_loss(a, a, a[0, 0])
F.triplet_margin_loss(a, a, a[0])
F.triplet_margin_loss(a, a, a, margin=-1)
F.triplet_margin_with_distance_loss(a, a, a[0])
F.triplet_margin_with_distance_loss(a, a, a, reduction="best")
F.multilabel_soft_margin_loss(a, a, reduction="best")
F.multi_margin_loss(a, torch.tensor([0, 4, 1]))
F.multi_margin_loss(a, torch.tensor([0, 1]))
F.multi_margin_loss(a, torch.tensor([0, 1, 1]), p=3)
F.multi_margin_loss(a, torch.tensor([0, 1, 1]), weight=torch.ones(2))
F.multi_margin_loss(a, torch.tensor([0, 1, 1]), weight=a)
F.multilabel_margin_loss(a, torch.zeros(3, 4, dtype=torch.int64) + 9)
F.multilabel_margin_loss(a, torch.zeros(3, 2, dtype=torch.int64))
F.ctc_loss(a, torch.tensor([1]), (3,), (1,), blank=9)
F.ctc_loss(a, torch.tensor([1]), (9,), (1,))
F.ctc_loss(a, torch.tensor([1]), (3, 3), (1,))
F.ctc_loss(a, torch.tensor([1]), (3,), (-1,))
F.ctc_loss(a.half(), torch.tensor([1]), (3,), (1,))
F.ctc_loss(a[0], torch.tensor([1]), (3,), (1,))
F.embedding(a, a)
F.embedding(i + 9, a)
F.embedding(i - 9, a)
F.embedding(i, a[0])
F.embedding_bag(i[0], a)
F.embedding_bag(i, a, i[0])
F.embedding_bag(i[0], a, torch.tensor([1]))
F.embedding_bag(i[0], a, torch.tensor([0, 9]))
F.embedding_bag(i[0] + 9, a, torch.tensor([0]))
F.embedding_bag(i, a, mode="best")
F.embedding_bag(i, a, mode="max", scale_grad_by_freq=True)
F.embedding_bag(i, a, per_sample_weights=a)
F.embedding_bag(i, a[0])
F.embedding_bag(i.unsqueeze(0), a)
F.one_hot(a)
F.one_hot(i, 1)
F.one_hot(i - 5, 9)
F.one_hot(i[:0])
F.dropout(a, -0.1)
F.alpha_dropout(a, 1.1)
torch.dropout(a, 2, True)
torch.feature_dropout(a[0], 0.5, True)
F.dropout1d(a[0])
F.glu(a[:, :3])
F.glu(a, 5)
F.glu(a[0, 0])
F.glu(i)
F.rrelu(a, 0.5, 0.1)
F.rrelu(i)
F.gumbel_softmax(i)
F.linear_cross_entropy(a, a, torch.tensor([0, 1, 9]))
F.linear_cross_entropy(a, a[0], torch.tensor([0, 1, 2]))
F.linear_cross_entropy(a, a[:, :2], torch.tensor([0, 1, 2]))
F.linear_cross_entropy(a, a, torch.tensor([0, 1, 2]), linear_bias=a)
F.linear_cross_entropy(a, a, torch.tensor([0, 1]))
F.grouped_mm(a, a)
F.grouped_mm(a, a, offs=i[0])
torch.nn.MultiMarginLoss(3)
torch.nn.HuberLoss(delta="1")
torch.nn.TripletMarginLoss(0)
torch.nn.Embedding(3, 2, padding_idx=3)
torch.nn.Embedding(3, 2, _weight=a)
torch.nn.Dropout(2)
torch.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [])
torch.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2])
torch.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3])(a, torch.tensor([0, 1, 7]))
torch.nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3])(a, torch.tensor([0, 1]))
torch.nn.LinearCrossEntropyLoss(4, 5, label_smoothing=2)"""


def locals_of(module):
    return {
        "F": module.nn.functional,
        "a": module.linspace(-1, 1, 12).reshape(3, 4),
        "p": module.linspace(0.1, 0.9, 12).reshape(3, 4),
        "i": module.arange(3).expand(2, 3).contiguous(),
    }


@pytest.mark.parametrize("text", BAD.splitlines())
def test_bad_arguments(text):
    check_error(text, locals_of)
