"""The two gradients of a convolution by themselves: what a cotangent of the result gives the input, or the weight.

>>> import adjoint as torch
>>> from adjoint.nn import functional as F, grad
>>> x, w = torch.randn(1, 1, 5, requires_grad=True), torch.randn(1, 1, 2)
>>> y = F.conv1d(x, w)
>>> torch.equal(torch.autograd.grad(y, x, torch.ones_like(y))[0], grad.conv1d_input(x.shape, w, torch.ones_like(y)))
True
"""

from __future__ import annotations

from .. import _core
from .modules.utils import _ntuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._core import Tensor

    Size = int | Sequence[int]

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]

_gradient = _core._ops["_convolution_gradient"]


def _input(n: int) -> Callable[..., Tensor]:
    each = _ntuple(n)

    def f(
        input_size: Sequence[int],
        weight: Tensor,
        grad_output: Tensor,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
    ) -> Tensor:
        x = grad_output.new_empty(1).expand(input_size)
        return _gradient(grad_output, x, weight, each(stride), each(padding), each(dilation), groups, True)

    f.__name__ = f.__qualname__ = f"conv{n}d_input"
    f.__doc__ = f"The gradient of conv{n}d's input, which has `input_size`, for the cotangent grad_output."
    return f


def _weight(n: int) -> Callable[..., Tensor]:
    each = _ntuple(n)

    def f(
        input: Tensor,
        weight_size: Sequence[int],
        grad_output: Tensor,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
    ) -> Tensor:
        w = grad_output.new_empty(1).expand(weight_size)
        return _gradient(grad_output, input, w, each(stride), each(padding), each(dilation), groups, False)

    f.__name__ = f.__qualname__ = f"conv{n}d_weight"
    f.__doc__ = f"The gradient of conv{n}d's weight, which has `weight_size`, for the cotangent grad_output."
    return f


conv1d_input, conv1d_weight = _input(1), _weight(1)
conv2d_input, conv2d_weight = _input(2), _weight(2)
conv3d_input, conv3d_weight = _input(3), _weight(3)
