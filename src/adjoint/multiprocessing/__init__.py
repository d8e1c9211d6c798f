"""Python's multiprocessing under PyTorch's name, and `spawn`. Tensors travel as copies."""

from __future__ import annotations

import multiprocessing as _multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing import get_context as get_context


class ProcessRaisedException(Exception):
    """A process of `spawn` raised; the message has its traceback."""

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, error_pid


class ProcessExitedException(Exception):
    """A process of `spawn` ended by a signal, or with a status that is not 0."""

    def __init__(self, msg: str, error_index: int, error_pid: int, exit_code: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid, self.exit_code = msg, error_index, error_pid, exit_code


def get_all_sharing_strategies() -> set[str]:
    """The ways in which tensors travel: one."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """ "file_system"."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted: tensors travel as copies, so none of PyTorch's strategies is needed."""


def _run(fn: Callable[..., Any], i: int, args: tuple[Any, ...], errors: Any) -> None:
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        errors.put(traceback.format_exc())
        raise SystemExit(1) from None


class ProcessContext:
    """The processes that `spawn` started."""

    def __init__(self, processes: list[Any], errors: list[Any]) -> None:
        self.processes, self.error_queues = processes, errors

    def pids(self) -> list[int]:
        """Their numbers."""
        return [int(p.pid) for p in self.processes]

    def join(self, timeout: float | None = None) -> bool:
        """Waits for all; True once they have ended. The first that fails ends the others and is raised.

        Raises:
            ProcessRaisedException, ProcessExitedException.
        """
        from multiprocessing.connection import wait

        left = {p.sentinel: i for i, p in enumerate(self.processes) if p.exitcode is None}
        while left:
            ready = wait(list(left), timeout)
            if not ready:
                return False
            for sentinel in ready:
                self.processes[left[sentinel]].join()  # it may not have ended quite yet
                left.pop(sentinel)
            if any(p.exitcode for p in self.processes):
                break
        failed = next((i for i, p in enumerate(self.processes) if p.exitcode), None)
        if failed is not None:
            self._fail(failed)
        return True

    def _fail(self, i: int) -> None:
        for p in self.processes:
            if p.is_alive():
                p.terminate()
            p.join()
        failed = self.processes[i]
        if not self.error_queues[i].empty():
            text = f"\n\n-- Process {i} terminated with the following error:\n{self.error_queues[i].get()}"
            raise ProcessRaisedException(text, i, failed.pid)
        how = f"signal {-failed.exitcode}" if failed.exitcode < 0 else f"exit code {failed.exitcode}"
        raise ProcessExitedException(f"process {i} terminated with {how}", i, failed.pid, failed.exitcode)


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs fn(i, *args) in `nprocs` processes; waits for them with `join`, else gives their ProcessContext."""
    context: Any = _multiprocessing.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        queue = context.SimpleQueue()
        process = context.Process(target=_run, args=(fn, i, args, queue), daemon=daemon)
        process.start()
        processes.append(process)
        errors.append(queue)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs fn(i, *args) in `nprocs` fresh processes."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
