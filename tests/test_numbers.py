"""Numbers that become elements, order among equals, products with zeros: rules that are easy to break silently."""

import pytest
from support import torch

INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
FILLS = {
    "masked_fill": lambda x, v: x.masked_fill(torch.tensor([True, False]), v),
    "fill_": lambda x, v: x.fill_(v),
    "full_like": torch.full_like,
    "index_fill": lambda x, v: x.index_fill(0, torch.tensor([0]), v),
    "assignment": lambda x, v: x.__setitem__(0, v),
    "scatter": lambda x, v: x.scatter(0, torch.tensor([0]), v),
    "pad": lambda x, v: torch.nn.functional.pad(x, (1, 1), value=v),
}


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_what_an_integer_cannot_hold_raises(fill, dtype):
    for v in (float("nan"), float("inf"), 1e30, 1j):
        if fill == "pad" and isinstance(v, complex):
            continue
        with pytest.raises((RuntimeError, TypeError), match=r"without overflow|must be"):
            FILLS[fill](torch.zeros(2, dtype=dtype), v)
    FILLS[fill](torch.zeros(2, dtype=dtype), 1.5)  # fractions are cut


def test_the_limits_themselves_fit():
    assert torch.full((1,), 127, dtype=torch.int8).item() == 127
    assert torch.full((1,), -255, dtype=torch.uint8).item() == 1  # negative numbers wrap
    assert torch.full((1,), float("inf"), dtype=torch.float16).item() == float("inf")
    for v, dtype in ((128, torch.int8), (-256, torch.uint8), (65520.0, torch.float16), (1e39, torch.float32)):
        with pytest.raises(RuntimeError, match="without overflow"):
            torch.full((1,), v, dtype=dtype)


def test_a_float_is_an_element_only_if_it_lies_between_the_limits():
    for v, dtype in ((-0.5, torch.uint8), (255.5, torch.uint8), (127.5, torch.int8), (2.0**63, torch.int64)):
        with pytest.raises(RuntimeError, match="without overflow"):
            torch.tensor([v], dtype=dtype)
    assert torch.tensor([-1.5, 126.9], dtype=torch.int8).tolist() == [-1, 126]
    assert torch.tensor([-0.0, 255.0], dtype=torch.uint8).tolist() == [0, 255]


def test_numbers_beside_integers_must_fit_them():
    u = torch.tensor([1, 2], dtype=torch.uint8)
    for call in (
        lambda: u.add(u, alpha=300),
        lambda: u.sub(u, alpha=300),
        lambda: torch.addcmul(u, u, u, value=300),
        lambda: torch.nn.functional.threshold(u, 1, 300),
        lambda: u**300,
    ):
        with pytest.raises(RuntimeError, match="without overflow"):
            call()
    assert u.add(u, alpha=-1).tolist() == [0, 0] and (u**7).tolist() == [1, 128]


def test_a_bool_is_a_float_where_a_float_is_wanted():
    assert torch.nn.functional.pad(torch.zeros(1), (1, 0), value=True).tolist() == [1.0, 0.0]
    assert torch.nan_to_num(torch.tensor([float("nan")]), True).tolist() == [1.0]


@pytest.mark.parametrize("n", [10, 100, 5000])
@pytest.mark.parametrize("descending", [False, True])
def test_sort_is_a_permutation_and_stable_when_asked(n, descending):
    x = (torch.arange(n) * 7919 % 13).to(torch.int8)
    values, order = x.sort(descending=descending)
    assert torch.equal(x[order], values)
    assert torch.equal(order.sort()[0], torch.arange(n))
    values, order = x.sort(descending=descending, stable=True)
    steps = order.diff()[values.diff() == 0]
    assert bool((steps > 0).all())


def test_scatter_reduce_product_passes_gradient_to_the_only_zero():
    x = torch.tensor([0.0, 2.0], dtype=torch.float64, requires_grad=True)
    source = torch.tensor([3.0, 0.0, 5.0], dtype=torch.float64, requires_grad=True)
    index = torch.tensor([0, 1, 1])
    x.scatter_reduce(0, index, source, "prod").sum().backward()
    assert x.grad.tolist() == [3.0, 0.0]
    assert source.grad.tolist() == [0.0, 10.0, 0.0]


@pytest.mark.parametrize("f", [lambda x: x * 2, lambda x: x / 2, lambda x: 2 * x])
def test_products_with_numbers_are_freed_too(f):
    x = torch.ones(2, requires_grad=True)
    y = f(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()
    y = f(x).sum()
    y.backward(retain_graph=True)
    y.backward()
