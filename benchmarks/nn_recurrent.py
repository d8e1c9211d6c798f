"""Recurrent networks over 50 steps of a batch of 16, from 64 to 128 features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.limits import multiply_adds
from benchmarks.networks import backward, row
from benchmarks.timing import Result, Run

STEPS, BATCH, INPUTS, HIDDEN = 50, 16, 64, 128


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    group = f"recurrent networks, {BATCH} × {STEPS} × {INPUTS} → {HIDDEN}"
    for name, gates, target in (("LSTM", 4, 2.0), ("GRU", 3, 2.0), ("RNN", 1, 2.0)):
        each = gates * HIDDEN * STEPS * BATCH
        work = each * (INPUTS + HIDDEN) + each * (INPUTS + 2 * HIDDEN)  # the input wants no gradient
        limit = multiply_adds(ours, "float32", work) if threads == 1 else None
        make = _layer(name)
        yield row(group, f"{name}, forward and backward", threads, make, ours, other, target, limit)


def _layer(name: str) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        layer = getattr(torch.nn, name)(INPUTS, HIDDEN)
        x = torch.rand(STEPS, BATCH, INPUTS)
        return backward(torch, lambda: layer(x)[0], list(layer.parameters()))

    return make
