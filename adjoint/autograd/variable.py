"""Variable: the old name of a tensor that takes part in differentiation."""

from .. import _core


class _VariableMeta(type):
    def __instancecheck__(cls, other):
        return isinstance(other, _core.Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(x, requires_grad=False)`` returns a tensor; every tensor is an instance."""

    def __new__(cls, data=None, requires_grad=False):
        x = _core.empty(0) if data is None else data.detach()
        return x.requires_grad_(requires_grad)
