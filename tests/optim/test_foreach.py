"""torch._foreach_*: an operation for each tensor of a list."""

import math

import pytest
from support import error_of, torch

NAMES = """abs acos add addcdiv addcmul asin atan ceil clamp_max clamp_min cos cosh div erf erfc exp expm1 floor frac lerp lgamma
log log10 log1p log2 maximum minimum mul neg pow reciprocal round rsqrt sigmoid sign sin sinh sqrt sub tan tanh trunc""".split()


def lists():
    return [torch.tensor([0.25, 0.5]), torch.tensor([[0.75]])]


def equal(a, b):
    return len(a) == len(b) and all(torch.allclose(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_each_gives_what_the_operation_gives(name):
    tensors = lists()
    ways = {
        "addcdiv": [(lists(), lists())],
        "addcmul": [(lists(), lists())],
        "lerp": [(lists(), 0.3), (lists(), lists())],
    }
    two = [(lists(),), (0.5,), ([0.5, 2.0],)]
    binary = "add sub mul div pow maximum minimum clamp_max clamp_min".split()
    for args in ways.get(name, two if name in binary else [()]):
        expected = []
        for i, t in enumerate(tensors):
            each = [a[i] if isinstance(a, list) else a for a in args]
            if name in ("maximum", "minimum"):
                each = [torch.as_tensor(e) for e in each]
            expected.append(getattr(torch, name)(t, *each) if hasattr(torch, name) else getattr(t, name)(*each))
        result = getattr(torch, f"_foreach_{name}")(tensors, *args)
        assert isinstance(result, tuple) and equal(result, expected)
        changed = lists()
        kept = [t.data_ptr() for t in changed]
        assert getattr(torch, f"_foreach_{name}_")(changed, *args) is not None
        assert equal(changed, expected) and [t.data_ptr() for t in changed] == kept


def test_the_others():
    tensors = [torch.tensor([3.0, -4.0]), torch.tensor([2.0])]
    assert [n.item() for n in torch._foreach_norm(tensors)] == [5.0, 2.0]
    assert [n.item() for n in torch._foreach_norm(tensors, math.inf)] == [4.0, 2.0]
    assert torch._foreach_norm(tensors, 1, dtype=torch.float64)[0].dtype == torch.float64
    assert [n.item() for n in torch._foreach_max(tensors)] == [3.0, 2.0]
    assert equal(torch._foreach_add(tensors, tensors, alpha=2), [3 * t for t in tensors])
    assert equal(
        torch._foreach_addcmul(tensors, tensors, tensors, [1.0, 0.0]), [tensors[0] + tensors[0] ** 2, tensors[1]]
    )
    assert equal(torch._foreach_pow(2.0, tensors), [2.0**t for t in tensors])
    copies = torch._foreach_clone(tensors)
    torch._foreach_zero_(tensors)
    assert not any(t.any() for t in tensors) and copies[1].item() == 2.0
    torch._foreach_copy_(tensors, copies)
    assert equal(tensors, copies)


def test_refused():
    tensors = lists()
    assert "must have at least one tensor" in error_of(lambda: torch._foreach_add([], 1), RuntimeError)
    assert "got 2 and 1" in error_of(lambda: torch._foreach_add(tensors, tensors[:1]), RuntimeError)
    assert "same number of elements as scalar list" in error_of(
        lambda: torch._foreach_add(tensors, [1.0]), RuntimeError
    )
    error_of(lambda: torch._foreach_add(tensors[0], 1), TypeError)
    error_of(lambda: torch._foreach_nothing, AttributeError)
