"""The table of docs/accuracy.md."""

from __future__ import annotations

import importlib
import importlib.util
import math
from dataclasses import dataclass

import numpy as np

from . import measure
from .functions import Function

HEAD = "| function | float64 | float32 | PyTorch's float64 | float32 | relative to |\n|---|---:|---:|---:|---:|---|"
BEGIN, END = "<!-- the table: tools/accuracy --write -->", "<!-- the end of the table -->"


@dataclass
class Row:
    function: Function
    worst: dict[str, measure.Worst | None]


def libraries() -> dict[str, object]:
    found = {"adjoint": importlib.import_module("adjoint")}
    importlib.import_module("adjoint.nn.functional")
    if importlib.util.find_spec("torch"):
        found["torch"] = importlib.import_module("torch")
    return found


def measured(f: Function, points: int, seed: int) -> Row:
    worst: dict[str, measure.Worst | None] = {}
    wide = measure.drawn(f, np.float64, points if f.dense else points // 4, seed)
    narrow = measure.drawn(f, np.float32, 100 * points, seed + 1)
    values, sizes = measure.truth(f, wide)
    found = libraries()
    right = measure.caller(found["adjoint"], f)
    for name, library in found.items():
        call = measure.caller(library, f)
        worst[f"{name} float64"] = call and measure.against(call(*wide), values, sizes, wide)
        worst[f"{name} float32"] = call and measure.single(f, call, right, narrow)
    return Row(f, worst)


def shown(w: measure.Worst | None) -> str:
    if w is None:
        return ""
    if not math.isfinite(w.error):
        return "NaN or ∞"
    return (
        f"{w.error:.2f}"
        if w.error < 10
        else f"{w.error:.0f}"
        if w.error < 1e4
        else f"{w.error:.0e}".replace("e+0", "e").replace("e+", "e")
    )


def line(row: Row) -> str:
    names = ", ".join(f"`{name}`" for name in [row.function.name, *row.function.of])
    kinds = ("adjoint float64", "adjoint float32", "torch float64", "torch float32")
    return f"| {names} | " + " | ".join(shown(row.worst.get(k)) for k in kinds) + f" | {row.function.size_text} |"


def written(page: str, rows: list[Row]) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n\n" + HEAD + "\n" + "\n".join(map(line, rows)) + "\n\n" + END + after
