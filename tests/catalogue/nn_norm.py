"""Samples of normalisations (core/ops/nn/)."""


def _layer(make):
    return [
        ((make(3, 5), (5,), make(5), make(5)), {}),
        ((make(3, 5), (5,)), {"eps": 0.1}),
        ((make(2, 3, 2, 4), (2, 4), make(2, 4)), {}),
        ((make(2, 40), (40,), make(40), make(40)), {}),
        ((make(4), (4,)), {}),
        ((make(0, 3), (3,), make(3), make(3)), {}),
        ((make(3, 0), (0,)), {}),
    ]


def _native_layer(make):
    return [((make(3, 5), (5,), make(5), make(5), 1e-5), {}), ((make(2, 2, 3), (2, 3), None, None, 0.1), {})]


def _rms(make):
    return [
        ((make(3, 5), (5,), make(5)), {}),
        ((make(3, 5), (5,)), {"eps": 0.1}),
        ((make(2, 3, 2, 4), (2, 4), make(2, 4)), {"eps": 1e-5}),
        ((make(2, 40), (40,)), {}),
        ((make(0, 3), (3,), make(3)), {}),
    ]


def _group(make):
    return [
        ((make(2, 6, 3), 3, make(6), make(6)), {}),
        ((make(2, 4, 2, 3), 2), {"eps": 0.1}),
        ((make(3, 6), 2, make(6), make(6)), {}),
        ((make(1, 2, 40), 2, make(2)), {}),
        ((make(2, 4, 3), 4), {}),
        ((make(0, 4, 2), 2, make(4), make(4)), {}),
        ((make(2, 4, 0), 2), {}),
    ]


def _native_group(make):
    return [((make(2, 6, 3), make(6), make(6), 2, 6, 3, 3, 1e-5), {}), ((make(2, 4), None, None, 2, 4, 1, 2, 0.1), {})]


def _running(make, n):
    return {"running_mean": make(n), "running_var": make(n, low=0.5)}


def _batch(make):
    """Statistics of the batch, and running ones; those do not move here, as samples are used again."""
    last = make(2, 2, 3, 4).transpose(1, 3).contiguous().transpose(1, 3)
    return [
        ((make(5, 3), None, None, make(3), make(3), True), {}),
        ((make(3, 2, 4), None, None, make(2)), {"training": True, "eps": 0.1}),
        ((make(2, 3, 2, 3), None, None), {"training": True}),
        ((last, None, None, make(2), make(2), True), {}),
        ((make(1, 2, 2, 2, 3), None, None), {"training": True}),
        ((make(5, 3),), {**_running(make, 3), "weight": make(3), "bias": make(3)}),
        ((make(2, 3, 4),), _running(make, 3)),
        ((make(0, 3), None, None, make(3), make(3), True), {}),
        ((make(2, 3, 0), None, None), {"training": True}),
    ]


def _torch_batch(make):
    return [((make(4, 3), make(3), make(3), None, None, True, 0.1, 1e-5, False), {})]


def _native_batch(make):
    given = _running(make, 3)
    return [
        ((make(4, 3), make(3), make(3), None, None, True, 0.1, 1e-5), {}),
        ((make(2, 3, 4),), {"weight": None, "bias": None, **given, "training": False, "momentum": 0.1, "eps": 1e-5}),
    ]


def _instance(make):
    return [
        ((make(2, 3, 4), None, None, make(3), make(3)), {}),
        ((make(2, 2, 2, 3),), {"eps": 0.1}),
        ((make(2, 3, 4),), {**_running(make, 3), "use_input_stats": False}),
        ((make(0, 2, 3),), {}),
    ]


def _torch_instance(make):
    return [((make(2, 3, 4), make(3), make(3), None, None, True, 0.1, 1e-5, False), {})]


def _normalize(make):
    cases = [((make(3, 4),), {"p": p}) for p in (1.0, 2.0, 3.0, float("inf"))]
    return [*cases, ((make(2, 3, 4),), {"dim": (0, 2)}), ((make(4),), {"dim": 0, "eps": 10.0}), ((make(2, 0),), {})]


SAMPLES = {
    "nn.functional.layer_norm": _layer,
    "layer_norm": _layer,
    "native_layer_norm": _native_layer,
    "nn.functional.rms_norm": _rms,
    "rms_norm": _rms,
    "nn.functional.group_norm": _group,
    "group_norm": _group,
    "native_group_norm": _native_group,
    "nn.functional.batch_norm": _batch,
    "batch_norm": _torch_batch,
    "native_batch_norm": _native_batch,
    "nn.functional.instance_norm": _instance,
    "instance_norm": _torch_instance,
    "nn.functional.normalize": _normalize,
    "nn.functional.local_response_norm": lambda make: [
        *(((make(2, 5, 3), n), {"alpha": 0.5}) for n in (1, 2, 3)),
        ((make(1, 2, 2, 2), 9, 0.3, 0.5, 2.0), {}),
        ((make(0, 2, 3), 2), {}),
    ],
}
