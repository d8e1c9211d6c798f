"""Functions of torch.fft."""

from . import _core

globals().update(_core._fft)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"module 'adjoint.fft' has no attribute '{name}': it is not in Adjoint yet")
