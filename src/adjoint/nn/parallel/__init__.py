"""Modules on several devices."""

from __future__ import annotations

from .data_parallel import DataParallel

__all__ = ["DataParallel"]
