"""The same program trained by both libraries, from the same seed: the same losses, but for roundings."""

import sys
from pathlib import Path

import pytest

pytorch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).parents[2]))

import adjoint
from benchmarks import nn_programs

# Steps of programs that take long; benchmarks.nn_programs.curve takes twenty.
FEWER = {"CNN": 3, "GPT: width 128": 5, "GPT: width 384": 1, "ResNet-18": 1}


@pytest.fixture(autouse=True)
def one_thread():
    threads = pytorch.get_num_threads()
    pytorch.set_num_threads(1)
    yield
    pytorch.set_num_threads(threads)


@pytest.mark.parametrize("name, program", [row[:2] for row in nn_programs.PROGRAMS])
def test_losses_are_the_same(name, program):
    steps = next((n for start, n in FEWER.items() if name.startswith(start)), 20)
    ours, other = (nn_programs.curve(library, program, steps) for library in (adjoint, pytorch))
    assert ours == pytest.approx(other, rel=2e-4)
    assert len(set(ours)) == steps or "LSTM" in name or "AdamW" in name
