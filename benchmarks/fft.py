"""Fourier transforms beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Result, Run, calls, shortest

# name, the transform, the operand's shape, is it complex
CASES: tuple[tuple[str, str, tuple[int, ...], bool], ...] = (
    ("fft, 2^20", "fft", (1 << 20,), True),
    ("fft2, 512 × 512", "fft2", (512, 512), True),
    ("fft, 10,007 (a prime)", "fft", (10007,), True),
    ("fft, 1,000 × 256", "fft", (1000, 256), True),
    ("fft, 1,024", "fft", (1024,), True),
    ("rfft, 2^20", "rfft", (1 << 20,), False),
    ("rfft, 1,000 × 256", "rfft", (1000, 256), False),
    ("irfft to 2^20", "irfft", ((1 << 19) + 1,), True),
)


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    for name, call, shape, is_complex in CASES:
        runs = [None if t is None else calls(_run(t, call, shape, is_complex)) for t in (ours, other)]
        seconds = shortest(runs)
        assert seconds[0] is not None
        yield Result("Fourier transforms, complex64 and float32", name, threads, seconds[0], seconds[1], "PyTorch", 1.0)


def _run(torch: Any, call: str, shape: tuple[int, ...], is_complex: bool) -> Run:
    count = 1
    for size in shape:
        count *= size
    x = (torch.arange(count, dtype=torch.float32) * 0.7).sin().reshape(*shape)
    x = torch.complex(x, x.flip(-1)) if is_complex else x
    transform: Callable[[Any], Any] = getattr(torch.fft, call)
    return lambda: transform(x)
