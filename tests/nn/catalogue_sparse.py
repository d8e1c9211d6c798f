"""Rows of modules/sparse.py, dropout.py, distance.py and adaptive.py."""

from rows import row

ROWS = {
    "Embedding": [
        row(10, 3).on(lambda make: [make.ints(10, 2, 4)], wrong=False, says="Embedding(10, 3)"),
        # padding_idx and scale_grad_by_freq make gradients that are no derivatives.
        row(10, 3, padding_idx=-1, scale_grad_by_freq=True).on(
            lambda make: [make.ints(10, 6)],
            wrong=False,
            gradient=False,
            says="Embedding(10, 3, padding_idx=9, scale_grad_by_freq=True)",
        ),
        row(10, 3, max_norm=1.0, norm_type=1.0).on(
            lambda make: [make.ints(10, 6)],
            wrong=False,
            gradient=False,
            says="Embedding(10, 3, max_norm=1.0, norm_type=1.0)",
        ),
    ],
    "EmbeddingBag": [
        row(10, 3).on(lambda make: [make.ints(10, 2, 4)], says="EmbeddingBag(10, 3, mode='mean')"),
        row(10, 3, mode="sum", padding_idx=3).on(
            lambda make: [make.ints(10, 5), make.torch.tensor([0, 2])],
            wrong=False,
            says="EmbeddingBag(10, 3, mode='sum', padding_idx=3)",
        ),
        row(10, 3, mode="max", include_last_offset=True).on(
            lambda make: [make.ints(10, 5), make.torch.tensor([0, 2, 5])], wrong=False
        ),
        row(10, 3, mode="sum").on(lambda make: [make.ints(10, 5), make.torch.tensor([0, 2]), make(5)], wrong=False),
    ],
    "Dropout": [
        row(0.3).on(lambda make: [make(3, 4)], random=True, wrong=False, says="Dropout(p=0.3, inplace=False)"),
    ],
    "Dropout1d": [
        row().on(lambda make: [make(2, 3, 4)], random=True),
        row().on(lambda make: [make(3, 4)], random=True),
    ],
    "Dropout2d": [row().on(lambda make: [make(2, 3, 2, 2)], random=True, wrong=False)],
    "Dropout3d": [
        row().on(lambda make: [make(2, 3, 2, 2, 2)], random=True, wrong=False),
        row().on(lambda make: [make(3, 2, 2, 2)], random=True, wrong=False),
    ],
    "AlphaDropout": [row().on(lambda make: [make(3, 4)], random=True, wrong=False)],
    "FeatureAlphaDropout": [row().on(lambda make: [make(3, 4, 2)], random=True, wrong=False)],
    "PairwiseDistance": [
        row().on(lambda make: [make(3, 4), make(3, 4)], wrong=False),
        row(1.0, keepdim=True).on(lambda make: [make(2, 3, 4), make(2, 3, 4)], wrong=False),
    ],
    "CosineSimilarity": [
        row().on(lambda make: [make(3, 4), make(3, 4)], wrong=False),
        row(0).on(lambda make: [make(3, 4), make(3, 4)], wrong=False),
    ],
    "AdaptiveLogSoftmaxWithLoss": [
        row(8, 12, [3, 6], div_value=2.0).on(
            lambda make: [make(5, 8), make.torch.tensor([0, 4, 11, 2, 7])], meta=False
        ),
        row(8, 12, [4], head_bias=True).on(lambda make: [make(8), make.torch.tensor(6)], meta=False),
        row(8, 12, [4]).on(lambda make: [make(2, 8), make.torch.tensor([1, 0])], meta=False),
    ],
}
