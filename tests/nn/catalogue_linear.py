"""Rows of modules/linear.py."""

from rows import row

ROWS = {
    "Identity": [row(3, unused=True).on(lambda make: [make(2, 3)], says="Identity()")],
    "Linear": [
        row(3, 4).on(lambda make: [make(2, 3)], says="Linear(in_features=3, out_features=4, bias=True)"),
        row(3, 4, bias=False).on(lambda make: [make(3)]),
        row(3, 2).on(lambda make: [make(2, 0, 3)]),
    ],
    "Bilinear": [
        row(3, 4, 5).on(lambda make: [make(2, 3), make(2, 4)]),
        row(3, 4, 5, bias=False).on(lambda make: [make(2, 1, 3), make(2, 1, 4)]),
    ],
    "LazyLinear": [row(4).on(lambda make: [make(2, 3)]), row(4, bias=False).on(lambda make: [make(2, 3)])],
}
