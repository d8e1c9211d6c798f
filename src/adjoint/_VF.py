"""The operations by the name under which PyTorch's own modules call them: torch._VF.lstm(...)."""

from ._core import *  # noqa: F403
from ._core import _pack_padded_sequence as _pack_padded_sequence
from ._core import _pad_packed_sequence as _pad_packed_sequence
