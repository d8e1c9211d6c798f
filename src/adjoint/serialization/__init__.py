"""Checkpoints: PyTorch's `.pt` files, written and read; what a file may make is a closed list."""

from __future__ import annotations

from .corrupt import CorruptFile
from .load import load
from .machine import Record
from .safe import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .save import save

__all__ = [
    "CorruptFile",
    "Record",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "safe_globals",
    "save",
]
