"""Batches of calls in child processes: crashes and hangs are seen from outside, replayed alone and cut down.

A child writes the seed of its call into shared memory before it makes it; so a child that dies names its call.
"""

import faulthandler
import gc
import json
import mmap
import os
import resource
import select
import signal
import struct
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field

from adjoint import _core

from . import checks
from .calls import random_call
from .recipes import Call, List, Steps, Tensor, Value

MEMORY = 1 << 30  # what a call may allocate, in bytes; a size beyond it is refused
HANG = 20.0  # seconds without a new call: the child hangs
PROCESSOR = 600  # seconds of the processor's time for a child
_SEED = struct.Struct("q")


@dataclass
class Finding:
    kind: str  # "crash", "hang", "leak" …
    where: str  # the function called
    text: str
    seed: int
    program: str = ""
    count: int = 1

    def key(self):
        return self.kind, self.where, "".join(c for c in self.text[:60] if not c.isdigit())


@dataclass
class Report:
    calls: Counter = field(default_factory=Counter)
    values: Counter = field(default_factory=Counter)
    findings: dict = field(default_factory=dict)
    alike: Counter = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, finding):
        """Is it new, and worth a replay? Of many functions with one fault, the first three are."""
        known = self.findings.setdefault(finding.key(), finding)
        if known is not finding:
            known.count += 1
            return False
        kind, _, text = finding.key()
        alike = kind, text if kind in ("text", "class", "empty text") else finding.where
        self.alike[alike] += 1
        return self.alike[alike] <= 3


