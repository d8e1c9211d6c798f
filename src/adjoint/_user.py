"""The user's line: the one, outside of this package, that called into it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def _user_frame() -> tuple[FrameType, int]:
    """The user's frame, and how far up it is from the caller's."""
    import sys

    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("adjoint."):
        frame, level = frame.f_back, level + 1
    return frame, level


def warn_user(text: str, category: type[Warning] = UserWarning) -> None:
    """A warning at the user's line."""
    from warnings import warn

    warn(text, category, stacklevel=_user_frame()[1])


def user_line() -> str:
    """The user's line: train.py:12."""
    frame, _ = _user_frame()
    return f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}"
