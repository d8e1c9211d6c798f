"""DataParallel: a wrapper that splits batches over devices where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..modules.module import Module


class DataParallel(Module):
    """Calls the module that it wraps: on the CPU there is one device, and the pool of threads uses all of it.

    What programs rely on is PyTorch's: ``.module``, ``device_ids == []`` without devices, and state_dict keys that begin
    with ``module.``.

    >>> from adjoint import nn
    >>> net = nn.DataParallel(nn.Linear(2, 1))
    >>> list(net.state_dict()), net.device_ids
    (['module.weight', 'module.bias'], [])

    Args:
        module: what is to be called.
        device_ids, output_device, dim: how to split over devices; without effect on the CPU.
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
