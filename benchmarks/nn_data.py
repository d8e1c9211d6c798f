"""Batches of a TensorDataset: 10,000 rows of 784 numbers and a label, 64 at a time, shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.networks import row
from benchmarks.timing import Result, Run


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for workers, target in ((0, 3.0), (2, 1.0)):
        name = f"DataLoader, a pass, {workers} workers"
        yield row("data", name, threads, lambda torch, n=workers: _pass(torch, n), ours, other, target)


def _pass(torch: Any, workers: int) -> Run:
    rows = torch.utils.data.TensorDataset(torch.randn(10000, 784), torch.randint(10, (10000,)))
    loader = torch.utils.data.DataLoader(rows, batch_size=64, shuffle=True, num_workers=workers)

    def run() -> None:
        for _ in loader:
            pass

    return run
