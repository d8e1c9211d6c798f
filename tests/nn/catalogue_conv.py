"""Rows of modules/conv.py and modules/fold.py."""

from rows import row

ROWS = {
    "Conv1d": [
        row(4, 6, 3, stride=2, padding=1, groups=2).on(
            lambda make: [make(2, 4, 7)],
            says="Conv1d(4, 6, kernel_size=(3,), stride=(2,), padding=(1,), groups=2)",
        ),
        row(2, 3, 4, padding="same", padding_mode="circular").on(lambda make: [make(2, 7)]),
        row(2, 3, 3, padding=2, padding_mode="reflect").on(lambda make: [make(1, 2, 5)]),
    ],
    "Conv2d": [
        row(2, 3, (3, 2), stride=(1, 2), padding=(2, 1), dilation=(2, 1), bias=False).on(
            lambda make: [make(2, 2, 5, 4)],
            says="Conv2d(2, 3, kernel_size=(3, 2), stride=(1, 2), padding=(2, 1), dilation=(2, 1), bias=False)",
        ),
        row(2, 3, 3, padding=1, padding_mode="replicate").on(
            lambda make: [make(2, 4, 4)],
            says="Conv2d(2, 3, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), padding_mode=replicate)",
        ),
        row(2, 3, 2, padding="same").on(
            lambda make: [make(1, 2, 3, 4)], says="Conv2d(2, 3, kernel_size=(2, 2), stride=(1, 1), padding=same)"
        ),
        row(3, 6, 3, padding=1, groups=3).on(lambda make: [make(2, 3, 4, 3)]),
        row(2, 3, 1).on(lambda make: [make(0, 2, 4, 3)]),
    ],
    "Conv3d": [
        row(2, 3, (1, 2, 3), padding=(0, 1, 1)).on(lambda make: [make(1, 2, 2, 3, 3)]),
        row(2, 2, 2, padding="valid", padding_mode="circular").on(lambda make: [make(2, 2, 3, 3)]),
    ],
    "ConvTranspose1d": [
        row(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2).on(
            lambda make: [make(2, 4, 4)],
            says="ConvTranspose1d(4, 6, kernel_size=(3,), stride=(2,), padding=(1,), output_padding=(1,), groups=2)",
        ),
        row(2, 3, 3, stride=3).on(lambda make: [make(2, 4)], {"output_size": [14]}),
    ],
    "ConvTranspose2d": [
        row(2, 3, (3, 2), stride=(1, 2), padding=(2, 1), dilation=(2, 1), bias=False).on(
            lambda make: [make(2, 2, 4, 3)],
        ),
        row(2, 3, 3, stride=2, padding=1).on(lambda make: [make(1, 2, 3, 3)], {"output_size": (1, 3, 6, 5)}),
    ],
    "ConvTranspose3d": [row(2, 3, 2, stride=(1, 2, 2)).on(lambda make: [make(1, 2, 2, 2, 2)])],
    "LazyConv1d": [row(3, 2).on(lambda make: [make(2, 4, 5)])],
    "LazyConv2d": [
        row(4, 3, stride=2, padding=1, groups=2).on(lambda make: [make(2, 4, 5, 4)]),
        row(3, (1, 2), bias=False).on(lambda make: [make(2, 4, 3)]),
    ],
    "LazyConv3d": [row(2, 2).on(lambda make: [make(1, 2, 2, 3, 3)])],
    "LazyConvTranspose1d": [row(3, 2, stride=2).on(lambda make: [make(2, 4, 3)])],
    "LazyConvTranspose2d": [row(4, 2, groups=2, bias=False).on(lambda make: [make(2, 4, 2, 3)])],
    "LazyConvTranspose3d": [row(2, 2).on(lambda make: [make(1, 2, 2, 2, 2)])],
    "Fold": [
        row((4, 5), (2, 2), stride=2, padding=(0, 1)).on(
            lambda make: [make(2, 8, 6)],
            says="Fold(output_size=(4, 5), kernel_size=(2, 2), dilation=1, padding=(0, 1), stride=2)",
        ),
        row(3, 2).on(lambda make: [make(8, 4)]),
    ],
    "Unfold": [
        row((2, 3), padding=1, stride=(2, 1)).on(
            lambda make: [make(2, 2, 4, 4)],
            says="Unfold(kernel_size=(2, 3), dilation=1, padding=1, stride=(2, 1))",
        ),
        row(2, dilation=2).on(lambda make: [make(2, 4, 5)]),
    ],
}
