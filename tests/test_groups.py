"""index_reduce and segment_reduce: zeros in products, ties, NaN, borders, threads, bad input."""

import pytest

import adjoint as torch
from adjoint.autograd import gradcheck, gradgradcheck

INF, NAN = float("inf"), float("nan")


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
@pytest.mark.parametrize("own", [0.0, 2.0])
@pytest.mark.parametrize("include_self", [True, False])
def test_slopes_of_products_with_zeros(zeros, own, include_self):
    """The first where a factor is the only zero, the second where there are two."""
    source = doubles(*[0.0] * zeros, *[1.5, -2.0, 0.5][zeros:])
    x, index = doubles(own, 3.0), torch.tensor([0, 0, 0])

    def f(x, source):
        return x.index_reduce(0, index, source, "prod", include_self=include_self)

    assert gradcheck(f, (x, source)) and gradgradcheck(f, (x, source))


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_slopes_of_segments_with_zeros(zeros):
    x = doubles(*[0.0] * zeros, *[1.5, -2.0, 0.5][zeros:], 7.0)

    def f(x):
        return torch.segment_reduce(x, "prod", lengths=torch.tensor([3, 1]), initial=2)

    assert gradcheck(f, (x,)) and gradgradcheck(f, (x,))


def test_equal_extrema_share_their_cotangent():
    x = torch.tensor([3.0, 1.0], requires_grad=True)
    source = torch.tensor([3.0, 3.0, 2.0], requires_grad=True)
    x.index_reduce(0, torch.tensor([0, 0, 0]), source, "amax").sum().backward()
    assert torch.allclose(x.grad, torch.tensor([1 / 3, 1])) and torch.allclose(source.grad, torch.tensor([1, 1, 0]) / 3)
    x.grad = source.grad = None
    # What is not included has no part, be it equal or not.
    x.index_reduce(0, torch.tensor([0, 0, 0]), source, "amax", include_self=False).sum().backward()
    assert x.grad.tolist() == [0, 1] and source.grad.tolist() == [0.5, 0.5, 0]


def test_negative_cotangents_are_shared_too():
    x = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
    torch.segment_reduce(x, "max", lengths=torch.tensor([3])).backward(torch.tensor([-1.0]))
    assert x.grad.tolist() == [-0.5, -0.5, 0]


def test_in_place_and_out():
    x, source = torch.tensor([1.0, 2.0]), torch.tensor([5.0, 7.0])
    out = torch.empty(0)
    torch.index_reduce(x, 0, torch.tensor([1, 1]), source, "mean", out=out)
    assert x.index_reduce_(0, torch.tensor([1, 1]), source, "mean") is x
    assert x.tolist() == out.tolist() == [1, 14 / 3] or torch.allclose(x, out)
    y = doubles(1.0, 2.0)
    s = doubles(3.0, 4.0)
    z = y * 1
    z.index_reduce_(0, torch.tensor([1, 1]), s, "prod").sum().backward()
    assert y.grad.tolist() == [1, 12] and s.grad.tolist() == [8, 6]


def test_nan_wins_and_has_its_cotangent():
    x = torch.tensor([1.0, NAN, 3.0], requires_grad=True)
    y = torch.segment_reduce(x, "amax", lengths=torch.tensor([2, 1]))
    assert y[0].isnan() and y[1] == 3
    y.sum().backward()
    assert x.grad.tolist() == [0, 1, 1]
    assert torch.zeros(1).index_reduce(0, torch.tensor([0, 0]), torch.tensor([NAN, 5.0]), "amin").isnan()


def test_segments_of_nothing():
    x, lengths = torch.arange(3.0), torch.tensor([0, 3])
    for kind, empty in (("sum", 0), ("prod", 1), ("amax", -INF), ("amin", INF)):
        assert torch.segment_reduce(x, kind, lengths=lengths)[0] == empty
        assert torch.segment_reduce(x, kind, lengths=lengths, initial=4)[0] == 4
    assert torch.segment_reduce(x, "mean", lengths=lengths)[0].isnan()
    assert torch.segment_reduce(x, "mean", lengths=lengths, initial=3).tolist() == [3, 2]
    assert torch.segment_reduce(x, "sum", lengths=torch.tensor([], dtype=torch.int64), unsafe=True).tolist() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lengths": [2, 2]}, "sum to"),
        ({"lengths": [5, -2]}, "negative|sum to"),
        ({"lengths": [9], "unsafe": True}, "beyond"),
        ({"lengths": [2**62, 2**62, 2**62], "unsafe": True}, "beyond"),
        ({"offsets": [0, 4]}, "beyond"),
        ({"offsets": [-1, 3]}, "before 0"),
        ({"offsets": [2, 1, 3]}, "ascend"),
        ({"offsets": [-(2**63), 2**63 - 1]}, "before 0"),
        ({"offsets": []}, "at least one"),
        ({"lengths": [[3]]}, "data.dim"),
        ({}, "Either lengths or offsets"),
    ],
)
def test_segments_outside_are_refused(options, message):
    given = {k: torch.tensor(v, dtype=torch.int64) if isinstance(v, list) else v for k, v in options.items()}
    with pytest.raises(RuntimeError, match=message):
        torch.segment_reduce(torch.arange(3.0), "sum", **given)


