"""Borders around rows, images and volumes. Widths stand from the last dimension on: (left, right, top, bottom, front, back);
one number is all of them, and negative ones cut."""

from __future__ import annotations

from .. import functional as F
from .module import Module
from .utils import _ntuple, _pair, _quadruple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._core import Tensor

    Size = int | Sequence[int]

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

_sextuple = _ntuple(6)


class _CircularPad(Module):
    padding: Sequence[int]

    def _check_input_dim(self, input: Tensor) -> None:
        spatial = len(self.padding) // 2
        if input.dim() not in (spatial + 1, spatial + 2):
            raise ValueError(f"expected {spatial + 1}D or {spatial + 2}D input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        return F.pad(input, self.padding, "circular")

    def extra_repr(self) -> str:
        return f"{self.padding}"


class CircularPad1d(_CircularPad):
    """The other end of rows, wrapped around, as a border.

    >>> import adjoint as torch
    >>> torch.nn.CircularPad1d((2, 1))(torch.tensor([[[1.0, 2, 3]]]))
    tensor([[[2., 3., 1., 2., 3., 1.]]])
    """

    shape = "(N?, C, L) -> (N?, C, L + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _pair(padding)


class CircularPad2d(_CircularPad):
    """The other end of images, wrapped around, as a border.

    >>> import adjoint as torch
    >>> torch.nn.CircularPad2d(1)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 8, 6])
    """

    shape = "(N?, C, H, W) -> (N?, C, H + padding[2] + padding[3], W + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class CircularPad3d(_CircularPad):
    """The other end of volumes, wrapped around, as a border.

    >>> import adjoint as torch
    >>> torch.nn.CircularPad3d(1)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 8, 6, 6])
    """

    shape = (
        "(N?, C, D, H, W) -> "
        "(N?, C, D + padding[4] + padding[5], H + padding[2] + padding[3], W + padding[0] + padding[1])"
    )

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _sextuple(padding)


class _ReflectionPad(Module):
    padding: Sequence[int]

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "reflect")

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_ReflectionPad):
    """A border of rows that reflects what is inside, without the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReflectionPad1d((2, 1))(torch.tensor([[[1.0, 2, 3]]]))
    tensor([[[3., 2., 1., 2., 3., 2.]]])
    """

    shape = "(N?, C, L) -> (N?, C, L + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _pair(padding)


class ReflectionPad2d(_ReflectionPad):
    """A border of images that reflects what is inside, without the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReflectionPad2d(1)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 8, 6])
    """

    shape = "(N?, C, H, W) -> (N?, C, H + padding[2] + padding[3], W + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class ReflectionPad3d(_ReflectionPad):
    """A border of volumes that reflects what is inside, without the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReflectionPad3d(1)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 8, 6, 6])
    """

    shape = (
        "(N?, C, D, H, W) -> "
        "(N?, C, D + padding[4] + padding[5], H + padding[2] + padding[3], W + padding[0] + padding[1])"
    )

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _sextuple(padding)


class _ReplicationPad(Module):
    padding: Sequence[int]

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "replicate")

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReplicationPad1d(_ReplicationPad):
    """A border of rows that repeats the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReplicationPad1d((2, 1))(torch.tensor([[[1.0, 2, 3]]]))
    tensor([[[1., 1., 1., 2., 3., 3.]]])
    """

    shape = "(N?, C, L) -> (N?, C, L + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _pair(padding)


class ReplicationPad2d(_ReplicationPad):
    """A border of images that repeats the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReplicationPad2d(1)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 8, 6])
    """

    shape = "(N?, C, H, W) -> (N?, C, H + padding[2] + padding[3], W + padding[0] + padding[1])"

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class ReplicationPad3d(_ReplicationPad):
    """A border of volumes that repeats the outermost elements.

    >>> import adjoint as torch
    >>> torch.nn.ReplicationPad3d(1)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 8, 6, 6])
    """

    shape = (
        "(N?, C, D, H, W) -> "
        "(N?, C, D + padding[4] + padding[5], H + padding[2] + padding[3], W + padding[0] + padding[1])"
    )

    def __init__(self, padding: Size) -> None:
        super().__init__()
        self.padding = _sextuple(padding)


class _ConstantPad(Module):
    padding: Sequence[int]

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of rows with one value.

    >>> import adjoint as torch
    >>> torch.nn.ConstantPad1d((2, 1), 7.0)(torch.tensor([[[1.0, 2, 3]]]))
    tensor([[[7., 7., 1., 2., 3., 7.]]])
    """

    shape = "(N?, C, L) -> (N?, C, L + padding[0] + padding[1])"

    def __init__(self, padding: Size, value: float) -> None:
        super().__init__(value)
        self.padding = _pair(padding)


class ConstantPad2d(_ConstantPad):
    """A border of images with one value.

    >>> import adjoint as torch
    >>> torch.nn.ConstantPad2d(1, 7.0)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 8, 6])
    """

    shape = "(N?, C, H, W) -> (N?, C, H + padding[2] + padding[3], W + padding[0] + padding[1])"

    def __init__(self, padding: Size, value: float) -> None:
        super().__init__(value)
        self.padding = _quadruple(padding)


class ConstantPad3d(_ConstantPad):
    """A border of volumes with one value.

    >>> import adjoint as torch
    >>> torch.nn.ConstantPad3d(1, 7.0)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 8, 6, 6])
    """

    shape = (
        "(N?, C, D, H, W) -> "
        "(N?, C, D + padding[4] + padding[5], H + padding[2] + padding[3], W + padding[0] + padding[1])"
    )

    def __init__(self, padding: Size, value: float) -> None:
        super().__init__(value)
        self.padding = _sextuple(padding)


class ZeroPad1d(ConstantPad1d):
    """A border of rows with zeros.

    >>> import adjoint as torch
    >>> torch.nn.ZeroPad1d((2, 1))(torch.tensor([[[1.0, 2, 3]]]))
    tensor([[[0., 0., 1., 2., 3., 0.]]])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """A border of images with zeros.

    >>> import adjoint as torch
    >>> torch.nn.ZeroPad2d(1)(torch.randn(1, 2, 6, 4)).shape
    torch.Size([1, 2, 8, 6])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """A border of volumes with zeros.

    >>> import adjoint as torch
    >>> torch.nn.ZeroPad3d(1)(torch.randn(1, 2, 6, 4, 4)).shape
    torch.Size([1, 2, 8, 6, 6])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
