"""Indexing: gather and scatter, index_select and its inverses, masks, flat positions."""


def _at(make, *values):
    return make.torch.tensor(values)


def _along(make):
    return make.torch.tensor([[0, 2, 1], [2, 0, 2]])


def _mask(make):
    return make.torch.tensor([[True, False, True], [False, True, True]])


def _gather(make):
    return [
        ((make(3, 4), 0, _along(make)), {}),
        ((make(2, 3), 1, _along(make)[:, :2]), {}),
        ((make(4), -1, _at(make, 3, 3, 0)), {}),
    ]


def _scatter(make):
    # Each place is written once: which of two writers wins is left open.
    once = make.torch.tensor([[0, 2, 1], [2, 0, 0]])
    return [((make(3, 4), 0, once, make(2, 3)), {}), ((make(3, 4), 0, once, 1.5), {})]


def _adding(make):
    return [((make(3, 4), 0, _along(make), make(2, 3)), {}), ((make(4), 0, _at(make, 1, 1, 3), make(3)), {})]


def _reducing(make):
    kinds = ["sum", "prod", "mean", "amax", "amin"]
    return [
        ((make(3, 4, low=0.5), 0, _along(make), make(2, 3, low=0.5), kind), {"include_self": flag})
        for kind in kinds
        for flag in (True, False)
    ]


SAMPLES = {
    "gather": _gather,
    "scatter": _scatter,
    "scatter_add": _adding,
    "scatter_reduce": _reducing,
    "take_along_dim": lambda make: [((make(2, 4), _along(make), 1), {}), ((make(6), _at(make, 5, 0)), {})],
    "index_select": lambda make: [((make(3, 4), 0, _at(make, 2, 0, 2)), {}), ((make(3, 4), 1, _at(make, 1)), {})],
    "index_add": lambda make: [
        ((make(3, 4), 0, _at(make, 2, 2), make(2, 4)), {"alpha": 2}),
        ((make(3, 4), 1, _at(make, 0, 3), make(3, 2)), {}),
    ],
    "index_copy": lambda make: [((make(3, 4), 0, _at(make, 2, 0), make(2, 4)), {})],
    "index_fill": lambda make: [((make(3, 4), 1, _at(make, 2, 0), 0.5), {})],
    "index_put": lambda make: [
        ((make(3, 4), (_at(make, 2, 0),), make(2, 4)), {}),
        ((make(3, 4), (_at(make, 1, 1), _at(make, 0, 0)), make(2)), {"accumulate": True}),
    ],
    "masked_select": lambda make: [((make(2, 3), _mask(make)), {}), ((make(3), _mask(make)), {})],
    "masked_scatter": lambda make: [((make(2, 3), _mask(make), make(5)), {})],
    "nonzero": lambda make: [((_mask(make),), {}), ((make(3),), {})],
    "argwhere": lambda make: [((_mask(make),), {})],
    "take": lambda make: [((make(2, 3), _at(make, 5, 0, 5)), {}), ((make(4), make.torch.tensor([[-1, 2]])), {})],
    "put": lambda make: [
        ((make(2, 3), _at(make, 5, 0), make(2)), {}),
        ((make(4), _at(make, 1, 1), make(2)), {"accumulate": True}),
    ],
    "searchsorted": lambda make: [
        ((make(2, 5).sort(-1)[0], make(2, 3)), {}),
        ((make(5).sort()[0], make(2, 3)), {"right": True, "out_int32": True}),
        *[((x, make(3)), {"side": "right", "sorter": x.argsort()}) for x in [make(5)]],
        ((make(5).sort()[0], 1), {}),
    ],
    "bucketize": lambda make: [
        ((make(2, 3), make(4).sort()[0]), {}),
        ((make(2, 3), make(4).sort()[0]), {"right": True}),
        ((1, make(4).sort()[0]), {"out_int32": True}),
    ],
    "isin": lambda make: [
        ((make(2, 3), make(2, 3)), {}),
        ((_along(make), _at(make, 0, 1)), {"invert": True}),
        ((_along(make), 2), {}),
        ((2, _along(make)), {"assume_unique": True}),
    ],
}
NO_GRADIENT = {"nonzero", "argwhere", "searchsorted", "bucketize", "isin"}
