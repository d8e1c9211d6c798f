"""Samples of pointwise operations (core/ops/pointwise/ and the functions that choose among them)."""

INF = float("inf")
NAN = float("nan")


def _unary(low=-2.0, high=2.0):
    """A matrix, a 0-d and an empty tensor, one in a permuted layout."""

    def samples(make):
        return [
            ((make(3, 4, low=low, high=high),), {}),
            ((make(low=low, high=high),), {}),
            ((make(0, 2, low=low, high=high),), {}),
            ((make(2, 3, 2, low=low, high=high).transpose(0, 2),), {}),
        ]

    return samples


def _at(*values):
    """Those values in one tensor, of floating types only."""

    def samples(make):
        return [((make.torch.tensor(values).to(make(1).dtype),), {})] if make(1).is_floating_point() else []

    return samples


def _binary(low=-2.0, high=2.0, number=True, left=False):
    """Equal shapes, broadcast ones, a 0-d operand, a number on the right (and on the left)."""

    def samples(make):
        def m(*shape):
            return make(*shape, low=low, high=high)

        cases = [
            ((m(3, 4), m(3, 4)), {}),
            ((m(3, 1), m(4)), {}),
            ((m(3, 4), m()), {}),
            ((m(), m(2)), {}),
            ((m(0, 2), m(1)), {}),
            ((m(3, 2), m(2, 3).t()), {}),
        ]
        if number:
            cases += [((m(3, 4), 1.5), {}), ((m(3), 2), {}), ((m(), 1), {})]
        if left:
            cases += [((1.5, m(3)), {}), ((2, m(3)), {})]
        return cases

    return samples


def _positive(**options):
    return _binary(low=0.5, high=3.0, **options)


def _ties(make):
    def t(*values):
        return make.torch.tensor(values).to(make(1).dtype)

    special = [((t(NAN, 0.0, 1.0, NAN), t(0.0, NAN, 1.0, NAN)), {})] if make(1).is_floating_point() else []
    return [((t(1, 2, 3), t(2, 2, 2)), {}), *special]


def _apart(make):
    return [((make(3, 4), make(3, 4)), {}), ((make(3, 1), make(4)), {}), ((make(3), make()), {})]


def _alpha(make):
    return [
        *_binary(left=True)(make),
        ((make(3, 4), make(4)), {"alpha": 2}),
        ((make(3), 2), {"alpha": 3}),
    ]


def _alpha_right(make):
    return [*_binary()(make), ((make(3, 4), make(4)), {"alpha": 2}), ((make(3), 2), {"alpha": 3})]


def _quotient(make):
    numbers = [((make(3, 4), 1.5), {}), ((make(3), -2), {})]
    return [
        ((make(3, 4), make(3, 4, low=0.5, high=3.0)), {}),
        ((make(3, 1), make(4, low=-3.0, high=-0.5)), {}),
        ((2, make(3, low=0.5, high=3.0)), {}),
        *numbers,
    ]


def _rounding(make):
    def cases(mode):
        return [(args, {"rounding_mode": mode}) for args, _ in _quotient(make)]

    return _quotient(make) + cases("trunc") + cases("floor") + cases(None)


def _right_only(make):
    return [s for s in _quotient(make) if not isinstance(s[0][0], int)]


def _powers(make):
    exponents = (0, 1, 2, 3, 0.5, -1.0, -2.0, 2.5, -0.5, 4, True)
    return [((make(3, 2, low=0.5, high=3.0), n), {}) for n in exponents] + [
        ((make(3, 4, low=0.5, high=3.0), make(3, 4)), {}),
        ((make(3, 1, low=0.5, high=3.0), make(4)), {}),
        ((2, make(3)), {}),
        ((1, make(3)), {}),
        ((0.5, make(3)), {}),
    ]


def _bounds(make):
    return [
        ((make(3, 4), -0.7, 0.9), {}),
        ((make(3, 4),), {"min": -0.7}),
        ((make(3, 4),), {"max": 1}),
        ((make(3, 4), make(4, low=-1.0, high=0.0), make(3, 1, low=0.1, high=1.0)), {}),
        ((make(3, 4),), {"min": make(4)}),
        ((make(3, 4),), {"max": make(3, 1)}),
    ]


def _bound(make):
    return [((make(3, 4), 0.3), {}), ((make(3, 4), 1), {}), ((make(3, 4), make(4)), {}), ((make(3, 1), make(4)), {})]


