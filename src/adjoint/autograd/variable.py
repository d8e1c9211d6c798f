"""What stands for a tensor in differentiation: Variable, its old name, and GradientEdge, the place of its gradient."""

from .. import _core


class _VariableMeta(type):
    def __instancecheck__(cls, other):
        return isinstance(other, _core.Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(x, requires_grad=False)`` returns a tensor; every tensor is an instance."""

    def __new__(cls, data=None, requires_grad=False):
        x = _core.empty(0) if data is None else data.detach()
        return x.requires_grad_(requires_grad)


class GradientEdge(tuple):
    """Where a tensor's gradient flows: (node, output_nr). Stands for the tensor in `grad` and `backward`, but does not
    keep it alive."""

    __slots__ = ()
    _fields = ("node", "output_nr", "ownership_token")

    def __new__(cls, node, output_nr, ownership_token=None):
        return tuple.__new__(cls, (node, output_nr, ownership_token))

    node = property(lambda self: self[0])
    output_nr = property(lambda self: self[1])
    ownership_token = property(lambda self: self[2])

    def __repr__(self):
        return f"GradientEdge(node={self[0]!r}, output_nr={self[1]!r}, ownership_token={self[2]!r})"
