"""The graph as JSON: everything that `Graph` knows, by node id."""

from __future__ import annotations

import json
from typing import Any

from ..graph_data import GraphData, GraphEdge, GraphNode

SCHEMA = "adjoint.graph/1"


def as_json(graph: GraphData, indent: int | None = None) -> str:
    return json.dumps(as_dict(graph), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def as_dict(graph: GraphData) -> dict[str, Any]:
    """`{"schema", "title", "notes", "nodes": [...], "edges": [...]}`; edges name their ends by id."""
    return {
        "schema": SCHEMA,
        "title": graph.title,
        "notes": graph.notes,
        "nodes": [_node(n) for n in graph.nodes],
        "edges": [_edge(e) for e in graph.edges],
    }


def _node(n: GraphNode) -> dict[str, Any]:
    return {
        "id": n.id,
        "kind": n.kind,
        "label": n.label,
        "name": n.name,
        "operation": n.operation,
        "backward_name": n.backward_name,
        "module": n.module,
        "shape": None if n.shape is None else list(n.shape),
        "dtype": n.dtype,
        "where": None if n.where is None else {"file": n.where.file, "line": n.where.line, "text": n.where.text},
        "formula": n.formula,
        "rule": n.rule,
        "value": None if n.value is None else n.value.as_dict(),
        "gradient": None if n.gradient is None else n.gradient.as_dict(),
        "saved": [
            {"name": s.name, "shape": list(s.shape), "dtype": s.dtype, "bytes": s.nbytes, "text": s.text}
            for s in n.saved
        ],
        "attributes": n.attributes,
        "released": n.released,
        "is_output": n.is_output,
        "count": n.count,
        "operations": n.operations,
    }


def _edge(e: GraphEdge) -> dict[str, Any]:
    return {
        "source": e.source.id,
        "target": e.target.id,
        "input": e.input,
        "output": e.output,
        "tracked": e.tracked,
        "count": e.count,
        "name": e.name,
        "slope": e.slope,
        "rule": e.rule,
        "spelled": e.spelled,
        "gradient": None if e.gradient is None else e.gradient.as_dict(),
        "gradient_shape": None if e.gradient_shape is None else list(e.gradient_shape),
    }
