"""Rows of modules/batchnorm.py, instancenorm.py and normalization.py."""

from rows import row

_same = {"wrong": False}

ROWS = {
    "BatchNorm1d": [
        row(3).on(
            lambda make: [make(4, 3)],
            says="BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
        ),
        row(3, eps=0.1, momentum=0.3, affine=False).on(lambda make: [make(2, 3, 2)]),
        row(3, momentum=None).on(lambda make: [make(4, 3)], meta=False),
        row(3, track_running_stats=False, bias=False).on(lambda make: [make(4, 3)]),
    ],
    "BatchNorm2d": [
        row(2).on(lambda make: [make(3, 2, 2, 3)]),
        row(2, affine=False).on(lambda make: [make(2, 2, 1, 2)]),
    ],
    "BatchNorm3d": [row(2).on(lambda make: [make(2, 2, 2, 1, 3)])],
    "SyncBatchNorm": [row(3).on(lambda make: [make(4, 3)]), row(2, momentum=0.3).on(lambda make: [make(3, 2, 2, 3)])],
    "LazyBatchNorm1d": [row().on(lambda make: [make(4, 3)]), row(affine=False).on(lambda make: [make(2, 3, 2)])],
    "LazyBatchNorm2d": [row().on(lambda make: [make(3, 2, 2, 3)]), row(bias=False).on(lambda make: [make(3, 2, 2, 1)])],
    "LazyBatchNorm3d": [row(track_running_stats=False).on(lambda make: [make(2, 2, 2, 1, 3)])],
    "InstanceNorm1d": [
        row(3).on(
            lambda make: [make(2, 3, 4)],
            **_same,
            says="InstanceNorm1d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)",
        ),
        row(3, affine=True).on(lambda make: [make(3, 4)]),
        row(2, track_running_stats=True).on(lambda make: [make(2, 2, 3)], **_same),
    ],
    "InstanceNorm2d": [row(2, affine=True, track_running_stats=True).on(lambda make: [make(2, 2, 2, 3)])],
    "InstanceNorm3d": [row(2, affine=True, bias=False).on(lambda make: [make(1, 2, 2, 1, 3)])],
    "LazyInstanceNorm1d": [row(affine=True).on(lambda make: [make(2, 3, 4)])],
    "LazyInstanceNorm2d": [row(affine=True, track_running_stats=True).on(lambda make: [make(2, 2, 2, 3)])],
    "LazyInstanceNorm3d": [row(affine=True).on(lambda make: [make(1, 2, 2, 1, 3)])],
    "LayerNorm": [
        row(5).on(lambda make: [make(3, 5)], says="LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)"),
        row((2, 3), eps=0.1, bias=False).on(lambda make: [make(2, 2, 3)]),
        row([4], elementwise_affine=False).on(lambda make: [make(4)]),
    ],
    "RMSNorm": [
        row(5).on(lambda make: [make(3, 5)], says="RMSNorm((5,), eps=None, elementwise_affine=True)"),
        row((2, 3), eps=0.1, elementwise_affine=False).on(lambda make: [make(2, 2, 3)]),
    ],
    "GroupNorm": [
        row(3, 6).on(lambda make: [make(2, 6, 2)], says="GroupNorm(3, 6, eps=1e-05, affine=True, bias=True)"),
        row(2, 4, affine=False).on(lambda make: [make(3, 4)]),
        row(2, 4, bias=False).on(lambda make: [make(1, 4, 2, 2)]),
    ],
    "LocalResponseNorm": [
        row(2, alpha=0.5).on(lambda make: [make(2, 4, 3)], says="LocalResponseNorm(2, alpha=0.5, beta=0.75, k=1.0)"),
        row(3, 0.3, 0.5, 2.0).on(lambda make: [make(1, 3, 2, 2)]),
    ],
    "CrossMapLRN2d": [
        row(3, alpha=0.5).on(lambda make: [make(1, 4, 2, 2)]),
        row(4).on(lambda make: [make(1, 6, 1, 2)]),
    ],
}
