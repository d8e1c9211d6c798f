"""The named tuples that operations with several results return. They are made at first use."""

from . import _core


def __getattr__(name):
    try:
        return _core._return_type(name)
    except KeyError:
        raise AttributeError(f"module 'adjoint.return_types' has no attribute '{name}'") from None
