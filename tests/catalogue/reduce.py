"""Samples of reductions, scans, selections and statistics (core/ops/reduce/)."""

from .spectral import separated


def _dims(make):
    """Whole tensors, one dimension, several, kept and not, empty and 0-d ones."""
    return [
        ((make(3, 4),), {}),
        ((make(3, 4), 1), {}),
        ((make(3, 4), -2, True), {}),
        ((make(2, 3, 4), (0, 2)), {}),
        ((make(2, 3, 4), [1, 2]), {"keepdim": True}),
        ((make(),), {}),
        ((make(), 0), {}),
        ((make(2, 0, 3), 1), {}),
    ]


def _dim(make):
    return [((make(3, 4), 1), {}), ((make(3, 4), 0), {}), ((make(2, 3, 4), -2), {}), ((make(), 0), {})]


def _dim_keep(make):
    return [((make(3, 4), 1), {}), ((make(2, 3, 4), -2, True), {}), ((make(), 0), {})]


def _all_or_dim(make):
    return [((make(3, 4),), {}), *_dim_keep(make)]


def _two(make):
    return [
        ((make(3, 4),), {}),
        ((make(3, 4), 1), {}),
        ((make(2, 3, 4), (0, 2), True), {}),
        ((make(5),), {"dim": 0}),
    ]


def _above(t, bound):
    return (t.real if t.is_complex() else t) > bound


def _double(make):
    """In a wider type than the operand's."""
    wide = make.torch.complex128 if make(1).is_complex() else make.torch.float64
    return [((make(3, 4), 1), {"dtype": wide})]


def _wild(make):
    """NaN, infinities and both zeros, one of each to a row and together."""
    if not make(1).is_floating_point():
        return []
    inf, nan = float("inf"), float("nan")
    rows = [[1, nan, 2, inf], [-inf, 0.0, -0.0, 3], [inf, -inf, 1, 2], [nan, 1, nan, -1], [-inf] * 4, [nan] * 4]
    x = make.torch.tensor(rows).to(make(1).dtype)
    return [((x, 1), {}), ((x, 0), {}), ((x[1:2], 1), {})]


def _nan(make, *shape):
    t = make(*shape)
    return t.masked_fill(_above(t, 1), float("nan")) if t.is_floating_point() or t.is_complex() else t


def _zeros(make, *shape):
    t = make(*shape)
    return t.masked_fill(_above(t, 1), 0)


def _variance(make):
    return [
        *_two(make),
        ((make(3, 4),), {"dim": 1, "correction": 0}),
        ((make(3, 4), 0, False), {}),
        ((make(3, 4), (0, 1)), {"correction": 2}),
    ]


def _norms(make):
    cases = [((make(3, 4),), {}), ((make(3, 4), 2, (0, 1)), {}), ((make(4), float("inf")), {})]
    return cases + [((make(3, 4), p), {"dim": 1}) for p in (0.5, 1, 1.5, 2, 3, float("inf"), -float("inf"))]


def _ints(make):
    return make.torch.tensor([3, 1, 3, 2, 0, 1])


def _quantiles(make):
    q = make.torch.tensor([0.1, 0.4, 0.9], dtype=make(1).dtype)
    modes = ("linear", "lower", "higher", "midpoint", "nearest")
    return [((make(7), 0.3), {}), ((make(3, 5), 0.6, 1), {}), ((make(3, 5), q, 0, True), {})] + [
        ((make(3, 5), 0.35, 1), {"interpolation": m}) for m in modes
    ]


