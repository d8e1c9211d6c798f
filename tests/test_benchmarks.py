"""The benchmarks: every row runs, once; their speed is nobody's business here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def rows(out, *arguments, **environment):
    command = [sys.executable, "-m", "benchmarks", "--quick", "--alone", "--out", str(out), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((out / "results.json").read_text(encoding="utf-8")), done.stdout


@pytest.mark.parametrize("group", ["small", "products", "profiling"])
def test_every_row_runs(tmp_path, group):
    report, printed = rows(tmp_path, group)
    assert report["results"]
    for row in report["results"]:
        assert row["ours"] > 0 and row["ours_median"] >= row["ours"] and row["ours_repeats"] >= 1
        assert row["name"] in printed
        if row["limit"] is not None:
            assert row["share"] == row["limit"] / row["ours"] > 0
    assert (tmp_path / "chart.svg").read_text(encoding="utf-8").startswith("<svg")


def test_limited_instructions_limit_every_library(tmp_path):
    report, printed = rows(tmp_path, "profiling", "--isa", "base")
    machine = report["machine"]
    assert machine["instruction set"] == "base"
    assert machine["limited by"]["ADJOINT_ISA"] == "base" and "ATEN_CPU_CAPABILITY" in machine["limited by"]
    assert "ADJOINT_ISA=base" in printed
