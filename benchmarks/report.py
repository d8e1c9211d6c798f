"""The report: a table to print, one for the README, and JSON."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks.timing import Result

HEADER = f"{'':42} {'threads':>7} {'ours':>10} {'other':>10} {'ratio':>8} {'target':>7} {'of limit':>9} {'target':>7}"


def line(result: Result) -> str:
    name = result.name if result.against == "PyTorch" else f"{result.name} (against {result.against})"
    ratio = "" if result.ratio is None else f"{result.ratio:7.2f}×"
    target = "" if result.target is None else f"{result.target:g}×"
    verdict = {True: "", False: "  missed", None: ""}[result.met]
    ours, other = (
        quantity(result, result.ours),
        "" if result.other is None else quantity(result, result.other),
    )
    share, least = percent(result.share), percent(result.share_target)
    return f"{name:42} {result.threads:7} {ours:>10} {other:>10} {ratio:>8} {target:>7} {share:>9} {least:>7}{verdict}"


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def quantity(result: Result, value: float) -> str:
    if result.group.startswith("peak memory"):
        return f"{value / 1e6:.0f} MB"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def limits() -> dict[str, str]:
    """What keeps a library from the processor's newest instructions."""
    names = ("ADJOINT_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE")
    return {name: os.environ[name] for name in names if name in os.environ}


def as_json(results: list[Result], ours: Any, other: Any | None) -> str:
    machine: dict[str, object] = {
        "processor": _processor(),
        "python": platform.python_version(),
        "system": platform.machine(),
    }
    machine |= {"instruction set": ours._core._build()["runs"], "limited by": limits()}
    versions = {"adjoint": ours.__version__, "torch": None if other is None else str(other.__version__)}
    rows = [result.as_dict() for result in results]
    return json.dumps({"machine": machine, "versions": versions, "results": rows}, indent=1, ensure_ascii=False)


def markdown(results: list[Result]) -> str:
    """The rows that were promised against PyTorch, as the README shows them: ratios, and nothing that only this machine has."""
    lines = ["| work | threads | faster than PyTorch | share of the limit |", "| --- | --- | --- | --- |"]
    for r in results:
        if r.against == "PyTorch" and r.ratio is not None and r.target is not None:
            lines.append(f"| {r.group}: {r.name} | {r.threads} | {r.ratio:.1f} × | {percent(r.share)} |")
    return "\n".join(lines)


def write_readme(path: Path, table: str) -> None:
    """Puts the table between the README's two marks."""
    begin, end = "<!-- benchmarks -->", "<!-- /benchmarks -->"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(begin)
    path.write_text(f"{head}{begin}\n{table}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [x.partition(":")[2].strip() for x in lines if x.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.machine()
