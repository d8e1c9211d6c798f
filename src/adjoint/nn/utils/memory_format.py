"""Weights of convolutions in another memory format."""

from __future__ import annotations

from .. import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _Module = TypeVar("_Module", bound=modules.Module)

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def convert_conv2d_weight_memory_format(module: _Module, memory_format: Any) -> _Module:
    """Lays out the weights of all Conv2d and ConvTranspose2d as told, such as channels_last."""
    return _convert(module, (modules.Conv2d, modules.ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: _Module, memory_format: Any) -> _Module:
    """Lays out the weights of all Conv3d and ConvTranspose3d as told, such as channels_last_3d."""
    return _convert(module, (modules.Conv3d, modules.ConvTranspose3d), memory_format)


def _convert(module: Any, classes: tuple[type[Any], ...], memory_format: Any) -> Any:
    for found in module.modules():
        if isinstance(found, classes):
            found.weight.data = found.weight.detach().contiguous(memory_format=memory_format)
    return module
