"""torch.distributed: one process. `is_available()` is False, as in a PyTorch that was built without it."""

from __future__ import annotations

import enum
from typing import Any, NoReturn

__all__ = [
    "ProcessGroup",
    "ReduceOp",
    "all_gather",
    "all_gather_object",
    "all_reduce",
    "barrier",
    "broadcast",
    "destroy_process_group",
    "gather",
    "get_rank",
    "get_world_size",
    "group",
    "init_process_group",
    "is_available",
    "is_initialized",
    "reduce",
    "scatter",
]


class ReduceOp(enum.Enum):
    """How processes' tensors are combined."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = range(8)


class ProcessGroup:
    """Processes that exchange tensors: there are none."""


class group:
    """Where PyTorch keeps the group of all processes."""

    WORLD: ProcessGroup | None = None


def is_available() -> bool:
    """False: Adjoint runs in one process."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


is_gloo_available = is_nccl_available = is_mpi_available = is_ucc_available = is_xccl_available = (
    is_torchelastic_launched
)


def is_backend_available(backend: str) -> bool:
    """False: there is none."""
    return False


def init_process_group(*args: Any, **kwargs: Any) -> NoReturn:
    """Not here."""
    raise NotImplementedError("torch.distributed is not in Adjoint: a program runs in one process")


def _not_initialized(*args: Any, **kwargs: Any) -> Any:
    raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")


get_rank = get_world_size = all_reduce = all_gather = all_gather_object = broadcast = barrier = _not_initialized
gather = reduce = scatter = destroy_process_group = _not_initialized
