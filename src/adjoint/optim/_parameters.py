"""What a parameter group may hold."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def split_names(params: Any) -> tuple[list[Any], list[str]]:
    """(tensors, names): of one tensor, of tensors, or of pairs of names and tensors."""
    if isinstance(params, _core.Tensor):
        return [params], []
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if names and len(names) != len(params):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [p[1] if isinstance(p, tuple) else p for p in params], names


def check_parameters(params: list[Any], differentiable: Any) -> None:
    """Raises unless all are tensors, and leaves, or such that keep their gradient."""
    for p in params:
        if not isinstance(p, _core.Tensor):
            from .. import typename

            raise TypeError("optimizer can only optimize Tensors, but one of the params is " + typename(p))
        if not differentiable and not (p.is_leaf or p.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")
