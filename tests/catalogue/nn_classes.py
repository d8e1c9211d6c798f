"""Samples of the losses of classes: cross_entropy and nll_loss (core/ops/nn/)."""


def _classes(make, *shape, classes):
    n = 1
    for s in shape:
        n *= s
    return make.torch.tensor([(3 * i + 1) % classes for i in range(n)], dtype=make.torch.int64).reshape(shape)


def _weight(make, n):
    return {"weight": make(n, low=0.5, high=2.0)}


def _nll(make):
    return [
        *(((make(3, 4), _classes(make, 3, classes=4)), {"reduction": r}) for r in ("mean", "sum", "none")),
        ((make(3, 4), _classes(make, 3, classes=4)), {**_weight(make, 4), "ignore_index": 1}),
        ((make(4), _classes(make, classes=4)), {}),
        ((make(2, 3, 2), _classes(make, 2, 2, classes=3)), {"reduction": "none", **_weight(make, 3)}),
        ((make(1, 3, 2, 2), _classes(make, 1, 2, 2, classes=3)), {"ignore_index": 2}),
        ((make(0, 4), _classes(make, 0, classes=4)), {"reduction": "sum"}),
    ]


def _cross_entropy(make):
    more = [{"label_smoothing": 0.3}, {"label_smoothing": 0.3, "ignore_index": 1}]
    shares = {"low": 0.0, "high": 1.0}
    return [
        *_nll(make),
        *(((make(3, 4), _classes(make, 3, classes=4)), {**_weight(make, 4), **m}) for m in more),
        ((make(2, 3, 2), _classes(make, 2, 2, classes=3)), {"reduction": "none", **more[0]}),
        ((make(2, 40), _classes(make, 2, classes=40)), {}),
        *(((make(3, 4), make(3, 4, **shares)), {"reduction": r}) for r in ("mean", "sum", "none")),
        ((make(2, 3, 2), make(2, 3, 2, **shares)), {**_weight(make, 3), "label_smoothing": 0.3}),
        ((make(4), make(4, **shares)), {}),
    ]


SAMPLES = {"nn.functional.nll_loss": _nll, "nn.functional.cross_entropy": _cross_entropy}
