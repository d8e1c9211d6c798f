"""Whole steps of training: forward, backward and optimizer of models (benchmarks/models.py), and what memory they take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import models
from benchmarks.networks import row
from benchmarks.timing import Result, Run

GROUP, MEMORY = "steps of training", "peak memory of a step"
Program = Callable[[Any], Run]


def _step(model: Any, optimizer: Any, loss: Run) -> Run:
    """A step; what it gives is the loss."""

    def step() -> Any:
        optimizer.zero_grad()
        value: Any = loss()
        value.backward()
        optimizer.step()
        return value

    model.train()
    return step


def _mlp(which: str) -> Program:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        model = models.mlp(torch)
        x, y = torch.randn(32, 16), torch.randn(32, 1)
        optimizer = getattr(torch.optim, which)(model.parameters(), lr=1e-3)
        return _step(model, optimizer, lambda: torch.nn.functional.mse_loss(model(x), y))

    return make


def _classifier(make_model: Callable[[Any], Any], batch: int, *size: int) -> Program:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        model = make_model(torch)
        x, y = torch.randn(batch, *size), torch.randint(0, 10, (batch,))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        return _step(model, optimizer, lambda: torch.nn.functional.cross_entropy(model(x), y))

    return make


def _gpt(width: int, layers: int, heads: int, length: int, batch: int) -> Program:
    def make(torch: Any) -> Run:
        torch.manual_seed(0)
        model = models.gpt(torch, width, layers, heads, length)
        tokens = torch.randint(0, 65, (batch, length + 1))
        x, y = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
        return _step(model, optimizer, lambda: model(x, y))

    return make


def _lstm(torch: Any) -> Run:
    torch.manual_seed(0)
    layer = torch.nn.LSTM(64, 128, batch_first=True)
    x = torch.randn(16, 50, 64, requires_grad=True)
    inputs = [x, *layer.parameters()]

    def run() -> Any:
        value = layer(x)[0].sum()
        torch.autograd.grad(value, inputs)
        return value

    return run


def _adamw(torch: Any) -> Run:
    torch.manual_seed(0)
    parameters = models.mixed_parameters(torch)
    optimizer = torch.optim.AdamW(parameters, lr=1e-6)

    def run() -> Any:
        optimizer.step()
        return parameters[-1].detach()

    return run


# name, program, target, seconds of measuring for each library
PROGRAMS: list[tuple[str, Program, float, float]] = [
    ("MLP 16-32-32-1, batch 32, SGD", _mlp("SGD"), 8, 0.4),
    ("MLP 16-32-32-1, batch 32, Adam", _mlp("Adam"), 10, 0.4),
    ("LSTM 16 × 50 × 64 → 128, forward and backward", _lstm, 2, 0.6),
    ("CNN for digits, batch 64", _classifier(models.digits, 64, 1, 28, 28), 1.5, 2),
    ("GPT: width 128, 4 layers, 64 tokens, batch 12", _gpt(128, 4, 4, 64, 12), 1.5, 2),
    ("GPT: width 384, 6 layers, 256 tokens, batch 8", _gpt(384, 6, 6, 256, 8), 1.2, 8),
    ("ResNet-18, 32 × 32, batch 32", _classifier(models.resnet18, 32, 3, 32, 32), 1.0, 6),
    ("AdamW, 40 tensors", _adamw, 2, 0.6),
]


def curve(torch: Any, program: Program, steps: int = 20) -> list[float]:
    """What the first steps give: of every library the same, but for roundings."""
    step: Any = program(torch)
    return [step().item() for _ in range(steps)]


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for name, program, target, budget in PROGRAMS:
        yield row(GROUP, name, threads, program, ours, other, target, budget=budget)
    if threads == 1:
        for i, (name, *_) in enumerate(PROGRAMS):
            # Bytes where other rows have seconds.
            taken = [None if library is None else _peak(library.__name__, i) for library in (ours, other)]
            assert taken[0] is not None
            yield Result(MEMORY, name, threads, taken[0], taken[1], "PyTorch", 1.0)


# What the first step takes beyond what stands before: libraries, models and optimizers are there already, and a small
# step has loaded what loads at first use.
_MEMORY_PROGRAM = """
import sys, importlib
from benchmarks import nn_programs

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024

torch = importlib.import_module(sys.argv[1])
torch.set_num_threads(1)
nn_programs.PROGRAMS[0][1](torch)()
before = peak()
step = nn_programs.PROGRAMS[int(sys.argv[2])][1](torch)
for _ in range(3):
    step()
print(peak() - before)
"""


def _peak(library: str, program: int) -> float:
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", _MEMORY_PROGRAM, library, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    return max(4096.0, float(done.stdout))  # a page: the smallest that shows
