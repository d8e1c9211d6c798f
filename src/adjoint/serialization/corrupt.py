"""The error of every file that is not what it should be."""

from __future__ import annotations

import pickle
from typing import NoReturn


class CorruptFile(pickle.UnpicklingError, RuntimeError):
    """A checkpoint that is damaged or forged; nothing of it was loaded."""


def corrupt(what: str, at: int | None = None) -> NoReturn:
    """Raises: what is wrong, and at which byte."""
    raise CorruptFile(f"corrupt file: {what}" + ("" if at is None else f" (at byte {at})"))
