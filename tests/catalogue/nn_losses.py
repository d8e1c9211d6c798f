"""Samples of losses (core/ops/nn/)."""


def _pairs(*sizes, low=-2.0, high=2.0, **more):
    """(input, target) in each reduction, 0-d and empty ones, too."""
    shapes = [(3, 4), (), (2, 0), *sizes]

    def samples(make):
        pair = lambda s: (make(*s, low=low, high=high), make(*s, low=low, high=high))
        return [
            *((pair((3, 4)), {"reduction": r, **more}) for r in ("mean", "sum", "none")),
            *((pair(s), more) for s in shapes),
        ]

    return samples


def _weighted(*shapes, low=-2.0, high=2.0, names=("weight",)):
    """The same with weights, by name."""

    def samples(make):
        found = []
        for r in ("mean", "sum", "none"):
            x, t = make(3, 4, low=low, high=high), make(3, 4, low=low, high=high)
            weights = {name: make(*s, low=0.5, high=2.0) for name, s in zip(names, shapes, strict=True)}
            found.append(((x, t), {"reduction": r, **weights}))
        return found

    return samples


def _all(*several):
    return lambda make: [s for f in several for s in f(make)]


def _signs(make, *shape):
    """1 and -1 by turns."""
    t = make.torch
    n = 1
    for size in shape:
        n *= size
    return t.tensor([1 - 2 * (i % 2) for i in range(n)], dtype=t.int64).reshape(shape)


def _divergence(make):
    found = []
    for reduction in ("batchmean", "sum", "none"):
        for log_target in (False, True):
            low, high = (-3.0, -0.1) if log_target else (0.1, 0.9)
            target = make(3, 4, low=low, high=high)
            found.append(((make(3, 4), target), {"reduction": reduction, "log_target": log_target}))
    return found


def _poisson(make):
    return [
        ((make(3, 4), make(3, 4, low=0.1, high=4.0)), {"reduction": "sum"}),
        ((make(3, 4, low=0.1), make(3, 4, low=0.1, high=4.0)), {"log_input": False}),
        ((make(3, 4), make(3, 4, low=0.1, high=4.0)), {"full": True, "reduction": "none"}),
    ]


def _gaussian(make):
    positive = lambda *shape: make(*shape, low=0.2, high=3.0)
    return [
        ((make(3, 4), make(3, 4), positive(3, 4)), {}),
        ((make(3, 4), make(3, 4), positive(3)), {"full": True}),
        ((make(3, 4), make(3, 4), positive(3, 1)), {"reduction": "sum"}),
        ((make(3, 4), make(3, 4), 0.5), {"reduction": "none"}),
    ]


_REDUCTIONS = [{"reduction": r} for r in ("mean", "sum", "none")]


def _ranking(make):
    found = [((make(6), make(6), _signs(make, 6)), {"margin": 0.3, **r}) for r in _REDUCTIONS]
    return [*found, ((make(2, 3), make(2, 3), _signs(make, 2, 3)), {})]


def _cosine(make):
    found = [((make(4, 3), make(4, 3), _signs(make, 4)), {"margin": -0.9, **r}) for r in _REDUCTIONS]
    return [*found, ((make(3), make(3), _signs(make)), {})]


def _triplet(make):
    options = [{}, {"swap": True, "reduction": "none"}, {"p": 1.0, "margin": 2.0, "reduction": "sum"}, {"p": 3.0}]
    return [((make(4, 3), make(4, 3), make(4, 3)), o) for o in options] + [((make(3), make(3), make(3)), {})]


def _classes(make, *values):
    return make.torch.tensor(list(values))


def _multi_margin(make):
    found = [((make(3, 4), _classes(make, 0, 3, 1)), {"p": p, **r}) for p in (1, 2) for r in _REDUCTIONS]
    return [
        *found,
        ((make(3, 4), _classes(make, 0, 3, 1), 2, 0.5, make(4, low=0.5)), {}),
        ((make(4), make.torch.tensor(2)), {}),
        ((make(4), make.torch.tensor(2)), {"reduction": "none"}),
    ]


