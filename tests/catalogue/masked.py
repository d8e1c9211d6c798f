"""Samples of torch.masked (src/adjoint/masked/): some elements count, a mask broadcasts, all count."""


def _masks(make):
    return {
        "some": make.torch.tensor([[True, False, True, True], [False, True, True, False], [True, True, False, True]]),
        "row": make.torch.tensor([True, False, True, True]),
    }


def _dims(make, **options):
    m = _masks(make)
    return [
        ((make(3, 4),), {"mask": m["some"], **options}),
        ((make(3, 4), 1), {"mask": m["row"], "keepdim": True, **options}),
        ((make(3, 4), (0, 1)), {"mask": m["some"][:1], **options}),
        ((make(3, 4), -1), options),
        ((make(),), options),
    ]


def _line(make):
    m = _masks(make)
    return [((make(3, 4), 1), {"mask": m["some"]}), ((make(3, 4), -1), {"mask": m["row"]}), ((make(3, 4), 0), {})]


def _norm(make):
    m = _masks(make)
    orders = (2.0, 1, 3, float("inf"))
    return [((make(3, 4), order, 1), {"mask": m["some"]}) for order in orders] + [((make(3, 4),), {})]


def _deviation(make):
    m = _masks(make)
    return [
        ((make(3, 4), 1), {"mask": m["some"]}),
        ((make(3, 4), 1, False), {"mask": m["some"], "keepdim": True}),
        ((make(3, 4),), {"mask": m["row"], "correction": 2}),
        ((make(3, 4), (0,)), {}),
    ]


SAMPLES = {
    "masked.sum": _dims,
    "masked.prod": _dims,
    "masked.amax": _dims,
    "masked.amin": _dims,
    "masked.mean": _dims,
    "masked.logsumexp": _dims,
    "masked.argmax": lambda make: _line(make) + _dims(make)[:1],
    "masked.argmin": lambda make: _line(make) + _dims(make)[:1],
    "masked.median": _line,
    "masked.norm": _norm,
    "masked.var": _deviation,
    "masked.std": _deviation,
    "masked.cumsum": _line,
    "masked.cumprod": _line,
    "masked.softmax": _line,
    "masked.log_softmax": _line,
    "masked.softmin": _line,
    "masked.normalize": lambda make: [
        ((make(3, 4), 2.0, 1), {"mask": _masks(make)["some"]}),
        ((make(3, 4), 1.0, 0), {}),
    ],
    "masked.logaddexp": lambda make: [
        ((make(3, 4), make(3, 4)), {"input_mask": _masks(make)["some"], "other_mask": ~_masks(make)["some"]}),
        ((make(3, 4), make(4)), {}),
    ],
}

# log_softmax is -inf where nothing counts, about which no difference is finite: tests/test_masked.py.
NO_GRADIENT = ["masked.argmax", "masked.argmin", "masked.log_softmax"]
