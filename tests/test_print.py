"""Printing, to the letter. Expected texts are PyTorch 2.13's."""

import pytest
from support import torch

inf, nan = float("inf"), float("nan")
t = torch.tensor


@pytest.fixture(autouse=True)
def default_options():
    yield
    torch.set_printoptions(profile="default")


CASES = [
    (lambda: t(3.0), "tensor(3.)"),
    (lambda: t(3), "tensor(3)"),
    (lambda: t(True), "tensor(True)"),
    (lambda: t(1 + 2j), "tensor(1.+2.j)"),
    (lambda: t(-0.5), "tensor(-0.5000)"),
    (lambda: t(1e-9), "tensor(1.0000e-09)"),
    (lambda: t(nan), "tensor(nan)"),
    (lambda: t(-inf), "tensor(-inf)"),
    (lambda: t([]), "tensor([])"),
    (lambda: torch.zeros(0, 3), "tensor([], size=(0, 3))"),
    (lambda: torch.zeros(2, 0, dtype=torch.int64), "tensor([], size=(2, 0), dtype=torch.int64)"),
    (lambda: t([], dtype=torch.float64), "tensor([], dtype=torch.float64)"),
    (lambda: t([1.0, 2.0]), "tensor([1., 2.])"),
    (lambda: t([1.5, 2.0]), "tensor([1.5000, 2.0000])"),
    (lambda: t([1.0, 1000.5]), "tensor([1.0000e+00, 1.0005e+03])"),
    (lambda: t([1.0, 999.5]), "tensor([  1.0000, 999.5000])"),
    (lambda: t([1e8, 1.0]), "tensor([1.0000e+08, 1.0000e+00])"),
    (lambda: t([1e8]), "tensor([100000000.])"),
    (lambda: t([2e8]), "tensor([2.0000e+08])"),
    (lambda: t([1e-4, 1e-4]), "tensor([1.0000e-04, 1.0000e-04])"),
    (lambda: t([0.0, 0.0]), "tensor([0., 0.])"),
    (lambda: t([-0.0]), "tensor([-0.])"),
    (lambda: t([nan, 1.0]), "tensor([nan, 1.])"),
    (lambda: t([nan, 1.5]), "tensor([   nan, 1.5000])"),
    (lambda: t([inf, -inf]), "tensor([inf, -inf])"),
    (lambda: t([1, -22, 333]), "tensor([  1, -22, 333])"),
    (lambda: t([True, False]), "tensor([ True, False])"),
    (lambda: t([1, 2], dtype=torch.int32), "tensor([1, 2], dtype=torch.int32)"),
    (lambda: t([1.0], dtype=torch.float64), "tensor([1.], dtype=torch.float64)"),
    (lambda: t([0.1], dtype=torch.float16), "tensor([0.1000], dtype=torch.float16)"),
    (lambda: t([0.1], dtype=torch.bfloat16), "tensor([0.1001], dtype=torch.bfloat16)"),
    (lambda: t([1 + 2j, -0.5 - 1j]), "tensor([ 1.0000+2.j, -0.5000-1.j])"),
    (lambda: t([1j], dtype=torch.complex128), "tensor([0.+1.j], dtype=torch.complex128)"),
    (lambda: torch.ones(2, 2), "tensor([[1., 1.],\n        [1., 1.]])"),
    (lambda: torch.ones(1, 2, 2), "tensor([[[1., 1.],\n         [1., 1.]]])"),
    (lambda: torch.arange(4).reshape(2, 1, 2), "tensor([[[0, 1]],\n\n        [[2, 3]]])"),
    (lambda: torch.ones(2, requires_grad=True), "tensor([1., 1.], requires_grad=True)"),
    (lambda: torch.ones(2, requires_grad=True) + 2, "tensor([3., 3.], grad_fn=<AddBackward0>)"),
    (lambda: torch.ones(2, dtype=torch.float64, requires_grad=True), "tensor([1., 1.], dtype=torch.float64, requires_grad=True)"),
    (lambda: torch.ones((), requires_grad=True) * 2, "tensor(2., grad_fn=<MulBackward0>)"),
    (lambda: torch.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (lambda: torch.zeros(1001), "tensor([0., 0., 0.,  ..., 0., 0., 0.])"),
    (lambda: torch.zeros(200, 10)[:, :6].contiguous().expand(200, 6), "tensor([[0., 0., 0., 0., 0., 0.],\n        [0., 0., 0., 0., 0., 0.],\n        [0., 0., 0., 0., 0., 0.],\n        ...,\n        [0., 0., 0., 0., 0., 0.],\n        [0., 0., 0., 0., 0., 0.],\n        [0., 0., 0., 0., 0., 0.]])"),
    (lambda: torch.zeros(40, 40), "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.],\n        ...,\n        [0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.],\n        [0., 0., 0.,  ..., 0., 0., 0.]])"),
    (lambda: torch.arange(25), "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n        18, 19, 20, 21, 22, 23, 24])"),
    (lambda: torch.empty(2, 3, device="meta"), "tensor(..., device='meta', size=(2, 3))"),
    (lambda: torch.empty((), device="meta", dtype=torch.int64), "tensor(..., device='meta', size=(), dtype=torch.int64)"),
    (lambda: torch.empty(2, device="meta", requires_grad=True), "tensor(..., device='meta', size=(2,), requires_grad=True)"),
    (lambda: torch.ones(11, requires_grad=True) * 1.25, "tensor([1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500,\n        1.2500, 1.2500], grad_fn=<MulBackward0>)"),
    (lambda: torch.ones(9, requires_grad=True) * 1.25, "tensor([1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500],\n       grad_fn=<MulBackward0>)"),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
def test_text(case):
    make, text = CASES[case]
    x = make()
    assert repr(x) == text and str(x) == text


OPTIONS = [
    ({"precision": 2}, lambda: t([1.23456]), "tensor([1.23])"),
    ({"precision": 0}, lambda: t([1.6]), "tensor([2])"),
    ({"sci_mode": True}, lambda: t([1.0]), "tensor([1.0000e+00])"),
    ({"sci_mode": False}, lambda: t([1e10, 0.5]), "tensor([10000000000.0000,           0.5000])"),
    ({"threshold": 5}, lambda: torch.arange(10), "tensor([0, 1, 2,  ..., 7, 8, 9])"),
    ({"threshold": 5, "edgeitems": 1}, lambda: torch.arange(10), "tensor([0,  ..., 9])"),
    ({"linewidth": 20}, lambda: torch.arange(6), "tensor([0, 1, 2, 3,\n        4, 5])"),
    ({"profile": "short"}, lambda: t([1.23456]), "tensor([1.23])"),
    ({"profile": "full"}, lambda: torch.zeros(1001).sum(), "tensor(0.)"),
    ({"profile": "short", "precision": 6}, lambda: t([1.23456789]), "tensor([1.234568])"),
]


@pytest.mark.parametrize("case", range(len(OPTIONS)))
def test_options(case):
    options, make, text = OPTIONS[case]
    torch.set_printoptions(**options)
    assert repr(make()) == text


def test_no_more_digits_than_a_float_has():
    with pytest.raises(ValueError, match="precision too big"):
        torch.set_printoptions(precision=10**9)
    assert torch.get_printoptions()["precision"] == 4
    torch.set_printoptions(precision=1074)
    assert repr(torch.tensor(0.5)) == "tensor(0.5" + "0" * 1073 + ")"


def test_edges_of_many_dimensions_are_no_more_than_can_be_read():
    assert repr(torch.zeros(1).expand([7] * 6)).count("0.") == 6**6  # still all of the edges
    assert repr(torch.zeros(1).expand([7] * 12)).count("0.") == 2**12
    assert repr(torch.zeros(1).expand([3] * 30)) == f"tensor([...],\n       size={(3,) * 30})"


def test_full_profile_shows_everything():
    torch.set_printoptions(profile="full")
    assert "..." not in repr(torch.zeros(2000))


def test_sci_mode_is_reset_by_every_call():
    torch.set_printoptions(sci_mode=True)
    torch.set_printoptions(precision=3)
    assert repr(t([1.5])) == "tensor([1.500])"


def test_default_dtype_decides_the_suffix():
    torch.set_default_dtype(torch.float64)
    try:
        assert repr(t([1.5])) == "tensor([1.5000])"
        assert repr(t([1.5], dtype=torch.float32)) == "tensor([1.5000], dtype=torch.float32)"
        assert repr(t([1j])) == "tensor([0.+1.j])"
    finally:
        torch.set_default_dtype(torch.float32)


def test_subclass():
    class Mine(torch.Tensor):
        pass

    assert repr(t([1.0]).as_subclass(Mine)) == "Mine([1.])"


def test_parameter():
    assert repr(torch.nn.Parameter(t([1.0]))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_format():
    assert f"{t(3.14159):.2f}" == "3.14" and f"{t(7):03d}" == "007" and f"{t([1.0])}" == "tensor([1.])"
    with pytest.raises(TypeError):
        f"{t([1.0]):.2f}"
    with pytest.raises(TypeError, match="must be str"):
        t(1.0).__format__(1)


def test_small_things():
    assert (
        repr(torch.float32) == "torch.float32"
        and repr(torch.device("cpu")) == "device(type='cpu')"
        and str(torch.device("cpu")) == "cpu"
    )
    assert repr(torch.Size([2, 3])) == "torch.Size([2, 3])" and repr(torch.strided) == "torch.strided"
    assert (
        repr(torch.finfo(torch.float32)).startswith("finfo(resolution=1e-06")
        and repr(torch.iinfo(torch.int8)) == "iinfo(min=-128, max=127, dtype=int8)"
    )


def test_tensors_in_containers():
    assert repr([t(1.0)]) == "[tensor(1.)]" and "%s" % t(2) == "tensor(2)"
