"""Samples of products: matrices, batches, einsum, distances (core/ops/linalg/)."""


def _matmul(make):
    shapes = [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)),
        ((2, 2, 3), (3, 2)),
        ((2, 3), (2, 3, 2)),
        ((2, 2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((2, 0), (0, 3)),
    ]
    return [((make(*a), make(*b)), {}) for a, b in shapes]


def _add(x, a, b):
    def samples(make):
        numbers = [{}, {"beta": 0.5, "alpha": -2}, {"beta": 0}]
        return [((make(*x), make(*a), make(*b)), n) for n in numbers] + [
            ((make(x[-1]) if len(x) > 1 else make(1), make(*a), make(*b)), {})
        ]

    return samples


def _einsum(make):
    cases = [
        ("ij,jk->ik", (2, 3), (3, 2)),
        ("ij,jk", (2, 3), (3, 2)),
        ("ij->", (2, 3)),
        ("ij->ji", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        ("...ij,...jk->...ik", (2, 1, 2, 3), (2, 3, 2)),
        ("i,j->ij", (2,), (3,)),
        ("i,i->", (3,), (3,)),
        ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        ("...->...", (2, 3)),
        ("b...,b->...", (2, 3), (2,)),
        ("iij,jk->ik", (2, 2, 3), (3, 2)),
        ("ij,i->", (2, 3), (2,)),
    ]
    return [((eq, *(make(*s) for s in shapes)), {}) for eq, *shapes in cases] + [
        ((make(2, 3), [0, 1], make(3, 2), [1, 2], [0, 2]), {})
    ]


SAMPLES = {
    "mm": lambda make: [
        ((make(2, 3), make(3, 4)), {}),
        ((make(2, 0), make(0, 3)), {}),
        ((make(3, 2).t(), make(3, 4)), {}),
    ],
    "bmm": lambda make: [((make(2, 2, 3), make(2, 3, 4)), {}), ((make(0, 2, 3), make(0, 3, 4)), {})],
    "mv": lambda make: [((make(2, 3), make(3)), {})],
    "dot": lambda make: [((make(4), make(4)), {}), ((make(0), make(0)), {})],
    "vdot": lambda make: [((make(4), make(4)), {})],
    "matmul": _matmul,
    "linalg.matmul": _matmul,
    "outer": lambda make: [((make(2), make(3)), {})],
    "ger": lambda make: [((make(2), make(3)), {})],
    "inner": lambda make: [((make(3), make(3)), {}), ((make(2, 3), make(4, 3)), {}), ((make(), make(2)), {})],
    "addmm": _add((2, 4), (2, 3), (3, 4)),
    "addmv": _add((2,), (2, 3), (3,)),
    "addr": _add((2, 3), (2,), (3,)),
    "addbmm": _add((2, 4), (2, 2, 3), (2, 3, 4)),
    "baddbmm": _add((2, 2, 4), (2, 2, 3), (2, 3, 4)),
    "nn.functional.linear": lambda make: [
        ((make(2, 3), make(4, 3)), {}),
        ((make(2, 3), make(4, 3), make(4)), {}),
        ((make(2, 2, 3), make(4, 3), make(4)), {}),
        ((make(3), make(4, 3), make(4)), {}),
    ],
    "bilinear": lambda make: [((make(2, 3), make(2, 4), make(5, 3, 4), make(5)), {})],
    "nn.functional.bilinear": lambda make: [((make(2, 3), make(2, 4), make(5, 3, 4)), {})],
    "kron": lambda make: [((make(2, 3), make(3, 2)), {}), ((make(2), make(2, 2, 1)), {})],
    "chain_matmul": lambda make: [((make(2, 3), make(3, 4), make(4, 1)), {})],
    "linalg.multi_dot": lambda make: [
        (([make(2, 3), make(3, 4), make(4, 1)],), {}),
        (([make(3), make(3, 4), make(4)],), {}),
    ],
    "matrix_power": lambda make: [((make(3, 3), n), {}) for n in (0, 1, 2, 3, 5)],
    "linalg.matrix_power": lambda make: [((make(2, 3, 3), 2), {})],
    "nn.functional.grouped_mm": lambda make: [
        ((make(5, 2), make(2, 2, 3)), {"offs": make.torch.tensor([2, 4], dtype=make.torch.int32)}),
        ((make(2, 3, 2), make(2, 4)), {"offs": make.torch.tensor([1, 3], dtype=make.torch.int32)}),
        ((make(2, 4), make(4, 3)), {"offs": make.torch.tensor([1, 1, 4], dtype=make.torch.int32)}),
        ((make(2, 2, 3), make(2, 3, 2)), {}),
    ],
    "einsum": _einsum,
    "tensordot": lambda make: [
        ((make(2, 3), make(3, 4), 1), {}),
        ((make(2, 3, 4), make(4, 3, 2), ([1, 2], [1, 0])), {}),
    ],
    "cross": lambda make: [((make(3, 4), make(3, 4)), {"dim": 0}), ((make(2, 3), make(2, 3), 1), {})],
    "linalg.cross": lambda make: [((make(2, 3), make(1, 3)), {}), ((make(3, 2), make(3, 2)), {"dim": 0})],
    "linalg.vecdot": lambda make: [((make(2, 3), make(2, 3)), {}), ((make(2, 3), make(2, 3)), {"dim": 0})],
    "trace": lambda make: [((make(3, 3),), {}), ((make(2, 4),), {}), ((make(4, 2),), {})],
    "cdist": lambda make: (
        [((make(3, 2), make(4, 2), p), {}) for p in (1.0, 2.0, 3.0)] + [((make(2, 3, 2), make(4, 2)), {})]
    ),
    "pdist": lambda make: [((make(4, 2),), {}), ((make(4, 2), 1), {})],
    "nn.functional.pdist": lambda make: [((make(4, 2),), {})],
}
# A weight whose rows lie side by side is multiplied by dot products, another by panels: the last bit may differ.
LAYOUT_BOUND = {"nn.functional.linear"}
