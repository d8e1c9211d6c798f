"""The digits' network over all images: our forward and backward pass beside NumPy's forward pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import adjoint as torch
from adjoint.cli.digits import cross_entropy, forward, initial_weights
from adjoint.cli.screen import mark
from adjoint.data import digits


def run(plain: bool = False) -> bool:
    """the same network in Adjoint and in NumPy"""
    del plain
    images, labels = digits()
    x = images.reshape(-1, 64).to(torch.float32) / 8 - 1
    weights = initial_weights(64)

    def step() -> None:
        cross_entropy(forward(weights, x), labels).backward()
        for w in weights:
            w.grad = None

    def ours() -> Any:
        with torch.no_grad():
            return forward(weights, x)

    rows = [("Adjoint, forward", _seconds(ours)), ("Adjoint, forward, loss and backward", _seconds(step))]
    try:
        import numpy as np
    except ImportError:
        _table(rows)
        print("NumPy is not installed: nothing to compare with")
        return True
    a = np.array(x.tolist(), dtype=np.float32)
    w1, b1, w2, b2 = (np.array(w.tolist(), dtype=np.float32) for w in weights)

    def numpy() -> Any:
        return np.maximum(a @ w1 + b1, 0) @ w2 + b2

    rows.append(("NumPy, forward", _seconds(numpy)))
    _table(rows)
    difference = float(np.abs(np.array(ours().tolist()) - numpy()).max())
    right = difference < 1e-4
    print(f"largest difference of the two results: {difference:.1e}  {mark(right)}")
    return right


def _seconds(f: Callable[[], object], budget: float = 0.5) -> float:
    """The shortest of many runs."""
    best, end = float("inf"), time.perf_counter() + budget
    while time.perf_counter() < end:
        start = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - start)
    return best


def _table(rows: list[tuple[str, float]]) -> None:
    reference = rows[-1][1]
    for name, seconds in rows:
        ratio = f"{reference / seconds:5.2f} × {rows[-1][0]}" if name != rows[-1][0] else ""
        print(f"{name:36} {seconds * 1e3:8.3f} ms   {ratio}".rstrip())
