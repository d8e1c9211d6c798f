"""Samples of orthogonal factors, least squares, pseudo-inverses, exponentials (core/ops/linalg/qr.cpp and its neighbours)."""

from .spectral import SQUARE, separated

TALL = [(3, 3), (1, 1), (3, 2), (2, 3, 2), (4, 1), (2, 0, 3, 2)]
WIDE = [(2, 3), (1, 3), (2, 2, 3)]
EMPTY = [(0, 3), (3, 0), (2, 0, 0)]
ORDERS = ["fro", "nuc", 2, -2, 1, -1, float("inf"), -float("inf")]


def _each(shapes, *options):
    return lambda make: [((separated(make, *s),), o) for s in shapes for o in (options or ({},))]


def _reflectors(make):
    """Any tau has a product, also one that is no reflector's."""
    sizes = [((3, 3), 3), ((3, 3), 2), ((3, 2), 2), ((2, 3, 2), 1), ((3, 2), 0), ((0, 0), 0), ((2, 0, 3, 2), 2)]
    return [((make(*s), make(*s[:-2], k)), {}) for s, k in sizes]


def _applied(make):
    cases = [
        (
            (make(*s), make(*s[:-2], k), make(*s[:-2], *((s[-2], 2) if left else (2, s[-2])))),
            {"left": left, "transpose": t},
        )
        for s, k in (((3, 3), 3), ((3, 2), 2), ((2, 3, 1), 1))
        for left in (True, False)
        for t in (True, False)
    ]
    return [*cases, ((make(0, 0), make(0), make(0, 2)), {})]


def _least_squares(make):
    sizes = [(3, 2), (2, 3), (3, 3), (2, 3, 2), (2, 0, 3, 2)]
    drivers = [{}, {"driver": "gels"}, {"driver": "gelsd"}, {"driver": "gelss", "rcond": 1e-4}]
    return [
        ((separated(make, *s), make(*s[:-1], *sides)), d) for s in sizes for d in drivers for sides in ((2,), (1,))
    ] + [((separated(make, 2, 3, 2), make(2, 3)), d) for d in drivers]


def _of_low_rank(make):
    torch = make.torch
    return [((torch.outer(make(3), make(2)),), {})]


SAMPLES = {
    "linalg.qr": lambda make: _each([*TALL, *WIDE, *EMPTY])(make) + _each(WIDE, {"mode": "complete"})(make),
    "qr": lambda make: _each([(3, 2), (2, 3)])(make) + _each(WIDE, {"some": False})(make),
    "geqrf": _each([*TALL, *WIDE, *EMPTY]),
    "linalg.householder_product": _reflectors,
    "orgqr": _reflectors,
    "ormqr": _applied,
    "linalg.lstsq": _least_squares,
    "linalg.pinv": lambda make: (
        _each([*TALL, *WIDE, *EMPTY])(make)
        + [((separated(make, 3, 3),), {"atol": 0.1, "rtol": 0.01}), ((separated(make, 2, 3, 2), 0.01), {})]
        + [((separated(make, 2, 3, 2),), {"rtol": make.torch.tensor([0.01, 0.02], dtype=make.torch.float64)})]
    ),
    "pinverse": _each([(3, 2), (2, 3, 3)]),
    "linalg.matrix_rank": lambda make: (
        _each([*TALL, *WIDE, *EMPTY])(make)
        + _of_low_rank(make)
        + [((separated(make, 3, 3),), {"atol": 3.0, "rtol": 0.0}), ((separated(make, 3, 3), 3.0), {})]
    ),
    "linalg.cond": lambda make: (
        _each([(3, 3), (2, 2, 2), (3, 2)])(make)
        + [((separated(make, 3, 3), p), {}) for p in ORDERS]
        + [((separated(make, 2, 0, 0), p), {}) for p in (2, 1, "nuc")]
    ),
    **dict.fromkeys(
        ["matrix_exp", "linalg.matrix_exp"],
        lambda make: [((make(*s),), {}) for s in SQUARE] + [((make(2, 2, low=-0.001, high=0.001),), {})],
    ),
    "nuclear_norm": lambda make: [
        ((separated(make, 3, 3),), {}),
        ((separated(make, 3, 2), True), {}),
        ((separated(make, 2, 3, 2), (1, 2)), {}),
    ],
    "linalg.vander": lambda make: [((make(3),), {}), ((make(2, 3),), {"N": 4}), ((make(2),), {"N": 2})],
    "linalg.diagonal": lambda make: [
        ((make(2, 3, 4),), {}),
        ((make(3, 3),), {"offset": 1}),
        ((make(2, 3, 4),), {"dim1": 0}),
    ],
}
EDGES = {
    "linalg.pinv": _of_low_rank,
    "linalg.qr": lambda make: _each(TALL, {"mode": "complete"}, {"mode": "r"})(make),
    "linalg.cond": lambda make: [((make(2, 2) * 0 + 1, p), {}) for p in (1, "fro", float("inf"))],
}
NO_GRADIENT = {"linalg.matrix_rank", "geqrf"}
