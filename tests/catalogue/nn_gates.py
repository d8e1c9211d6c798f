"""Samples of activations with a gate or with chance (core/ops/nn/gates.cpp), those where nothing is left to it:
tests/test_gates.py draws."""

SAMPLES = {
    "nn.functional.glu": lambda make: [
        ((make(3, 4),), {}),
        ((make(4, 3), 0), {}),
        ((make(2, 4, 2), 1), {}),
        ((make(0, 2),), {}),
    ],
    "nn.functional.rrelu": lambda make: [
        ((make(3, 4),), {}),
        ((make(3, 4),), {"lower": 0.25, "upper": 0.25, "training": True}),
    ],
    "rrelu": lambda make: [((make(3, 4), 0.1, 0.3), {}), ((make(3, 4), 0.5, 0.5, True), {})],
    # Of one category its probability is 1.
    "nn.functional.gumbel_softmax": lambda make: [
        ((make(3, 1),), {}),
        ((make(1, 3), 0.5), {"dim": 0}),
        ((make(3, 1),), {"hard": True}),
    ],
}
