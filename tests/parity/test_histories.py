"""Programs of views and changes in place, statement by statement beside PyTorch: tools/fuzz --histories has more."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
# Some of the random programs build cycles through saved views, as in PyTorch: nothing to count.
pytestmark = [pytest.mark.parity, pytest.mark.keeps_tensors]

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def histories(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    from fuzzing import histories

    return histories


def test_random_programs(histories):
    outcome = histories.search(0, 400)
    assert outcome.found == [], outcome.found
    assert outcome.counts["the same"] > 250


def test_a_difference_is_found_and_reduced(histories, monkeypatch):
    import torch

    monkeypatch.setattr(histories, "CHANGES", ["x.planted_()"])
    monkeypatch.setattr(torch.Tensor, "planted_", torch.Tensor.neg_, raising=False)
    monkeypatch.setattr(histories.adjoint.Tensor, "planted_", lambda x: x.mul_(-2), raising=False)
    outcome = histories.search(0, 30)
    assert len(outcome.found) > 5
    assert all(len(lines) < 5 and "planted_" in "".join(lines) for _, _, lines in outcome.found)
