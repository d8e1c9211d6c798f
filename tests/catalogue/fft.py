"""Samples of Fourier transforms (core/ops/fft/): lengths of every kind of plan, padded, trimmed, of each norm."""


def _one(make):
    return [
        ((make(8),), {}),
        ((make(2, 7),), {"norm": "ortho"}),
        ((make(3, 4), 6), {"norm": "forward"}),
        ((make(9, 2), 5, 0), {"norm": "backward"}),
        ((make(2, 2, 3),), {"dim": 1, "n": 4}),
        ((make(67),), {}),
        ((make(2),), {"n": 1}),
        ((make(0, 3),), {}),
        ((make(3, 1, 4).transpose(0, 2),), {}),
    ]


def _real_side(make):
    """The same for what halves: two elements at least stand for an even length."""
    return [s for s in _one(make) if s[0][0].shape[-1] > 1]


def _many(make):
    return [
        ((make(3, 4),), {}),
        ((make(2, 3, 4), (4, 5), (0, -1)), {"norm": "ortho"}),
        ((make(2, 4, 3), (2, 3)), {"norm": "forward"}),
        ((make(2, 3, 2),), {"dim": (2, 0)}),
        ((make(5, 4), (-1, 3), (1, 0)), {}),
        ((make(0, 3, 2),), {"dim": (1, 2)}),
        ((make(4, 2, 3).permute(2, 0, 1),), {"dim": (0, 1)}),
    ]


def _all(make):
    return [*_many(make), ((make(2, 3, 2, 2),), {"dim": (3, 1, 0)}), ((make(6),), {}), ((make(2, 3), 4), {})]


def _plain(make, complex):
    """For the transforms themselves, which take one kind of number."""
    return _spectrum(make, 2, 3, 4) if complex else make(2, 3, 4)


def _c2c(make):
    return [((_plain(make, True), dim, norm, norm != 1), {}) for norm, dim in enumerate(([2], [0, 1], [2, 0, 1]))] + [
        ((_plain(make, True), [], 0, True), {})
    ]


def _r2c(make):
    return [((_plain(make, False), dim, norm, norm != 1), {}) for norm, dim in enumerate(([2], [0, 1], [2, 0, 1]))] + [
        ((make(2, 5), [1], 0, False), {})
    ]


def _c2r(make):
    return [((_plain(make, True), dim, 0, last), {}) for dim, last in (([2], 6), ([2], 7), ([1, 0], 2), ([0, 2, 1], 5))]


def _signal(make, *shape):
    return make(*shape, low=-1, high=1)


def _stft(make):
    window = lambda n: make(n, low=0.5, high=1.5)
    return [
        (args, options | {"return_complex": True})
        for args, options in [
            ((_signal(make, 20), 4), {"window": window(4)}),
            ((_signal(make, 2, 21), 6, 2), {"window": window(6), "center": False, "normalized": True}),
            ((_signal(make, 20), 8, 3, 6, window(6)), {"onesided": False}),
            ((_signal(make, 15), 8, 2, 6, window(6)), {"center": False, "align_to_window": True}),
            ((_signal(make, 20), 5), {"window": window(5), "pad_mode": "constant"}),
        ]
    ]


def _spectrum(make, *shape):
    x = _signal(make, *shape)
    return make.torch.complex(x, _signal(make, *shape)) if x.dtype in (make.torch.float32, make.torch.float64) else x


def _istft(make):
    torch = make.torch
    real = {torch.complex64: torch.float32, torch.complex128: torch.float64}.get(make(1).dtype, make(1).dtype)
    window = lambda n: make(n, low=0.5, high=1.5, dtype=real)
    return [
        ((_spectrum(make, 3, 5), 4), {"window": window(4)}),
        ((_spectrum(make, 2, 5, 4), 8, 2, 6, window(6)), {"normalized": True, "length": 8}),
        ((_spectrum(make, 6, 5), 6, 2), {"window": window(6), "onesided": False, "return_complex": True}),
        ((_spectrum(make, 4, 5), 6, 3), {"window": window(6), "center": False, "onesided": True}),
        ((_spectrum(make, 6, 5), 6, 2), {"window": window(6), "length": 8}),
    ]


_ONE = [f"fft.{f}" for f in "fft ifft rfft ihfft".split()]
_HALVED = ["fft.irfft", "fft.hfft"]
_TWO = [f"fft.{f}" for f in "fft2 ifft2 rfft2 irfft2 hfft2 ihfft2".split()]
_MANY = [f"fft.{f}" for f in "fftn ifftn rfftn irfftn hfftn ihfftn".split()]
_FREQUENCIES = [((8,), {}), ((7, 0.5), {}), ((1,), {}), ((4,), {"d": 2.0})]

SAMPLES = {
    **dict.fromkeys(_ONE, _one),
    **dict.fromkeys(_HALVED, _real_side),
    **dict.fromkeys(_TWO, _many),
    **dict.fromkeys(_MANY, _all),
    "_fft_c2c": _c2c,
    "_fft_r2c": _r2c,
    "_fft_c2r": _c2r,
    "fft.fftfreq": lambda make: list(_FREQUENCIES),
    "fft.rfftfreq": lambda make: list(_FREQUENCIES),
    "fft.fftshift": lambda make: [((make(5),), {}), ((make(3, 4),), {"dim": 1}), ((make(2, 3, 4),), {"dim": (0, 2)})],
    "fft.ifftshift": lambda make: [((make(5),), {}), ((make(3, 4),), {"dim": 1}), ((make(2, 3, 4),), {"dim": (0, 2)})],
    "stft": _stft,
    "istft": _istft,
}
NO_GRADIENT = {"fft.fftfreq", "fft.rfftfreq"}
