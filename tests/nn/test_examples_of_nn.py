"""The examples in the docstrings of adjoint.nn."""

import doctest
import importlib
import pkgutil

import pytest

import adjoint
import adjoint.nn

MODULES = [m.name for m in pkgutil.walk_packages(adjoint.nn.__path__, "adjoint.nn.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    adjoint.manual_seed(0)
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_examples_are_found():
    finder = doctest.DocTestFinder()
    assert any(t.examples for t in finder.find(adjoint.nn.modules.linear))
