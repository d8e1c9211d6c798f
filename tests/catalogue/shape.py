"""Samples of operations that arrange elements anew (core/ops/shape/)."""


def _joined(make):
    return [
        (([make(2, 3), make(4, 3)],), {}),
        (([make(2, 3), make(2, 1), make(2, 0)], 1), {}),
        (([make(2, 3), make(0)],), {"dim": 0}),
        (([make(2, 3, 2), make(2, 3, 2)],), {"dim": -1}),
        (([make(3, 2).t(), make(2, 3)],), {}),
    ]


def _stacks(make):
    return [
        (([make(3), make(3)],), {}),
        (([make(2, 3), make(2, 3)],), {}),
        (([make(), make()],), {}),
        (([make(2, 3, 4), make(2, 3, 4)],), {}),
    ]


def _triangle(make):
    return [
        ((make(3, 4),), {}),
        ((make(4, 3), 1), {}),
        ((make(2, 3, 3), -1), {}),
        ((make(3, 3), 7), {}),
        ((make(4, 3).t(),), {}),
    ]


def _image(make, n):
    return make(2, 3, 4, 5, 6)[(0,) * (3 - n)] if n < 3 else make(1, 2, 3, 4, 3)


def _paddings(make):
    return [
        ((make(2, 3), (1, 2)), {}),
        ((make(2, 3), (1, -1, 0, 2)), {"value": 1.5}),
        ((make(2, 3), (1, 2), "reflect"), {}),
        ((make(2, 3), (1, 2), "replicate"), {}),
        ((make(2, 3), (1, 2), "circular"), {}),
        ((make(1, 3, 4), (1, 2, 2, 0), "reflect"), {}),
        ((make(1, 3, 4), (5, 2, 2, 0), "replicate"), {}),
        ((make(1, 3, 4), (1, 2, 2, 0), "circular"), {}),
        ((make(1, 1, 2, 3, 3), (1, 1, 2, 0, 1, 1), "reflect"), {}),
        ((make(1, 2, 2, 3), (1, 1, 2, 0, 1, 1), "replicate"), {}),
    ]


SAMPLES = {
    **dict.fromkeys(("cat", "concat", "concatenate"), _joined),
    "stack": lambda make: [*_stacks(make), (([make(2, 3), make(2, 3)], 1), {}), (([make(2, 3), make(2, 3)], -1), {})],
    **dict.fromkeys(("hstack", "vstack", "row_stack", "dstack", "column_stack"), _stacks),
    "block_diag": lambda make: [((make(2, 3), make(3), make()), {}), ((make(2, 2),), {})],
    "flip": lambda make: [
        ((make(2, 3), (0,)), {}),
        ((make(2, 3, 2), (0, -1)), {}),
        ((make(3, 2).t(), (1,)), {}),
        ((make(2, 3), ()), {}),
    ],
    "fliplr": lambda make: [((make(2, 3),), {})],
    "flipud": lambda make: [((make(2, 3),), {}), ((make(3),), {})],
    "roll": lambda make: [
        ((make(2, 3), 1), {}),
        ((make(2, 3), 2, 1), {}),
        ((make(3, 4), (1, -2), (0, 1)), {}),
        ((make(3, 2).t(), -1, 0), {}),
        ((make(0, 2), 1, 0), {}),
    ],
    "rot90": lambda make: [
        ((make(2, 3),), {}),
        ((make(2, 3), 2), {}),
        ((make(2, 3), -1), {}),
        ((make(2, 3), 0), {}),
        ((make(2, 3, 4), 1, (1, 2)), {}),
    ],
    "repeat": lambda make: [
        ((make(2, 3), (2, 1)), {}),
        ((make(3), (2, 2)), {}),
        ((make(), (3,)), {}),
        ((make(2, 3), (1, 0)), {}),
    ],
    "tile": lambda make: [((make(2, 3), (2,)), {}), ((make(3), (2, 2)), {}), ((make(), (2,)), {})],
    "repeat_interleave": lambda make: [
        ((make(2, 3), 2), {}),
        ((make(2, 3), 2, 1), {}),
        ((make(3), make.torch.tensor([1, 0, 2])), {}),
        ((make(2, 3), make.torch.tensor([1, 2])), {"dim": 0}),
        ((make(2, 3), make.torch.tensor(2)), {"dim": 1}),
        ((make.torch.tensor([1, 0, 2]),), {}),
    ],
    "tril": _triangle,
    "triu": _triangle,
    "vander": lambda make: [
        ((make(3),), {}),
        ((make(3), 4), {}),
        ((make(3),), {"increasing": True}),
        ((make.torch.tensor([1, 2]),), {}),
    ],
    "constant_pad_nd": lambda make: [
        ((make(2, 3), (1, 2)), {}),
        ((make(2, 3), (1, -1, 0, 2), 2.5), {}),
        ((make(3, 2).t(), (0, 1)), {}),
    ],
    "nn.functional.pad": _paddings,
}
