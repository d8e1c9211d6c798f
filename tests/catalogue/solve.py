"""Samples of systems of linear equations (core/ops/linalg/: lu, solve, triangular, cholesky, determinant, ldl): regular ones."""


def _regular(make, *shape):
    """A matrix, or a batch, with a strong diagonal."""
    torch, x = make.torch, make(*shape, low=-0.5, high=0.5)
    steps = torch.arange(1, shape[-1] + 1) * 2
    return x + (torch.eye(*shape[-2:], dtype=torch.int64) * steps).to(x.dtype)


SQUARE = [(3, 3), (1, 1), (2, 3, 3), (2, 0, 3, 3), (0, 0), (2, 0, 0)]
SHAPES = [*SQUARE, (3, 2), (2, 3), (4, 2), (2, 4), (2, 1, 3, 2), (0, 3), (3, 0)]
# Of A and B.
SYSTEMS = [((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 1)), ((3, 3), (2, 3, 2)), ((2, 1, 3, 3), (2, 3, 2)), ((0, 0), (0, 2))]
RIGHT = [((3, 3), (2, 3)), ((2, 3, 3), (2, 3)), ((2, 3, 3), (2, 2, 3))]


def _each(shapes, *options):
    return lambda make: [((_regular(make, *s),), o) for s in shapes for o in (options or ({},))]


def _pivots(make, *sizes):
    """Pivots of matrices of sizes[-1] rows: each row changes places with the last."""
    n = sizes[-1]
    return (make.torch.zeros(*sizes, dtype=make.torch.int32) + n).contiguous()


def _solve(make):
    left = [((_regular(make, *a), make(*b)), {}) for a, b in [*SYSTEMS, ((3, 3), (3,)), ((2, 3, 3), (2, 3))]]
    return left + [((_regular(make, *a), make(*b)), {"left": False}) for a, b in (RIGHT[0], RIGHT[2])]


def _solve_triangular(make):
    options = [{"upper": u, "unitriangular": one} for u in (False, True) for one in (False, True)]
    samples = [((_regular(make, *a), make(*b)), o) for a, b in SYSTEMS for o in options]
    return samples + [((_regular(make, *a), make(*b)), o | {"left": False}) for a, b in RIGHT[::2] for o in options]


def _lu_solve(make):
    samples = []
    for adjoint in (False, True):
        for a, b in [*SYSTEMS[:2], SYSTEMS[3]]:
            samples.append(((_regular(make, *a), _pivots(make, *a[:-1]), make(*b)), {"adjoint": adjoint}))
        for a, b in RIGHT[::2]:
            options = {"adjoint": adjoint, "left": False}
            samples.append(((_regular(make, *a), _pivots(make, *a[:-1]), make(*b)), options))
    return samples


def _ldl_solve(make):
    torch = make.torch
    ones, block = (torch.tensor(p, dtype=torch.int32) for p in ([1, 2, 3], [-2, -2, 3]))
    return [((_factor(make, 3, 3), p, make(3, 2)), {"hermitian": h}) for p in (ones, block) for h in (False, True)]


def _of_hermitian(call):
    return lambda a, *args, **kwargs: call(a + a.mH, *args, **kwargs)


def _real_diagonal(x):
    return x - (1j * x.imag.diagonal(0, -2, -1)).diag_embed() if x.is_complex() else x


def _factor(make, *shape):
    """Real on its diagonal."""
    return _real_diagonal(_regular(make, *shape))


def _of_factor(place):
    """Of what is read of the factor among the arguments, and may be there."""

    def determined(call):
        def run(*args):
            *args, upper = args
            args[place] = _real_diagonal(args[place].triu() if upper else args[place].tril())
            return call(*args, upper)

        return run

    return determined


SAMPLES = {
    "linalg.cholesky": _each(SQUARE, {}, {"upper": True}),
    "linalg.cholesky_ex": _each(SQUARE, {}, {"upper": True}),
    "cholesky": lambda make: [((_regular(make, *s), upper), {}) for s in SQUARE for upper in (False, True)],
    "cholesky_inverse": lambda make: [((_factor(make, *s), upper), {}) for s in SQUARE for upper in (False, True)],
    "cholesky_solve": lambda make: [
        ((make(*b), _factor(make, *a), upper), {}) for a, b in SYSTEMS for upper in (False, True)
    ],
    "linalg.solve": _solve,
    "linalg.solve_ex": _solve,
    "linalg.solve_triangular": _solve_triangular,
    "triangular_solve": lambda make: [
        ((make(*b), _regular(make, *a), upper, transpose), {})
        for a, b in SYSTEMS
        for upper in (False, True)
        for transpose in (False, True)
    ],
    "linalg.inv": _each(SQUARE),
    "linalg.inv_ex": _each(SQUARE),
    "inverse": _each(SQUARE),
    "linalg.det": _each(SQUARE),
    "det": _each(SQUARE),
    "linalg.slogdet": _each(SQUARE),
    "slogdet": _each(SQUARE),
    "logdet": _each(SQUARE),
    "linalg.lu": _each(SHAPES),
    "linalg.lu_factor": _each(SHAPES),
    "linalg.lu_factor_ex": _each(SHAPES),
    "lu_unpack": lambda make: [((_regular(make, *s), _pivots(make, *s[:-2], min(s[-2:]))), {}) for s in SHAPES],
    "linalg.lu_solve": _lu_solve,
    "lu_solve": lambda make: [
        ((make(*b), _regular(make, *a), _pivots(make, *a[:-1])), {}) for a, b in (*SYSTEMS[:2], SYSTEMS[3])
    ],
    "linalg.ldl_factor": _each(SQUARE, {}, {"hermitian": True}),
    "linalg.ldl_factor_ex": _each(SQUARE, {}, {"hermitian": True}),
    "linalg.ldl_solve": _ldl_solve,
    "linalg.tensorinv": lambda make: [
        ((_regular(make, 6, 6).reshape(2, 3, 6), 2), {}),
        ((_regular(make, 3, 3), 1), {}),
    ],
    "linalg.tensorsolve": lambda make: [
        ((_regular(make, 6, 6).reshape(2, 3, 6), make(2, 3)), {}),
        ((_regular(make, 6, 6).reshape(6, 2, 3), make(2, 3)), {"dims": (0,)}),
    ],
}
NO_GRADIENT = {"linalg.ldl_factor", "linalg.ldl_factor_ex", "linalg.ldl_solve"}
DETERMINED = {
    "linalg.cholesky": _of_hermitian,
    "linalg.cholesky_ex": _of_hermitian,
    "cholesky": _of_hermitian,
    "cholesky_inverse": _of_factor(0),
    "cholesky_solve": _of_factor(1),
}
