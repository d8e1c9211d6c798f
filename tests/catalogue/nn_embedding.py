"""Samples of embeddings and one_hot (core/ops/nn/). What padding_idx and scale_grad_by_freq make of a gradient is not the
derivative of the result: tests/test_embedding.py has that."""


def _index(make, *values):
    return make.torch.tensor(list(values))


def _embedding(make):
    weight = lambda: make(5, 3)
    matrix = make.torch.tensor([[0, 1, 1], [4, 2, 1]])
    return [
        ((matrix, weight()), {}),
        ((_index(make, 3, 3, 0), weight()), {"norm_type": 1.0}),
        ((make.torch.tensor(2), weight()), {}),
        ((_index(make, 0).to(make.torch.int32), weight()), {}),
        ((make.torch.zeros(0, 2, dtype=make.torch.int64), weight()), {}),
    ]


def _bags(first):
    """Arguments of torch's or of nn.functional's order."""

    def samples(make):
        index, starts = _index(make, 0, 1, 1, 4, 2), _index(make, 0, 2, 2)
        order = lambda weight: (index, weight, starts) if first else (weight, index, starts)
        modes = [{"mode": m} for m in (("sum", "mean", "max") if first else (0, 1, 2))]
        padded = [{"padding_idx": 1, **m} for m in modes]
        ends = _index(make, 0, 2, 5)
        found = [(order(make(5, 3)), m) for m in modes + padded]
        found.append((order(make(5, 3))[:2] + (ends,), {"include_last_offset": True, **modes[1]}))
        if first:
            found.append(((make.torch.tensor([[0, 1], [4, 1]]), make(5, 3)), {"mode": "mean"}))
            args = (index, make(5, 3), starts, None, 2, False, "sum", False, make(5))
        else:
            args = (make(5, 3), index, starts, False, 0, False, make(5))
        return [*found, (args, {})]

    return samples


SAMPLES = {
    "nn.functional.embedding": _embedding,
    "embedding": lambda make: [((w, i, *more), {}) for (i, w), _ in _embedding(make) for more in ((), (-1, False))],
    "nn.functional.embedding_bag": _bags(True),
    "embedding_bag": _bags(False),
    "embedding_renorm_": lambda make: [((make(4, 3), _index(make, 1, 1, 3), 1.0, 2.0), {})],
    "nn.functional.one_hot": lambda make: [
        ((_index(make, 0, 2, 1),), {}),
        ((make.torch.tensor([[0, 2], [1, 1]]), 4), {}),
        ((make.torch.tensor(1),), {}),
        ((make.torch.zeros(0, dtype=make.torch.int64), 3), {}),
    ],
}
NO_GRADIENT = {"embedding_renorm_", "nn.functional.one_hot"}
