"""Attention with scores changed by a function: not in Adjoint, as there is no compiler to fuse the function."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["create_block_mask", "create_mask", "flex_attention"]


def _missing(name: str) -> NoReturn:
    raise NotImplementedError(
        f"{name} is not in Adjoint: pass a mask of truth values, or numbers to be added to the scores, to "
        "nn.functional.scaled_dot_product_attention(attn_mask=...)"
    )


def flex_attention(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError, which says what can be done instead."""
    _missing("flex_attention")


def create_block_mask(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError, which says what can be done instead."""
    _missing("create_block_mask")


def create_mask(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError, which says what can be done instead."""
    _missing("create_mask")
