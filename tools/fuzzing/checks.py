"""Runs one call and says what is wrong with it."""

import ctypes
import gc
import re
import time
import warnings

import adjoint as torch
from adjoint import _core

from .oddities import OddError
from .recipes import Environment

SANE = (TypeError, ValueError, RuntimeError, IndexError, OverflowError, AttributeError, NotImplementedError, AssertionError, BufferError, OddError, Warning, StopIteration, ImportError, LookupError, MemoryError)  # fmt: skip
# What a C++ exception says that nobody translated.
CPLUSPLUS = re.compile(
    r"std::|basic_string|vector::|bad_alloc|bad_cast|bad_variant|bad_optional|bad_function|map::at|_M_|__cxx|\bsto(i|l|d|ul|ll)\b|\.cpp:\d|core/"
)
SECONDS = 2.0  # no call on operands this small needs more, on a busy machine either
TOUCHED = 100_000  # elements: larger results (expanded ones) are not read

_live_tensors, _live_nodes = _core._live_tensors, _core._live_nodes
_clock = time.perf_counter  # the processor's own clock takes longer to read than a call
_bytes = ctypes.string_at


def _sign(t):
    return t.shape, t.stride(), t.storage_offset(), t.dtype, t.requires_grad, t._version


def _overlaps(t):
    """Do two elements of a small tensor share memory?"""
    if not 1 < t.numel() <= 64:
        return False
    places = [0]
    for size, stride in zip(t.shape, t.stride(), strict=True):
        places = [p + i * stride for p in places for i in range(size)]
    return len(set(places)) < len(places)


class Before:
    """What the operands were: the bytes and the looks of those that stay, the version and the bytes of what is written."""

    def __init__(self, env, call):
        self.memory, self.tensors, self.written = [], [], None
        # Without a tensor in the first place, there is no telling what is written.
        if call.writes == "any" or (call.writes and env.operands and not isinstance(env.operands[0], torch.Tensor)):
            return
        keywords = list(call.kwargs)
        skip = set(range(*env.owned[0])) if call.writes and env.owned else set()
        if call.writes and env.owned:
            self._note_written(env, call)
        if call.writes or "out" in keywords:
            if env.shared:  # what is written may be a view of any operand
                return
        else:
            self.tensors = [(t, _sign(t)) for t in env.operands if type(t) is torch.Tensor]
        if "out" in keywords:
            skip.update(range(*env.owned[len(call.args) + keywords.index("out")]))
        self.memory = [self._bytes(t) for i, t in enumerate(env.owners) if i not in skip]

    @staticmethod
    def _bytes(t):
        pointer, size = t.data_ptr(), t.nbytes
        return t, pointer, size, _bytes(pointer, size) if size else b""

    @staticmethod
    def _changed(entry):
        t, pointer, size, before = entry
        return size and t.data_ptr() == pointer and t.nbytes == size and _bytes(pointer, size) != before

    def _note_written(self, env, call):
        first, end = env.owned[0]
        t = env.operands[0]
        if end == first + 1 and type(t) is torch.Tensor:
            # x[i] of such memory need not overlap itself, and one value for all may be written in any order.
            overlaps = call.kind != "setitem" and not call.text.endswith(("fill_", "zero_")) and _overlaps(t)
            self.written = t, t._version, overlaps, self._bytes(env.owners[first])

    def differences(self, raised):
        """(kind, text) of what changed and should not have."""
        if any(map(self._changed, self.memory)):
            yield "altered", "the values of an operand"
        for t, before in self.tensors:
            if _sign(t) != before:
                yield "altered", f"an operand: {before} became {_sign(t)}"
        if self.written and self._changed(self.written[3]):
            t, version, overlaps, _ = self.written
            if overlaps:
                yield "overlap", "written through memory that overlaps itself"
            if t._version == version and not raised:
                yield "version", "changed, and its version is what it was"


class Wrong(Exception):
    """A result is in no sane state."""


def _insist(holds, text):
    if not holds:
        raise Wrong(text)


