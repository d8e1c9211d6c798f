"""Samples of dropout (core/ops/nn/dropout.cpp) where nothing is left to chance: everything kept, or nothing.
tests/test_dropout.py has what lies between."""


def _certain(*shape, nn=True):
    options = [{"training": False}, {"p": 1.0, "training": True}, {"p": 0.0, "training": True}]
    places = [(0.5, False), (1.0, True), (0.0, True)]

    def samples(make):
        if nn:
            return [((make(*shape),), o) for o in options]
        return [((make(*shape), *p), {}) for p in places]

    return samples


SAMPLES = {
    **{f"nn.functional.{n}": _certain(2, 3) for n in ("dropout", "alpha_dropout", "feature_alpha_dropout")},
    **{n: _certain(2, 3, nn=False) for n in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")},
    "nn.functional.dropout1d": _certain(2, 3),
    "nn.functional.dropout2d": _certain(2, 3, 2, 2),
    "nn.functional.dropout3d": _certain(2, 3, 1, 2),
    "native_dropout": lambda make: [((make(2, 3), *more), {}) for more in ((0.5, False), (1.0, True), (0.0, None))],
}
