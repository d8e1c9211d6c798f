"""What `explain` says of an input that it cannot derive by."""

from __future__ import annotations

from typing import Any


def not_part(t: Any, called: str | None) -> str:
    """The message for an input that no path leads to."""
    what = called or f"this {str(t.dtype).removeprefix('torch.')}{list(t.shape)} tensor"
    if not t.requires_grad:
        return (
            f"explain: {what} does not require grad, so no gradient is computed for it; "
            f"call requires_grad_() on it before the output is computed (adjoint.why({called or 'tensor'}) tells more)"
        )
    return (
        f"explain: {what} is not part of the graph of the output: no path leads from one to the other; "
        f"use it in computing the output, without detach() or no_grad() (adjoint.why({called or 'tensor'}) tells more)"
    )