SAMPLES = {
    "sum": lambda make: _dims(make) + _double(make),
    "mean": lambda make: _dims(make)[:-1] + _double(make),
    "nansum": lambda make: [
        ((_nan(make, 3, 4),), {}),
        ((_nan(make, 3, 4), 1), {}),
        ((_nan(make, 3, 4), 0, True), {}),
    ],
    "nanmean": lambda make: [((_nan(make, 3, 4),), {}), ((_nan(make, 3, 4), 1), {})],
    "Tensor.sum_to_size": lambda make: [
        ((make(2, 3, 4), (3, 1)), {}),
        ((make(3, 4), (3, 4)), {}),
        ((make(3, 4), 1, 4), {}),
    ],
    "prod": lambda make: [
        *_all_or_dim(make),
        ((_zeros(make, 3, 4),), {}),
        ((_zeros(make, 3, 4), 1), {}),
        *_double(make),
    ],
    "var": _variance,
    "std": _variance,
    "var_mean": _variance,
    "std_mean": _variance,
    "max": _all_or_dim,
    "min": _all_or_dim,
    "amax": lambda make: _dims(make)[:-1],
    "amin": lambda make: _dims(make)[:-1],
    "aminmax": lambda make: [
        ((make(3, 4),), {}),
        ((make(3, 4),), {"dim": 1}),
        ((make(3, 4),), {"dim": 0, "keepdim": True}),
    ],
    "argmax": _all_or_dim,
    "argmin": _all_or_dim,
    "any": _dims,
    "all": _dims,
    "count_nonzero": lambda make: [((make(3, 4),), {}), ((make(3, 4), 1), {}), ((make(2, 3, 4), (0, 2)), {})],
    "norm": lambda make: [
        ((make(3, 4),), {}),
        ((make(3, 4), 1), {}),
        ((make(3, 4), 2, 1, True), {}),
        ((make(3, 4), "fro"), {}),
        ((separated(make, 3, 4), "nuc"), {}),
    ],
    "linalg.vector_norm": _norms,
    "linalg.norm": lambda make: [
        ((make(3, 4),), {}),
        ((make(3, 4), "fro"), {}),
        ((make(3, 4), 1), {}),
        ((make(4), 3), {}),
        ((separated(make, 3, 2), 2), {}),
        ((separated(make, 3, 2), "nuc"), {}),
    ],
    "linalg.matrix_norm": lambda make: [
        ((make(2, 3, 4),), {}),
        ((make(3, 4), 1), {}),
        ((make(3, 4), float("inf")), {"keepdim": True}),
        ((separated(make, 2, 3, 2), 2), {}),
        ((separated(make, 2, 3, 2), -2, (2, 1), True), {}),
        ((separated(make, 2, 3, 2), "nuc"), {}),
    ],
    "dist": lambda make: [
        ((make(3, 4), make(3, 4)), {}),
        ((make(3, 4), make(4), 1), {}),
        ((make(4), make(4), 3), {}),
    ],
    "renorm": lambda make: [
        ((make(3, 4), 2, 0, 1.5), {}),
        ((make(3, 4), 1, 1, 2), {}),
        ((make(2, 3, 2), 3, -1, 1), {}),
    ],
    "logsumexp": lambda make: [((make(3, 4), 1), {}), ((make(2, 3, 4), (0, 2), True), {}), ((make(), 0), {})],
    "special.logsumexp": lambda make: [((make(3, 4), 1), {})],
    "cumsum": lambda make: _dim(make) + _double(make),
    "cumprod": lambda make: [*_dim(make), ((_zeros(make, 3, 4), 1), {})],
    "cummax": _dim,
    "cummin": _dim,
    "logcumsumexp": _dim,
    "softmax": lambda make: _dim(make) + _double(make),
    "log_softmax": lambda make: _dim(make) + _double(make),
    "special.softmax": _dim,
    "special.log_softmax": _dim,
    "nn.functional.softmax": lambda make: [((make(3, 4), 1), {}), ((make(3, 4),), {"dim": 0})],
    "nn.functional.log_softmax": lambda make: [((make(3, 4), 1), {})],
    "nn.functional.softmin": lambda make: [((make(3, 4), 1), {})],
    "median": _all_or_dim,
    "nanmedian": lambda make: [((_nan(make, 3, 4),), {}), ((_nan(make, 3, 4), 1), {})],
    "mode": lambda make: [((make(3, 4), 1), {}), ((make(5),), {})],
    "kthvalue": lambda make: [((make(3, 4), 2), {}), ((make(3, 4), 1, 0, True), {}), ((make(), 1), {})],
    "quantile": _quantiles,
    "nanquantile": _quantiles,
    "sort": lambda make: [
        ((make(3, 4),), {}),
        ((make(3, 4), 0, True), {}),
        ((make(3, 4),), {"stable": True, "dim": 0}),
        ((make(),), {}),
    ],
    "argsort": lambda make: [((make(3, 4),), {}), ((make(3, 4), 0, True), {})],
    "msort": lambda make: [((make(3, 4),), {})],
    "topk": lambda make: [((make(3, 4), 2), {}), ((make(3, 4), 2, 0, False), {}), ((make(), 1), {})],
    "unique": lambda make: [
        ((_ints(make),), {}),
        ((_ints(make), True, True, True), {}),
        ((make(3, 2),), {"dim": 0}),
    ],
    "unique_consecutive": lambda make: [((_ints(make),), {}), ((_ints(make), True, True), {})],
    "histc": lambda make: [((make(9), 4), {}), ((make(9), 4, -1, 1), {})],
    "bincount": lambda make: [((_ints(make),), {}), ((_ints(make), make(6)), {"minlength": 8})],
    "cov": lambda make: [
        ((make(3, 5),), {}),
        ((make(5),), {}),
        ((make(3, 6),), {"correction": 0, "fweights": _ints(make)}),
    ],
    "corrcoef": lambda make: [((make(3, 5),), {})],
    "diff": lambda make: [
        ((make(5),), {}),
        ((make(3, 5), 2, 0), {}),
        ((make(3, 5),), {"prepend": make(3, 1), "append": make(3, 2)}),
    ],
    "trapezoid": lambda make: [
        ((make(3, 5),), {}),
        ((make(3, 5), make(5)), {}),
        ((make(3, 5),), {"dx": 0.5, "dim": 0}),
    ],
    "trapz": lambda make: [((make(5),), {}), ((make(3, 5), make(3, 5)), {})],
    "cumulative_trapezoid": lambda make: [
        ((make(3, 5),), {}),
        ((make(3, 5), make(5)), {}),
        ((make(3, 5),), {"dx": 0.5, "dim": 0}),
    ],
    "cosine_similarity": lambda make: [((make(3, 4), make(3, 4)), {}), ((make(3, 4), make(4), -1), {})],
    "nn.functional.cosine_similarity": lambda make: [((make(3, 4), make(3, 4)), {})],
    "pairwise_distance": lambda make: [((make(3, 4), make(3, 4)), {}), ((make(3, 4), make(3, 4), 1), {})],
    "nn.functional.pairwise_distance": lambda make: [((make(3, 4), make(3, 4)), {})],
}
_whole = "sum mean prod nansum nanmean max min amax amin argmax argmin any all count_nonzero var std"
_rows = "cumsum cumprod cummax cummin logsumexp logcumsumexp softmax log_softmax median nanmedian sort argsort"
EDGES = {
    **dict.fromkeys(f"{_whole} {_rows}".split(), _wild),
    "linalg.vector_norm": lambda make: [((x,), {"dim": d, "ord": p}) for (x, d), _ in _wild(make) for p in (1, 2, 3)],
    "kthvalue": lambda make: [((x, 3, d), {}) for (x, d), _ in _wild(make)],
    "topk": lambda make: [((x, 1, d), {}) for (x, d), _ in _wild(make)],
}
NO_GRADIENT = {
    "argmax",
    "argmin",
    "any",
    "all",
    "count_nonzero",
    "argsort",
    "unique",
    "unique_consecutive",
    "histc",
    "bincount",
}
FIRST_ONLY = {}
