"""Ranges at the ends of their types: exact lengths and bounds, spans that overflow, refusals that cost nothing."""

import math

import pytest

import adjoint as torch

LOW, HIGH = -(2**63), 2**63 - 1
BIG = 2**53


@pytest.mark.parametrize(
    "bounds",
    [
        (BIG, BIG + 3, 1),
        (2**62 + 1, 2**62 + 4, 1),
        (2**62 + 4, 2**62 + 1, -1),
        (2**62 + 4, 2**62 + 1, -2),
        (LOW, HIGH, 2**62),
        (0, HIGH, 2**62),
        (HIGH, LOW, -(2**62)),
        (HIGH - 3, HIGH, 2),
        (LOW, LOW + 2, 1),
        (5, 5, 3),
    ],
)
def test_whole_numbers_as_python_counts(bounds):
    assert torch.arange(*bounds).tolist() == list(range(*bounds))


def test_other_types():
    assert torch.arange(BIG, BIG + 3, dtype=torch.int32).numel() == 3
    assert torch.arange(0.5, 3.7, 1.2, dtype=torch.int64).tolist() == [0, 1, 2]
    for half in (torch.float16, torch.bfloat16):
        assert torch.arange(0, 2, 0.25, dtype=half).tolist() == [0.25 * i for i in range(8)]
    y = torch.arange(-1e308, 1e308, 1e307, dtype=torch.float64)
    assert y.numel() == 20 and y[0] == -1e308 and y[10].item() == pytest.approx(0, abs=1e294)
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.range(BIG, BIG + 3, dtype=torch.int64).tolist() == [BIG, BIG + 1, BIG + 2, BIG + 3]
    assert torch.arange(2**40, dtype=torch.int8, device="meta").shape == (2**40,)


@pytest.mark.parametrize(
    "arguments,words",
    [
        ((2**62,), "overflowed"),
        ((2**50,), "allocate"),
        ((LOW, HIGH), "invalid size"),
        ((0, 1e300), "invalid size"),
        ((0, 1, 1e-300), "invalid size"),
        ((0, 1, 0), "step must be nonzero"),
        ((0, 1, math.nan), "step must be nonzero"),
        ((0, math.inf), "unsupported range"),
        ((math.nan, 1), "unsupported range"),
        ((0, -1), "inconsistent with step sign"),
        ((2**62 + 1, 2**62, 1), "inconsistent with step sign"),
    ],
)
def test_refused(arguments, words):
    with pytest.raises(RuntimeError, match=words):
        torch.arange(*arguments)


def test_step_cut_to_zero():
    with pytest.raises(ValueError, match="nonzero"):
        torch.arange(0.5, 3.7, 0.5, dtype=torch.int64)


@pytest.mark.parametrize(
    "dtype,most", [("float16", 65504.0), ("bfloat16", 3.3895313892515355e38), ("float32", 3e38), ("float64", 1.7e308)]
)
def test_linspace_over_a_span_that_overflows(dtype, most):
    y = torch.linspace(-most, most, 5, dtype=getattr(torch, dtype))
    top = y[4].item()
    assert top == pytest.approx(most, rel=1e-6) and y.tolist() == [-top, -top / 2, 0, top / 2, top]


def test_linspace_of_other_types():
    z = torch.linspace(-3e38, 3e38, 3, dtype=torch.complex64)
    assert z.real.tolist() == [z.real[0].item(), 0, z.real[2].item()] and z.real[2].item() == pytest.approx(3e38)
    assert torch.linspace(BIG + 1, BIG + 5, 5, dtype=torch.int64).tolist() == list(range(BIG + 1, BIG + 6))
    assert torch.linspace(LOW, HIGH, 3, dtype=torch.int64).tolist() == [LOW, 0, HIGH]
    assert torch.linspace(-10, 10, 7, dtype=torch.int32).tolist() == [-10, -6, -3, 0, 3, 6, 10]
    with pytest.raises(RuntimeError, match="without overflow"):
        torch.linspace(0, 300, 4, dtype=torch.uint8)
    assert torch.logspace(-1e308, 1e308, 3, dtype=torch.float64).tolist() == [0, 1, math.inf]


HUGE = {
    "linspace": lambda: torch.linspace(0, 1, 2**50),
    "logspace": lambda: torch.logspace(0, 1, 2**50),
    "eye": lambda: torch.eye(2**40),
    "histc": lambda: torch.ones(2).histc(2**50),
    "bincount": lambda: torch.tensor([1, 2**60]).bincount(),
    "bincount_most": lambda: torch.tensor([1, HIGH]).bincount(),
    "minlength": lambda: torch.tensor([1]).bincount(minlength=2**50),
    "topk": lambda: torch.ones(2).topk(2**50),
    "kthvalue": lambda: torch.ones(2).kthvalue(2**50),
    "multinomial": lambda: torch.multinomial(torch.ones(2), 2**50, True),
    "randperm": lambda: torch.randperm(2**50),
    "combinations": lambda: torch.combinations(torch.arange(60), 30),
    "cartesian_prod": lambda: torch.cartesian_prod(*[torch.arange(2**16)] * 4),
    "vander": lambda: torch.vander(torch.arange(3.0), 2**50),
    "repeat": lambda: torch.ones(4).repeat(2**62),
    "repeat_interleave": lambda: torch.repeat_interleave(torch.ones(4), 2**62),
    "repeat_interleave_tensor": lambda: torch.repeat_interleave(torch.tensor([2**62] * 4)),
    "pdist": lambda: torch.pdist(torch.empty(1, 2).expand(2**40, 2)),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_results_are_refused_at_once(name):
    with pytest.raises(RuntimeError):
        HUGE[name]()


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
def test_a_complex_window_has_at_most_one_point(name):
    window = getattr(torch, name + "_window")
    assert window(0, dtype=torch.complex64).tolist() == [] and window(1, dtype=torch.complex64).tolist() == [1]
    with pytest.raises(NotImplementedError, match="ComplexFloat"):
        window(2, dtype=torch.complex64)
    with pytest.raises(RuntimeError, match="floating point"):
        window(1, dtype=torch.int64)
