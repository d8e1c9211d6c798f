"""DistributedDataParallel: the name, for those who ask whether a module is one."""

from __future__ import annotations

from typing import Any

from ..modules.module import Module

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """Not here: a program runs in one process. `isinstance(model, DistributedDataParallel)` is False.

    Raises:
        ValueError: always, as PyTorch's does without a process group.
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