def _touch(value, depth=0):
    """Reads what came back: every element, and the graph behind it."""
    if isinstance(value, (tuple, list)) and depth < 3:
        for v in value[:8]:
            _touch(v, depth + 1)
        return
    if not isinstance(value, torch.Tensor):
        if isinstance(value, str):
            value.encode("utf-8", "surrogatepass")
        return
    t = value.as_subclass(torch.Tensor) if type(value) is not torch.Tensor else value
    with_graph = t.requires_grad
    with _core._NoGrad():
        if t.device.type != "cpu" or t.numel() > TOUCHED:
            return
        shape, strides = t.shape, t.stride()
        _insist(len(shape) == len(strides) == t.dim(), "shape and strides disagree")
        if t.numel():
            ends = [(s - 1) * st for s, st in zip(shape, strides, strict=True)]
            last = t.storage_offset() + sum(e for e in ends if e > 0)
            first = t.storage_offset() + sum(e for e in ends if e < 0)
            have = t.untyped_storage().nbytes()
            _insist(
                first >= 0 and (last + 1) * t.element_size() <= have,
                f"{tuple(shape)}, {strides} reaches beyond {have} bytes",
            )
        copy = t.clone()
        _insist(copy.shape == shape and copy.dtype == t.dtype, "a copy is unlike its original")
    if with_graph:
        _insist(t.dtype.is_floating_point or t.dtype.is_complex, f"a result of {t.dtype} requires grad")


def _gradients(result):
    """Runs the graph behind a result."""
    for r in result if isinstance(result, (list, tuple)) else [result]:
        if (
            type(r) is torch.Tensor
            and r.requires_grad
            and r.grad_fn is not None
            and r.numel() <= TOUCHED
            and r.device.type == "cpu"
        ):
            r.backward(torch.ones_like(r), retain_graph=True)


def _settle():
    """Modes that a call may have changed are as they were."""
    _core._set_grad_enabled(True)
    _core._set_inference_mode(False) if _core.is_inference_mode_enabled() else None
    _core.set_default_dtype(torch.float32)
    _core.set_default_device(None)
    _core._set_anomaly_enabled(False, True)
    _core._set_check_saved(False)
    _core._set_provenance(True)
    if _core._profiler_is_on():
        _core._profiler_stop()


def error(e):
    """What is wrong with an exception, if anything."""
    if not isinstance(e, SANE) or isinstance(e, SystemError):
        return "class", f"{type(e).__name__}: {e}"
    try:
        text = str(e)
    except OddError:
        return None
    if CPLUSPLUS.search(text):
        return "text", f"{type(e).__name__}: {text[:300]}"
    if not text and not isinstance(e, (StopIteration, OddError, MemoryError)):
        return "empty text", type(e).__name__
    if len(text) > 20_000:
        return "endless text", f"{type(e).__name__}, {len(text)} characters"
    return None


def _attempt(call, backward, found):
    env = Environment()
    outcome = None
    try:
        args, kwargs = env.build(call)
        before = Before(env, call)
        begin, raised = _clock(), True
        try:
            result = call.function(*args, **kwargs)
            raised = False
        finally:
            took = _clock() - begin
            if took > SECONDS:
                found.append(("slow", f"{took:.1f} s"))
            found += before.differences(raised)
        outcome = "value"
        _touch(result)
        written = env.operands[0] if call.kind.startswith("in-place") else None
        if type(written) is type(result) is torch.Tensor and result is not written:
            found.append(("not in place", "the result is another object than the operand"))
        for t in env.operands:
            if call.writes and type(t) is torch.Tensor:
                _touch(t)
        if backward:
            _gradients(result)
    except Wrong as e:
        found.append(("result", str(e)))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as e:
        outcome = outcome or "error"
        wrong = error(e)
        if wrong:
            found.append(wrong)
    return outcome


def judge(call, backward=True):
    """(outcome, what is wrong): outcome is "value" or "error"; wrong is a list of (kind, text)."""
    found = []
    before = _live_tensors(), _live_nodes()
    outcome = _attempt(call, backward, found)
    if call.writes == "any":
        _settle()
    if (_live_tensors(), _live_nodes()) != before:
        gc.collect()
        _core._collect_cycles()
        tensors, nodes = _live_tensors() - before[0], _live_nodes() - before[1]
        if tensors or nodes:
            found.append(("leak" if max(tensors, nodes) > 0 else "miscount", f"{tensors} tensors, {nodes} nodes"))
    return outcome, found


def quiet():
    warnings.simplefilter("ignore")
