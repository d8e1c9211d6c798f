"""Rows of modules/rnn.py."""

from rows import row
from support import torch


def packed(make, *lengths, sort=False):
    sequences = [make(n, 2) for n in lengths]
    for s in sequences:
        s.requires_grad_()
    return torch.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=not sort)


def rows(states, **more):
    """A layer's rows; `states(make, *sizes)` makes the initial ones."""
    return [
        row(2, 3, **more).on(lambda make: [make(3, 2, 2)]),
        row(2, 3, bias=False, **more).on(lambda make: [make(3, 2)]),
        row(2, 2, num_layers=2, bidirectional=True, batch_first=True, **more).on(
            lambda make: [make(2, 3, 2), states(make, 4, 2, 2)]
        ),
        row(2, 2, 2, dropout=0.5, **more).on(lambda make: [make(2, 2, 2), states(make, 2, 2, 2)], random=True),
        row(2, 2, **more).on(lambda make: [packed(make, 3, 2)], wrong=lambda make: [make(2, 2, 2, 2)], meta=False),
        row(2, 2, bidirectional=True, **more).on(
            lambda make: [packed(make, 1, 3, sort=True), states(make, 2, 2, 2)],
            wrong=lambda make: [packed(make, 1, 3, sort=True), states(make, 2, 3, 2)],
            meta=False,
        ),
    ]


def one(make, *sizes):
    return make(*sizes)


def two(make, *sizes):
    return make(*sizes), make(*sizes)


ROWS = {
    "RNNBase": [],
    "RNNCellBase": [row(2, 3, True, 2), row(2, 3, False, 1)],
    "RNN": [
        *rows(one),
        row(2, 3, 1, "relu").on(lambda make: [make(3, 1, 2)], says="RNN(2, 3)"),
    ],
    "GRU": [
        *rows(one),
        row(2, 3, 2, batch_first=True, dropout=0.5).on(
            lambda make: [make(3, 1, 2)], random=True, says="GRU(2, 3, num_layers=2, batch_first=True, dropout=0.5)"
        ),
    ],
    "LSTM": [
        *rows(two),
        row(2, 3, proj_size=2, bidirectional=True).on(
            lambda make: [make(3, 2, 2), (make(2, 2, 2), make(2, 2, 3))],
            says="LSTM(2, 3, proj_size=2, bidirectional=True)",
        ),
    ],
    "RNNCell": [
        row(2, 3).on(lambda make: [make(2, 2)], says="RNNCell(2, 3)"),
        row(2, 3, nonlinearity="relu", bias=False).on(
            lambda make: [make(2), make(3)], says="RNNCell(2, 3, bias=False, nonlinearity=relu)"
        ),
    ],
    "GRUCell": [row(2, 3).on(lambda make: [make(2, 2)]), row(2, 3, bias=False).on(lambda make: [make(2), make(3)])],
    "LSTMCell": [
        row(2, 3).on(lambda make: [make(2, 2)]),
        row(2, 3, bias=False).on(lambda make: [make(2), (make(3), make(3))]),
        row(2, 3).on(lambda make: [make(2, 2), (make(2, 3), make(2, 3))]),
    ],
}
