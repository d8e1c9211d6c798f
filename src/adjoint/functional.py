"""Functions whose arguments Python sorts out: tensors one by one or as a list, shapes, einsum's two forms, results on demand."""

from __future__ import annotations

from adjoint import _core

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "chain_matmul",
    "einsum",
    "lu",
    "meshgrid",
    "nonzero",
    "tensordot",
    "unique",
    "unique_consecutive",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal, overload

_ops = _core._ops
Tensor = _core.Tensor
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _subscripts(labels: Sequence[Any]) -> str:
    out = []
    for s in labels:
        if s is Ellipsis:
            out.append("...")
        elif 0 <= s < 52:
            out.append(_LETTERS[s])
        else:
            raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return "".join(out)


def einsum(*args: Any) -> Tensor:
    """Sums of products of elements by Einstein's convention.

    ``einsum(equation, *operands)``, or ``einsum(op1, [0, 1], op2, [1, 2], [0, 2])`` with numbers for letters.

    >>> import adjoint as torch
    >>> torch.einsum("i,i->", torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, "
            "or at least one operand and its subscripts list"
        )
    if isinstance(args[0], str):
        equation, operands = args[0], args[1:]
    else:
        equation = ",".join(_subscripts(s) for s in args[1::2])
        operands = args[::2]
        if len(args) % 2:
            equation += "->" + _subscripts(args[-1])
            operands = operands[:-1]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        return einsum(equation, *operands[0])
    return _ops["einsum"](equation, operands)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Sums products over dimensions of both tensors: the last ``dims`` of a and the first of b, or two lists.

    >>> import adjoint as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 4), 1).shape
    torch.Size([2, 4])
    """
    if not isinstance(dims, (tuple, list, int)) and not hasattr(dims, "numel"):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or "
            f"list[list[int]] containing two lists, but got dims={dims}"
        )
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = list(range(-dims, 0)), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    return _ops["_tensordot"](a, b, left, right, out=out)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices in the order that costs least.

    >>> import adjoint as torch
    >>> torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 1)).shape
    torch.Size([2, 1])
    """
    if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)):
        matrices = tuple(matrices[0])
    return _ops["_chain_matmul"](matrices, out=out)


def lu(
    input: Tensor, pivot: bool = True, get_infos: bool = False, out: Sequence[Tensor] | None = None
) -> tuple[Tensor, ...]:
    """The LU factors of matrices and their pivots, and with ``get_infos`` what failed. A singular matrix is no error.

    ``linalg.lu_factor`` and ``linalg.lu_factor_ex`` are its successors.

    >>> import adjoint as torch
    >>> torch.lu(torch.tensor([[2.0, 4.0], [1.0, 5.0]]))
    (tensor([[2.0000, 4.0000],
            [0.5000, 3.0000]]), tensor([1, 2], dtype=torch.int32))
    """
    result: tuple[Tensor, ...] = tuple(_ops["_lu_with_info"](input, pivot, not get_infos))[: 3 if get_infos else 2]
    if out is None:
        return result
    if len(out) != len(result):
        raise TypeError(f"expected tuple of {len(result)} elements but got {len(out)}")
    for place, value in zip(out, result, strict=True):
        place.resize_(value.shape).copy_(value)
    return tuple(out)


_nonzero = _core.nonzero


if TYPE_CHECKING:

    @overload
    def nonzero(input: Tensor, *, as_tuple: Literal[False] = False, out: Tensor | None = None) -> Tensor: ...
    @overload
    def nonzero(input: Tensor, *, as_tuple: Literal[True], out: None = None) -> tuple[Tensor, ...]: ...


def nonzero(input: Tensor, *, as_tuple: bool = False, out: Tensor | None = None) -> Any:
    """The indices of elements that are not zero: a row for each, or one tensor for each dimension.

    >>> import adjoint as torch
    >>> torch.nonzero(torch.tensor([0, 3, 4]))
    tensor([[1],
            [2]])
    """
    found = _nonzero(input) if out is None else _nonzero(input, out=out)
    if not as_tuple:
        return found
    return _nonzero(input.unsqueeze(0)).unbind(1) if input.dim() == 0 else found.unbind(1)


def _picked(found: tuple[Tensor, Tensor, Tensor], return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = found
    if return_inverse and return_counts:
        return values, inverse, counts
    if return_inverse:
        return values, inverse
    if return_counts:
        return values, counts
    return values


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements of a tensor, or its distinct slices along ``dim``, in order.

    >>> import adjoint as torch
    >>> torch.unique(torch.tensor([3, 1, 3]))
    tensor([1, 3])
    """
    if dim is None:
        found = _ops["_unique2"](input, sorted, return_inverse, return_counts)
    else:
        found = _ops["_unique_dim"](input, dim, sorted, return_inverse, return_counts)
    return _picked(found, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of every run of equal elements, or of equal slices along ``dim``.

    >>> import adjoint as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    found = _ops["_unique_consecutive"](input, return_inverse, return_counts, dim)
    return _picked(found, return_inverse, return_counts)


def broadcast_shapes(*shapes: int | Sequence[int]) -> _core.Size:
    """The shape that tensors of these shapes broadcast to.

    >>> import adjoint as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    result: list[int] = []
    for shape in shapes:
        dims = [shape] if isinstance(shape, int) else list(shape)
        if any(d < 0 for d in dims):
            raise RuntimeError(f"Trying to create tensor with negative dimension ({min(dims)}): ({min(dims)})")
        result = [1] * (len(dims) - len(result)) + result
        for i, d in enumerate(reversed(dims), 1):
            if result[-i] == 1:
                result[-i] = d
            elif d not in (1, result[-i]):
                raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape")
    return _core.Size(result)


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal, zeros elsewhere.

    >>> import adjoint as torch
    >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor([[3]]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    return _ops["block_diag"](_listed(tensors))


def _listed(tensors: Sequence[Any]) -> Sequence[Any]:
    """One list of tensors or several tensors, as PyTorch's functions take them."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors


def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape; views.

    >>> import adjoint as torch
    >>> [t.shape for t in torch.broadcast_tensors(torch.ones(2, 1), torch.ones(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]
    """
    return _ops["broadcast_tensors"](_listed(tensors))


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str | None = None) -> tuple[Tensor, ...]:
    """Grids of coordinates: each vector expanded over the others. ``indexing`` is ``"ij"`` or ``"xy"``.

    >>> import adjoint as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), indexing="ij")[1]
    tensor([[3, 4, 5],
            [3, 4, 5]])
    """
    return _ops["meshgrid"](_listed(tensors), indexing=indexing)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of elements of the vectors, as rows.

    >>> import adjoint as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    return _ops["cartesian_prod"](_listed(tensors))


if TYPE_CHECKING:

    @overload
    def atleast_1d(tensor: Tensor, /) -> Tensor: ...
    @overload
    def atleast_1d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
    @overload
    def atleast_1d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least one dimension.

    >>> import adjoint as torch
    >>> torch.atleast_1d(torch.tensor(3))
    tensor([3])
    """
    return _ops["atleast_1d"](tensors[0] if len(tensors) == 1 else tensors)


if TYPE_CHECKING:

    @overload
    def atleast_2d(tensor: Tensor, /) -> Tensor: ...
    @overload
    def atleast_2d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
    @overload
    def atleast_2d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least two dimensions; new ones come first.

    >>> import adjoint as torch
    >>> torch.atleast_2d(torch.tensor([1, 2]))
    tensor([[1, 2]])
    """
    return _ops["atleast_2d"](tensors[0] if len(tensors) == 1 else tensors)


if TYPE_CHECKING:

    @overload
    def atleast_3d(tensor: Tensor, /) -> Tensor: ...
    @overload
    def atleast_3d(first: Tensor, second: Tensor, /, *rest: Tensor) -> tuple[Tensor, ...]: ...
    @overload
    def atleast_3d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or each of several, with at least three dimensions.

    >>> import adjoint as torch
    >>> torch.atleast_3d(torch.tensor([1, 2])).shape
    torch.Size([1, 2, 1])
    """
    return _ops["atleast_3d"](tensors[0] if len(tensors) == 1 else tensors)
