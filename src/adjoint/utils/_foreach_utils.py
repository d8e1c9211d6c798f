"""Lists of tensors sorted by device and dtype, as optimizers of other libraries have them."""

from __future__ import annotations

from typing import Any

from .. import Tensor


def _get_foreach_kernels_supported_devices() -> list[str]:
    return ["cpu"]


_get_fused_kernels_supported_devices = _get_foreach_kernels_supported_devices


def _has_foreach_support(tensors: list[Tensor], device: Any) -> bool:
    return all(t is None or isinstance(t, Tensor) for t in tensors)


def _device_has_foreach_support(device: Any) -> bool:
    return str(getattr(device, "type", device)) in _get_foreach_kernels_supported_devices()


def _group_tensors_by_device_and_dtype(
    tensorlistlist: list[list[Tensor | None]], with_indices: bool = False
) -> dict[tuple[Any, Any], tuple[list[list[Tensor | None]], list[int]]]:
    """Several lists of one length, cut by the first list's devices and dtypes; with the places that the parts had."""
    found: dict[tuple[Any, Any], tuple[list[list[Tensor | None]], list[int]]] = {}
    for i, tensors in enumerate(zip(*tensorlistlist, strict=True)):
        first = tensors[0]
        assert first is not None
        lists, places = found.setdefault((first.device, first.dtype), ([[] for _ in tensorlistlist], []))
        for row, t in zip(lists, tensors, strict=True):
            row.append(t)
        if with_indices:
            places.append(i)
    return found
