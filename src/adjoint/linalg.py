"""Functions of torch.linalg."""

from . import _core

globals().update(_core._linalg)
LinAlgError = _core._LinAlgError


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"module 'adjoint.linalg' has no attribute '{name}': it is not in Adjoint yet")
