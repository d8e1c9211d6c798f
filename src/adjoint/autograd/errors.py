"""Errors that several modules raise."""

__all__ = ["GradcheckError"]


class GradcheckError(RuntimeError):
    """A derivative is wrong: raised by `gradcheck` and `gradgradcheck`."""
