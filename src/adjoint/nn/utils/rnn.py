"""Sequences of several lengths in one tensor: padded to the longest, or packed.

A packed sequence has the rows of step 0 of all sequences, then those of step 1, and so on, the longest sequence first;
`batch_sizes` says how many rows each step has. Recurrent layers take it as it is, and no step is spent on padding.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable

from ... import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NamedTuple, TypeVar

    from typing_extensions import Self

    from ..._core import Tensor

    _T = TypeVar("_T")
    _R = TypeVar("_R")

    class PackedSequence_(NamedTuple):
        data: Tensor
        batch_sizes: Tensor
        sorted_indices: Tensor | None
        unsorted_indices: Tensor | None
else:
    PackedSequence_ = namedtuple("PackedSequence_", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"])

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def bind(optional: _T | None, fn: Callable[[_T], _R]) -> _R | None:
    """fn(optional), or None for None."""
    return None if optional is None else fn(optional)


class PackedSequence(PackedSequence_):
    """Rows of sequences in packed order: (data, batch_sizes, sorted_indices, unsorted_indices).

    batch_sizes is an int64 vector on the CPU. sorted_indices says which sequence of the given ones came to which place,
    unsorted_indices the way back; both are None where they came sorted. `pack_sequence` and `pack_padded_sequence` make one.

    >>> import adjoint as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 5, 3]), tensor([2, 2, 1]))
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:  # PackedSequence((data, batch_sizes), ...)
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They "
                "should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn."
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)  # pyright: ignore[reportArgumentType]

    def pin_memory(self) -> Self:
        pinned = lambda t: t.pin_memory()
        return type(self)(
            self.data.pin_memory(),
            self.batch_sizes,
            bind(self.sorted_indices, pinned),
            bind(self.unsorted_indices, pinned),
        )

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """As Tensor.to of the data; self where that changes nothing."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        there = lambda t: t.to(data.device)
        return type(self)(data, self.batch_sizes, bind(self.sorted_indices, there), bind(self.unsorted_indices, there))

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        return self.to(*args, **{"device": "cuda", **kwargs})

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        return self.to(*args, **{"device": "cpu", **kwargs})

    def double(self) -> Self:
        return self.to(dtype=_core.float64)

    def float(self) -> Self:
        return self.to(dtype=_core.float32)

    def half(self) -> Self:
        return self.to(dtype=_core.float16)

    def long(self) -> Self:
        return self.to(dtype=_core.int64)

    def int(self) -> Self:
        return self.to(dtype=_core.int32)

    def short(self) -> Self:
        return self.to(dtype=_core.int16)

    def char(self) -> Self:
        return self.to(dtype=_core.int8)

    def byte(self) -> Self:
        return self.to(dtype=_core.uint8)

    @property
    def is_cuda(self) -> bool:
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one; None for None.

    >>> import adjoint as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    output = _core.empty_like(permutation)
    output.scatter_(0, permutation, _core.arange(0, permutation.numel(), device=permutation.device))
    return output


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs sequences that were padded: (T, B, *), or (B, T, *) with `batch_first`.

    `lengths`, a list or an int64 tensor on the CPU, has the length of each; they must not grow, unless
    `enforce_sorted=False`, which sorts them and remembers how.

    >>> import adjoint as torch
    >>> from adjoint.nn.utils.rnn import pack_padded_sequence
    >>> pack_padded_sequence(torch.tensor([[1, 2, 0], [3, 0, 0]]), [2, 1], batch_first=True).data
    tensor([1, 3, 2])
    """
    lengths = (
        lengths.to(dtype=_core.int64)
        if isinstance(lengths, _core.Tensor)
        else _core.as_tensor(lengths, dtype=_core.int64, device="cpu")
    )
    sorted_indices = None
    if not enforce_sorted:
        lengths, sorted_indices = _core.sort(lengths, descending=True)
        sorted_indices = sorted_indices.to(input.device)
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    data, batch_sizes = _core._pack_padded_sequence(input, lengths, batch_first)
    return PackedSequence(data, batch_sizes, sorted_indices, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded sequences, lengths), in the order in which they were packed.

    The sequences are (T, B, *), or (B, T, *) with `batch_first`; T is the longest's length, or `total_length`.

    >>> import adjoint as torch
    >>> from adjoint.nn.utils.rnn import pack_sequence, pad_packed_sequence
    >>> pad_packed_sequence(pack_sequence([torch.tensor([1, 2]), torch.tensor([3])]), batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    longest = sequence.batch_sizes.size(0)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    padded, lengths = _core._pad_packed_sequence(
        sequence.data, sequence.batch_sizes, batch_first, padding_value, longest
    )
    unsorted = sequence.unsorted_indices
    if unsorted is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, unsorted), lengths[unsorted.cpu()]


def pad_sequence(
    sequences: Tensor | Sequence[Tensor] | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, *) of several lengths side by side, padded to the longest: (T, B, *), or (B, T, *).

    >>> import adjoint as torch
    >>> a, b = torch.tensor([1, 2, 3]), torch.tensor([4])
    >>> torch.nn.utils.rnn.pad_sequence([a, b], batch_first=True, padding_value=9, padding_side="left")
    tensor([[1, 2, 3],
            [9, 9, 4]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    return _core._ops["_pad_sequence"](tuple(sequences), batch_first, padding_value, padding_side)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each as long as `lengths` says.

    >>> import adjoint as torch
    >>> torch.nn.utils.rnn.unpad_sequence(torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    index = _core.arange(padded_sequences.shape[1], device=lengths.device)
    return [sequence[index < length] for sequence, length in zip(padded_sequences, lengths, strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences (L, *) of several lengths, which must not grow unless `enforce_sorted=False`.

    >>> import adjoint as torch
    >>> a, b, c = torch.tensor([1]), torch.tensor([2, 3]), torch.tensor([4, 5, 6])
    >>> packed = torch.nn.utils.rnn.pack_sequence([a, b, c], enforce_sorted=False)
    >>> packed.data, packed.sorted_indices
    (tensor([4, 2, 1, 5, 3, 6]), tensor([2, 1, 0]))
    """
    lengths = _core.as_tensor([v.size(0) for v in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed one, in the order in which they were packed.

    >>> import adjoint as torch
    >>> from adjoint.nn.utils.rnn import pack_sequence, unpack_sequence
    >>> unpack_sequence(pack_sequence([torch.tensor([1, 2]), torch.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