def _multilabel(make):
    found = [((make(2, 4), make.torch.tensor([[1, 3, -1, 0], [0, 1, 2, 3]])), r) for r in _REDUCTIONS]
    return [*found, ((make(4), _classes(make, 2, 0, -1, 1)), {}), ((make(4), _classes(make, -1, 0, 0, 0)), {})]


def _ctc(named):
    """Rows of targets, targets end to end, lengths as tensors and as numbers; one sample has but one alignment."""

    def samples(make):
        t = make.torch
        rows, flat = t.tensor([[1, 2, 2], [1, 1, 3]]), t.tensor([1, 2, 3, 1])
        reductions = ("mean", "sum", "none") if named else (1, 2, 0)
        found = [((make(5, 2, 4), rows, (5, 4), (2, 3), 0, r), {}) for r in reductions]
        return [
            *found,
            ((make(4, 2, 4), flat, t.tensor([4, 3]), t.tensor([3, 1])), {"blank": 0}),
            ((make(4, 2, 4), rows, (4, 0), (2, 0)), {"blank": 3}),
            ((make(2, 2, 4), rows, (2, 2), (2, 3)), {"zero_infinity": True}),
            ((make(4, 4), flat, (4,), (4,)), {}),
        ]

    return samples


def _linear_classes(make):
    target = _classes(make, 0, 3, -100, 1)
    args = lambda: (make(4, 3), make(5, 3))
    weighed = {"weight": make(5, low=0.5), "linear_bias": make(5).detach()}
    return [
        *(((*args(), target), {**r}) for r in _REDUCTIONS),
        ((*args(), _classes(make, 1, 0, 4, 1)), {"ignore_index": 1, "label_smoothing": 0.2, **weighed}),
        ((make(4, 3), make(5, 3), make(4, 5, low=0.1)), {}),
        ((make(4, 3), make(5, 2, 3), make.torch.tensor([[0, 1], [2, 3], [4, 0], [1, 1]])), {}),
        ((make(3), make(5, 3), make.torch.tensor(2)), {"reduction": "none"}),
    ]


_bce = {"low": 0.05, "high": 0.95}

SAMPLES = {
    "nn.functional.mse_loss": _all(_pairs(), _weighted((3, 4))),
    "nn.functional.l1_loss": _all(_pairs(), _weighted((3, 4))),
    "nn.functional.smooth_l1_loss": _all(_pairs(), _pairs(beta=0.5), _pairs(beta=0.0)),
    "nn.functional.huber_loss": _all(_pairs(), _pairs(delta=0.5), _weighted((3, 4))),
    "nn.functional.soft_margin_loss": _pairs(),
    "nn.functional.binary_cross_entropy": _all(_pairs(**_bce), _weighted((3, 4), **_bce), _weighted((4,), **_bce)),
    "nn.functional.binary_cross_entropy_with_logits": _all(
        _pairs(), _weighted((3, 4), (4,), names=("weight", "pos_weight")), _weighted((4,), names=("pos_weight",))
    ),
    "nn.functional.kl_div": _divergence,
    "kl_div": lambda make: [((make(3, 4), make(3, 4, low=0.1), 2), {})],
    "nn.functional.poisson_nll_loss": _poisson,
    "nn.functional.gaussian_nll_loss": _gaussian,
    "nn.functional.hinge_embedding_loss": lambda make: [
        ((make(6), _signs(make, 6)), {"margin": 0.7, **r}) for r in _REDUCTIONS
    ],
    "nn.functional.margin_ranking_loss": _ranking,
    "nn.functional.cosine_embedding_loss": _cosine,
    "nn.functional.triplet_margin_loss": _triplet,
    "nn.functional.multilabel_soft_margin_loss": _all(_weighted((4,)), _weighted((3, 4))),
    "nn.functional.multi_margin_loss": _multi_margin,
    "nn.functional.multilabel_margin_loss": _multilabel,
    "nn.functional.linear_cross_entropy": _linear_classes,
    "nn.functional.ctc_loss": _ctc(True),
    "ctc_loss": _ctc(False),
    "binary_cross_entropy_with_logits": lambda make: [
        ((make(3, 4), make(3, 4), make(4, low=0.5), make(4, low=0.5), r), {}) for r in (0, 1, 2)
    ],
}