def test_lengths_that_are_not_datas_are_refused():
    x = torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="sizes of lengths"):
        torch.segment_reduce(x, "sum", lengths=torch.tensor([[1, 2]]), axis=1)
    with pytest.raises(RuntimeError, match="last dimension of lengths"):
        torch.segment_reduce(x, "sum", lengths=torch.tensor([3]), axis=1)
    with pytest.raises(RuntimeError, match="reduce argument"):
        torch.segment_reduce(x, "median", lengths=torch.tensor([2]))
    with pytest.raises(NotImplementedError):
        torch.segment_reduce(x.int(), "sum", lengths=torch.tensor([2]))
    with pytest.raises(NotImplementedError):
        torch.segment_reduce(x, "sum", lengths=torch.tensor([2.0]))


@pytest.mark.parametrize("index", [[0, 3], [0, -1], [2**40, 0]])
def test_indices_outside_are_refused(index):
    with pytest.raises(IndexError, match="out of range"):
        torch.zeros(3, 2).index_reduce(0, torch.tensor(index), torch.ones(2, 2), "prod")


def test_integers_means_round_down_and_wrap():
    x = torch.tensor([0, 10], dtype=torch.int8)
    source = torch.tensor([-5, -6, 100, 100], dtype=torch.int8)
    got = x.index_reduce(0, torch.tensor([0, 0, 1, 1]), source, "mean", include_self=False)
    assert got.tolist() == [-6, -28]


def test_the_same_bits_for_any_number_of_threads():
    torch.manual_seed(0)
    x, index = torch.randn(3, 20000, 7), torch.randint(0, 50, (20000,))
    lengths = torch.tensor([9000, 1, 0, 10999]).expand(3, 4)
    found = []
    threads = torch.get_num_threads()
    try:
        for n in (1, 2, 4):
            torch.set_num_threads(n)
            found.append(
                [x[:, :50].index_reduce(1, index, x, kind) for kind in ("mean", "amax")]
                + [torch.segment_reduce(x, kind, lengths=lengths, axis=1) for kind in ("sum", "amin")]
                + [torch.segment_reduce(x[0, :, 0], "sum", lengths=lengths[0])]
                + [torch.histogram(x.flatten(), 31, weight=x.flatten()).hist]
            )
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))


@pytest.mark.parametrize("kind", ["sum", "mean", "prod", "amax", "amin"])
@pytest.mark.parametrize("initial", [None, 0.0, 1.5])
def test_the_kernel_of_slopes_agrees_with_the_recorded_ones(kind, initial):
    values = torch.tensor([[2.0, 2, 0, 1], [0, 0, 3, -1], [NAN, 1, 1, 1], [5, 0, 2, 2], [0, 0, 0, 4]]).repeat(4, 1)
    for x, options in (
        (values.flatten()[:70], {"offsets": torch.tensor([2, 2, 9, 61, 66])}),
        (values, {"lengths": torch.tensor([1, 0, 7, 12])}),
        (values.reshape(2, 10, 4), {"lengths": torch.tensor([[4, 6], [0, 10]]), "axis": 1}),
        (values.half(), {"lengths": torch.tensor([3, 17])}),
    ):
        x = x.clone().requires_grad_()
        y = torch.segment_reduce(x, kind, initial=initial, **options)
        g = torch.arange(1.0, y.numel() + 1).reshape(y.shape).cos().to(y.dtype)
        (raw,) = torch.autograd.grad(y, x, g, retain_graph=True)
        (recorded,) = torch.autograd.grad(y, x, g, create_graph=True)
        tolerance = 2e-3 if x.dtype == torch.float16 else 1e-5
        assert torch.allclose(raw, recorded, rtol=tolerance, atol=tolerance, equal_nan=True)
