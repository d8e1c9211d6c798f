"""Rows of modules/loss_values.py and loss_margins.py: losses but those of classes."""

from rows import built, row
from support import torch

_pair = lambda make: [make(3, 4), make(3, 4)]
_same = {"wrong": False}  # sizes that differ broadcast, with a warning


def _reductions(inputs, *args, name=None, **options):
    """Each reduction; the first row says what is printed."""
    rows = [row(*args, reduction=r).on(inputs, **options) for r in ("mean", "sum", "none")]
    if name:
        rows[0].options["says"] = f"{name}()"
    return rows


def _signs(*sizes):
    def inputs(make):
        numbers = [make(3, 4) for _ in range(sizes[0])]
        return [*numbers, 2 * make.ints(2, 3, 4) - 1]

    return inputs


def _ctc(make):
    return [make(5, 2, 4), make.ints(4, 2, 3, low=1), (5, 4), (3, 2)]


ROWS = {
    "L1Loss": _reductions(_pair, name="L1Loss", **_same),
    "MSELoss": _reductions(_pair, name="MSELoss", **_same),
    "SmoothL1Loss": [*_reductions(_pair, name="SmoothL1Loss", **_same), row(beta=0.5).on(_pair, **_same)],
    "HuberLoss": [*_reductions(_pair, name="HuberLoss", **_same), row(delta=0.5).on(_pair, **_same)],
    "BCELoss": [
        *_reductions(lambda make: [make(3, 4, low=0.1, high=0.9), make(3, 4, low=0.1, high=0.9)], name="BCELoss"),
        built(lambda nn: nn.BCELoss(torch.tensor([0.5, 1, 2, 3]))).on(
            lambda make: [make(3, 4, low=0.1, high=0.9), make(3, 4, low=0.1, high=0.9)], meta=False
        ),
    ],
    "BCEWithLogitsLoss": [
        *_reductions(_pair, name="BCEWithLogitsLoss"),
        built(lambda nn: nn.BCEWithLogitsLoss(torch.tensor([0.5, 1, 2, 3]), pos_weight=torch.tensor(2.0))).on(
            _pair, meta=False
        ),
    ],
    "PoissonNLLLoss": [
        *_reductions(_pair, True, name="PoissonNLLLoss", **_same),
        row(log_input=False, full=True).on(lambda make: [make(3, 4, low=0.5), make(3, 4, low=1.5, high=4)], **_same),
    ],
    "GaussianNLLLoss": [
        *_reductions(lambda make: [make(3, 4), make(3, 4), make(3, 4, low=0.5)], name="GaussianNLLLoss", **_same),
        row(full=True).on(lambda make: [make(3, 4), make(3, 4), make(3, 1, low=0.5)], **_same),
    ],
    "KLDivLoss": [
        row(reduction="batchmean").on(lambda make: [make(3, 4), make(3, 4, low=0.1)], **_same, says="KLDivLoss()"),
        row(reduction="none", log_target=True).on(_pair, **_same),
    ],
    "CTCLoss": [
        row().on(_ctc, wrong=False, meta=False, says="CTCLoss()"),
        row(blank=3, reduction="none", zero_infinity=True).on(
            lambda make: [make(4, 2, 4), make.ints(3, 2, 3), (4, 2), (2, 2)], wrong=False, meta=False
        ),
        row().on(lambda make: [make(4, 3), make.ints(3, 2, low=1), (4,), (2,)], wrong=False, meta=False),
    ],
    "LinearCrossEntropyLoss": [
        row(3, 5).on(
            lambda make: [make(4, 3), make.ints(5, 4)],
            says="LinearCrossEntropyLoss(\n  in_features=3, num_classes=5, out_features=(), bias=False, reduction=mean, "
            "ignore_index=None, label_smoothing=0.0, options=None\n"
            "  (linear): Linear(in_features=3, out_features=5, bias=False)\n)",
        ),
        row(3, 5, bias=True, reduction="none", ignore_index=1, label_smoothing=0.1).on(
            lambda make: [make(4, 3), make.ints(5, 4)]
        ),
        row(3, 5, out_features=(2,)).on(lambda make: [make(4, 3), make.ints(5, 4, 2)]),
        row(3, 5).on(lambda make: [make(3), make.torch.tensor(4)]),
    ],
    "HingeEmbeddingLoss": [*_reductions(_signs(1), 0.7, name="HingeEmbeddingLoss", **_same)],
    "SoftMarginLoss": [
        *_reductions(lambda make: [make(3, 4), (2 * make.ints(2, 3, 4) - 1).double()], name="SoftMarginLoss", **_same)
    ],
    "MarginRankingLoss": [*_reductions(_signs(2), 0.3, name="MarginRankingLoss", **_same)],
    "CosineEmbeddingLoss": [
        *_reductions(lambda make: [make(3, 4), make(3, 4), 2 * make.ints(2, 3) - 1], -0.9, name="CosineEmbeddingLoss"),
        row().on(lambda make: [make(4), make(4), make.torch.tensor(1)]),
    ],
    "MultiMarginLoss": [
        *_reductions(lambda make: [make(3, 4), make.ints(4, 3)], name="MultiMarginLoss"),
        built(lambda nn: nn.MultiMarginLoss(2, 0.5, torch.tensor([0.5, 1, 2, 3]))).on(
            lambda make: [make(3, 4), make.ints(4, 3)], meta=False
        ),
        row().on(lambda make: [make(4), make.torch.tensor(2)]),
    ],
    "MultiLabelMarginLoss": [
        *_reductions(
            lambda make: [make(2, 4), make.torch.tensor([[1, 3, -1, 0], [0, 1, 2, 3]])], name="MultiLabelMarginLoss"
        ),
    ],
    "MultiLabelSoftMarginLoss": [
        *_reductions(_pair, name="MultiLabelSoftMarginLoss", **_same),
        built(lambda nn: nn.MultiLabelSoftMarginLoss(torch.tensor([0.5, 1, 2, 3]))).on(_pair, **_same, meta=False),
    ],
    "TripletMarginLoss": [
        *_reductions(lambda make: [make(3, 4), make(3, 4), make(3, 4)], 2.0, name="TripletMarginLoss", **_same),
        row(p=3.0, swap=True).on(lambda make: [make(3, 4), make(3, 4), make(3, 4)], **_same),
    ],
    "TripletMarginWithDistanceLoss": [
        row(swap=True).on(lambda make: [make(3, 4), make(3, 4), make(3, 4)], **_same),
        built(
            lambda nn: nn.TripletMarginWithDistanceLoss(distance_function=nn.CosineSimilarity(), reduction="none")
        ).on(lambda make: [make(3, 4), make(3, 4), make(3, 4)], **_same),
    ],
}
