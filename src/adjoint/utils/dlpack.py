"""DLPack: tensors to and from other libraries without copying."""

from .._core import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
