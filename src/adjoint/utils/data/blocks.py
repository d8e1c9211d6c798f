"""Blocks of memory that a worker fills and the main process reads, without a copy and without /dev/shm.

A block is an anonymous file (memfd) that both map; containers often leave /dev/shm 64 MB. The worker collates straight into
its block (`Writer.empty`) and pickles the batch with places in the block instead of tensors. The main process makes tensors
over its own mapping; when the last of them dies the block is free, and the worker gets it again with a later task. A worker
has a fixed ring of blocks: where a program keeps more batches than that, the next ones are copied out of their block. So
descriptors do not pile up.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ... import Tensor, dtype, frombuffer

_ALIGN = 64
_LEAST = 1 << 16

_current: Writer | None = None  # of this process, where it is a worker and a batch is being made


class Writer:
    """A worker's blocks. One of them at a time is being filled."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}  # block → descriptor
        self._maps: dict[int, mmap.mmap] = {}

    @contextmanager
    def filling(self, block: int) -> Iterator[Writer]:
        """Within: collating goes into the block."""
        global _current
        self.block, self.used, self.grown = block, 0, block not in self._files
        self._placed: list[tuple[int, int]] = []
        _current = self
        try:
            yield self
        finally:
            _current = None

    def _room(self, size: int) -> int:
        """The offset of `size` more bytes."""
        at = -(-self.used // _ALIGN) * _ALIGN
        self.used = at + size
        have = len(self._maps[self.block]) if self.block in self._maps else 0
        if self.used > have:
            if self.block not in self._files:
                self._files[self.block] = os.memfd_create("adjoint-batch", os.MFD_CLOEXEC)
            capacity = max(self.used, 2 * have, _LEAST)
            os.posix_fallocate(self._files[self.block], 0, capacity)  # refused here, not as a bus error later
            self._maps[self.block] = mmap.mmap(self._files[self.block], capacity)
            self.grown = True
        return at

    def empty(self, shape: Sequence[int], kind: dtype, itemsize: int) -> Tensor | None:
        """A tensor in the block; None where there is nothing to put into it."""
        count = 1
        for n in shape:
            count *= n
        if count == 0:
            return None
        at = self._room(count * itemsize)
        made = frombuffer(memoryview(self._maps[self.block]), dtype=kind, count=count, offset=at)
        self._placed.append((made.data_ptr(), at))
        return made.view(tuple(shape))

    def place_of(self, t: Tensor) -> int | None:
        """Where in the block a tensor lies, after a copy if need be."""
        address = t.data_ptr()
        known = next((at for pointer, at in self._placed if pointer == address), None)
        if known is not None:
            return known
        copy = self.empty(tuple(t.shape), t.dtype, t.element_size())
        if copy is None:
            return None
        copy.copy_(t.detach())
        return self._placed[-1][1]

    def pack(self, data: Any) -> bytes:
        """The pickled batch, its tensors as places in the block."""
        out = io.BytesIO()
        _Packer(out, self).dump(data)
        return out.getvalue()

    def descriptor(self) -> int | None:
        """To be sent along where the reader has no mapping of the block, or too short a one."""
        return self._files[self.block] if self.grown and self.block in self._files else None


def empty_in_block(shape: Sequence[int], kind: dtype, itemsize: int) -> Tensor | None:
    """Room for a batch, in a worker that is making one; else None."""
    return None if _current is None else _current.empty(shape, kind, itemsize)


class _Packer(pickle.Pickler):
    def __init__(self, out: io.BytesIO, writer: Writer) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self._writer = writer

    def persistent_id(self, thing: Any) -> Any:
        if type(thing) is not Tensor or thing.device.type != "cpu" or thing.numel() == 0:
            return None
        if thing.requires_grad and not thing.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support "
                "crossing process boundaries.  If you just want to transfer the data, call detach() on the tensor before "
                "serializing (e.g., putting it on the queue)."
            )
        if not thing.is_contiguous():
            thing = thing.detach().contiguous().requires_grad_(thing.requires_grad)
        at = self._writer.place_of(thing)
        return at, str(thing.dtype).rpartition(".")[2], tuple(thing.shape), thing.requires_grad


class Reader:
    """The main process's side of one worker's ring of blocks."""

    def __init__(self, most: int) -> None:
        self._most = most  # blocks whose batches may live on beside those that are being filled
        self._maps: dict[int, mmap.mmap] = {}
        self._free: list[int] = []
        self._made = 0
        self._kept: set[int] = set()  # by batches that live

    def take(self) -> int:
        """A block for the next task."""
        if self._free:
            return self._free.pop()
        self._made += 1
        return self._made - 1

    def map(self, block: int, descriptor: int) -> None:
        """The worker made the block, or made it longer. Closes the descriptor."""
        try:
            self._maps[block] = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)

    def give_back(self, block: int) -> None:
        self._kept.discard(block)
        self._free.append(block)

    def unpack(self, block: int, packed: bytes) -> Any:
        """The batch; the block is free again once no tensor of it lives."""
        mapping = self._maps.get(block)
        if mapping is None:
            self.give_back(block)
            return pickle.loads(packed)
        view, copies = memoryview(mapping), len(self._kept) >= self._most
        batch = _Unpacker(packed, view, copies).load()
        if copies:
            self.give_back(block)
        else:
            self._kept.add(block)
            weakref.finalize(view, self.give_back, block).atexit = False
        return batch


class _Unpacker(pickle.Unpickler):
    def __init__(self, packed: bytes, view: memoryview, copies: bool) -> None:
        super().__init__(io.BytesIO(packed))
        self._view, self._copies = view, copies

    def persistent_load(self, place: Any) -> Tensor:
        import adjoint

        at, kind, shape, requires_grad = place
        count = 1
        for n in shape:
            count *= n
        made = frombuffer(self._view, dtype=getattr(adjoint, kind), count=count, offset=at).view(shape)
        if self._copies:
            made = made.clone()
        return made.requires_grad_() if requires_grad else made
