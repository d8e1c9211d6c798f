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
    "binary_cross_entropy_with_logits": lambda make: [
        ((make(3, 4), make(3, 4), make(4, low=0.5), make(4, low=0.5), r), {}) for r in (0, 1, 2)
    ],
}
