"""Rows of convolutions, forward and backward, also as a share of the machine's multiply-adds.

3×3 kernels at stride 1 take fewer multiplications than are counted here (Winograd's F(2×2, 3×3)), and may use more than
the whole machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.limits import multiply_adds
from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

GROUP = "conv2d, forward and backward"
# (batch, channels, out, size, kernel, stride, groups): name, target. The first layer of a network has no gradient to give
# its input.
_ROWS = [
    ((32, 64, 64, 56, 3, 1, 1), "3×3, 64 channels, 56²", 1.5),
    ((32, 128, 128, 28, 3, 1, 1), "3×3, 128 channels, 28²", 1.5),
    ((32, 256, 256, 14, 3, 1, 1), "3×3, 256 channels, 14²", 1.5),
    ((32, 512, 512, 7, 3, 1, 1), "3×3, 512 channels, 7²", 1.5),
    ((32, 64, 64, 28, 5, 1, 1), "5×5, 64 channels, 28²", 1.0),
    ((32, 256, 64, 56, 1, 1, 1), "1×1, 256 to 64 channels, 56²", 1.0),
    ((32, 512, 512, 14, 1, 1, 1), "1×1, 512 channels, 14²", 1.0),
    ((32, 64, 128, 56, 3, 2, 1), "3×3, stride 2, 64 to 128 channels, 56²", 1.0),
    ((32, 256, 512, 28, 1, 2, 1), "1×1, stride 2, 256 to 512 channels, 28²", 1.0),
    ((32, 128, 128, 28, 3, 1, 128), "3×3, depthwise, 128 channels, 28²", 1.0),
    ((32, 240, 240, 14, 5, 2, 240), "5×5, depthwise, stride 2, 240 channels, 14²", 1.0),
    ((32, 3, 64, 112, 7, 2, 1), "7×7, stride 2, first layer, 3 channels, 112²", 1.0),
    ((32, 1, 32, 28, 3, 1, 1), "3×3, first layer, 1 channel, 28²", 1.0),
]


def _conv(batch: int, channels: int, out: int, size: int, kernel: int, stride: int, groups: int) -> Any:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        x = torch.randn(batch, channels, size, size, requires_grad=channels > 3)
        w = torch.randn(out, channels // groups, kernel, kernel, requires_grad=True)
        conv = torch.nn.functional.conv2d
        inputs = [x, w] if channels > 3 else [w]
        return backward(torch, lambda: conv(x, w, None, stride, kernel // 2, 1, groups), inputs)

    return make


def _work(batch: int, channels: int, out: int, size: int, kernel: int, stride: int, groups: int) -> int:
    """Multiply-adds of the forward pass and of each gradient."""
    cells = ((size - 1) // stride + 1) ** 2
    return batch * out * cells * (channels // groups) * kernel**2 * (3 if channels > 3 else 2)


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for shape, name, target in _ROWS:
        limit = multiply_adds(ours, "float32", _work(*shape)) if threads == 1 else None
        yield row(GROUP, name, threads, _conv(*shape), ours, other, target, limit)
