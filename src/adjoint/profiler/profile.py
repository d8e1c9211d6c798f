"""`profile`, `schedule` and `record_function`, as in torch.profiler."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from .. import _core
from .events import EventList, FunctionEventAvg, from_rows


class ProfilerActivity(Enum):
    """What to watch; there is the CPU."""

    CPU = 0
    CUDA = 2


class ProfilerAction(Enum):
    """What a step of a schedule does."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerAction]:
    """Steps: `skip_first`, then again and again `wait`, `warmup` and `active` ones; `repeat` times, 0: for ever."""
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise ValueError("schedule: expected wait, warmup, repeat and skip_first >= 0 and active > 0")
    period = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0 or (repeat and step >= repeat * period):
            return ProfilerAction.NONE
        at = step % period
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if at == period - 1 else ProfilerAction.RECORD

    return action


_RECORDS = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Records every operation and every node of backward passes between start and stop.

    Args:
        activities, record_shapes, with_stack, with_flops, with_modules: accepted; the CPU is watched.
        schedule: from step numbers to actions; see `schedule()`.
        on_trace_ready: called with the profile when a recorded stretch ends.
        profile_memory: show bytes in the table.

    Raises:
        RuntimeError: another profile is running; or results are asked for before it stopped.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        **_: Any,
    ) -> None:
        self._schedule, self._ready, self._memory = schedule, on_trace_ready, profile_memory
        self.step_num = 0
        self._events: EventList | None = None
        self._started = self._on = False

    def _action(self) -> ProfilerAction:
        return self._schedule(self.step_num) if self._schedule else ProfilerAction.RECORD

    def start(self) -> None:
        if self._started or _core._profiler_is_on():
            raise RuntimeError("profile: a profiler is running already; stop it first, profilers do not nest")
        self._started = True
        self._follow(self._action())

    def stop(self) -> None:
        if not self._started:
            raise RuntimeError("profile: it is not running; call start() first")
        self._started = False
        if self._on:
            self._take()

    def step(self) -> None:
        """Ends a step of the schedule."""
        if not self._started:
            raise RuntimeError("profile: step() was called while it is not running; call start() first")
        saved = self._action() is ProfilerAction.RECORD_AND_SAVE
        self.step_num += 1
        if saved and self._on:
            self._take()
        self._follow(self._action())

    def _follow(self, action: ProfilerAction) -> None:
        if action in _RECORDS and not self._on:
            if _core._profiler_is_on():
                raise RuntimeError("profile: another profiler is running; profilers do not nest")
            _core._profiler_start()
            self._on = True
        elif action not in _RECORDS and self._on:
            self._take()

    def _take(self) -> None:
        _core._profiler_stop()
        self._on = False
        self._events = from_rows(_core._profiler_rows(), self._memory)
        if self._ready is not None:
            self._ready(self)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def events(self) -> EventList:
        if self._events is None:
            raise RuntimeError("profile: nothing was recorded yet; results are there after stop()")
        return self._events

    def key_averages(self, *args: Any, **keywords: Any) -> EventList:
        return self.events().key_averages(*args, **keywords)

    def total_average(self) -> FunctionEventAvg:
        return self.events().total_average()

    def export_chrome_trace(self, path: str) -> None:
        self.events().export_chrome_trace(path)


class record_function:
    """A range of the user's, as a context manager or a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"record_function: name must be str, not {type(name).__name__}")
        self.name = name
        self._rows: list[int] = []

    def __enter__(self) -> record_function:
        self._rows.append(_core._profiler_begin(self.name))
        return self

    def __exit__(self, *_: object) -> None:
        row = self._rows.pop()
        if row >= 0 and _core._profiler_is_on():
            _core._profiler_end(row)

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(f)
        def wrapped(*args: Any, **keywords: Any) -> Any:
            with record_function(self.name):
                return f(*args, **keywords)

        return wrapped
