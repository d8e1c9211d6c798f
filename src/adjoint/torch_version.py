"""The version that programs ask for: PyTorch's whose names and numbers these are."""

from __future__ import annotations

import re
from typing import Any

VERSION = "2.13.0+adjoint"

__all__ = ["TorchVersion", "__version__"]


class TorchVersion(str):
    """A version as text that compares as a version: with texts, and with tuples of numbers.

    >>> from adjoint.torch_version import TorchVersion
    >>> TorchVersion("2.13.0+adjoint") >= (2, 9), TorchVersion("2.13.0") > "2.9"
    (True, True)
    """

    def _pair(self, other: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        mine, theirs = _numbers(self), other if isinstance(other, tuple) else _numbers(str(other))
        theirs = tuple(int(n) for n in theirs)
        length = len(theirs) if isinstance(other, tuple) else max(len(mine), len(theirs))
        pad = lambda ns: (*ns, *[0] * length)[:length]
        return pad(mine), pad(theirs)

    def __lt__(self, other: Any) -> bool:
        mine, theirs = self._pair(other)
        return mine < theirs

    def __le__(self, other: Any) -> bool:
        mine, theirs = self._pair(other)
        return mine <= theirs

    def __gt__(self, other: Any) -> bool:
        mine, theirs = self._pair(other)
        return mine > theirs

    def __ge__(self, other: Any) -> bool:
        mine, theirs = self._pair(other)
        return mine >= theirs

    def __eq__(self, other: object) -> bool:
        if isinstance(other, tuple):
            mine, theirs = self._pair(other)
            return mine == theirs
        return str.__eq__(self, other) if isinstance(other, str) else False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text.partition("+")[0]))


__version__ = TorchVersion(VERSION)
