"""Histograms at their edges, gradient, unravel_index, nonzero_static, and the functions by native names."""

import pytest

import adjoint as torch

NAN = float("nan")


def test_bins_have_their_left_edge_and_the_last_one_its_right():
    x = torch.tensor([0.0, 1.0, 2.0, 3.0, 3.5, -0.1, NAN])
    assert torch.histogram(x, torch.tensor([0.0, 1.0, 3.0])).hist.tolist() == [1, 3]
    assert torch.histogram(x, 3, range=(0.0, 3.0)).hist.tolist() == [1, 1, 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_counts_agree_with_the_edges(dtype):
    """Where rounding puts a quotient into the neighbouring bin, the edges decide."""
    for low, high, bins in ((0.0, 1.0, 10), (-3.0, 7.1, 97), (1e8, 1e8 + 64, 1000), (0.0, 1e-38, 7), (-3e38, 3e38, 5)):
        edges = torch.histogram(torch.zeros(0, dtype=dtype), bins, range=(low, high)).bin_edges
        hist = torch.histogram(edges, bins, range=(low, high)).hist
        assert torch.equal(hist, torch.histogram(edges, edges).hist), (low, high, bins)


def test_sums_are_exact_beyond_single_precision():
    x = torch.zeros(3)
    weight = torch.tensor([2.0**24, 1.0, 1.0])
    assert torch.histogram(x, 1, range=(-1.0, 1.0), weight=weight).hist.item() == 2.0**24 + 2


def test_a_range_of_one_value_is_widened():
    hist, edges = torch.histogram(torch.ones(3), 2)
    assert hist.tolist() == [0, 3] and edges.tolist() == [0.5, 1, 1.5]
    assert torch.histogram(torch.zeros(0), 2).bin_edges.tolist() == [0, 0.5, 1]


def test_density_integrates_to_one():
    hist, edges = torch.histogram(torch.tensor([0.0, 0.1, 0.6, 2.0]), torch.tensor([0.0, 0.5, 2.0]), density=True)
    assert torch.allclose(hist, torch.tensor([1.0, 1 / 3])) and (hist * edges.diff()).sum() == 1


def test_a_grid():
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [NAN, 0.0]])
    hist, edges = torch.histogramdd(x, [3, 2], range=[0.0, 2.0, 0.0, 2.0])
    assert hist.tolist() == [[0, 1], [1, 0], [1, 1]]
    assert edges[0].shape == (4,) and edges[1].tolist() == [0, 1, 2]
    again = torch.histogramdd(x[:4].reshape(2, 2, 2), list(edges), weight=torch.ones(2, 2), density=True)
    assert torch.allclose(again.hist, hist / 4 / (2 / 3))


