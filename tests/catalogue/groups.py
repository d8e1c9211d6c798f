"""Elements in groups: slices joined by index, segments, bins; and what stands beside them (core/ops/index/reduce.cpp,
core/ops/reduce/segment.cpp, histogramdd.cpp, src/adjoint/_grid.py)."""


def _at(make, *values):
    return make.torch.tensor(values)


def _sparse(make, *shape):
    zero = make.torch.arange(make(*shape).numel()).reshape(shape) % 2 == 1
    return make(*shape).masked_fill(zero, 0)


def _index_reduce(make):
    kinds = ["prod", "mean", "amax", "amin"]
    return [
        *(
            ((make(3, 4, low=0.5), 0, _at(make, 2, 0, 2), make(3, 4, low=0.5), kind), {"include_self": flag})
            for kind in kinds
            for flag in (True, False)
        ),
        ((make(2, 3, 2), -2, _at(make, 1, 1), make(2, 2, 2), "amax"), {}),
        ((make(4), 0, make.torch.tensor([3, 3, 3, 1, 3], dtype=make.torch.int32), make(5), "prod"), {}),
        ((make(), 0, make.torch.tensor(0), make(), "mean"), {}),
        ((make(2, 3), 1, _at(make).long(), make(2, 0), "amin"), {"include_self": False}),
    ]


def _segments(make):
    kinds = ["sum", "prod", "mean", "amax", "amin"]
    rows = make.torch.tensor([[1, 2], [3, 0]])
    return [
        *(((make(6, low=0.5), kind), {"lengths": _at(make, 2, 1, 3)}) for kind in kinds),
        *(((make(6, 2, low=0.5), kind), {"offsets": _at(make, 1, 1, 5), "initial": 1}) for kind in kinds),
        ((make(2, 3, 2), "amax"), {"lengths": rows, "axis": 1, "initial": -9}),
        ((make(50), "sum"), {"lengths": _at(make, 40, 3), "unsafe": True}),
        ((make(0, 2), "sum"), {"lengths": _at(make, 0, 0)}),
    ]


def _bins(make):
    edges = make.torch.tensor([-1.5, -0.5, 0.75, 1.0], dtype=make(1).dtype)
    return [
        ((make(9), 4), {}),
        ((make(3, 4), 5), {"range": (-1.0, 1.5), "density": True}),
        ((make(3, 4), edges), {"weight": make(3, 4, low=0.5)}),
        ((make(), 3), {}),
        ((make(0), 2), {}),
    ]


def _grids(make):
    edges = [make.torch.tensor(e, dtype=make(1).dtype) for e in ([-1.5, 0.0, 1.0], [-2.0, 2.0])]
    return [
        ((make(9, 2), [2, 3]), {}),
        ((make(9, 2), 2), {"range": [-1.0, 1.0, -2.0, 2.0], "weight": make(9, low=0.5)}),
        ((make(3, 4, 2), edges), {"density": True}),
    ]


def _gradient(make):
    def values(*shape):
        x = make(*shape)
        return x.short() if x.dtype == make.torch.uint8 else x  # bytes are refused

    places = make.torch.tensor([0.0, 1.0, 3.0, 3.5], dtype=make.torch.float64).to(make(1).dtype)
    return [
        ((values(5),), {}),
        ((values(3, 4),), {"spacing": 2.0, "edge_order": 2}),
        ((values(3, 4),), {"spacing": [0.5, 2], "dim": (0, 1)}),
        ((values(3, 4),), {"spacing": [places], "dim": 1}),
        ((values(3, 4),), {"spacing": [places], "dim": [-1], "edge_order": 2}),
    ]


SAMPLES = {
    "index_reduce": _index_reduce,
    "segment_reduce": _segments,
    "histogram": _bins,
    "histogramdd": _grids,
    "gradient": _gradient,
    "unravel_index": lambda make: [((_at(make, 5, 0, 11), (2, 3, 2)), {}), ((_at(make, 7), 9), {})],
    "nonzero_static": lambda make: [
        ((_sparse(make, 2, 3),), {"size": 2}),
        ((_sparse(make, 2, 3),), {"size": 9, "fill_value": -7}),
        ((make(3),), {"size": 0}),
        ((make(),), {"size": 2}),
    ],
    "hash_tensor": lambda make: (
        [((make(7),), {}), ((make(2, 3, 4), 1), {}), ((make(2, 3, 4), (0, 2)), {"keepdim": True})]
        if not make(1).is_complex()
        else []
    ),
}

NO_GRADIENT = ["histogram", "histogramdd", "unravel_index", "nonzero_static", "hash_tensor"]
