"""`load`: a checkpoint's object, by the machine that calls nothing, or by Python's own where the file is trusted."""

from __future__ import annotations

import io
import mmap as _mmap
import os
import pickle
from typing import Any

from .. import Tensor
from ..storage import UntypedStorage
from . import legacy, rebuild
from .container import Reader
from .corrupt import CorruptFile, corrupt
from .full import FullUnpickler
from .machine import Machine, Name, Record
from .safe import allowed
from .storages import MapLocation, Placement, bytes_tensor, storage_over, swapped

_MOST_PROGRAM = 1 << 28  # bytes of data.pkl


def load(
    f: Any,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    unknown: str = "error",
    **pickle_load_args: Any,
) -> Any:
    """Loads what `save`, of Adjoint or of PyTorch, has written.

    With `weights_only`, the default, no code runs, whatever the file says: it gives tensors, numbers, text, containers, and
    what `serialization.add_safe_globals` allows.

    Args:
        f: a path, or a file that is open for reading bytes.
        map_location: where tensors go: a device or its name, a dict of names, or ``f(storage, name)``. Without it, those of
            a device that is not here come to the CPU, with a warning.
        pickle_module: in the place of `pickle`; only with weights_only=False.
        weights_only: False runs whatever program the file contains. Only for files that you trust.
        mmap: True maps the file instead of copying it: pages come when they are read, changes stay private.
        unknown: "error" refuses classes that are not known and names them all; "record" gives inert records in their place.

    Raises:
        UnpicklingError: a file that is damaged, forged, or needs classes that are not allowed; nothing is loaded then.
        OSError: a file that cannot be read.
    """
    if unknown not in ("error", "record"):
        raise ValueError(f"unknown: expected 'error' or 'record', got {unknown!r}")
    if pickle_module is not None and weights_only:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    safe = weights_only if weights_only is not None else pickle_module is None
    data, mapped = _bytes_of(f, bool(mmap))
    make = _Makers(unknown) if safe else _Full(pickle_module, pickle_load_args)
    try:
        if bytes(data[:4]) == b"PK\x03\x04":
            return _from_zip(Reader(data), Placement(map_location), make, mapped)
        if mapped:
            raise RuntimeError(
                "mmap can only be used with files saved with `torch.save(_use_new_zipfile_serialization=True)`"
            )
        return legacy.load(data, Placement(map_location), make)
    except CorruptFile as e:
        raise type(e)(f"{e}{_advice(f)}") from None


def _advice(f: Any) -> str:
    return f"\n  in {os.fspath(f)}" if isinstance(f, (str, os.PathLike)) else ""


def _bytes_of(f: Any, wanted: bool) -> tuple[Any, bool]:
    """The file's bytes, and whether tensors may lie in them."""
    if not isinstance(f, (str, os.PathLike)):
        if wanted:
            raise ValueError("f must be a file path in order to use the mmap argument")
        if not hasattr(f, "read"):
            raise AttributeError(f"expected a path or a file open for reading, got {type(f).__name__}")
        data = f.read()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError("expected a file that is open for reading bytes, got text: open(path, 'rb')")
        if not data:
            raise EOFError("Ran out of input: the file is empty, or was read to its end")
        return data, False
    with open(f, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise EOFError("Ran out of input: the file is empty")
        return _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_COPY if wanted else _mmap.ACCESS_READ), wanted


class _Makers:
    """Turns a pickle into an object by the machine."""

    def __init__(self, unknown: str) -> None:
        self.unknown = unknown
        self.user = allowed()

    def run(self, program: Any, persistent: Any, start: int = 0) -> tuple[Any, int]:
        """The object, and where its pickle ends."""
        machine = Machine(program, self._make, rebuild.constant, persistent, self._build)
        machine.at = start
        result = machine.run()
        names = dict.fromkeys([*machine.unknown, *_names_in(result)])
        if names and self.unknown == "error":
            raise pickle.UnpicklingError(_refusal(list(names)))
        return result, machine.at

    def _make(self, name: Name, args: tuple[Any, ...], new: bool) -> Any:
        if name.path in self.user:
            made = self.user[name.path]
            return made.__new__(made, *args) if new else made(*args)
        return rebuild.make(name, args)

    def _build(self, target: Any, state: Any) -> bool:
        if type(target) in self.user.values():
            if hasattr(target, "__setstate__"):
                target.__setstate__(state)
            else:
                vars(target).update(state)
            return True
        return rebuild.set_state(target, state)


