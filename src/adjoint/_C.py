"""Private names of PyTorch's that programs use all the same."""

from __future__ import annotations

from . import _core
from ._core import Generator as Generator
from ._core import Size as Size
from ._core import Tensor as TensorBase
from ._core import device as device
from ._core import dtype as dtype

_LinAlgError = _core._LinAlgError
_TensorBase = TensorBase


def _log_api_usage_once(event: str) -> None:
    """Nothing is logged."""
