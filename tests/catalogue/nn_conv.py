"""Samples of convolutions, of columns and blocks (core/ops/nn/conv*.cpp, fold.cpp)."""


def _space(n):
    return (5, 4, 3)[:n] if n > 1 else (6,)


def _conv(n):
    def samples(make):
        space = _space(n)
        found = [
            ((make(2, 3, *space), make(2, 3, *([2] * n))), {}),
            ((make(2, 3, *space), make(2, 3, *([3] * n)), make(2)), {"padding": 1, "stride": 2}),
            ((make(2, *space), make(4, 1, *([2] * n)), make(4), 1, 2, 2, 2), {}),
            ((make(1, 2, *space), make(3, 2, *([2] * n))), {"padding": "same", "dilation": 1}),
            ((make(1, 2, *space), make(3, 2, *([1] * n))), {"padding": "valid", "stride": [2] + [1] * (n - 1)}),
            ((make(0, 2, *space), make(3, 2, *([2] * n)), make(3)), {}),
        ]
        return found

    return samples


def _transposed(n):
    def samples(make):
        space = (3, 2, 2)[:n]
        return [
            ((make(2, 3, *space), make(3, 2, *([2] * n))), {}),
            ((make(2, 3, *space), make(3, 2, *([3] * n)), make(2), 2, 1, 1), {}),
            ((make(2, *space), make(2, 2, *([2] * n)), make(4)), {"groups": 2, "dilation": 2, "stride": 3}),
            ((make(0, 2, *space), make(2, 3, *([2] * n)), make(3)), {}),
        ]

    return samples


def _convolution(make):
    return [
        ((make(2, 2, 4), make(3, 2, 2), make(3), [1], [1], [1], False, [0], 1), {}),
        ((make(1, 2, 3, 3), make(2, 2, 3, 2), None, [2, 2], [1, 0], [1, 2], True, [1, 0], 2), {}),
    ]


SAMPLES = {
    **{f"{where}conv{n}d": _conv(n) for where in ("", "nn.functional.") for n in (1, 2, 3)},
    **{f"{where}conv_transpose{n}d": _transposed(n) for where in ("", "nn.functional.") for n in (1, 2, 3)},
    "convolution": _convolution,
    **dict.fromkeys(
        ["conv_tbc", "nn.functional.conv_tbc"],
        lambda make: [((make(5, 2, 3), make(2, 3, 4), make(4)), {}), ((make(3, 1, 2), make(3, 2, 2), make(2), 2), {})],
    ),
    "nn.functional.unfold": lambda make: [
        ((make(2, 3, 4, 5), 2), {}),
        ((make(2, 4, 5), (2, 3)), {"dilation": (1, 2), "padding": 1, "stride": (2, 1)}),
        ((make(0, 2, 4, 4), 3, 1, 1, 2), {}),
    ],
    "nn.functional.fold": lambda make: [
        ((make(2, 12, 12), (4, 5), 2), {}),
        ((make(12, 9), (4, 5), (2, 3)), {"dilation": (1, 2), "padding": 1, "stride": (2, 1)}),
        ((make(0, 8, 4), 3, 2), {}),
    ],
}
