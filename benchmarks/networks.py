"""Networks: layers forward and backward, losses, optimizers, whole steps of training; float32, beside PyTorch.

Each family has a module `nn_<family>.py` with `measure(ours, other, threads)`; a row comes out of `row` below.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.timing import Batch, Result, Run, calls, shortest

FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("nn_*.py"))


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for library in (ours, other):
        if library is not None:
            library.set_num_threads(threads)
    for family in FAMILIES:
        yield from importlib.import_module(f"benchmarks.{family}").measure(ours, other, threads)


def row(
    group: str,
    name: str,
    threads: int,
    make: Callable[[Any], Run],
    ours: Any,
    other: Any | None,
    target: float | None = None,
    limit: Run | None = None,
    budget: float = 0.4,
) -> Result:
    """A row of `make(library)`, what it returns being timed, in turns with `limit` (benchmarks/limits.py)."""
    runs: list[Batch | None] = [calls(make(ours)), None if other is None else calls(make(other))]
    if limit is not None:
        runs.append(calls(limit))
    seconds = shortest(runs, budget)
    assert seconds[0] is not None
    return Result(group, name, threads, seconds[0], seconds[1], "PyTorch", target, *seconds[2:])


def backward(torch: Any, forward: Callable[[], Any], inputs: list[Any]) -> Run:
    """Forward and backward, with a gradient of ones for each of `inputs`."""
    ones = torch.ones_like(forward()).detach()
    grad = torch.autograd.grad
    return lambda: grad(forward(), inputs, ones)