def _mask(make, *shape):
    n = 1
    for s in shape:
        n *= s
    return (make.torch.arange(n) % 3 == 0).reshape(shape)


def _where(make):
    return [
        ((_mask(make, 3, 4), make(3, 4), make(3, 4)), {}),
        ((_mask(make, 3, 1), make(4), make(3, 4)), {}),
        ((_mask(make, 3, 4), make(), 0), {}),
        ((_mask(make, 3), 1.5, make(3)), {}),
        ((_mask(make, 3), 1, 2.5), {}),
        ((_mask(make, 3), 1, 2), {}),
        ((_mask(make, 3, 4),), {}),
    ]


def _masked_fill(make):
    return [
        ((make(3, 4), _mask(make, 3, 4), 2), {}),
        ((make(3, 4), _mask(make, 4), 1.5), {}),
        ((make(3, 1), _mask(make, 3, 4), make()), {}),
    ]


def _lerp(make):
    return [
        ((make(3, 4), make(3, 4), 0.3), {}),
        ((make(3, 1), make(4), 0.75), {}),
        ((make(3, 4), make(3, 4), make(3, 4)), {}),
        ((make(3, 1), make(4), make()), {}),
    ]


def _three(low):
    def samples(make):
        return [
            ((make(3, 4), make(3, 4), make(3, 4, low=low)), {}),
            ((make(3, 4), make(3, 1), make(4, low=low)), {"value": 2}),
            ((make(3), make(3), make(low=low)), {"value": 0.5}),
        ]

    return samples


def _integers(make, low=-4, high=5):
    kind = make(1).dtype
    t = make(12, low=0.0, high=20.0, dtype=make.torch.float64).to(make.torch.int64)
    return (t % (high - low) + low).to(make.torch.int64 if kind.is_floating_point or kind.is_complex else kind)


def _bits(make):
    a, b = _integers(make), _integers(make, 0, 7)
    return [((a, b), {}), ((a, 3), {}), ((5, b), {}), ((a.reshape(3, 4), b[:4]), {})]


def _shifts(make):
    a, b = _integers(make), _integers(make, 0, 5)
    return [((a, b), {}), ((a, 2), {}), ((5, b), {}), ((a, -1), {}), ((a, 70), {})]


def _integer_pairs(make):
    return [((_integers(make), _integers(make)), {}), ((_integers(make).reshape(3, 4), _integers(make)[:4]), {})]


def _with(*numbers, **options):
    """The function alone, and with its numbers given."""

    def samples(make):
        return [((make(3, 4),), {}), ((make(3, 4), *numbers), {}), ((make(),), {}), ((make(5, high=40.0),), options)]

    return samples


def _nn(make):
    return [((make(3, 4),), {}), ((make(),), {}), ((make(0, 2),), {}), ((make(6, low=-8.0, high=8.0),), {})]


def _closeness(make):
    x = make(3, 4)
    return [((x, x.clone()), {}), ((x, x + 1e-7), {}), ((x, make(4)), {}), ((x, x + 0.1), {"rtol": 0.2, "atol": 0.01})]


def _nan_to_num(make):
    x = make(3, 4)
    return [((x,), {}), ((x, 1.0), {}), ((x,), {"posinf": 2.0, "neginf": -3.0})]


def _prelu(make):
    return [
        ((make(2, 3, 4), make(3, low=0.1)), {}),
        ((make(3, 4), make(1, low=0.1)), {}),
        ((make(5), make(1, low=0.1)), {}),
    ]


