"""The same bits for the same numbers, whichever road of the pointwise driver they take: see Note [Roads] in
core/ops/pointwise_loops.h, and tests/roads.py."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import subprocess
import sys

import pytest

import adjoint


@functools.cache
def run(isa: str) -> dict:
    here = pathlib.Path(__file__).parent
    path = os.pathsep.join([str(here), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": path} | ({"ADJOINT_ISA": isa} if isa else {})
    environment = {k: v for k, v in environment.items() if k != "ADJOINT_ISA" or isa}
    done = subprocess.run(
        [sys.executable, here / "roads.py"], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("isa", ["base", "v3", ""])
def test_every_road_leaves_the_same_bits(isa: str) -> None:
    assert not run(isa)["failures"]


def test_instruction_sets_with_fused_multiply_add_leave_the_same_bits() -> None:
    if adjoint.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("no processor with fused multiply-add")
    fused, best = run("v3")["digests"], run("")["digests"]
    assert fused.keys() == best.keys()
    assert [k for k in best if fused[k] != best[k]] == []
