"""What stands for a tensor in differentiation: Variable, its old name, and GradientEdge, the place of its gradient."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _VariableMeta(type):
    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, _core.Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(x, requires_grad=False)`` returns a tensor; every tensor is an instance."""

    def __new__(cls, data: _core.Tensor | None = None, requires_grad: bool = False) -> Any:
        x = _core.empty(0) if data is None else data.detach()
        return x.requires_grad_(requires_grad)


class GradientEdge(tuple):
    """Where a tensor's gradient flows: (node, output_nr). Stands for the tensor in `grad` and `backward`, but does not
    keep it alive."""

    __slots__ = ()
    _fields: tuple[str, ...] = ("node", "output_nr", "ownership_token")

    def __new__(cls, node: _core.Node, output_nr: int, ownership_token: Any = None) -> GradientEdge:
        return tuple.__new__(cls, (node, output_nr, ownership_token))

    @property
    def node(self) -> _core.Node:
        return self[0]

    @property
    def output_nr(self) -> int:
        return self[1]

    @property
    def ownership_token(self) -> Any:
        return self[2]

    def __repr__(self) -> str:
        return f"GradientEdge(node={self[0]!r}, output_nr={self[1]!r}, ownership_token={self[2]!r})"
