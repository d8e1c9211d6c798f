"""Functions of torch.special."""

from . import _core

globals().update(_core._special)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"module 'adjoint.special' has no attribute '{name}': it is not in Adjoint yet")
