"""Storages: the memory under a tensor, which its views share."""

from __future__ import annotations

from . import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _flat(tensor):
    """The whole memory of a tensor as one row of its dtype."""
    item = tensor.element_size()
    return tensor.detach().as_strided((_core._storage_nbytes(tensor) // item,), (1,), 0)


class UntypedStorage:
    """The bytes under a tensor, so many fresh ones, or those of a list. Two tensors share memory if
    ``a.untyped_storage().data_ptr()`` is the same.

    >>> torch.UntypedStorage([1, 2, 3]).tolist()
    [1, 2, 3]
    """

    __slots__ = ("__weakref__", "filename", "tensor")

    tensor: _core.Tensor
    filename: str | None  # of the file whose bytes these are

    def __init__(self, source: _core.Tensor | int | list[int] = 0, *, device: Any = None) -> None:
        if not isinstance(source, _core.Tensor):
            source = (
                _core.empty(source, dtype=_core.uint8, device=device)
                if isinstance(source, int)
                else _core.tensor(source, dtype=_core.uint8, device=device)
            )
        self.tensor, self.filename = source.detach(), None

    @classmethod
    def from_file(cls, filename: Any, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """The bytes of a file, mapped: read when they are needed. Changes reach the file with `shared`, else stay here.

        Args:
            filename: a path; with `shared`, the file is made, or grows, where it is shorter than `nbytes`.
            nbytes: how many of its bytes; all of them where it is 0.

        Raises:
            OSError: a file that cannot be read.
            RuntimeError: a file of fewer bytes, without `shared`.
        """
        import mmap
        import os

        path = os.fspath(filename)
        with open(path, "a+b" if shared and not os.path.exists(path) else "r+b" if shared else "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < nbytes:
                if not shared:
                    raise RuntimeError(f"from_file: {path} has {size} bytes, fewer than the {nbytes} asked for")
                file.truncate(nbytes)
            length = nbytes or size
            if length == 0:
                found = cls(0)
            else:
                access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
                found = cls(_core.frombuffer(mmap.mmap(file.fileno(), length, access=access), dtype=_core.uint8))
        found.filename = path
        return found

    @property
    def device(self) -> _core.device:
        return self.tensor.device

    def data_ptr(self) -> int:
        t = self.tensor
        return t.data_ptr() - t.storage_offset() * t.element_size() if self.nbytes() and t.numel() else 0

    def nbytes(self) -> int:
        return _core._storage_nbytes(self.tensor)

    def size(self) -> int:
        return self.nbytes()

    def __len__(self) -> int:
        return self.size()

    def bytes(self) -> _core.Tensor:
        """The bytes as one row of uint8 that shares this memory."""
        return _flat(self.tensor).view(_core.uint8)

    def element_size(self) -> int:
        return 1

    def tolist(self) -> Any:
        return self.bytes().tolist()

    def __getitem__(self, index: Any) -> Any:
        found = self.bytes()[index]
        return UntypedStorage(alone(found)) if isinstance(index, slice) else found.tolist()

    def __setitem__(self, index: Any, value: Any) -> None:
        self.bytes()[index] = value.bytes() if isinstance(value, UntypedStorage) else value

    def copy_(self, source: UntypedStorage, non_blocking: Any = None) -> Any:
        """Takes over the other's bytes."""
        self.bytes().copy_(source.bytes())
        return self

    def fill_(self, value: Any) -> Any:
        """Sets every element."""
        self[:] = value
        return self

    def cpu(self) -> Any:
        return self if self.device.type == "cpu" else UntypedStorage(self.bytes().cpu())

    # `asarray` and other libraries see the bytes through DLPack.
    def __dlpack__(self, **options: Any) -> Any:
        return self.bytes().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.bytes().__dlpack_device__()

    def clone(self) -> UntypedStorage:
        return UntypedStorage(self.bytes().clone())

    def is_shared(self) -> bool:
        return False

    def untyped(self) -> UntypedStorage:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self) -> int:
        return self.data_ptr()


class TypedStorage(UntypedStorage):
    """A storage that remembers the dtype of its tensor: sizes and items are in elements."""

    def __setitem__(self, index: Any, value: Any) -> None:
        _flat(self.tensor)[index] = _flat(value.tensor) if isinstance(value, UntypedStorage) else value

    __slots__ = ()

    @property
    def dtype(self) -> _core.dtype:
        return self.tensor.dtype

    def element_size(self) -> int:
        return self.tensor.element_size()

    def size(self) -> int:
        return self.nbytes() // self.tensor.element_size()

    def tolist(self) -> Any:
        return _flat(self.tensor).tolist()

    def __getitem__(self, index: Any) -> Any:
        return _flat(self.tensor)[index].tolist()

    def untyped(self) -> UntypedStorage:
        return UntypedStorage(self.tensor)


def alone(part: _core.Tensor) -> _core.Tensor:
    """A row of bytes over a part of a memory, whose storage is that part."""
    return _core.from_dlpack(part.__dlpack__()) if part.numel() else part.clone()


# --- copying and pickling ---


class _Memory:
    """Stands for a storage while it is pickled: one object for all tensors that share it, so that they share it still
    when they come back. Kept alive by the pickler only."""

    __slots__ = ("__weakref__", "flat")

    def __init__(self, flat):
        self.flat = flat  # uint8

    def __reduce__(self):
        try:
            data = bytes(memoryview(self.flat))
        except TypeError:
            data = self.flat.numpy().tobytes()
        return _memory_from_bytes, (data,)


_alive: Any = None  # base address -> _Memory


def memory_of(tensor: _core.Tensor) -> _Memory:
    """The `_Memory` of a tensor."""
    global _alive
    if _alive is None:
        from weakref import WeakValueDictionary

        _alive = WeakValueDictionary()
    storage = UntypedStorage(tensor)
    key = storage.data_ptr()
    found = _alive.get(key) if key else None
    if found is None:
        found = _Memory(storage.bytes())
        if key:
            _alive[key] = found
    return found


def _memory_from_bytes(data):
    return _Memory(_core.frombuffer(bytearray(data), dtype=_core.uint8) if data else _core.empty(0, dtype=_core.uint8))


def tensor_over(flat: _core.Tensor, dtype: _core.dtype, offset: int, size: Any, stride: Any) -> _core.Tensor:
    """A tensor of its own (not a view to autograd) over the bytes `flat`."""
    with_dtype = flat if dtype == _core.uint8 else _whole_items(flat, dtype).view(dtype)
    return _core.empty(0, dtype=dtype, device=flat.device).set_(with_dtype, offset, size, stride)


def _whole_items(flat, dtype):
    rest = flat.numel() % dtype.itemsize
    return flat[: flat.numel() - rest] if rest else flat
