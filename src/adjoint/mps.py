"""torch.mps: not here."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def empty_cache() -> None:
    """There is nothing to give back."""


synchronize = empty_cache
