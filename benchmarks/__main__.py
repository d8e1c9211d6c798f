"""`python -m benchmarks`: measures, prints the table, writes JSON and the chart."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import (
    cached,
    chart,
    dtypes,
    fft,
    large,
    linalg,
    memory,
    networks,
    products,
    profiling,
    report,
    small,
    sorting,
)
from benchmarks.timing import Budget, Result

ROOT = Path(__file__).parent.parent
GROUPS = (
    "small",
    "cached",
    "large",
    "products",
    "linalg",
    "fft",
    "networks",
    "sorting",
    "dtypes",
    "memory",
    "profiling",
)
# What limits the libraries alike. Each reads its variable when it is loaded, so the program starts anew with them.
ISAS = {
    "v3": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "base": {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "OPENBLAS_CORETYPE": "Nehalem"},
}


def main() -> int:
    options = _options()
    if options.isa and os.environ.get("ADJOINT_ISA") != options.isa:
        os.environ.update(ISAS[options.isa] | {"ADJOINT_ISA": options.isa})
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]])
    Budget.quick = options.quick
    ours, other = importlib.import_module("adjoint"), None
    if not options.alone:
        try:
            other = importlib.import_module("torch")
        except ImportError:
            print("PyTorch is not installed: ours alone (pip install '.[parity]' brings it)\n")
    results: list[Result] = []
    print(f"instruction set {ours._core._build()['runs']}", *map("=".join, report.limits().items()), sep=", ")
    print(report.HEADER)
    for result in _measure(options.groups or GROUPS, ours, other):
        if not results or results[-1].group != result.group:
            print(f"\n{result.group}")
        print(report.line(result), flush=True)
        results.append(result)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(report.as_json(results, ours, other) + "\n", encoding="utf-8")
    (options.out / "chart.svg").write_text(chart.svg(results), encoding="utf-8")
    if options.readme:
        report.write_readme(ROOT / "README.md", report.markdown(results))
    missed = [r for r in results if r.met is False]
    asked = sum(r.met is not None for r in results)
    print(f"\n{asked - len(missed)} of {asked} targets met; written: {options.out}/results.json, chart.svg")
    return 1 if options.strict and missed else 0


def _measure(groups: tuple[str, ...], ours: Any, other: Any | None) -> Iterator[Result]:
    cores = os.cpu_count() or 1
    if "small" in groups:
        yield from small.measure(ours, other)
    if "cached" in groups:
        yield from cached.measure(ours, other)
    if "large" in groups:
        for threads in sorted({1, cores}):
            yield from large.measure(ours, other, threads)
    if "products" in groups:
        for threads in sorted({1, cores}):
            yield from products.measure(ours, other, threads)
    if "linalg" in groups:
        for threads in sorted({1, cores}):
            yield from linalg.measure(ours, other, threads)
    if "fft" in groups:
        for threads in sorted({1, cores}):
            yield from fft.measure(ours, other, threads)
    if "networks" in groups:
        for threads in sorted({1, cores}):
            yield from networks.measure(ours, other, threads)
    if "sorting" in groups:
        for threads in sorted({1, cores}):
            yield from sorting.measure(ours, other, threads)
    if "dtypes" in groups:
        for threads in sorted({1, cores}):
            yield from dtypes.measure(ours, other, threads)
    if "memory" in groups:
        yield from memory.measure(other is not None)
    if "profiling" in groups:
        yield from profiling.measure(ours)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"which groups: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--alone", action="store_true", help="without PyTorch, even where it is installed")
    parser.add_argument("--isa", choices=ISAS, help="limit every library to these instructions (v3: AVX2)")
    parser.add_argument("--quick", action="store_true", help="run each row once: that it runs, not how fast")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "benchmarks", help="folder for JSON and SVG")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    parser.add_argument("--strict", action="store_true", help="exit status 1 if a target was missed")
    options = parser.parse_args()
    unknown = [g for g in options.groups if g not in GROUPS]
    if unknown:
        parser.error(f"no group is called {unknown[0]!r}; there are {', '.join(GROUPS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
