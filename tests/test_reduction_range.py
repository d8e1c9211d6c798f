"""Reductions where powers or sums leave the type's range although the result does not: values and gradients."""

import math

import numpy as np
import pytest

import adjoint as torch

VALUES = [1.0, 2.0, -3.0, 0.5, 2.5]
SCALES = {
    "float32": [1e37, 1e20, 1e-20, 1e-30, 1e-36],
    "float64": [1e306, 1e200, 1e-200, 1e-300],
    "bfloat16": [1e37, 1e-30],
}
TOLERANCE = {"float32": 1e-5, "float64": 1e-12, "bfloat16": 2e-2}


def value_and_gradient(f, values, dtype):
    x = torch.tensor(values, dtype=getattr(torch, dtype), requires_grad=True)
    y = f(x)
    y.backward()
    return y.item(), np.array(x.grad.tolist())


HOMOGENEOUS = {  # f(k·x) = k·f(x), so the gradient does not change
    "std": lambda x: x.std(),
    "std_rows": lambda x: x.reshape(1, 5).std(1).sum(),
    "std_columns": lambda x: torch.stack([x, x], 1).std(0).sum(),
    "std_mean": lambda x: torch.std_mean(x)[0],
    "norm": lambda x: x.norm(),
    "norm_columns": lambda x: torch.stack([x, x, x], 1).norm(dim=0).sum(),
    "norm_half": lambda x: torch.linalg.vector_norm(x, 0.5),
    "norm_minus_2": lambda x: torch.linalg.vector_norm(x, -2),
    "norm_1.5": lambda x: torch.linalg.vector_norm(x, 1.5),
    "norm_3": lambda x: torch.linalg.vector_norm(x, 3),
    "norm_20": lambda x: torch.linalg.vector_norm(x, 20),
    "dist": lambda x: torch.dist(x, -x, 2),
    "cdist": lambda x: torch.cdist(x.reshape(1, 5), -x.reshape(1, 5), 3).sum(),
    "pdist": lambda x: torch.pdist(x.reshape(5, 1)).sum(),
    "pairwise_distance": lambda x: torch.nn.functional.pairwise_distance(x, -x, eps=0),
}
CASES = [
    (name, dtype, scale)
    for name in HOMOGENEOUS
    for dtype, scales in SCALES.items()
    for scale in scales
    if not (dtype == "bfloat16" and name in {"cdist", "pdist"})  # not for 16-bit floats, as in PyTorch
    and not (name == "norm_half" and scale == 1e37)  # the norm itself is out of range
]


@pytest.mark.parametrize("name,dtype,scale", CASES)
def test_scale_changes_nothing(name, dtype, scale):
    f, tolerance = HOMOGENEOUS[name], TOLERANCE[dtype]
    value, gradient = value_and_gradient(f, VALUES, "float64")
    scaled_value, scaled_gradient = value_and_gradient(f, [v * scale for v in VALUES], dtype)
    assert scaled_value / scale == pytest.approx(value, rel=tolerance)
    assert scaled_gradient == pytest.approx(gradient, rel=10 * tolerance, abs=tolerance)


def test_each_row_on_its_own():
    x = torch.tensor([[1.0, 2, 3], [1e30, 2e30, 3e30], [1e-30, 2e-30, 3e-30], [math.inf, 1, 2], [0, 0, 0]])
    assert x.std(1)[:3].tolist() == pytest.approx([1, 1e30, 1e-30], rel=1e-6)
    assert x.std(1)[3].isnan() and x.std(1)[4] == 0
    assert x.t().contiguous().std(0)[:3].tolist() == x.std(1)[:3].tolist()
    assert x.norm(dim=1)[3] == math.inf and x.norm(dim=1)[4] == 0


def test_complex_deviation():
    z = torch.tensor([1e30 + 1e30j, -1e30 + 1e30j, 1e30 - 3e30j])
    assert z.std().item() == pytest.approx(np.std(np.array(z.tolist()), ddof=1), rel=1e-6)
    assert z.norm().item() == pytest.approx(np.linalg.norm(np.array(z.tolist())), rel=1e-6)


@pytest.mark.parametrize("value", [3e38, 1e20, 1e-30, 1e-45])
def test_constant_input_does_not_deviate(value):
    x = torch.full((100_001,), value, requires_grad=True)
    std, mean = torch.std_mean(x)
    assert std == 0 and x.var() == 0 and mean.item() == x[0].item()
    assert x.mean().item() == pytest.approx(x[0].item(), rel=1e-5)
    std.backward()
    assert x.grad.count_nonzero() == 0


def test_mean_of_large_numbers():
    assert torch.tensor([3e38, 3e38, -3e38]).mean().item() == pytest.approx(1e38)
    x = torch.tensor([[1.7e308, 1.7e308], [math.inf, 1]], dtype=torch.float64)
    assert x.mean(1).tolist() == [1.7e308, math.inf]
    assert torch.tensor([3e38 + 3e38j] * 2).mean().item() == pytest.approx(3e38 + 3e38j)


