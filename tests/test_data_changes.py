"""Changes behind the version counter's back, where PyTorch is silently wrong, are errors here or found by a mode."""

import pytest
from support import IS_TORCH, error_of, leaf, torch

pytestmark = pytest.mark.skipif(IS_TORCH, reason="PyTorch's result is silently wrong here")


def test_data_in_place():
    x = leaf(2.0)
    y = x * x
    x.data.mul_(5)
    assert "modified by an inplace operation" in error_of(y.backward, RuntimeError)


def test_data_replaced():
    x = leaf(2.0)
    y = x * x
    x.data = torch.tensor([5.0])
    assert "modified by an inplace operation" in error_of(y.backward, RuntimeError)


def test_data_of_intermediate():
    x = leaf(2.0)
    y = x * 1
    z = y.exp() * y
    y.data.zero_()
    assert "modified by an inplace operation" in error_of(z.backward, RuntimeError)


def test_shared_numpy_array_is_found_by_the_checking_mode():
    np = pytest.importorskip("numpy")
    x = leaf(2.0)
    with torch.autograd.set_check_saved(True):
        y = x * x
        np.asarray(x.detach())[0] = 7.0
        assert "saved" in error_of(y.backward, RuntimeError)


def test_checking_mode_accepts_what_is_right():
    x = leaf(2.0, 3.0)
    with torch.autograd.set_check_saved(True):
        (x.exp() * x).sum().backward()
    assert x.grad is not None


def test_checking_mode_is_restored():
    def checks():
        return torch._core._is_check_saved_enabled()

    with torch.autograd.set_check_saved(True):
        assert checks()
    assert not checks()
    torch.autograd.set_check_saved(True)
    torch.autograd.set_check_saved(False)
