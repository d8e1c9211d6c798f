"""The data set that comes with Adjoint: see SOURCE.txt for where it is from and its licence."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adjoint import Tensor

__all__ = ["digits"]

_COUNT, _PIXELS = 1797, 64


def digits() -> tuple[Tensor, Tensor]:
    """UCI's handwritten digits: images, uint8 [1797, 8, 8] from 0 to 16, and labels, int64 [1797].

    >>> images, labels = digits()
    >>> images.shape, labels[:5].tolist()
    (torch.Size([1797, 8, 8]), [0, 1, 2, 3, 4])
    """
    import adjoint

    raw = bytearray(zlib.decompress(Path(__file__).with_name("digits.bin").read_bytes()))
    images = adjoint.frombuffer(raw, dtype=adjoint.uint8, count=_COUNT * _PIXELS)
    labels = adjoint.frombuffer(raw, dtype=adjoint.uint8, count=_COUNT, offset=_COUNT * _PIXELS)
    return images.reshape(_COUNT, 8, 8).clone(), labels.to(adjoint.int64)
