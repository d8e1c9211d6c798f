"""`save`: writes what PyTorch writes, byte for byte where it can be; the old file stays until the new one is whole."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import tempfile
from collections import OrderedDict
from typing import Any, ClassVar

from .. import Size, Tensor, device
from .. import dtype as _dtype
from ..storage import TypedStorage, UntypedStorage
from .container import Writer
from .rebuild import STORAGES

_CLASS_OF = {kind: name for name, kind in STORAGES.items()}


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Saves an object in PyTorch's format; `load`, of Adjoint or of PyTorch, reads it.

    Tensors that share memory share it again after loading; a view brings its whole storage. Of a path, a file is replaced as
    a whole: everything is pickled first, written beside it, and renamed.

    Args:
        obj: a state_dict, a module, anything that can be pickled.
        f: a path, or a file that is open for writing bytes.
        pickle_protocol: 2 to 5; PyTorch's safe reader takes 2.

    Raises:
        PicklingError: what cannot be pickled.
        RuntimeError: tensors of different dtypes over one storage.
        OSError: a file that cannot be written.
    """
    if not _use_new_zipfile_serialization:
        raise NotImplementedError(
            "the format before zip is read, not written: save without _use_new_zipfile_serialization"
        )
    if not isinstance(f, (str, os.PathLike)) and not hasattr(f, "write"):
        raise AttributeError(f"expected a path or a file open for writing bytes, got {type(f).__name__}")
    program = io.BytesIO()
    pickler = _Pickler(program, pickle_protocol)
    pickler.dump(obj)
    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        name = os.path.basename(path)
        with replacing(path) as file:
            _write(file, os.path.splitext(name)[0] or "archive", program.getvalue(), pickler.storages)
    else:
        _write(f, "archive", program.getvalue(), pickler.storages)


@contextlib.contextmanager
def replacing(path: str) -> Any:
    """A file beside `path` which takes its place once it is whole, and goes if that fails."""
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):  # a pipe, /dev/null
        with open(target, "wb") as file:
            yield file
        return
    folder = os.path.dirname(target) or "."
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    descriptor, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)}.", dir=folder)
    os.close(descriptor)
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, os.stat(target).st_mode & 0o777 if os.path.exists(target) else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(file: Any, folder: str, program: bytes, storages: list[UntypedStorage]) -> None:
    writer = Writer(file, folder)
    writer.add("data.pkl", program)
    writer.add(".format_version", b"1")
    writer.add(".storage_alignment", b"64")
    writer.add("byteorder", b"little")
    for key, storage in enumerate(storages):
        memory: Any = storage.bytes()
        writer.add(f"data/{key}", memoryview(memory) if storage.nbytes() else b"")
    writer.add("version", b"3\n")
    digest = hashlib.sha256(program + repr(writer.entries).encode()).digest()
    writer.add(".data/serialization_id", f"{int.from_bytes(digest[:16], 'little'):040d}".encode())
    writer.finish()


class _Global:
    """A name of PyTorch's, written as a global."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self) -> None:  # pickle wants functions that can be called
        raise TypeError


class _Stored:
    """Stands for a storage in a tensor's arguments."""

    def __init__(self, pid: tuple[Any, ...]) -> None:
        self.pid = pid


def _utils(name: str) -> _Global:
    return _Global("torch._utils", name)


_V2, _V3 = _utils("_rebuild_tensor_v2"), _utils("_rebuild_tensor_v3")
_PARAMETER, _PARAMETER_STATE = _utils("_rebuild_parameter"), _utils("_rebuild_parameter_with_state")
_META = _utils("_rebuild_meta_tensor_no_storage")
_FROM_TYPE = _Global("torch._tensor", "_rebuild_from_type_v2")
_SIZE, _DEVICE = _Global("torch", "Size"), _Global("torch", "device")
_STORAGE_CLASSES = {kind: _Global("torch", name) for kind, name in _CLASS_OF.items()}
_UNTYPED = _Global("torch.storage", "UntypedStorage")


_Base: Any = pickle._Pickler


class _Pickler(_Base):
    """Python's pickler, whose globals may name what is in PyTorch only: the one in C looks them up."""

    dispatch: ClassVar[dict[Any, Any]] = dict(_Base.dispatch)

    def __init__(self, out: io.BytesIO, protocol: int) -> None:
        super().__init__(out, protocol)
        self.storages: list[UntypedStorage] = []
        self._keys: dict[int, tuple[str, Any]] = {}

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Stored):
            return obj.pid
        return self._stored(obj, None).pid if isinstance(obj, UntypedStorage) else None

    def _stored(self, storage: UntypedStorage, kind: str | None) -> _Stored:
        if kind is None and isinstance(storage, TypedStorage):
            kind = str(storage.dtype).rpartition(".")[2]
        address = storage.data_ptr()
        key, before = (
            self._keys.get(address, (str(len(self.storages)), kind)) if address else (str(len(self.storages)), kind)
        )
        if before != kind:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        if key == str(len(self.storages)):
            self.storages.append(storage)
            if address:
                self._keys[address] = key, kind
        cls = _STORAGE_CLASSES.get(kind or "", _UNTYPED)
        item = 1 if cls is _UNTYPED else storage.tensor.element_size()
        return _Stored(("storage", cls, key, str(storage.device), storage.nbytes() // item))

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, Size):
            return _SIZE, (tuple(obj),)
        if isinstance(obj, device):
            return _DEVICE, (obj.type,) if obj.index is None else (obj.type, obj.index)
        return NotImplemented

    def _tensor(self, t: Any) -> Any:
        from ..nn.parameter import Parameter

        state = getattr(t, "__dict__", None) or None
        if type(t) is Parameter:
            args: tuple[Any, ...] = (t.detach(), t.requires_grad, OrderedDict())
            return (_PARAMETER_STATE, (*args, state)) if state else (_PARAMETER, args)
        function, args = self._plain(t)
        if type(t) is Tensor and not state:
            return function, args
        return _FROM_TYPE, (function, _Global("torch", "Tensor") if type(t) is Tensor else type(t), args, state)

    def _plain(self, t: Tensor) -> tuple[_Global, tuple[Any, ...]]:
        if t.is_meta:
            return _META, (t.dtype, tuple(t.shape), t.stride(), t.requires_grad)
        kind = str(t.dtype).rpartition(".")[2]
        geometry: tuple[Any, ...] = (t.storage_offset(), tuple(t.shape), t.stride(), t.requires_grad, OrderedDict())
        if kind in _CLASS_OF:
            return _V2, (self._stored(TypedStorage(t), kind), *geometry)
        return _V3, (self._stored(UntypedStorage(t), None), *geometry, t.dtype)

    def _write_name(self, obj: Any, module: str, name: str) -> None:
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    def _save_name(self, obj: _Global) -> None:
        self._write_name(obj, obj.module, obj.name)

    def _save_dtype(self, obj: Any) -> None:
        self._write_name(obj, "torch", str(obj).rpartition(".")[2])

    def save_global(self, obj: Any, name: Any = None) -> None:
        module = getattr(obj, "__module__", None) or ""
        if module == "adjoint" or module.startswith("adjoint."):
            self._write_name(obj, "torch" + module.removeprefix("adjoint"), name or obj.__qualname__)
        else:
            super().save_global(obj, name)

    def save_type(self, obj: Any) -> None:
        if obj in (type(None), type(NotImplemented), type(...)):
            super().save_type(obj)
        else:
            self.save_global(obj)

    dispatch[_Global] = _save_name
    dispatch[_dtype] = _save_dtype
    dispatch[type] = save_type
