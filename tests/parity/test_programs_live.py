"""The same programs, run with torch and with adjoint side by side."""

import pathlib
import sys

import pytest

torch = pytest.importorskip("torch")
adjoint = pytest.importorskip("adjoint")
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]
import programs
from programs_compare import difference

pytestmark = pytest.mark.parity
PROGRAMS = programs.all_programs()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_same_text(name):
    wrong = difference(programs.run(PROGRAMS[name], adjoint), programs.run(PROGRAMS[name], torch))
    assert wrong is None, wrong