def _names_in(root: Any) -> list[str]:
    """Classes and functions that are part of the object themselves, not called."""
    todo, seen, found = [root], set(), []
    while todo:
        thing = todo.pop()
        if isinstance(thing, Name):
            found.append(thing.path)
        elif isinstance(thing, (dict, list, tuple, set, Record)) and id(thing) not in seen:
            seen.add(id(thing))
            if isinstance(thing, dict):
                todo += [*thing.keys(), *thing.values()]
            else:
                todo += thing.parts() if isinstance(thing, Record) else thing
    return found


def _refusal(names: list[str]) -> str:
    one = names[0]
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    plain = ", ".join(n.rpartition(".")[2] for n in names[:5])
    return (
        "Weights only load failed. The file contains objects of classes that load() does not make: nothing of it was "
        f"loaded.\n  WeightsUnpickler error: Unsupported global: GLOBAL {one} was not an allowed global by default\n"
        f"  all of them: {shown}\n"
        "  tensors alone, those objects as inert records:   load(f, unknown='record')\n"
        f"  if you trust these classes:   torch.serialization.add_safe_globals([{plain}])\n"
        "  if you trust the whole file, which may run any code:   load(f, weights_only=False)"
    )


class _Full:
    """Turns a pickle into an object by Python's machine, which runs what it says."""

    def __init__(self, module: Any, args: dict[str, Any]) -> None:
        self.module, self.args = module, args

    def run(self, program: Any, persistent: Any, start: int = 0) -> tuple[Any, int]:
        stream = io.BytesIO(memoryview(program)[start:])
        result = FullUnpickler(stream, persistent, self.module, self.args).load()
        return result, start + stream.tell()


def _from_zip(reader: Reader, placement: Placement, make: Any, mapped: bool) -> Any:
    if "constants.pkl" in reader:
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``: TorchScript is not in Adjoint"
        )
    if "version" not in reader and ".data/version" not in reader:
        corrupt("there is no record 'version'")
    order = bytes(reader.view("byteorder", 16)) if "byteorder" in reader else b"little"
    if order not in (b"little", b"big"):
        corrupt(f"an unknown order of bytes, {order!r}")
    known: dict[str, UntypedStorage] = {}

    def storage(pid: Any) -> UntypedStorage:
        key, kind, location, count = legacy.fields(pid, 5)
        item = legacy.itemsize(kind)
        if key not in known:
            record = reader.records.get(f"data/{key}")
            if record is None or record.size != count * item:
                have = "no record" if record is None else f"{record.size} bytes"
                corrupt(f"storage {key!r}: {count} elements of {item} bytes are told, the file has {have}")
            known[key] = placement.place(
                storage_over(_flat(reader, f"data/{key}", mapped, item if order == b"big" else 1), kind), location
            )
        elif known[key].nbytes() != count * item and not known[key].tensor.is_meta:
            corrupt(f"storage {key!r} has two sizes")
        return known[key]

    result, end = make.run(reader.view("data.pkl", _MOST_PROGRAM), storage)
    if end != reader.records["data.pkl"].size:
        corrupt("something stands behind the pickle")
    return result


def _flat(reader: Reader, name: str, mapped: bool, swap: int) -> Tensor:
    record = reader.records[name]
    if mapped and not record.deflated and swap == 1:
        return bytes_tensor(reader.data[record.start : record.start + record.size])
    view = reader.view(name)
    return bytes_tensor(bytearray(view) if swap == 1 else swapped(view, swap))
