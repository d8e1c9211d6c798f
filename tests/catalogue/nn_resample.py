"""Samples of resampling, sampling at grids, and of pixels and channels rearranged (core/ops/nn/)."""


def _near(make):
    return [
        ((make(1, 2, 5), 8), {}),
        ((make(1, 2, 5), None, 0.6), {}),
        ((make(2, 1, 3, 4), (5, 2)), {}),
        ((make(1, 2, 3, 4), None, (2, 1.5)), {"recompute_scale_factor": True}),
        ((make(1, 2, 3, 4).to(memory_format=make.torch.channels_last), 5), {}),
        ((make(1, 2, 2, 3, 2), 4), {}),
        ((make(0, 2, 3, 4), 4), {}),
    ]


def _smooth(make):
    found = [
        ((make(1, 2, 5), 8), {"mode": "linear"}),
        ((make(1, 2, 5), 3), {"mode": "linear", "align_corners": True}),
        ((make(1, 2, 2, 3, 2), (3, 2, 4)), {"mode": "trilinear"}),
        ((make(1, 1, 2, 2, 3), None, 2.5), {"mode": "trilinear", "align_corners": True}),
        ((make(1, 2, 5), 3), {"mode": "area"}),
        ((make(1, 2, 4, 5), (2, 7)), {"mode": "area"}),
    ]
    return found + _two(make, "bilinear") + _two(make, "bicubic")


def _two(make, mode):
    return [
        ((make(1, 2, 4, 5), (7, 3)), {"mode": mode}),
        ((make(1, 2, 4, 5), (7, 3)), {"mode": mode, "align_corners": True}),
        ((make(1, 2, 4, 5), None, (0.7, 1.6)), {"mode": mode, "recompute_scale_factor": False}),
        ((make(1, 2, 3, 3).to(memory_format=make.torch.channels_last), 5), {"mode": mode}),
    ]


def _wide(make):
    return [
        ((make(1, 1, 6, 7), size), {"mode": mode, "antialias": True, **more})
        for mode in ("bilinear", "bicubic", "lanczos")
        for size, more in (((3, 9), {}), ((2, 4), {} if mode == "lanczos" else {"align_corners": True}))
    ]


def _older(make):
    return [((make(1, 2, 3, 4), 5), {}), ((make(1, 2, 3, 4), None, 2), {})]


def _points(make):
    """Images and points of a grid, none upon a border of an element."""
    two = make(1, 2, 3, 4), make(1, 2, 3, 2, low=-1.3, high=1.3)
    three = make(1, 1, 2, 3, 3), make(1, 1, 2, 2, 3, low=-1.3, high=1.3)
    found = []
    for padding in ("zeros", "border", "reflection"):
        for aligned in (False, True):
            more = {"padding_mode": padding, "align_corners": aligned}
            found += [(two, {"mode": mode, **more}) for mode in ("bilinear", "nearest", "bicubic")]
            found += [(three, {"mode": mode, **more}) for mode in ("bilinear", "nearest")]
    return found


def _sampler(n):
    return lambda make: [
        ((*args, m, p, aligned), {})
        for args in [_points(make)[0 if n == 2 else 3][0]]
        for m, p, aligned in ((0, 0, False), (1, 1, True), (0, 2, True))
    ]


def _shuffles(make):
    return [
        ((make(1, 4, 2, 3), 2), {}),
        ((make(6, 1, 2), 1), {}),
        ((make(2, 1, 9, 1, 2), 3), {}),
        ((make(0, 4, 2, 2), 2), {}),
    ]


def _channels(make):
    return [
        ((make(1, 6, 2, 2), 3), {}),
        ((make(2, 4, 3), 2), {}),
        ((make(1, 4, 2, 2).to(memory_format=make.torch.channels_last), 2), {}),
        ((make(1, 3, 2, 2), 1), {}),
    ]


SAMPLES = {
    "nn.functional.interpolate": lambda make: [
        *_near(make),
        *((args, {"mode": "nearest-exact", **more}) for args, more in _near(make)),
        *_smooth(make),
        *_wide(make),
    ],
    "nn.functional.grid_sample": _points,
    "grid_sampler": lambda make: _sampler(2)(make) + _sampler(3)(make),
    "grid_sampler_2d": _sampler(2),
    "grid_sampler_3d": _sampler(3),
    "nn.functional.affine_grid": lambda make: [
        ((make(2, 2, 3), (2, 1, 3, 4)), {"align_corners": False}),
        ((make(1, 2, 3), (1, 3, 2, 2)), {"align_corners": True}),
        ((make(1, 3, 4), (1, 1, 2, 3, 2)), {"align_corners": False}),
    ],
    "affine_grid_generator": lambda make: [
        ((make(2, 2, 3), (2, 1, 3, 4), False), {}),
        ((make(1, 3, 4), (1, 1, 2, 1, 2), True), {}),
    ],
    **dict.fromkeys(("pixel_shuffle", "nn.functional.pixel_shuffle"), _shuffles),
    **dict.fromkeys(
        ("pixel_unshuffle", "nn.functional.pixel_unshuffle"),
        lambda make: [((make(1, 2, 4, 2), 2), {}), ((make(1, 2, 3), 1), {}), ((make(2, 1, 3, 6), 3), {})],
    ),
    **dict.fromkeys([f"{p}{n}channel_shuffle" for p in ("", "nn.functional.") for n in ("", "native_")], _channels),
}
