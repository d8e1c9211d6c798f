"""Rows of modules/flatten.py."""

from rows import row

ROWS = {
    "Flatten": [
        row().on(lambda make: [make(2, 3, 4)], says="Flatten(start_dim=1, end_dim=-1)"),
        row(0, 1).on(lambda make: [make(2, 3, 4)]),
    ],
    "Unflatten": [row(1, (2, -1)).on(lambda make: [make(2, 6)], says="Unflatten(dim=1, unflattened_size=(2, -1))")],
}
