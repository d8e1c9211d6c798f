"""Parameters and the functional interface."""

from . import functional
from .parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional"]
