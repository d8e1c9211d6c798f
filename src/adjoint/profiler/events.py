"""The events of a profile, their averages, the table and the Chrome trace. Times are microseconds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_SORT = {
    "cpu_time": "cpu_time",
    "cpu_time_total": "cpu_time_total",
    "self_cpu_time_total": "self_cpu_time_total",
    "cpu_memory_usage": "cpu_memory_usage",
    "self_cpu_memory_usage": "self_cpu_memory_usage",
    "count": "count",
}


@dataclass(eq=False)
class FunctionEvent:
    """One run of an operation, of a node of the backward pass, or of a user's range."""

    id: int
    name: str  # "aten::mul", "MulBackward0", or the range's
    kind: str  # "operation", "backward" or "range"
    start: float
    end: float
    cpu_memory_usage: int
    thread: int
    first_node: int
    last_node: int
    cpu_parent: FunctionEvent | None = None
    cpu_children: list[FunctionEvent] = field(default_factory=list)
    backward: list[FunctionEvent] = field(default_factory=list)  # of an operation: its nodes' runs
    forward: FunctionEvent | None = None  # of a backward event: the operation
    count: int = 1

    @property
    def key(self) -> str:
        return self.name

    @property
    def sequence_nr(self) -> int:
        return self.last_node if self.kind != "range" else -1

    @property
    def cpu_time_total(self) -> float:
        return self.end - self.start

    @property
    def cpu_time(self) -> float:
        return self.cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        return self.cpu_memory_usage - sum(c.cpu_memory_usage for c in self.cpu_children)


@dataclass
class FunctionEventAvg:
    """All events of one name together."""

    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0
    backward_time_total: float = 0.0  # of the nodes that these operations made

    @property
    def cpu_time(self) -> float:
        return self.cpu_time_total / self.count if self.count else 0.0

    def add(self, e: FunctionEvent) -> None:
        self.count += 1
        parent = e.cpu_parent
        while parent is not None and parent.name != e.name:
            parent = parent.cpu_parent
        if parent is None:  # one inside another of its name is counted by that one
            self.cpu_time_total += e.cpu_time_total
            self.cpu_memory_usage += e.cpu_memory_usage
        self.self_cpu_time_total += e.self_cpu_time_total
        self.self_cpu_memory_usage += e.self_cpu_memory_usage
        self.backward_time_total += sum(b.cpu_time_total for b in e.backward)


class EventList(list[Any]):
    """Events or averages, with the table."""

    def __init__(self, events: Iterable[Any] = (), profile_memory: bool = False) -> None:
        super().__init__(events)
        self._memory = profile_memory

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, **_: Any) -> EventList:
        """One row a name. Grouping by shapes or stacks is accepted; neither is recorded."""
        rows: dict[str, FunctionEventAvg] = {}
        for e in self:
            rows.setdefault(e.name, FunctionEventAvg(e.name)).add(e)
        return EventList(rows.values(), self._memory)

    def total_average(self) -> FunctionEventAvg:
        total = FunctionEventAvg("Total")
        for e in self:
            total.count += e.count
            total.self_cpu_time_total += e.self_cpu_time_total
            total.self_cpu_memory_usage += e.self_cpu_memory_usage
        total.cpu_time_total, total.cpu_memory_usage = total.self_cpu_time_total, total.self_cpu_memory_usage
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The table as PyTorch lays it out, with a column for the backward time of each operation.

        Raises:
            ValueError: a sort_by that is not known.
        """
        if sort_by is not None and sort_by not in _SORT:
            raise ValueError(f"sort_by: expected one of {', '.join(_SORT)}, got {sort_by!r}")
        rows = list(self)
        if top_level_events_only:
            rows = [r for r in rows if getattr(r, "cpu_parent", None) is None]
        if sort_by is not None:
            rows.sort(key=lambda r: getattr(r, sort_by), reverse=True)
        total = sum(r.self_cpu_time_total for r in rows)
        heads = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
        heads += ["CPU Mem", "Self CPU Mem"] if self._memory else []
        heads += ["# of Calls", "Backward"]
        body = [self._cells(r, total, max_name_column_width) for r in rows[: row_limit if row_limit >= 0 else None]]
        widths = [max(len(row[i]) for row in [heads, *body]) + 2 for i in range(len(heads))]
        rule = "  ".join("-" * w for w in widths)
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in [heads, *body]]
        top = ["-" * len(rule), header] if header else []
        return "\n".join([*top, rule, lines[0], rule, *lines[1:], rule, f"Self CPU time total: {_time(total)}", ""])

    def _cells(self, r: Any, total: float, width: int) -> list[str]:
        def part(t: float) -> str:
            return f"{100 * t / total:.2f}%" if total else "0.00%"

        name = r.key if len(r.key) <= width else r.key[: width - 3] + "..."
        cells = [name, part(r.self_cpu_time_total), _time(r.self_cpu_time_total)]
        cells += [part(r.cpu_time_total), _time(r.cpu_time_total), _time(r.cpu_time)]
        if self._memory:
            cells += [_bytes(r.cpu_memory_usage), _bytes(r.self_cpu_memory_usage)]
        behind = getattr(r, "backward_time_total", None)
        if behind is None:
            behind = sum(b.cpu_time_total for b in r.backward)
        return [*cells, str(r.count), _time(behind) if behind else "--"]

    def export_chrome_trace(self, path: str) -> None:
        """Writes JSON for chrome://tracing and Perfetto; arrows lead from operations to their backward runs."""
        trace: list[dict[str, Any]] = []
        zero = min((e.start for e in self), default=0.0)
        for e in self:
            args = {"bytes": e.cpu_memory_usage, "Sequence number": e.sequence_nr}
            common = {"pid": 0, "tid": e.thread}
            event = {"name": e.name, "cat": "cpu_op" if e.kind != "range" else "user_annotation", "ph": "X"}
            trace.append({**event, **common, "ts": e.start - zero, "dur": e.cpu_time_total, "args": args})
            for b in e.backward:
                flow = {"name": "fwdbwd", "cat": "fwdbwd", "id": b.id, "pid": 0}
                trace.append({**flow, "ph": "s", "tid": e.thread, "ts": e.start - zero})
                trace.append({**flow, "ph": "f", "bp": "e", "tid": b.thread, "ts": b.start - zero})
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"traceEvents": trace, "displayTimeUnit": "ns"}, f)

    def __str__(self) -> str:
        return self.table()


def from_rows(rows: list[tuple[Any, ...]], profile_memory: bool) -> EventList:
    """The recorder's rows as events that know their parents, and their other halves."""
    events: list[FunctionEvent] = []
    makers: dict[int, FunctionEvent] = {}
    for i, (name, kind, begin, end, size, first, last, thread, parent) in enumerate(rows):
        shown = f"aten::{name}" if kind == "operation" else name
        e = FunctionEvent(i, shown, kind, begin / 1e3, end / 1e3, size, thread, first, last)
        if 0 <= parent < i:
            e.cpu_parent = events[parent]
            events[parent].cpu_children.append(e)
        events.append(e)
        if kind == "operation":
            for node in range(first + 1, min(last, first + 64) + 1):
                makers[node] = e  # the innermost operation, as inner rows come later
    for e in events:
        if e.kind == "backward" and (maker := makers.get(e.last_node)) is not None:
            e.forward = maker
            maker.backward.append(e)
    return EventList(events, profile_memory)


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


def _bytes(n: int) -> str:
    for size, unit in ((1 << 30, "Gb"), (1 << 20, "Mb"), (1 << 10, "Kb")):
        if abs(n) >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} b"
