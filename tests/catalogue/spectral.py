"""Samples of singular values and eigenvalues (core/ops/linalg/svd.cpp, eigh.cpp, eig.cpp): their spectra are well separated."""


def separated(make, *shape):
    """A matrix, or a batch, whose diagonal tells its values apart."""
    torch, x = make.torch, make(*shape, low=-0.5, high=0.5)
    steps = torch.arange(1, shape[-1] + 1) * 2
    return x + (torch.eye(*shape[-2:], dtype=torch.int64) * steps).to(x.dtype)


SQUARE = [(3, 3), (1, 1), (2, 3, 3), (2, 0, 3, 3), (0, 0), (2, 0, 0)]
SHAPES = [*SQUARE, (3, 2), (2, 3), (4, 2), (2, 4), (2, 1, 3, 2), (0, 3), (3, 0)]


def _each(shapes, *options):
    return lambda make: [((separated(make, *s),), o) for s in shapes for o in (options or ({},))]


def _svd_determined(call):
    """Each value with its pair of vectors, and the projectors to what is left."""

    def run(a, *args, **kwargs):
        u, s, vh = call(a, *args, **kwargs)
        k = s.shape[-1]
        weights = (1.0 + s.detach().new_tensor(range(k))).to(u.dtype)
        rest, rest_h = u[..., k:], vh[..., k:, :]
        return (u[..., :k] * weights) @ vh[..., :k, :], s, rest @ rest.mH, rest_h.mH @ rest_h

    return run


def _old_svd_determined(call):
    def run(a, some=True, compute_uv=True):
        u, s, v = call(a, some, compute_uv)
        return _svd_determined(lambda _: (u, s, v.mH))(a) if compute_uv else s

    return run


def _eigh_determined(call):
    def run(a, **kwargs):
        w, v = call(a + a.mH, **kwargs)
        weights = (1.0 + w.detach().new_tensor(range(w.shape[-1]))).to(v.dtype)
        return w, (v * weights) @ v.mH

    return run


def _eig_determined(call):
    def run(a):
        w, v = call(a)
        return w, v.abs(), v[..., :1, :].conj() * v

    return run


SAMPLES = {
    "linalg.svd": _each(SHAPES, {}, {"full_matrices": False}),
    "linalg.svdvals": _each(SHAPES),
    "svd": lambda make: [
        ((separated(make, *s), some, uv), {})
        for s in SHAPES
        for some, uv in ((True, True), (False, True), (True, False))
    ],
    "linalg.eigh": _each(SQUARE, {}, {"UPLO": "U"}),
    "linalg.eigvalsh": _each(SQUARE, {}, {"UPLO": "U"}),
    "linalg.eig": _each(SQUARE),
    "linalg.eigvals": _each(SQUARE),
}
DETERMINED = {
    "linalg.svd": _svd_determined,
    "svd": _old_svd_determined,
    "linalg.eigh": _eigh_determined,
    "linalg.eig": _eig_determined,
    "linalg.eigvalsh": lambda call: lambda a, **kwargs: call(a + a.mH, **kwargs),
}
