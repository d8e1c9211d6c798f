"""Workers: processes that fetch batches ahead. The worker's loop, and the iterator that feeds and awaits them.

Each worker has one pipe, on which tasks go and results come. A task is (number, indices, block to fill); a result (kind, number, ...) may be followed by the descriptor of a new block. Workers end when they are told to, when the pipe
is closed, or when their parent has died.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing import connection, get_context, reduction
from typing import Any

from ... import set_num_threads
from .blocks import Reader, Writer
from .iteration import Fetcher, LoaderIterator
from .seeds import seed_worker

_LOOK_AGAIN = 5.0  # seconds after which a waiting worker looks whether its parent lives
_TIME_TO_END = 5.0

_BATCH, _END, _ERROR = "batch", "end", "error"


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself; `dataset` is its own copy."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    worker_method: str = "multiprocessing"


_info: WorkerInfo | None = None


def info() -> WorkerInfo | None:
    return _info


def warn_of_too_many(count: int) -> None:
    have = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if have is not None and count > have:
        warnings.warn(
            f"This DataLoader will create {count} worker processes in total. Our suggested max number of worker in current "
            f"system is {have}, which is smaller than what this DataLoader is going to create. Please be aware that "
            "excessive worker creation might get DataLoader running slow or even freeze, lower the worker number to avoid "
            "potential slowness/freeze if necessary.",
            stacklevel=4,
        )


# --- in the worker


def work(pipe: Any, others: list[Any], loader: Any, base_seed: int, number: int, parent: int) -> None:
    """A worker's life."""
    for other in others:  # ends of other workers' pipes, which a fork brings along
        other.close()
    try:
        set_num_threads(1)
        _serve(pipe, loader, base_seed, number, parent)
    except (KeyboardInterrupt, EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent hears of Ctrl-C itself, or is gone
    finally:
        pipe.close()


def _serve(pipe: Any, loader: Any, base_seed: int, number: int, parent: int) -> None:
    global _info
    _info = WorkerInfo(number, loader.num_workers, seed_worker(base_seed, number), loader.dataset)
    writer, fetcher, failure = Writer(), None, None
    try:
        if loader.worker_init_fn is not None:
            loader.worker_init_fn(number)
        fetcher = Fetcher(loader)
    except Exception:
        failure = _failure(number)
    while (task := _next_task(pipe, parent)) is not None:
        if task == "again":
            fetcher = Fetcher(loader)
            continue
        place, index, block = task
        if failure is not None or fetcher is None:
            pipe.send((_ERROR, place, block, failure))
            continue
        with writer.filling(block):
            _answer(pipe, writer, fetcher, place, index, number)


def _next_task(pipe: Any, parent: int) -> Any:
    while not pipe.poll(_LOOK_AGAIN):
        if os.getppid() != parent:
            return None
    return pipe.recv()


def _answer(pipe: Any, writer: Writer, fetcher: Fetcher, place: int, index: Any, number: int) -> None:
    try:
        packed = writer.pack(fetcher.fetch(index))
    except StopIteration:
        if fetcher.items is not None:
            pipe.send((_END, place, writer.block, None))
            return
        pipe.send((_ERROR, place, writer.block, _failure(number)))
        return
    except Exception:
        pipe.send((_ERROR, place, writer.block, _failure(number)))
        return
    descriptor = writer.descriptor()
    pipe.send((_BATCH, place, writer.block, (packed, descriptor is not None)))
    if descriptor is not None:
        reduction.send_handle(pipe, descriptor, os.getppid())


def _failure(number: int) -> tuple[Any, str]:
    """The class and text of the exception that is being handled; a class that cannot travel becomes RuntimeError."""
    kind = sys.exc_info()[0]
    assert kind is not None
    text = f"Caught {kind.__name__} in DataLoader worker process {number}.\nOriginal {traceback.format_exc()}"
    try:
        pickle.loads(pickle.dumps(kind))
    except Exception:
        kind = RuntimeError
    return kind, text


class _Text(str):
    """KeyError shows the repr of its argument: here the text itself."""

    def __repr__(self) -> str:
        return str(self)


def _raise(failure: tuple[Any, str]) -> None:
    kind, text = failure
    try:
        exception = kind(_Text(text) if kind is KeyError else text)
    except Exception:  # a class whose constructor wants something else
        exception = RuntimeError(text)
    raise exception


# --- in the main process


class _Worker:
    def __init__(self, process: Any, pipe: Any, ahead: int) -> None:
        self.process, self.pipe = process, pipe
        self.reader = Reader(ahead + 1)
        self.tasks: list[int] = []  # the numbers of those that are under way
        self.ended = False  # of an iterable dataset

    def send(self, place: int, index: Any) -> None:
        self.tasks.append(place)
        self.pipe.send((place, index, self.reader.take()))


class WorkerIterator(LoaderIterator):
    """A pass through a loader whose batches come from workers."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._workers: list[_Worker] = []
        self._owner = os.getpid()
        context = loader.multiprocessing_context or get_context()
        forks = context.get_start_method() == "fork"
        pipes = [context.Pipe() for _ in range(loader.num_workers)]
        for number, (ours, theirs) in enumerate(pipes):
            others = [end for pair in pipes for end in pair if end is not theirs] if forks else []
            arguments = (theirs, others, loader, self.base_seed, number, os.getpid())
            process = context.Process(target=work, args=arguments, daemon=True, name=f"adjoint-worker-{number}")
            process.start()
            self._workers.append(_Worker(process, ours, loader.prefetch_factor or 0))
        for _, theirs in pipes:
            theirs.close()
        self._start()

    def _start(self) -> None:
        self._sent = self._wanted = self._turn = 0
        self._ready: dict[int, tuple[str, Any]] = {}
        self._exhausted = False
        for worker in self._workers:
            worker.ended = False
        for _ in range((self.loader.prefetch_factor or 1) * len(self._workers)):
            self._send_next()

    def start_again(self, loader: Any) -> None:
        """The next pass with the workers of the last one."""
        while any(worker.tasks for worker in self._workers):  # what a pass left unfinished
            self._receive(None)
        self.begin(loader)
        for worker in self._workers:
            worker.pipe.send("again")
        self._start()

    def _send_next(self) -> None:
        """Gives the next indices to the next worker whose turn it is."""
        live = [w for w in self._workers if not w.ended]
        if self._exhausted or not live:
            return
        try:
            index = next(self.indices)
        except StopIteration:
            self._exhausted = True
            return
        while True:
            worker = self._workers[self._turn % len(self._workers)]
            self._turn += 1
            if not worker.ended:
                break
        worker.send(self._sent, index)
        self._sent += 1

    def next_data(self) -> Any:
        deadline = time.monotonic() + self.loader.timeout if self.loader.timeout else None
        while True:
            place = self._wanted if self.loader.in_order else next(iter(self._ready), self._wanted)
            if place in self._ready:
                kind, data = self._ready.pop(place)
                self._wanted += 1
                if kind == _END:
                    continue
                self._send_next()
                if kind == _ERROR:
                    _raise(data)
                return data
            if not any(worker.tasks for worker in self._workers):
                self._finish()
                raise StopIteration
            self._receive(deadline)

    def _receive(self, deadline: float | None) -> None:
        """Takes what at least one worker has sent."""
        busy = [w for w in self._workers if w.tasks]
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        found = connection.wait([w.pipe for w in busy] + [w.process.sentinel for w in busy], left)
        if not found:
            raise RuntimeError(f"DataLoader timed out after {self.loader.timeout} seconds")
        readable = [w for w in busy if w.pipe in found]
        for worker in readable:
            self._take(worker)
        if not readable:
            self._died([w for w in busy if w.process.sentinel in found])

    def _take(self, worker: _Worker) -> None:
        try:
            kind, place, block, what = worker.pipe.recv()
            if kind == _BATCH:
                packed, fresh = what
                if fresh:
                    worker.reader.map(block, reduction.recv_handle(worker.pipe))
                what = worker.reader.unpack(block, packed)
            else:
                worker.reader.give_back(block)
        except (EOFError, ConnectionResetError):
            return self._died([worker])
        worker.tasks.remove(place)
        if kind == _END and not worker.ended:
            worker.ended = True
            self._send_next()
        self._ready[place] = kind, what

    def _died(self, workers: list[_Worker]) -> None:
        told = []
        for worker in workers:
            worker.process.join(_TIME_TO_END)
            code = worker.process.exitcode
            how = f"killed by signal {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"
            told.append(f"{worker.process.pid} ({how}, while it fetched batch {min(worker.tasks, default=0)})")
        self.shut_down()
        raise RuntimeError(f"DataLoader worker (pid(s) {', '.join(told)}) exited unexpectedly")

    def _finish(self) -> None:
        if not self.loader.persistent_workers:
            self.shut_down()

    def shut_down(self) -> None:
        """Ends the workers: asks them to, waits, and ends by force those that do not."""
        workers, self._workers = getattr(self, "_workers", []), []
        if not workers or os.getpid() != self._owner:  # a fork has no children of its parent's
            return
        for worker in workers:
            try:
                worker.pipe.send(None)
            except OSError:
                pass  # it is gone
            worker.pipe.close()
        end = time.monotonic() + _TIME_TO_END
        for worker in workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.terminate()
                worker.process.join(_TIME_TO_END)

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.shut_down()
