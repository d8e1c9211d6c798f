"""Parameters as one vector, and back."""

from __future__ import annotations

from ... import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..._core import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def _check_device(tensors: list[Any]) -> None:
    if len({t.device for t in tensors}) > 1:
        raise TypeError("Found two parameters on different devices, this is currently not supported.")


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All numbers of the parameters in one vector, with its history.

    >>> import adjoint as torch
    >>> torch.nn.utils.parameters_to_vector([torch.ones(2), torch.zeros(1, 2)])
    tensor([1., 1., 0., 0.])
    """
    tensors = list(parameters)
    _check_device(tensors)
    return _core.cat([t.reshape(-1) for t in tensors])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Makes the parameters views of a vector's parts (by `.data`)."""
    if not isinstance(vec, _core.Tensor):
        from ... import typename

        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    tensors = list(parameters)
    _check_device(tensors)
    at = 0
    for tensor in tensors:
        tensor.data = vec[at : at + tensor.numel()].view_as(tensor).data
        at += tensor.numel()
