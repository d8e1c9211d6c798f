"""The storages of a checkpoint: where their bytes lie, and on which device they are to be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import Tensor, device, empty, frombuffer, uint8
from .. import dtype as _dtype
from ..storage import TypedStorage, UntypedStorage, tensor_over
from .corrupt import corrupt
from .machine import Name
from .rebuild import STORAGES

MapLocation = Any  # None, a device or its name, a dict of names, or f(storage, name)


def kind_of(name: Any) -> str | None:
    """The dtype that a storage's class stands for; None for untyped bytes."""
    if isinstance(name, Name):
        if name.path in ("torch.storage.UntypedStorage", "torch.UntypedStorage"):
            return None
        if name.module in ("torch", "torch.cuda") and name.name in STORAGES:
            return STORAGES[name.name]
    corrupt(f"a storage of the unknown class {name!r}")


def storage_over(flat: Tensor, kind: str | None) -> UntypedStorage:
    """The storage object over a row of bytes."""
    if kind is None:
        return UntypedStorage(flat)
    import adjoint

    dtype: _dtype = getattr(adjoint, kind)
    return TypedStorage(tensor_over(flat, dtype, 0, (flat.numel() // dtype.itemsize,), (1,)))


def bytes_tensor(data: Any) -> Tensor:
    """A row of bytes over memory that may be written."""
    return frombuffer(data, dtype=uint8) if len(data) else empty(0, dtype=uint8)


def swapped(data: Any, item: int) -> bytearray:
    """The bytes of elements in the other order."""
    out = bytearray(len(data))
    for i in range(item):
        out[i::item] = data[item - 1 - i :: item]
    return out


class Placement:
    """Where storages go: tells once of those that were on a device that is not here."""

    def __init__(self, map_location: MapLocation) -> None:
        self.map_location, self._told = map_location, False
        self._ask: Callable[[Any, str], Any] | None = None
        if callable(map_location):
            self._ask = map_location

    def place(self, storage: UntypedStorage, location: str) -> UntypedStorage:
        """The storage where it is wanted."""
        where = self.map_location
        if self._ask is not None:
            found = self._ask(storage, location)
            return found if isinstance(found, UntypedStorage) else storage
        if isinstance(where, dict):
            where = where.get(location)
        if where is None:
            if not location.startswith(("cpu", "meta")) and not self._told:
                self._told = True
                warnings.warn(
                    f"tensors that were saved on {location} are loaded to the CPU: there is no such device here; "
                    "map_location='cpu' says that it is meant",
                    stacklevel=2,
                )
            return storage
        return self._to(storage, device(where))

    @staticmethod
    def _to(storage: UntypedStorage, where: device) -> UntypedStorage:
        if where.type == "cpu":
            return storage
        if where.type == "meta":
            return type(storage)(storage.tensor.to("meta"))
        raise RuntimeError(
            f"Attempting to deserialize object on a {where.type.upper()} device but torch.{where.type}.is_available() is "
            "False. If you are running on a CPU-only machine, please use torch.load with "
            "map_location=torch.device('cpu') to map your storages to the CPU."
        )
