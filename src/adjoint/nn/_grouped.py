"""Products of groups of rows, or columns, with a matrix each."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["grouped_mm"]

Tensor = _core.Tensor


def _groups(offs: Tensor, count: int | None, length: int) -> list[tuple[int, int]]:
    """(begin, end) of each."""
    if offs.dtype != _core.int32:
        raise RuntimeError("Offsets have to be int32")
    if offs.dim() != 1 or (count is not None and offs.shape[0] != count):
        raise RuntimeError("matrix batch sizes have to match")
    ends = offs.tolist()
    starts = [0, *ends[:-1]]
    if any(end < start for start, end in zip(starts, ends, strict=True)) or (ends and ends[-1] > length):
        raise RuntimeError(f"grouped_mm: offs have to ascend up to at most {length}, got {ends}")
    return list(zip(starts, ends, strict=True))


def grouped_mm(
    mat_a: Tensor, mat_b: Tensor, *, offs: Tensor | None = None, bias: Tensor | None = None, out_dtype: Any = None
) -> Tensor:
    """The product of each group of mat_a with one of mat_b: groups are the matrices of a batch, or parts of a matrix that
    end at offs: of its rows or columns, or, of two matrices, of what is summed over. What lies behind the last part is 0.

    >>> import adjoint as torch
    >>> a, b = torch.ones(3, 2), torch.stack([torch.ones(2, 2), 2 * torch.ones(2, 2)])
    >>> torch.nn.functional.grouped_mm(a, b, offs=torch.tensor([1, 3], dtype=torch.int32))
    tensor([[2., 2.],
            [4., 4.],
            [4., 4.]])
    """
    for name, m in (("mat_a", mat_a), ("mat_b", mat_b)):
        if m.dim() not in (2, 3):
            raise RuntimeError(f"{name} has to be 2 or 3d")
        if not m.is_floating_point():
            raise RuntimeError(f"Expected {name} to be Float32, BFloat16 or Float16 matrix, got {m.dtype}")
    a2, b2 = mat_a.dim() == 2, mat_b.dim() == 2
    if (offs is not None) != (a2 or b2):
        raise RuntimeError("Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    if mat_a.shape[-1] != mat_b.shape[-2]:
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    if out_dtype not in (None, mat_a.dtype):
        raise RuntimeError("Grouped gemm output dtype must match `mat_a` dtype")
    if bias is not None:
        raise RuntimeError("Bias not supported yet")
    if offs is None:
        return _core.bmm(mat_a, mat_b)
    if a2 and b2:
        parts = _groups(offs, None, mat_a.shape[1])
        return _core.stack([mat_a[:, i:j] @ mat_b[i:j] for i, j in parts])
    if a2:
        parts = _groups(offs, mat_b.shape[0], mat_a.shape[0])
        found = [mat_a[i:j] @ mat_b[k] for k, (i, j) in enumerate(parts)]
        rest = mat_a.new_zeros((mat_a.shape[0] - parts[-1][1], mat_b.shape[2]))
        return _core.cat([*found, rest])
    parts = _groups(offs, mat_a.shape[0], mat_b.shape[1])
    found = [mat_a[k] @ mat_b[:, i:j] for k, (i, j) in enumerate(parts)]
    rest = mat_a.new_zeros((mat_a.shape[1], mat_b.shape[1] - parts[-1][1]))
    return _core.cat([*found, rest], 1)
