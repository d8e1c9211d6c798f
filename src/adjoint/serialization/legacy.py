"""The format before zip: pickles one after the other, then the bytes of every storage. Read, never written."""

from __future__ import annotations

from typing import Any

import adjoint

from ..storage import UntypedStorage
from .corrupt import corrupt
from .machine import Machine
from .storages import Placement, bytes_tensor, kind_of, storage_over

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def fields(pid: Any, least: int) -> tuple[str, str | None, str, int]:
    """Key, dtype, device and number of elements that a persistent id names."""
    if not isinstance(pid, tuple) or len(pid) < least or pid[0] != "storage":
        corrupt(f"a persistent id {str(pid)[:100]}")
    _, kind, key, location, count = pid[:5]
    if not isinstance(key, str) or not isinstance(location, str) or not isinstance(count, int) or count < 0:
        corrupt(f"a persistent id {str(pid)[:100]}")
    return key, kind_of(kind), location, count


def itemsize(kind: str | None) -> int:
    return 1 if kind is None else int(getattr(adjoint, kind).itemsize)


def load(data: Any, placement: Placement, make: Any) -> Any:
    """The object of an old file.

    Its pickle comes before the bytes of the storages that it names. So it is run twice: first for the names alone.
    """
    if bytes(data[:5]) in (b"./sys", b"sys_i") or bytes(data[257:262]) == b"ustar":
        raise RuntimeError(
            "this is a tar archive, the format of PyTorch 0.1: load it with an old PyTorch and save it anew"
        )
    at = 0
    for what, expected in (("magic number", _MAGIC), ("version", _PROTOCOL), ("system's description", None)):
        value, at = _plain(data, at)
        if expected is not None and value != expected:
            corrupt(f"neither a zip archive nor an old checkpoint: the {what} is {str(value)[:40]}")
    found: dict[str, Any] = {}

    def note(pid: Any) -> Any:
        key, kind, location, count = fields(pid, 5)
        view = pid[5] if len(pid) > 5 else None
        if found.setdefault(key, (kind, location, count, view))[:3] != (kind, location, count):
            corrupt(f"storage {key!r} has two kinds")
        return ("storage", key)

    start = at
    _, at = _plain(data, start, note)
    keys, at = _plain(data, at)
    storages = _read(data, at, keys, found, placement)
    result, _ = make.run(data, lambda pid: _view(storages, found, fields(pid, 5)[0]), start)
    return result


def _plain(data: Any, at: int, persistent: Any = None) -> tuple[Any, int]:
    """An object of which nothing is made: what has a class stays a record."""
    machine = Machine(
        data, lambda name, args, new: None, lambda name: None, persistent or _no_storage, lambda t, s: True
    )
    machine.at = at
    return machine.run(), machine.at


def _no_storage(pid: Any) -> Any:
    corrupt("a storage where none should stand")


def _read(data: Any, at: int, keys: Any, found: dict[str, Any], placement: Placement) -> dict[str, UntypedStorage]:
    if not isinstance(keys, list) or set(map(str, keys)) - set(found):
        corrupt("the list of storages names others than the object does", at)
    storages = {}
    for key in keys:
        kind, location, count, _ = found[key]
        size = count * itemsize(kind)
        if at + 8 + size > len(data) or int.from_bytes(data[at : at + 8], "little") != count:
            corrupt(f"storage {key!r}: {count} elements are told, and are not there", at)
        flat = bytes_tensor(bytearray(data[at + 8 : at + 8 + size]))
        storages[key] = placement.place(storage_over(flat, kind), location)
        at += 8 + size
    if at != len(data):
        corrupt("something stands behind the last storage", at)
    return storages


def _view(storages: dict[str, UntypedStorage], found: dict[str, Any], key: str) -> UntypedStorage:
    """A storage, or a part of it, as very old files have them."""
    if key not in storages:
        corrupt(f"storage {key!r} has no bytes")
    kind, _, _, view = found[key]
    if view is None:
        return storages[key]
    _, offset, count = view
    item = itemsize(kind)
    if not (isinstance(offset, int) and isinstance(count, int)) or offset < 0 or count < 0:
        corrupt(f"a part of storage {key!r}")
    flat = storages[key].bytes()
    if (offset + count) * item > flat.numel():
        corrupt(f"a part of storage {key!r} reaches beyond it")
    return storage_over(flat[offset * item : (offset + count) * item], kind)
