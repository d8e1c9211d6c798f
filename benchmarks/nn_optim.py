"""Optimizers: whole steps of a small network, and steps over many parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.networks import row
from benchmarks.timing import Result, Run

# The parameters of a transformer of width 128 with three layers: 40 tensors of 128 to 65,536 elements.
_LAYER = [
    (384, 128),
    (384,),
    (128, 128),
    (128,),
    (512, 128),
    (512,),
    (128, 512),
    (128,),
    (128,),
    (128,),
    (128,),
    (128,),
]
_MIXED = _LAYER * 3 + [(65, 128), (64, 128), (128,), (128,)]


def measure(ours: Any, other: Any | None, threads: int) -> Iterator[Result]:
    for name, target, optimizer in (("SGD", 8, "SGD"), ("Adam", 10, "Adam")):
        make = _training(optimizer)
        yield row("optimizers", f"training step, MLP 16-32-32-1, batch 32, {name}", threads, make, ours, other, target)
    for name, options in (("", {}), (", fused=True", {"fused": True})):
        make = _step("AdamW", options)
        yield row("optimizers", f"AdamW over 40 mixed tensors{name}", threads, make, ours, other, 2)


def _training(name: str) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        nn = torch.nn
        model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
        optimizer = getattr(torch.optim, name)(model.parameters(), lr=1e-4)
        x, y = torch.ones(32, 16), torch.ones(32, 1)
        loss_of = nn.functional.mse_loss

        def run() -> None:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()

        return run

    return make


def _step(name: str, options: dict[str, Any]) -> Callable[[Any], Run]:
    def make(torch: Any) -> Run:
        params = [torch.zeros(*size, requires_grad=True) for size in _MIXED]
        for p in params:
            p.grad = torch.ones(*p.shape)
        return getattr(torch.optim, name)(params, **options).step

    return make
