"""torch.onnx: nothing is exported; asking says what to do instead."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["export", "is_in_onnx_export"]


def export(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused: Adjoint records calls for derivatives, not programs.

    Raises:
        NotImplementedError: always, with the way by PyTorch.
    """
    raise NotImplementedError(
        "adjoint does not export to ONNX; save the weights with torch.save(model.state_dict(), path), load them into the same "
        "model on PyTorch, and export there"
    )


def is_in_onnx_export() -> bool:
    """False: nothing is exported."""
    return False