def test_no_degrees_of_freedom():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match="degrees of freedom"):
        y = x.var(correction=2)
    assert y.item() == math.inf
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert torch.tensor([1.0]).std().isnan()
    assert torch.tensor([3.0]).std(correction=0) == 0


def test_correlations_do_not_feel_scale():
    x = torch.tensor([[1.0, 2, 4], [1, 2, 1], [3, -1, 2]])
    scaled = x * torch.tensor([[1e30], [1e-30], [1e37]])
    assert np.allclose(torch.corrcoef(scaled).tolist(), torch.corrcoef(x).tolist(), rtol=1e-6)


def test_norm_gradient_at_zero_is_zero():
    for p in (0.5, 1, 1.5, 2, 3, math.inf):
        x = torch.zeros(3, requires_grad=True)
        torch.linalg.vector_norm(x, p).backward()
        assert x.grad.tolist() == [0, 0, 0], p
        points = torch.zeros(3, 2, requires_grad=True)
        (torch.pdist(points, p).sum() + torch.cdist(points, points, p).sum()).backward()
        assert points.grad.count_nonzero() == 0, p


def test_pdist_of_order_zero_has_a_gradient_of_zeros():
    x = torch.tensor([[1.0, 2], [1, 3], [0, 0]], requires_grad=True)
    y = torch.pdist(x, 0)
    y.sum().backward()
    assert y.tolist() == [1, 2, 2] and x.grad.tolist() == [[0, 0]] * 3


def test_product_whose_value_leaves_the_range():
    x = torch.tensor([1e-30, 2e-30, 1e10], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == pytest.approx([2e-20, 1e-20, 0])
    x = torch.tensor([[1e30, 2e30]], requires_grad=True)
    x.prod(1).backward(torch.ones(1))
    assert x.grad.tolist()[0] == pytest.approx([2e30, 1e30])
    x = torch.tensor([0.0, 2, 0], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == [0, 0, 0]


def second(f, values):
    x = torch.tensor(values, requires_grad=True)
    y = f(x)
    (g,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return y.tolist(), g.tolist(), h.tolist()


def test_logarithms_of_nothing():
    inf = math.inf
    assert second(lambda x: x.logsumexp(0), [-inf, -inf]) == (-inf, [0, 0], [0, 0])
    assert second(lambda x: x.logcumsumexp(0), [-inf, -inf]) == ([-inf, -inf], [0, 0], [0, 0])
    assert second(lambda x: x.logcumsumexp(0), [-inf, 1.0])[1] == [0, pytest.approx(1)]
    rows = second(lambda x: x.reshape(2, 2).logsumexp(1), [-inf, -inf, 0.0, 0.0])
    assert rows[1] == [0, 0, pytest.approx(0.5), pytest.approx(0.5)]
    assert second(lambda x: x.logsumexp(0), [inf, 1.0, inf])[:2] == (inf, [0.5, 0, 0.5])
    x = torch.tensor([0.5, 0.2], dtype=torch.bfloat16, requires_grad=True)
    x.logcumsumexp(0).sum().backward()
    assert x.grad.tolist() == pytest.approx([1.57, 0.43], abs=0.02)


def test_histogram_of_a_span_that_overflows():
    assert torch.tensor([-3e38, 0.0, 3e38]).histc(4).tolist() == [1, 0, 1, 1]
    x = torch.tensor([-1.7e308, 1e308, 1.7e308], dtype=torch.float64)
    assert x.histc(2).tolist() == [1, 2]
    assert torch.tensor([0.0, 0.5, 1, 6e4], dtype=torch.float16).histc(3).tolist() == [3, 0, 1]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.complex128])
def test_integers_with_a_floating_dtype_do_not_wrap(dtype):
    x, y = torch.tensor([2**62] * 4), torch.tensor([2**40] * 3)
    for total in (x.sum(dtype=dtype), x.sum(0, dtype=dtype), x.view(2, 2).sum((0, 1), dtype=dtype)):
        assert total == 2.0**64 and total.dtype == dtype
    if not dtype.is_complex:
        assert x.nansum(dtype=dtype) == 2.0**64
    if dtype != torch.float32:
        y = torch.tensor([2**40] * 4)
    for product in (y.prod(dtype=dtype), y.prod(0, dtype=dtype)):
        assert product == 2.0 ** (40 * len(y)) and product.dtype == dtype
    small = torch.tensor([100] * 20, dtype=torch.int8)
    assert small.sum(dtype=dtype) == 2000 or dtype == torch.bfloat16
    assert abs(small[:10].prod(dtype=dtype).item() / 1e20 - 1) < 1e-2


def test_sums_of_small_integers_are_exact_before_they_are_rounded():
    x = torch.full((2**25 + 1,), 1, dtype=torch.int32)
    assert x.sum(dtype=torch.float64) == 2**25 + 1
    assert x[: 2**24 + 3].sum(dtype=torch.float32) == 2**24 + 4
