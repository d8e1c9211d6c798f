"""The limits of the machine: the time in which it does nothing but as many multiply-adds, or copies as many bytes."""

from __future__ import annotations

import ctypes
from typing import Any

from benchmarks.timing import Run


def multiply_adds(ours: Any, dtype: str, work: int) -> Run:
    """As many as `work`, out of our extension module."""
    core = ctypes.CDLL(ours._core.__file__)
    kind = ctypes.c_float if dtype == "float32" else ctypes.c_double
    peak = core.adjoint_plain_peak_f32 if dtype == "float32" else core.adjoint_plain_peak_f64
    peak.restype, count = kind, ctypes.c_int64(work)
    return lambda: peak(count)


def copy(ours: Any, size: int) -> Run:
    """The C library's copy of half of `size`, which reads one half and writes the other."""
    source, target = ours.ones(size // 8), ours.zeros(size // 8)
    to, at = target.data_ptr(), source.data_ptr()

    def run() -> None:
        ctypes.memmove(to, at, size // 2)

    run.keep = (source, target)  # type: ignore[attr-defined]
    return run
