"""Functions of neural networks: activations, softmax, linear."""

from .. import _core
from ._sparse import embedding_bag as embedding_bag

globals().update(_core._nn)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"module 'adjoint.nn.functional' has no attribute '{name}': it is not in Adjoint yet")