def test_edges_in_no_order_read_nothing_outside():
    hist = torch.histogram(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 5.0, -7.0, NAN, 2.0])).hist
    assert hist.sum() == 3


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: torch.histogram(x, 0), RuntimeError),
        (lambda x: torch.histogram(x, 2, range=(1.0,)), RuntimeError),
        (lambda x: torch.histogram(x, 2, range=(2.0, 1.0)), RuntimeError),
        (lambda x: torch.histogram(x, 2, range=(0.0, NAN)), RuntimeError),
        (lambda x: torch.histogram(x * NAN, 2), RuntimeError),
        (lambda x: torch.histogram(x, torch.ones(2, 2)), RuntimeError),
        (lambda x: torch.histogram(x, torch.ones(0)), RuntimeError),
        (lambda x: torch.histogram(x, torch.ones(1)), RuntimeError),
        (lambda x: torch.histogram(x, torch.ones(2, dtype=torch.float64)), RuntimeError),
        (lambda x: torch.histogram(x, torch.ones(2), range=(0.0, 1.0)), TypeError),
        (lambda x: torch.histogram(x, 2, weight=torch.ones(2)), RuntimeError),
        (lambda x: torch.histogram(x, 2, weight=torch.ones(3, dtype=torch.float64)), RuntimeError),
        (lambda x: torch.histogram(x.half(), 2), NotImplementedError),
        (lambda x: torch.histogram(x.int(), torch.arange(3)), NotImplementedError),
        (lambda x: torch.histogram(x, 2**50), RuntimeError),
        (lambda x: torch.histogramdd(x, 2), RuntimeError),
        (lambda x: torch.histogramdd(x.reshape(1, 3), [2, 2]), RuntimeError),
        (lambda x: torch.histogramdd(x.reshape(1, 3), [2**30] * 3), RuntimeError),
        (lambda x: torch.histogram(x.requires_grad_(), 2).hist.sum().backward(), RuntimeError),
        (lambda x: torch.gradient(x[:1]), RuntimeError),
        (lambda x: torch.gradient(x, edge_order=3), RuntimeError),
        (lambda x: torch.gradient(x, dim=1), IndexError),
        (lambda x: torch.gradient(x, spacing=[1.0, 2.0]), RuntimeError),
        (lambda x: torch.gradient(x, spacing=[torch.ones(2)]), RuntimeError),
        (lambda x: torch.gradient(x, spacing=torch.ones(3)), TypeError),
        (lambda x: torch.gradient(x.to(torch.uint8)), RuntimeError),
        (lambda x: torch.unravel_index(x, (2, 2)), TypeError),
        (lambda x: torch.unravel_index(x.long(), (-2, 2)), ValueError),
        (lambda x: torch.unravel_index(x.long(), (0, 2)), RuntimeError),
        (lambda x: torch.unravel_index(x.long(), 2.5), TypeError),
        (lambda x: torch.nonzero_static(x, size=-1), RuntimeError),
        (lambda x: x.chalf(), NotImplementedError),
        (lambda x: torch.hash_tensor(x, mode=1), RuntimeError),
        (lambda x: torch.hash_tensor(x[:0]), RuntimeError),
        (lambda x: torch.empty_permuted((2, 3), (0, 0)), RuntimeError),
        (lambda x: torch.empty_permuted((2, 3), (0, 2**40)), RuntimeError),
        (lambda x: torch._chunk_cat([], 0, 2), RuntimeError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error):
        call(torch.tensor([1.0, 2.0, 4.0]))


def test_native_names():
    aten, x = torch.ops.aten, torch.arange(6.0).reshape(2, 3)
    assert aten.slice.Tensor(x, 1, 1).tolist() == [[1, 2], [4, 5]]
    assert aten.add.Tensor(x, x).equal(2 * x) and aten.relu.default(x) is not x
    for name in ("no_such_operation", "Tensor", "nn", "float32"):
        with pytest.raises(AttributeError, match=name):
            getattr(aten, name)
    with pytest.raises(AttributeError, match="overload"):
        aten.add.no_such_overload
    with pytest.raises(RuntimeError, match="positive"):
        aten.slice.Tensor(x, 0, 0, 2, 0)


def test_safe_softmax_of_a_masked_row_is_0():
    x = torch.tensor([[1.0, 1.0], [-float("inf")] * 2], requires_grad=True)
    y = torch._safe_softmax(x, 1)
    assert y.tolist() == [[0.5, 0.5], [0, 0]]
    y[:, 0].sum().backward()
    assert x.grad.tolist() == [[0.25, -0.25], [0, 0]]


def test_masked_indices_may_lie_anywhere():
    x, mask = torch.arange(4.0), torch.tensor([True, False])
    index = torch.tensor([2, 99])
    assert torch._unsafe_masked_index(x, mask, [index], -1).tolist() == [2, -1]
    assert torch._unsafe_masked_index_put_accumulate(x, mask, [index], torch.ones(2)).tolist() == [0, 1, 3, 3]


def test_chunks_side_by_side():
    got = torch._chunk_cat([torch.tensor([1, 2, 3]), torch.tensor([4])], 0, 2)
    assert got.tolist() == [[1, 2, 4], [3, 0, 0]]


def test_the_hash_is_an_exclusive_or():
    assert torch.hash_tensor(torch.tensor([5, 3, 9], dtype=torch.int8)).item() == 5 ^ 3 ^ 9
    x = torch.randn(5, 7)
    whole = torch.hash_tensor(x)
    assert torch.hash_tensor(torch.hash_tensor(x, 1)) == whole == torch.hash_tensor(x.T.contiguous())
    assert whole.dtype == torch.int64
