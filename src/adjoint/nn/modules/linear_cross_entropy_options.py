"""How linear_cross_entropy goes about its rows."""

from __future__ import annotations

from collections import namedtuple

from ... import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LinearCrossEntropyOptions"]

_TYPES = (_core.float16, _core.bfloat16, _core.float32, _core.float64)
_Options = namedtuple(
    "_Options", ["allow_retain_graph", "batch_chunk_size", "chunking_method", "acc_policy", "acc_dtype"]
)


class LinearCrossEntropyOptions(_Options):
    """How many rows are computed at a time: `batch_chunk_size`, or by `chunking_method` "aspect_ratio:N", so that their
    logits are about 1/N of the input's size; else as many as fit the processor.

    The other settings of PyTorch's are accepted: the graph may always be kept, and sums are as exact as they can be.

    >>> import adjoint as torch
    >>> torch.nn.LinearCrossEntropyOptions(batch_chunk_size=64).batch_chunk_size
    64
    """

    __slots__ = ()

    def __new__(
        cls,
        allow_retain_graph: bool = False,
        batch_chunk_size: int | None = None,
        chunking_method: str | None = "auto",
        acc_policy: str = "auto",
        acc_dtype: Any = None,
    ) -> LinearCrossEntropyOptions:
        if acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {acc_policy!r}")
        if chunking_method not in (None, "auto"):
            name, colon, factor = str(chunking_method).partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
                raise ValueError(f"invalid chunking_method: {chunking_method!r}")
        if batch_chunk_size is not None and not (isinstance(batch_chunk_size, int) and batch_chunk_size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {batch_chunk_size!r}")
        if acc_dtype is not None and acc_dtype not in _TYPES:
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, "
                f"got {acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            )
        return super().__new__(cls, allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype)

    def _rows(self, batches: int, features: int, classes: int) -> int | None:
        """As many as the options ask for; None where they leave it open."""
        if self.chunking_method in (None, "auto"):
            return self.batch_chunk_size
        factor = int(str(self.chunking_method).partition(":")[2] or 1)
        share = -(-batches // -(-classes // max(features, 1)))
        rows = max(1, min((1 << max(share - 1, 0).bit_length()) // factor, batches))
        if self.batch_chunk_size not in (None, rows):
            raise ValueError(
                f"batch_chunk_size (={self.batch_chunk_size}) and chunking_method ('{self.chunking_method}') give "
                f"different chunk sizes ({self.batch_chunk_size} vs {rows}); pass only one."
            )
        return rows
