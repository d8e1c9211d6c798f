"""Searches among NaN, and draws by weights: none of a weight of zero, whatever the rounding."""

import math

import numpy as np
import pytest

import adjoint as torch

nan, inf = math.nan, math.inf


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("row", [[1.0, 2, nan, nan], [nan, nan], [-inf, 0, inf], [-inf, 0, inf, nan], [1.0, 1, 2]])
def test_nan_sorts_last(row, side):
    values = [-inf, 0.0, 1.0, 1.5, 2.0, 3.0, inf, nan]
    expected = np.searchsorted(np.array(row), np.array(values), side).tolist()
    for dtype in (torch.float16, torch.float32, torch.float64):
        sequence, x = torch.tensor(row, dtype=dtype), torch.tensor(values, dtype=dtype)
        assert torch.searchsorted(sequence, x, side=side).tolist() == expected
        assert torch.searchsorted(sequence, x, right=side == "right", out_int32=True).tolist() == expected
        assert torch.bucketize(x, sequence, right=side == "right").tolist() == expected
        shuffled = torch.arange(len(row) - 1, -1, -1)
        flipped = torch.tensor(row[::-1], dtype=dtype)
        assert torch.searchsorted(flipped, x, side=side, sorter=shuffled).tolist() == expected


def test_whole_numbers_beyond_doubles():
    row = torch.tensor([2**62, 2**62 + 1, 2**62 + 2])
    assert torch.searchsorted(row, torch.tensor([2**62 + 1])).tolist() == [1]
    assert torch.isin(torch.tensor([2**62 + 1, 2**62 + 3]), row).tolist() == [True, False]
    assert torch.isin(torch.tensor([nan, 1.0]), torch.tensor([nan, 1.0])).tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    "weights", [[0, 0, 1, 0], [0, 1e-3, 0, 1e-3, 0], [0, 6e4, 6e4, 0], [0.0] * 50 + [1e-7] + [0.0] * 50]
)
def test_weights_of_zero_are_never_drawn(weights, dtype):
    p = torch.tensor(weights, dtype=getattr(torch, dtype))
    kinds = int(p.count_nonzero())
    torch.manual_seed(1)
    drawn = torch.multinomial(p, 500, replacement=True)
    assert (p[drawn] > 0).all()
    for _ in range(50):
        assert (p[torch.multinomial(p, kinds)] > 0).all()
        assert p[torch.multinomial(p, 1)] > 0


def test_weights_whose_sum_overflows():
    torch.manual_seed(0)
    for dtype, weight in ((torch.float32, 3e38), (torch.float16, 6e4), (torch.float64, 1.7e308)):
        p = torch.tensor([0.0, weight, weight, 0.0, weight], dtype=dtype)
        drawn = torch.multinomial(p, 600, replacement=True).bincount(minlength=5).tolist()
        assert drawn[0] == drawn[3] == 0 and min(drawn[1], drawn[2], drawn[4]) > 100


def test_tiny_weights_win_over_none():
    p = torch.tensor([0.0, 1e-45, 0.0])
    for _ in range(200):
        assert torch.multinomial(p, 1).item() == 1


@pytest.mark.parametrize(
    "weights,samples,replacement,words",
    [
        ([0.0, 0], 1, False, "sum of probabilities"),
        ([0.0, 0], 3, True, "sum of probabilities"),
        ([0.0, 1, 0], 2, False, "not enough"),
        ([-1.0, 1], 1, False, "element < 0"),
        ([-1.0, 1], 3, True, "entry < 0"),
        ([nan, 1], 1, False, "nan"),
        ([nan, 1], 3, True, "entry"),
        ([inf, 1], 3, True, "infinity"),
        ([inf, 1], 1, False, "inf"),
    ],
)
def test_weights_that_are_refused(weights, samples, replacement, words):
    with pytest.raises(RuntimeError, match=words):
        torch.multinomial(torch.tensor(weights), samples, replacement)


def test_rows_without_categories():
    with pytest.raises(RuntimeError, match="sum of probabilities"):
        torch.multinomial(torch.zeros(3, 0), 2, True)