SAMPLES = {
    # arithmetic
    "add": _alpha,
    "sub": _alpha,
    "subtract": _alpha,
    "rsub": _alpha_right,
    "mul": _binary(left=True),
    "multiply": _binary(left=True),
    "div": _rounding,
    "divide": _rounding,
    "true_divide": _quotient,
    "floor_divide": _right_only,
    "remainder": _right_only,
    "fmod": _right_only,
    "neg": _unary(),
    "negative": _unary(),
    "positive": _unary(),
    "reciprocal": _unary(0.5, 3.0),
    "pow": _powers,
    "float_power": _powers,
    "square": _unary(),
    "sqrt": _unary(0.5, 3.0),
    "rsqrt": _unary(0.5, 3.0),
    "hypot": _positive(number=False),
    # exponentials
    "exp": _unary(),
    "exp2": _unary(),
    "expm1": _unary(),
    "log": _unary(0.5, 3.0),
    "log2": _unary(0.5, 3.0),
    "log10": _unary(0.5, 3.0),
    "log1p": _unary(-0.5, 3.0),
    "logaddexp": _binary(number=False),
    "logaddexp2": _binary(number=False),
    "xlogy": _positive(left=True),
    "special.xlog1py": _positive(left=True),
    "logit": lambda make: [((make(3, 4, low=0.1, high=0.9),), {}), ((make(3, 4, low=-0.5, high=1.5), 0.2), {})],
    "frexp": _unary(-20.0, 20.0),
    "ldexp": _binary(number=False),
    # trigonometry
    "sin": _unary(),
    "cos": _unary(),
    "tan": _unary(-1.0, 1.0),
    "asin": _unary(-0.9, 0.9),
    "arcsin": _unary(-0.9, 0.9),
    "acos": _unary(-0.9, 0.9),
    "arccos": _unary(-0.9, 0.9),
    "atan": _unary(),
    "arctan": _unary(),
    "atan2": _binary(number=False),
    "arctan2": _binary(number=False),
    "sinc": _unary(),
    "deg2rad": _unary(-200.0, 200.0),
    "rad2deg": _unary(),
    "sinh": _unary(),
    "cosh": _unary(),
    "tanh": _unary(),
    "asinh": _unary(),
    "arcsinh": _unary(),
    "acosh": _unary(1.2, 4.0),
    "arccosh": _unary(1.2, 4.0),
    "atanh": _unary(-0.9, 0.9),
    "arctanh": _unary(-0.9, 0.9),
    # rounding
    "ceil": _unary(),
    "floor": _unary(),
    "trunc": _unary(),
    "fix": _unary(),
    "frac": _unary(),
    "round": lambda make: [
        *_unary()(make),
        ((make(3, 4),), {"decimals": 1}),
        ((make(3, 4, low=-200.0, high=200.0),), {"decimals": -1}),
    ],
    "sign": _unary(),
    "sgn": _unary(),
    # comparison
    **dict.fromkeys(["eq", "ne", "not_equal", "lt", "less", "le", "less_equal"], _binary()),
    **dict.fromkeys(["gt", "greater", "ge", "greater_equal"], _binary()),
    **dict.fromkeys(["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal"], _unary()),
    "signbit": _unary(),
    "isclose": _closeness,
    "allclose": _closeness,
    "equal": lambda make: [(args, {}) for args, _ in _closeness(make)],
    # logic
    "logical_not": _unary(),
    "logical_and": _binary(number=False),
    "logical_or": _binary(number=False),
    "logical_xor": _binary(number=False),
    "bitwise_not": lambda make: [((_integers(make),), {})],
    "bitwise_and": _bits,
    "bitwise_or": _bits,
    "bitwise_xor": _bits,
    "bitwise_left_shift": _shifts,
    "bitwise_right_shift": _shifts,
    "Tensor.__lshift__": lambda make: _shifts(make)[:2],
    "Tensor.__rshift__": lambda make: _shifts(make)[:2],
    "gcd": _integer_pairs,
    "lcm": _integer_pairs,
    # order
    "maximum": _apart,
    "minimum": _apart,
    "fmax": _apart,
    "fmin": _apart,
    "clamp": _bounds,
    "clip": _bounds,
    "clamp_min": _bound,
    "clamp_max": _bound,
    # choice and mixing
    "where": _where,
    "masked_fill": _masked_fill,
    "lerp": _lerp,
    "addcmul": _three(-2.0),
    "addcdiv": _three(0.5),
    "nan_to_num": _nan_to_num,
    "heaviside": lambda make: [((make(3, 4), make(4)), {}), ((make(3) * 0, make(3)), {})],
    "copysign": _binary(),
    "nextafter": _apart,
    # parts of complex numbers
    "abs": _unary(),
    "absolute": _unary(),
    "angle": _unary(),
    "conj": _unary(),
    "conj_physical": _unary(),
    "resolve_conj": _unary(),
    "resolve_neg": _unary(),
    # activations
    "sigmoid": _unary(-6.0, 6.0),
    "relu": _unary(),
    "selu": _unary(),
    "celu": lambda make: [((make(3, 4),), {}), ((make(3, 4), 0.5), {})],
    "threshold": lambda make: [((make(3, 4), 0.3, 2), {}), ((make(3, 4), 1, 20), {})],
    "nn.functional.threshold": lambda make: [((make(3, 4), 0.3, 2), {})],
    "hardshrink": _with(0.3),
    "prelu": _prelu,
    "nn.functional.prelu": _prelu,
    **dict.fromkeys([f"nn.functional.{f}" for f in ("relu", "silu", "mish", "hardsigmoid", "hardswish", "selu")], _nn),
    **dict.fromkeys([f"nn.functional.{f}" for f in ("relu6", "logsigmoid", "softsign", "tanhshrink")], _nn),
    "nn.functional.gelu": lambda make: [*_nn(make), ((make(3, 4),), {"approximate": "tanh"})],
    "nn.functional.softplus": _with(2.0, 3.0, beta=0.5),
    "nn.functional.leaky_relu": _with(0.2),
    "nn.functional.elu": _with(0.5),
    "nn.functional.celu": _with(0.5, alpha=2.0),
    "nn.functional.hardtanh": _with(-0.5, 0.7, max_val=3.0),
    "nn.functional.hardshrink": _with(0.3),
    "nn.functional.softshrink": _with(0.3),
}
EDGES = {
    "abs": _at(0.0, -0.0),
    "angle": _at(0.0, -0.0, -1.0),
    "ceil": _at(0.5, -0.5, -0.0, NAN, INF),
    "floor": _at(0.5, -0.5, -0.0, NAN, INF),
    "trunc": _at(0.5, -0.5, -0.0, NAN, INF),
    "fix": _at(0.5, -0.5),
    "sign": _at(0.0, -0.0, NAN, INF),
    "signbit": _at(1.0, INF, -INF, 0.0, -0.0),
    "relu": _at(0.0, -0.0, NAN, INF),
    "round": _at(0.5, 1.5, 2.5, -0.5, NAN, INF),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin"], _ties),
    **dict.fromkeys(["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal"], _at(1.0, NAN, INF, -INF, -0.0)),
    "clamp": lambda make: [((make(4), 1, -1), {})],
    "nan_to_num": lambda make: [
        (args, {**options}) for args, _ in _at(1.0, NAN, INF, -INF)(make) for options in ({}, {"nan": 1.0})
    ],
    "frexp": _at(0.0, -0.0, 1.0, -8.0, INF, NAN),
    "sqrt": _at(0.0, -1.0, INF, NAN),
    "log": _at(0.0, -1.0, INF, NAN),
    "sinc": _at(0.0),
    "atan2": lambda make: [(2 * args, {}) for args, _ in _at(0.0, 1.0, -1.0)(make)],
    "pow": lambda make: [((x, n), {}) for (x,), _ in _at(0.0, -1.0, INF, NAN)(make) for n in (0, 1, 2, 3)],
    "nn.functional.hardtanh": _at(-1.0, 1.0, NAN),
    "nn.functional.hardsigmoid": _at(-3.0, 3.0, NAN),
    "nn.functional.hardswish": _at(-3.0, 3.0, NAN),
    "nn.functional.leaky_relu": _at(0.0, NAN, INF),
    "nn.functional.elu": _at(NAN, INF, -INF),
    "nn.functional.softplus": _at(20.0, 100.0, NAN, INF, -INF),
    "nn.functional.gelu": _at(0.0, 10.0, -10.0, NAN),
    "nn.functional.softshrink": _at(0.5, -0.5, NAN, INF),
    "nn.functional.hardshrink": _at(0.5, -0.5, NAN, INF),
    "sigmoid": _at(100.0, -100.0, INF, NAN),
    "tanh": _at(100.0, -100.0, INF, NAN),
}
NO_GRADIENT = {
    *("eq", "ne", "not_equal", "lt", "less", "le", "less_equal", "gt", "greater", "ge", "greater_equal"),
    *("isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit", "isclose", "allclose", "equal"),
    *("logical_not", "logical_and", "logical_or", "logical_xor"),
    *("bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"),
    *("Tensor.__lshift__", "Tensor.__rshift__", "gcd", "lcm"),
    # PyTorch defines no derivative for these two.
    *("floor_divide", "heaviside"),
}
FIRST_ONLY = {}
