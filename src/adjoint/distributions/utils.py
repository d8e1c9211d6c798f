"""What distributions share: broadcasting of parameters, probabilities and logits, parameters worked out when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import adjoint as torch
from adjoint import Size, Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; numbers take the type and device of the first tensor.

    Raises:
        ValueError: neither a number nor a tensor.
    """
    if not all(isinstance(v, (bool, int, float, complex, Tensor)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    first = next((v for v in values if isinstance(v, Tensor)), None)
    kind: dict[str, Any] = (
        {"dtype": torch.get_default_dtype()} if first is None else {"dtype": first.dtype, "device": first.device}
    )
    return tuple(torch.broadcast_tensors(*(v if isinstance(v, Tensor) else torch.tensor(v, **kind) for v in values)))


def _standard_normal(shape: Sequence[int], dtype: torch.dtype | None, device: torch.device | str | None) -> Tensor:
    return torch.empty(shape, dtype=dtype, device=device).normal_()


def _sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """Sums over the last `dim` dimensions."""
    return value if dim == 0 else value.reshape(*value.shape[:-dim], -1).sum(-1)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities of unnormalised log-probabilities; with `is_binary`, of log-odds."""
    return torch.sigmoid(logits) if is_binary else torch.softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Away from 0 and 1 by an ulp of 1."""
    eps = torch.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log-probabilities, or log-odds, of probabilities."""
    inside = clamp_probs(probs)
    return torch.log(inside) - torch.log1p(-inside) if is_binary else torch.log(inside)


if TYPE_CHECKING:

    class lazy_property:
        """As checkers see it: an attribute of any type."""

        def __init__(self, wrapped: Callable[[Any], Any]) -> None: ...
        def __get__(self, instance: Any, owner: Any = None) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

else:

    class lazy_property:
        """A property that is worked out once, at its first use, and kept."""

        def __init__(self, wrapped: Callable[[Any], Any]) -> None:
            self.wrapped = wrapped
            update_wrapper(self, wrapped)

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return _lazy_property_and_property(self.wrapped)
            with torch.enable_grad():
                value = self.wrapped(instance)
            setattr(instance, self.wrapped.__name__, value)
            return value

    class _lazy_property_and_property(lazy_property, property):
        """What the class shows: documentation tools take it for a property."""

        def __init__(self, wrapped: Callable[[Any], Any]) -> None:
            property.__init__(self, wrapped)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements of matrices on and below a diagonal, row by row.

    Raises:
        ValueError: a diagonal that the matrices do not have.
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat[..., _lower(n, diag, mat)]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Matrices with these elements on and below a diagonal, zeros above it.

    Raises:
        ValueError: no square matrix has so many elements there.
    """
    first = 1 + 2 * diag
    n = (-first + (first**2 + 8 * vec.shape[-1] + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if abs(round(n) - n) > torch.finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {vec.shape[-1]} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    mat = vec.new_zeros((*vec.shape[:-1], round(n), round(n)))
    mat[..., _lower(round(n), diag, vec)] = vec
    return mat


def _lower(n: int, diag: int, like: Tensor) -> Tensor:
    place = torch.arange(n, device=like.device)
    return place < place.view(-1, 1) + (diag + 1)


def _shape(sizes: Any) -> Size:
    return sizes if isinstance(sizes, Size) else Size(sizes)
