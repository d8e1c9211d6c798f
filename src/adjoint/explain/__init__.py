"""Every gradient explains itself: `explain` derives it, `graph` draws it, `why` answers when it is missing or wrong.

The package is callable: ``adjoint.explain(loss, w)`` is ``adjoint.explain.explain(loss, w)``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from .capture import Capture, Edge, Node, Saved, TooLarge, Where, capture
from .derivation import Derivation
from .explaining import explain
from .flow import Freed, gradients
from .graph import Graph
from .graph_data import GraphEdge, GraphNode
from .why import Diagnosis, why

__all__ = [
    "Capture",
    "Derivation",
    "Diagnosis",
    "Edge",
    "Freed",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Node",
    "Saved",
    "TooLarge",
    "Where",
    "capture",
    "explain",
    "gradients",
    "why",
]


class _CallablePackage(ModuleType):
    __call__ = staticmethod(explain)

    if TYPE_CHECKING:
        Capture = Capture
        Derivation = Derivation
        Diagnosis = Diagnosis
        Graph = Graph
        capture = staticmethod(capture)
        explain = staticmethod(explain)
        gradients = staticmethod(gradients)
        why = staticmethod(why)


sys.modules[__name__].__class__ = _CallablePackage
