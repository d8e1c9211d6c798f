"""torch.testing: what is close, and how it is told."""

import pytest
from support import raised, torch

close = torch.testing.assert_close


def told(*args, **options):
    error = raised(lambda: close(*args, **options))
    assert type(error) is AssertionError
    return str(error)


X = torch.tensor([1.0, 2.0, 3.0])


def test_what_is_close():
    nan = float("nan")
    for a, b, options in [
        (X, X + 1e-7, {}),
        (X, X.double(), {"check_dtype": False}),
        ({"a": [X, 1], "b": None}, {"a": [X.clone(), 1], "b": None}, {}),
        (torch.tensor([nan]), torch.tensor([nan]), {"equal_nan": True}),
        (torch.zeros(0), torch.zeros(0), {}),
        (1.0, 1.0 + 1e-9, {}),
    ]:
        close(a, b, **options)


def test_where_and_by_how_much():
    assert told(X, torch.tensor([1.0, 2.1, 3.5])) == (
        "Tensor-likes are not close!\n\nMismatched elements: 2 / 3 (66.7%)\n"
        "Greatest absolute difference: 0.5 at index (2,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.1428571492433548 at index (2,) (up to 1.3e-06 allowed)"
    )
    small = torch.tensor([[3, 5]], dtype=torch.uint8)
    assert told(small, small.flip(1)) == (
        "Tensor-likes are not equal!\n\nMismatched elements: 2 / 2 (100.0%)\n"
        "Greatest absolute difference: 2 at index (0, 0)\nGreatest relative difference: 0.6666666865348816 at index (0, 1)"
    )
    assert told(1.0, 2.0).endswith("Expected 2.0 but got 1.0.\nAbsolute difference: 1.0 (up to 1e-07 allowed)\n"
                                   "Relative difference: 0.5 (up to 1e-07 allowed)")  # fmt: skip
    assert "The failure occurred for item ['a'][1]" in told({"a": [X, X]}, {"a": [X, X * 2]})


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (X, X[:2], "'shape' do not match: torch.Size([3]) != torch.Size([2])"),
        (X, X.double(), "'dtype' do not match: torch.float32 != torch.float64"),
        (1, 1.0, "The (d)types do not match"),
        (True, False, "Booleans mismatch: True is not False"),
        (None, 1, "None mismatch: None is not 1"),
        ([1], [1, 2], "length of the sequences mismatch: 1 != 2"),
        ({"a": 1}, {"b": 1}, "Missing keys in the actual mapping: ['b']\nAdditional keys in the actual mapping: ['a']"),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")]), "nan at index (0,)"),
    ],
)
def test_differences(actual, expected, words):
    assert words in told(actual, expected)


def test_messages_and_wrong_use():
    assert told(X, X + 1, msg="mine") == "mine"
    assert told(X, X + 1, msg=lambda text: text.splitlines()[0] + "!") == "Tensor-likes are not close!!"
    assert "got no atol" in str(raised(lambda: close(X, X, rtol=0.1)))
    assert type(raised(lambda: close(X, "a"))) is TypeError


def test_make_tensor_gives_pytorchs_values():
    make = torch.testing.make_tensor
    torch.manual_seed(1)
    assert make(3, dtype=torch.int64, device="cpu").tolist() == RECORDED_INTS
    x = make((2, 3), dtype=torch.float32, device="cpu", low=0.5, high=0.75, noncontiguous=True, requires_grad=True)
    assert x.requires_grad and not x.is_contiguous() and 0.5 <= x.min() and x.max() < 0.75
    assert not (make(1000, dtype=torch.int8, device="cpu", exclude_zero=True) == 0).any()
    for options in ({"low": 2, "high": 1}, {"low": 1e9, "high": 2e9, "dtype": torch.int8}, {"low": float("nan")}):
        assert (
            type(raised(lambda options=options: make(3, device="cpu", **{"dtype": torch.float32} | options)))
            is ValueError
        )


RECORDED_INTS = [-2, 3, 1]
