"""No input may crash or hang the process, leak, or change what it should not: a share of tools/fuzz, and tests of that tool."""

import subprocess
import sys
from pathlib import Path

import pytest

import adjoint as torch

TOOLS = Path(__file__).resolve().parent.parent / "tools"


def tool(*arguments):
    command = [sys.executable, str(TOOLS / "fuzz"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_random_calls():
    done = tool("--calls", "4000", "--seed", "1030000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "findings: none" in done.stdout


def test_a_seed_makes_the_same_call():
    programs = {tool("--replay", "7").stdout for _ in range(2)}
    assert len(programs) == 1 and "a0 = " in programs.pop()


# What each planted call does wrong, and the kind of finding that must name it.
PLANTED = {
    "crash": "os.kill(os.getpid(), 11)",
    "class": "raises(SystemError('no result'))",
    "text": "raises(RuntimeError('vector::_M_range_check'))",
    "empty text": "raises(ValueError())",
    "altered": "x.detach().zero_()",
    "leak": "kept.append(x.clone())",
    "slow": "time.sleep(0.2)",
    "result": "broken(x)",
}
PLANT = """
import os, sys, time
sys.path.insert(0, {tools!r})
import adjoint as torch
from fuzzing import calls, checks, children
from fuzzing.recipes import Call, Tensor, Value

kept = []
checks.SECONDS = 0.1

def raises(e):
    raise e

def broken(x):
    checks._insist(False, "planted")

def planted(x, n):
    {body}

def family(op):
    return Call("function", "planted", planted, [Tensor([1.0, 2.0], torch.float32), Value(3)])

report = children.Report()
for finding in children.batch(0, 3, report, family=family):
    if report.add(finding):
        children.explained(finding, family=family)
        print(finding.kind, "|", finding.program.replace("\\n", "; "), "|", finding.seed)
"""


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_and_reduced(kind):
    code = PLANT.format(tools=str(TOOLS), body=PLANTED[kind])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    first = done.stdout.split("\n")[0].split(" | ")
    assert first[0] == kind, done.stdout + done.stderr
    assert first[2] == "0"
    # An argument that does not matter is cut down, one that does is kept.
    assert first[1].startswith("a0 = ") and "planted(a0" in first[1]


@pytest.fixture
def gradients(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    from fuzzing import gradients

    return gradients


def test_gradients_of_random_programs(gradients):
    outcome = gradients.Outcome()
    for seed in range(60):
        gradients.check(seed, outcome)
    assert outcome.wrong == []
    assert outcome.counts["compared with finite differences"] > 25
    assert outcome.counts["second derivatives compared with finite differences"] > 5


class WrongSine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos() * 1.001


def test_a_wrong_rule_is_found_and_reduced(gradients, monkeypatch):
    monkeypatch.setattr(torch, "planted", WrongSine.apply, raising=False)
    outcome = gradients.Outcome()
    for seed in range(40):
        gradients.check(seed, outcome, extra=["torch.planted(x)"] * 3)
    assert len(outcome.wrong) > 5
    assert all("planted" in source for _, _, source in outcome.wrong)


def test_what_is_on_the_path_is_fuzzed(tmp_path):
    """Not a build that lies in the checkout."""
    (tmp_path / "adjoint").mkdir()
    (tmp_path / "adjoint" / "__init__.py").write_text("mark = 1")
    code = (
        f"import runpy; runpy.run_path({str(TOOLS / 'fuzz')!r}, run_name='tool'); import adjoint; print(adjoint.mark)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "1\n", done.stderr
