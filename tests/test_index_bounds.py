"""Index operations refuse what lies outside or does not fit, with PyTorch's classes."""

import pytest
from support import torch

one, two = torch.tensor(1.0), torch.zeros(2)


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda: one.index_select(-1, torch.tensor(1)), IndexError, "index out of range in self"),
        (lambda: two.index_add(0, torch.tensor([5]), torch.zeros(1)), IndexError, "index out of range in self"),
        (lambda: torch.zeros(2, 2).index_add(0, torch.tensor([5]), torch.zeros(1, 2)), RuntimeError, "out of"),
        (lambda: torch.zeros(3, 2).index_add(-1, torch.tensor([0, 1]), two), (IndexError, RuntimeError), "shape|Dim"),
        (
            lambda: torch.zeros(1, 0, 2).index_add(2, torch.tensor([1]), torch.zeros(1)),
            (IndexError, RuntimeError),
            "shape|Dim",
        ),
        (
            lambda: torch.zeros(3, 2).index_copy(-1, torch.tensor([0, 1]), two),
            IndexError,
            "their dimensionality must match",
        ),
        (lambda: two.index_fill(0, torch.tensor([[0]]), 3.0), RuntimeError, "Index has to be a vector/scalar"),
        (lambda: two.put(torch.tensor([0]), two), IndexError, "same number of elements"),
        (lambda: torch.slice_scatter(one, one), IndexError, r"slice\(\) cannot be applied to a 0-dim tensor"),
        (lambda: torch.signbit(torch.tensor([1j])), NotImplementedError, "not implemented for complex"),
    ],
)
def test_classes_of_refusals(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("name", ["scatter", "scatter_add", "scatter_reduce"])
@pytest.mark.parametrize("source, text", [(one, "no larger size than src"), (torch.zeros(3, 3), "number of dimensions as src")])  # fmt: skip
def test_a_source_that_does_not_cover_the_index_is_refused(name, source, text):
    more = ("sum",) if name == "scatter_reduce" else ()
    with pytest.raises(RuntimeError, match=text):
        getattr(torch.zeros(3), name)(0, torch.tensor([0, 1, 2]), source, *more)


def test_a_source_without_dimensions_is_one_element():
    assert torch.zeros(3).scatter_add(0, torch.tensor([1]), one).tolist() == [0.0, 1.0, 0.0]


def test_where_of_a_scalar_condition_is_one_index():
    assert [t.tolist() for t in torch.where(torch.tensor(True))] == [[0]]
    assert [t.tolist() for t in torch.where(torch.tensor(False))] == [[]]


def test_isin_keeps_the_digits_of_a_number():
    x = torch.tensor([0.1, 0.2], dtype=torch.float64)
    assert torch.isin(x, 0.1).tolist() == [True, False] and torch.isin(0.1, x).item()
    assert torch.isin(torch.tensor([1, 2]), 1.5).tolist() == [False, False]


def test_types_of_assigned_values():
    """One value for a mask is filled in, whatever its type; everything else must be of the tensor's own."""
    mask = torch.tensor([True, False, True])
    for index in (mask, mask.tolist(), mask & False, True, (slice(None), torch.tensor([True]))):
        for value in (torch.tensor(2), torch.tensor([2]), torch.tensor([[2.0]], dtype=torch.float64)):
            x = torch.zeros(3, 1)
            x[index] = value
            chosen = torch.zeros(3, 1)
            chosen[index] = 2.0
            assert x.tolist() == chosen.tolist()
    x = torch.zeros(3)
    with pytest.raises(RuntimeError, match="source and destination dtypes match"):
        x[[0, 2]] = torch.tensor(2)
    with pytest.raises(RuntimeError, match="source and destination dtypes match"):
        x[mask] = torch.tensor([2, 3])
    with pytest.raises(RuntimeError, match="source and destination dtypes match"):
        x.index_put_((mask,), torch.tensor(2), accumulate=True)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        x[mask] = torch.tensor([1, 2, 3])
    with pytest.raises(RuntimeError, match="value cannot be converted to type float without overflow"):
        x[mask] = torch.tensor([1j])
    x[False] = torch.tensor([7, 8])
    assert x.tolist() == [0.0] * 3
    w = torch.tensor([2.5], dtype=torch.float64, requires_grad=True)
    x[mask] = w
    (x * x).sum().backward()
    assert x.tolist() == [2.5, 0.0, 2.5] and w.grad.tolist() == [10.0]
