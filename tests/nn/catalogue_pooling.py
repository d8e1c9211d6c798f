"""Rows of modules/pooling.py, padding.py, upsampling.py, pixelshuffle.py and channelshuffle.py."""

from rows import row

SIZES = {1: (7,), 2: (5, 4), 3: (3, 4, 3)}


def _wrong(make):
    return [make(2)]


def _pools(n, *args, **kwargs):
    """An image without a batch and, with further arguments, a batch of them."""
    return [
        row(*args).on(lambda make: [make(2, *SIZES[n])], wrong=_wrong),
        row(*args, **kwargs).on(lambda make: [make(1, 2, *SIZES[n])], wrong=_wrong),
    ]


def _places(n):
    """Of 2 × 2 × ... windows."""
    return (
        lambda make: [make(1, 1, 2), make.ints(4, 1, 1, 2)],
        lambda make: [make(1, 1, *(2, 1, 1)[:n]), make.ints(4, 1, 1, *(2, 1, 1)[:n])],
    )[n > 1]


ROWS = {
    **{f"MaxPool{n}d": _pools(n, 2, stride=1, padding=1, return_indices=True, ceil_mode=True) for n in SIZES},
    **{f"AvgPool{n}d": _pools(n, 2, stride=2, padding=1, count_include_pad=False) for n in SIZES},
    **{f"AdaptiveMaxPool{n}d": _pools(n, 3, return_indices=True) for n in SIZES},
    **{f"AdaptiveAvgPool{n}d": _pools(n, 2) for n in SIZES},
    **{f"LPPool{n}d": _pools(n, 2, 2, stride=1, ceil_mode=True) for n in SIZES},
    **{
        f"FractionalMaxPool{n}d": [
            row(2, 2).on(lambda make, n=n: [make(2, *(5, 4, 3)[:n])], random=True, wrong=_wrong),
            row(2, output_ratio=0.5, return_indices=True).on(
                lambda make, n=n: [make(1, 2, *(4, 5, 4)[:n])], random=True, wrong=_wrong
            ),
        ]
        for n in (2, 3)
    },
    **{f"MaxUnpool{n}d": [row(2).on(_places(n))] for n in SIZES},
    **{
        f"{mode}Pad{n}d": [row(1).on(lambda make, n=n: [make(1, 2, *SIZES[n])], wrong=_wrong)]
        for n in SIZES
        for mode in ("Circular", "Reflection", "Replication")
    },
    # A constant border goes around tensors of any dimensions that are enough.
    **{f"ZeroPad{n}d": [row(1).on(lambda make, n=n: [make(1, 2, *SIZES[n])], wrong=n > 1 and _wrong)] for n in SIZES},
    **{
        f"ConstantPad{n}d": [
            row((1, -1, 0, 2, 1, 0)[: 2 * n], 3.5).on(lambda make, n=n: [make(2, *SIZES[n])], wrong=n > 1 and _wrong)
        ]
        for n in SIZES
    },
    "Upsample": [
        row(scale_factor=2).on(
            lambda make: [make(1, 2, 3)], says="Upsample(scale_factor=2.0, mode='nearest')", wrong=_wrong
        ),
        row((4, 5), mode="bilinear", align_corners=True).on(
            lambda make: [make(1, 2, 2, 3)], says="Upsample(size=(4, 5), mode='bilinear')", wrong=_wrong
        ),
        row(scale_factor=(1.5, 2.0), mode="bicubic").on(lambda make: [make(1, 1, 2, 3)], wrong=_wrong),
        row(size=3, mode="trilinear").on(lambda make: [make(1, 1, 2, 2, 2)], wrong=_wrong),
    ],
    "UpsamplingNearest2d": [row(scale_factor=2).on(lambda make: [make(1, 2, 2, 3)], wrong=_wrong)],
    "UpsamplingBilinear2d": [row((3, 4)).on(lambda make: [make(1, 2, 2, 3)], wrong=_wrong)],
    "PixelShuffle": [row(2).on(lambda make: [make(2, 8, 2, 3)]), row(1).on(lambda make: [make(2, 1, 2)], wrong=_wrong)],
    "PixelUnshuffle": [row(2).on(lambda make: [make(2, 1, 4, 2)]), row(3).on(lambda make: [make(1, 3, 6)])],
    "ChannelShuffle": [row(2).on(lambda make: [make(1, 4, 2, 2)], wrong=_wrong)],
}