def limit():
    """Bounds what a child may take of the machine."""
    _core.set_cache_limit(1 << 26)  # what is cached is lacking elsewhere
    with open("/proc/self/statm") as f:
        now = int(f.read().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _spawn(work):
    """Forks; the child runs work(write) and ends. Returns (pid, the pipe it writes to, the file of its stderr)."""
    reader, writer = os.pipe()
    errors = tempfile.TemporaryFile()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader, errors
    code = 1
    try:
        os.close(reader)
        os.dup2(errors.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        faulthandler.enable(errors)
        limit()
        work(lambda line: os.write(writer, json.dumps(line).encode() + b"\n"))
        code = 0
    except BaseException as e:
        os.write(2, f"the fuzzer itself: {type(e).__name__}: {e!r}".encode())
    finally:
        os._exit(code)


def _wait(pid, reader, errors, progress, patience):
    """Lines that the child wrote, how it ended ("", "crash" or "hang"), and what it said."""
    data, last, moved, ended = b"", None, time.monotonic(), ""
    while True:
        ready, _, _ = select.select([reader], [], [], 0.5)
        if ready:
            piece = os.read(reader, 1 << 16)
            if not piece:
                break
            data += piece
        if progress() != last:
            last, moved = progress(), time.monotonic()
        elif time.monotonic() - moved > patience:
            ended = "hang"
            os.kill(pid, signal.SIGABRT)
            moved += 5
            if time.monotonic() - moved > patience:
                os.kill(pid, signal.SIGKILL)
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    errors.seek(0)
    said = errors.read().decode(errors="replace")
    errors.close()
    if status and not ended:
        ended = "crash"
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            ended = "hang" if number in (signal.SIGXCPU, signal.SIGKILL) else "crash"
            said = f"{signal.Signals(number).name}\n{said}"
    return [json.loads(line) for line in data.splitlines()], ended, said


def stretches(first, end, prepare, patience=HANG):
    """Runs step(seed, write) for the seeds from `first` to before `end`, in a child for each stretch without a crash.

    prepare() gives the step, inside the child. Yields what was written, and ("crash" or "hang", seed, text).
    """
    shared, seed = mmap.mmap(-1, _SEED.size), first
    while seed < end:

        def work(write, seed=seed):
            step = prepare()
            gc.collect()
            gc.freeze()
            for s in range(seed, end):
                _SEED.pack_into(shared, 0, s)
                step(s, write)
            _SEED.pack_into(shared, 0, end)

        _SEED.pack_into(shared, 0, seed)
        lines, ended, said = _wait(*_spawn(work), lambda: _SEED.unpack_from(shared, 0)[0], patience)
        yield from lines
        seed = _SEED.unpack_from(shared, 0)[0]
        if ended:
            yield [ended, seed, said]
            seed += 1


class Tally:
    """Counts that a child sends now and then: what it counted since is lost when it dies."""

    def __init__(self, end):
        self.counts, self.end = Counter(), end

    def send(self, seed, write):
        if seed % 256 == 255 or seed == self.end - 1:
            write(["counts", dict(self.counts)])
            self.counts.clear()


def batch(first, count, report, *, meta=False, family=None):
    """Runs the calls of seeds first … first + count − 1; yields findings, and counts into the report."""
    end = first + count

    def prepare():
        checks.quiet()
        tally = Tally(end)

        def step(seed, write):
            call = random_call(seed, meta, family)
            outcome, wrong = checks.judge(call, seed % 2 == 0)
            tally.counts[f"{call.kind}: {outcome}"] += 1
            for kind, text in wrong:
                write([kind, seed, text[:500], call.text])
            tally.send(seed, write)

        return step

    for line in stretches(first, end, prepare):
        if line[0] == "counts":
            for name, n in line[1].items():
                kind, outcome = name.split(": ")
                report.calls[kind] += n
                report.values[kind] += n * (outcome == "value")
        else:
            kind, seed, text, *where = line
            yield Finding(kind, where[0] if where else random_call(seed, meta, family).text, text[:3000], seed)


def alone(call, backward=True, patience=HANG):
    """What is wrong with one call, made in a process of its own: a list of (kind, text)."""

    def work(write):
        checks.quiet()
        write(checks.judge(call, backward)[1])

    lines, ended, said = _wait(*_spawn(work), lambda: 0, patience)
    return [(ended, said)] if ended else [tuple(w) for w in lines[0]]


def _smaller(call):
    """Calls that are a little simpler than this one."""

    def with_(args=None, kwargs=None):
        return Call(
            call.kind,
            call.text,
            call.function,
            args or call.args,
            call.kwargs if kwargs is None else kwargs,
            call.writes,
        )

    for name in call.kwargs:
        yield with_(kwargs={k: v for k, v in call.kwargs.items() if k != name})
    if len(call.args) > 1:
        yield with_(args=call.args[:-1])
    for i, a in [*enumerate(call.args), *call.kwargs.items()]:
        simpler = []
        if isinstance(a, Tensor) and len(a.values) > 1:
            simpler.append(Tensor(a.values[: len(a.values) // 2], a.dtype))
        if isinstance(a, Steps):
            simpler += [a.base] + [Steps(a.base, a.steps[:k] + a.steps[k + 1 :]) for k in range(len(a.steps))]
        elif isinstance(a, List):
            simpler += [List(a.items[:k] + a.items[k + 1 :], a.kind) for k in range(len(a.items))] + a.items[:1]
        elif isinstance(a, Call):
            simpler += [Call(a.kind, a.text, a.function, a.args[:-1], a.kwargs)] if len(a.args) > 1 else []
            simpler += [
                Call(a.kind, a.text, a.function, a.args, {k: v for k, v in a.kwargs.items() if k != name})
                for name in a.kwargs
            ]
        if not isinstance(a, Value):
            simpler.append(Value(1))
        for s in simpler:
            if isinstance(i, int):
                yield with_(args=[*call.args[:i], s, *call.args[i + 1 :]])
            else:
                yield with_(kwargs={**call.kwargs, i: s})


def reduced(call, kind, tries=60):
    """The smallest call found that still goes wrong in the same way."""
    patience = 3.0 if kind == "hang" else HANG
    going = True
    while going and tries:
        going = False
        for candidate in _smaller(call):
            tries -= 1
            if any(k == kind for k, _ in alone(candidate, patience=patience)):
                call, going = candidate, True
                break
            if not tries:
                break
    return call


def explained(finding, meta=False, family=None):
    """Replays a finding by its seed, cuts its call down, and fills in the program that shows it.

    False where the machine was to blame: the call alone is not slow.
    """
    call = random_call(finding.seed, meta, family)
    wrong = alone(call)
    if not any(kind == finding.kind for kind, _ in wrong):
        finding.program = f"# not alone: only after the calls before it (seed {finding.seed})\n{call.program()}"
        return finding.kind != "slow"
    call = reduced(call, finding.kind)
    finding.program = call.program()
    finding.where = call.text
    return True
