"""Rows of the losses of classes in modules/loss.py."""

from rows import built, row
from support import torch

_two = lambda make: [make(2, 4), make.ints(4, 2)]
_images = lambda make: [make(2, 3, 2, 2), make.ints(3, 2, 2, 2)]


def _nll2d(nn):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.NLLLoss2d()


ROWS = {
    "NLLLoss": [
        row().on(_two, says="NLLLoss()"),
        row(torch.tensor([0.5, 1.0, 2.0, 1.5])).on(_two),
        row(ignore_index=1, reduction="none").on(_images),
        row(reduction="sum").on(lambda make: [make(3), make.ints(3)]),
    ],
    "NLLLoss2d": [built(_nll2d).on(_images)],
    "CrossEntropyLoss": [
        row().on(_two, says="CrossEntropyLoss()"),
        row(torch.tensor([0.5, 1.0, 2.0, 1.5]), label_smoothing=0.1).on(_two),
        row(ignore_index=1, reduction="none").on(_images),
        row(reduction="sum").on(lambda make: [make(3), make.ints(3)]),
        row(label_smoothing=0.2).on(lambda make: [make(2, 4), make(2, 4, low=0, high=1)]),
    ],
}
