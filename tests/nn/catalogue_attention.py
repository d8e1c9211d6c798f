"""Rows of modules/multihead.py and modules/transformer.py."""

from rows import built, row


def _three(*shapes):
    return lambda make: [make(*shape) for shape in shapes]


def _self(*shape):
    return lambda make: [make(*shape)] * 3


def _encoder_layer(nn):
    return nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)


ROWS = {
    "MultiheadAttention": [
        row(4, 2).on(_three((3, 2, 4), (5, 2, 4), (5, 2, 4))),
        row(4, 2).on(_self(3, 4)),
        row(6, 3, bias=False, batch_first=True).on(_self(2, 3, 6), {"average_attn_weights": False}),
        row(4, 2, add_bias_kv=True, add_zero_attn=True).on(_self(3, 2, 4), {"need_weights": False}),
        row(4, 2, kdim=3, vdim=2).on(_three((3, 2, 4), (5, 2, 3), (5, 2, 2))),
        row(4, 2, dropout=0.3, batch_first=True).on(_three((2, 3, 4), (2, 5, 4), (2, 5, 4)), random=True),
    ],
    "TransformerEncoderLayer": [
        row(4, 2, 6, dropout=0.0).on(_three((3, 2, 4))),
        row(4, 2, 6, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False).on(
            _three((2, 3, 4))
        ),
        row(4, 2, 6, dropout=0.3).on(_three((3, 4)), random=True),
    ],
    "TransformerDecoderLayer": [
        row(4, 2, 6, dropout=0.0).on(_three((3, 2, 4), (5, 2, 4)), second=False),
        row(4, 2, 6, dropout=0.3, batch_first=True, norm_first=True).on(_three((2, 3, 4), (2, 5, 4)), random=True),
    ],
    "TransformerEncoder": [
        built(lambda nn: nn.TransformerEncoder(_encoder_layer(nn), 2, nn.LayerNorm(4))).on(
            _three((2, 3, 4)), second=False, wrong=lambda make: [make(2, 3, 5)]
        ),
    ],
    "TransformerDecoder": [
        built(lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, dropout=0.0), 2)).on(
            _three((3, 2, 4), (5, 2, 4)), second=False, wrong=lambda make: [make(3, 2, 5), make(5, 2, 4)]
        ),
    ],
    "Transformer": [
        row(4, 2, 1, 1, 6, dropout=0.0, batch_first=True).on(_three((2, 3, 4), (2, 5, 4)), second=False),
    ],
}
