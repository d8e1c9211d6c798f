"""Small PyTorch programs print what PyTorch 2.13 prints (recorded: no torch needed)."""

import importlib.util
import pathlib
import sys

import pytest
from programs_compare import difference
from support import torch

sys.path.insert(0, str(pathlib.Path(__file__).with_name("parity")))
import programs

PROGRAMS = programs.all_programs()
EXPECTED = programs.recorded()
NEEDS_NUMPY = {"tensors.numpy", "autograd_basic.numpy_of_grad"}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program(name):
    if name in NEEDS_NUMPY and not importlib.util.find_spec("numpy"):
        pytest.skip("needs numpy")
    wrong = difference(programs.run(PROGRAMS[name], torch), EXPECTED[name])
    assert wrong is None, wrong


def test_every_program_is_recorded():
    assert set(PROGRAMS) == set(EXPECTED)


def test_comparison_can_fail():
    assert difference("tensor(1.0000)\n", "tensor(1.0001)\n") is None
    assert difference("tensor(1.0000)\n", "tensor(1.1000)\n")
    assert difference("tensor(1.)\n", "tensor(1)\n")
    assert difference("a\n", "a\nb\n")
