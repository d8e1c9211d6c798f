"""Peak memory of a forward and backward pass through 50 layers, each library in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import Result

_PROGRAM = """
import sys, {library} as torch

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024

def run(layers, rows, width):
    x = torch.ones(rows, width) / width
    weights = [torch.ones(width, width, requires_grad=True) for _ in range(layers)]
    for w in weights:
        x = (x @ w).tanh() / width
    x.sum().backward()

torch.set_num_threads(1)
run(2, 8, 8)  # load what loads at first use
before = peak()
run(50, 2048, 512)
print(peak() - before)
"""


def measure(with_torch: bool) -> Iterator[Result]:
    """Bytes where other rows have seconds: the ratio says how many times less memory ours takes."""
    ours = _peak("adjoint")
    other = _peak("torch") if with_torch else None
    yield Result("peak memory", "forward and backward through 50 layers", 1, ours, other, "PyTorch", 1.0)


def _peak(library: str) -> float:
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(library=library)],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    return float(done.stdout)
