"""Pooling and resampling of images, forward and backward, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

GROUP = "pooling and resampling, forward and backward"


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for name, shape, f in _ROWS:
        yield row(GROUP, name, threads, lambda torch, shape=shape, f=f: _both(torch, shape, f), ours, other, 1)


def _both(torch: Any, shape: tuple[int, ...], f: Callable[[Any, Any], Any]) -> Run:
    torch.manual_seed(0)
    x = torch.randn(*shape).requires_grad_()
    return backward(torch, lambda: f(torch.nn.functional, x), [x])


_IMAGES = (16, 64, 56, 56)
_ROWS: list[tuple[str, tuple[int, ...], Callable[[Any, Any], Any]]] = [
    ("max_pool2d(2) of 16×64×56×56", _IMAGES, lambda F, x: F.max_pool2d(x, 2)),
    ("max_pool2d(3, 2, 1) of 8×64×112×112", (8, 64, 112, 112), lambda F, x: F.max_pool2d(x, 3, 2, 1)),
    ("avg_pool2d(2) of 16×64×56×56", _IMAGES, lambda F, x: F.avg_pool2d(x, 2)),
    ("adaptive_avg_pool2d(1) of 32×512×7×7", (32, 512, 7, 7), lambda F, x: F.adaptive_avg_pool2d(x, 1)),
    (
        "interpolate(2, bilinear) of 8×32×64×64",
        (8, 32, 64, 64),
        lambda F, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    ),
    (
        "interpolate(96, bilinear) of 8×3×224×224",
        (8, 3, 224, 224),
        lambda F, x: F.interpolate(x, size=96, mode="bilinear"),
    ),
]
