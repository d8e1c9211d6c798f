"""Samples of pooling (core/ops/nn/max_pool.cpp, avg_pool.cpp, nn/_pool.py)."""


def _images(make, n):
    """Small ones of n dimensions: unbatched, and a batch of two channels."""
    sizes = (7,), (5, 4), (3, 3, 3)
    return make(2, *sizes[n - 1]), make(1, 2, *sizes[n - 1])


def _windows(n, dilated):
    def samples(make):
        one, many = _images(make, n)
        found = [
            ((one, 2), {}),
            ((many, 3, 2), {}),
            ((one, 3, 1, 1), {}),
            ((many, (2,) * n, (1,) * n, 0), {"ceil_mode": True}),
            ((one, 3, 2, 1), {"ceil_mode": True}),
            ((make(0, 2, *one.shape[1:]), 2), {}),
        ]
        if dilated:
            found += [((one, 2, 1, 1, 2), {}), ((many, (2,) * n, (2,) * n, (1,) * n, (1,) * n), {})]
        if dilated and n > 1:
            found += [((many.to(memory_format=_last(make, n)), 2), {})]
        return found

    return samples


def _last(make, n):
    return make.torch.channels_last if n == 2 else make.torch.channels_last_3d


def _averages(n):
    def samples(make):
        one, many = _images(make, n)
        more = [((many, 3, 2, 1), {"count_include_pad": False}), ((one, 2), {"count_include_pad": False})]
        if n > 1:
            more += [((one, 2), {"divisor_override": 3}), ((many.to(memory_format=_last(make, n)), 3, 2, 1), {})]
        return _windows(n, False)(make) + more

    return samples


def _with_places(n):
    return lambda make: [(args, kwargs | {"return_indices": True}) for args, kwargs in _windows(n, True)(make)]


def _adaptive(n):
    def samples(make):
        one, many = _images(make, n)
        found = [((one, 1), {}), ((many, 3), {}), ((one, (2,) if n == 1 else (3, 2, 3)[:n]), {}), ((many, 5), {})]
        return found + ([((one, (None, 2, 1)[:n]), {})] if n > 1 else [((make(0, 2, 3), 2), {})])

    return samples


def _fractional(n):
    def samples(make):
        one, many = make(2, *(6, 5, 4)[:n] if n < 3 else (3, 3, 3)), make(2, 1, *(5, 4) if n < 3 else (3, 3, 3))
        u, v = make(1, 2, n, low=0, high=1), make(2, 1, n, low=0, high=1)
        return [
            ((one, 2, 3 if n < 3 else 2), {"_random_samples": u, "return_indices": True}),
            ((many, 2), {"output_ratio": (0.5,) * n, "_random_samples": v}),
            ((one, (1, 2, 2)[:n], (2, 1, 2)[:n]), {"_random_samples": u}),
        ]

    return samples


def _places(make, *shape, of):
    """Distinct places in images of `of` elements."""
    n = 1
    for s in shape[2:]:
        n *= s
    rows = [[(3 * k + r) % of for k in range(n)] for r in range(shape[0] * shape[1])]
    return make.torch.tensor(rows).reshape(shape)


UNPOOLED = {
    1: lambda make: [
        ((make(1, 2, 3), _places(make, 1, 2, 3, of=7), 2, 2), {"output_size": (7,)}),
        ((make(2, 3), _places(make, 1, 2, 3, of=7)[0], 3, 2), {}),
    ],
    2: lambda make: [
        ((make(1, 2, 2, 2), _places(make, 1, 2, 2, 2, of=16), 2), {}),
        ((make(2, 2, 3), _places(make, 1, 2, 2, 3, of=20)[0], 2), {"output_size": (1, 2, 4, 5)}),
    ],
    3: lambda make: [
        ((make(1, 1, 2, 1, 2), _places(make, 1, 1, 2, 1, 2, of=32), 2), {}),
        ((make(1, 2, 2, 2), _places(make, 1, 1, 2, 2, 2, of=27)[0], 3, 2, 1), {}),
    ],
}


def _norms(n):
    def samples(make):
        one, many = make(2, *(6, 4, 3)[:n], low=0.5, high=2), make(1, 1, *(4, 4, 3)[:n], low=0.5, high=2)
        return [
            ((one, 2, 2), {}),
            ((many, 3, 2, 1), {}),
            ((one, 1.5, (2,) * n if n > 1 else 2, 2), {"ceil_mode": True}),
            ((one, float("inf"), 2), {}),
        ]

    return samples


SAMPLES = {
    **{f"max_pool{n}d": _windows(n, True) for n in (1, 2, 3)},
    **{
        f"nn.functional.max_pool{n}d": lambda make, n=n: _windows(n, True)(make) + _with_places(n)(make)
        for n in (1, 2, 3)
    },
    **{f"nn.functional.max_pool{n}d_with_indices": _windows(n, True) for n in (1, 2, 3)},
    "max_pool1d_with_indices": _windows(1, True),
    "avg_pool1d": _averages(1),
    **{f"nn.functional.avg_pool{n}d": _averages(n) for n in (1, 2, 3)},
    "adaptive_avg_pool1d": _adaptive(1),
    "adaptive_max_pool1d": _adaptive(1),
    **{f"nn.functional.adaptive_{f}_pool{n}d": _adaptive(n) for n in (1, 2, 3) for f in ("avg", "max")},
    **{f"nn.functional.adaptive_max_pool{n}d_with_indices": _adaptive(n) for n in (1, 2, 3)},
    **{f"nn.functional.fractional_max_pool{n}d": _fractional(n) for n in (2, 3)},
    **{f"nn.functional.fractional_max_pool{n}d_with_indices": _fractional(n) for n in (2, 3)},
    **{f"nn.functional.max_unpool{n}d": UNPOOLED[n] for n in (1, 2, 3)},
    **{f"nn.functional.lp_pool{n}d": _norms(n) for n in (1, 2, 3)},
}


def _corners(n):
    """Ties, NaN and infinities in a window."""

    def samples(make):
        inf, nan = float("inf"), float("nan")
        row = [1, 1, nan, 2, nan, nan, -inf, -inf, inf, inf, -inf, nan]
        x = make.torch.tensor(row, dtype=make.torch.float64).to(make(1).dtype)
        return [((x.reshape(1, *(12,), *(1,) * (n - 1)), (2, 1, 1)[:n], (1,) * n), {"return_indices": True})]

    return samples


EDGES = {f"nn.functional.max_pool{n}d": _corners(n) for n in (1, 2, 3)}
