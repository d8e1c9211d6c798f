"""Samples of creation functions and random sources (core/ops/creation/, core/ops/random/)."""


def _sizes(*more):
    return lambda make: (
        [((s, *more), {}) for s in ((2, 3), (0, 2), (), [4])] + [(((2, 3), *more), {"dtype": make.torch.float32})]
    )


def _like(*more):
    return lambda make: [
        ((make(2, 3), *more), {}),
        ((make(4, 3).t(), *more), {}),
        ((make(), *more), {}),
        ((make(2, 3), *more), {"dtype": make.torch.float32}),
    ]


def _new(*more):
    return lambda make: [((make(2), (2, 3), *more), {}), ((make(2), (), *more), {"dtype": make.torch.float32})]


def _ranges(make):
    return [
        ((5,), {}),
        ((5.5,), {}),
        ((1, 8, 3), {}),
        ((3, -2, -1), {}),
        ((0.0, 1.0, 0.1), {}),
        ((2, 2), {}),
        ((0, 300, 0.3), {}),
        ((4,), {"dtype": make.torch.float16}),
    ]


def _spaces(make):
    return [
        ((0, 1, 5), {}),
        ((-2.5, 10, 40), {}),
        ((3, -3, 7), {"dtype": make.torch.int64}),
        ((0, 1, 1), {}),
        ((0, 1, 0), {}),
        ((0, 1j, 3), {}),
        ((0, 1, 100), {"dtype": make.torch.float64}),
    ]


def _triangles(make):
    return [((3, 4), {}), ((4, 3, 1), {}), ((3, 3, -1), {}), ((0, 3), {}), ((3, 3), {"dtype": make.torch.int32})]


def _reals(make):
    t = make(2, 3)
    return t.real.contiguous() if t.is_complex() else t


def _windows(make):
    dtype = {"dtype": make(1).dtype}
    return [((7,), dtype), ((8, False), dtype), ((1,), dtype), ((0,), dtype), ((5,), {})]


SAMPLES = {
    "zeros": _sizes(),
    "ones": _sizes(),
    "empty": _sizes(),
    "full": lambda make: [(((2, 3), v), {}) for v in (1, 2.5, True, 1j)] + [(((2,), 7), {"dtype": make.torch.float64})],
    "empty_permuted": lambda make: [(((2, 3, 4), (2, 0, 1)), {}), (((), ()), {})],
    "empty_strided": lambda make: [(((2, 3), (1, 2)), {}), (((2, 3), (3, 1)), {"dtype": make.torch.int64})],
    "zeros_like": _like(),
    "ones_like": _like(),
    "empty_like": _like(),
    "full_like": _like(2.5),
    "new_zeros": _new(),
    "new_ones": _new(),
    "new_empty": _new(),
    "new_full": _new(3),
    "new_empty_strided": lambda make: [((make(2), (2, 3), (1, 2)), {})],
    "scalar_tensor": lambda make: [((3,), {}), ((2.5,), {"dtype": make.torch.float64})],
    **dict.fromkeys(["hann_window", "blackman_window", "bartlett_window"], _windows),
    "hamming_window": lambda make: [*_windows(make), ((6, False, 0.5, 0.3), {"dtype": make(1).dtype})],
    "kaiser_window": lambda make: [*_windows(make), ((6, True, 5.0), {"dtype": make(1).dtype})],
    "arange": _ranges,
    "linspace": _spaces,
    "logspace": lambda make: [
        ((0, 1, 5), {}),
        ((-1, 2, 7, 2.0), {}),
        ((0, 3, 4), {"dtype": make.torch.int64}),
        ((0, 1, 1), {}),
    ],
    "eye": lambda make: [((3,), {}), ((2, 4), {}), ((4, 2), {}), ((0,), {}), ((3,), {"dtype": make.torch.int64})],
    "tril_indices": _triangles,
    "triu_indices": _triangles,
    "complex": lambda make: [((_reals(make), _reals(make)), {})],
    "polar": lambda make: [((_reals(make).abs(), _reals(make)), {})],
    "rand": _sizes(),
    "randn": _sizes(),
    "randint": lambda make: [((5, (2, 3)), {}), ((-3, 9, (4,)), {}), ((0, 2, (3,)), {"dtype": make.torch.float32})],
    "randperm": lambda make: [((7,), {}), ((0,), {}), ((5,), {"dtype": make.torch.float32})],
    "rand_like": _like(),
    "randn_like": _like(),
    "randint_like": _like(5),
    "normal": lambda make: [
        ((0.0, 1.0, (2, 3)), {}),
        ((make(3), 2.0), {}),
        ((1.0, make(3).abs()), {}),
        ((make(3), make(3).abs()), {}),
    ],
    "bernoulli": lambda make: [((make(2, 3, low=0.1, high=0.9),), {}), ((make(2, 3), 0.3), {})],
    "poisson": lambda make: [((make(2, 3, low=0, high=30),), {})],
    "binomial": lambda make: [((make(2, 3, low=0, high=30).round(), make(3, low=0, high=1)), {})],
    "multinomial": lambda make: [((make(2, 5, low=0.1, high=1), 3), {}), ((make(5, low=0.1, high=1), 9, True), {})],
    "get_rng_state": lambda make: [((), {})],
    "set_rng_state": lambda make: [((make.torch.get_rng_state(),), {})],
}
RANDOM = {
    "rand",
    "randn",
    "randint",
    "randperm",
    "rand_like",
    "randn_like",
    "randint_like",
    "normal",
    "bernoulli",
    "binomial",
    "multinomial",
    "poisson",
}
# Random samples and fresh memory do not depend smoothly on anything.
NO_GRADIENT = (set(SAMPLES) | {"range"}) - {"complex", "polar"}
LAYOUT_BOUND = RANDOM | {
    "empty",
    "empty_like",
    "new_empty",
    "empty_strided",
    "new_empty_strided",
    "empty_permuted",
    "set_rng_state",
}
