"""Warnings at the user's line."""

from __future__ import annotations


def warn_user(text: str, category: type[Warning] = UserWarning) -> None:
    """A warning at the line, outside of this package, that called into it."""
    import sys
    from warnings import warn

    frame, level = sys._getframe(), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("adjoint."):
        frame, level = frame.f_back, level + 1
    warn(text, category, stacklevel=level)
