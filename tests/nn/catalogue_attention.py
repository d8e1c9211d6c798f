"""Rows of modules/multihead.py and modules/transformer.py."""

from rows import row


def _three(*shapes):
    return lambda make: [make(*shape) for shape in shapes]


def _self(*shape):
    return lambda make: [make(*shape)] * 3


ROWS = {
    "MultiheadAttention": [
        row(4, 2).on(_three((3, 2, 4), (5, 2, 4), (5, 2, 4))),
        row(4, 2).on(_self(3, 4)),
        row(6, 3, bias=False, batch_first=True).on(_self(2, 3, 6), {"average_attn_weights": False}),
        row(4, 2, add_bias_kv=True, add_zero_attn=True).on(_self(3, 2, 4), {"need_weights": False}),
        row(4, 2, kdim=3, vdim=2).on(_three((3, 2, 4), (5, 2, 3), (5, 2, 2))),
        row(4, 2, dropout=0.3, batch_first=True).on(_three((2, 3, 4), (2, 5, 4), (2, 5, 4)), random=True),
    ],
}
