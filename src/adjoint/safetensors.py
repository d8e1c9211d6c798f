"""Tensors in .safetensors files, with the functions of `safetensors.torch`.

The package `safetensors` writes files and checks them (``pip install "adjoint[safetensors]"``); `load_file` then maps the
file, so that tensors lie in it without a copy: pages are read when they are used, and changes stay in this process.

Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from . import _core
from ._core import Tensor
from .serialization.save import replacing
from .storage import UntypedStorage, alone

__all__ = ["load", "load_file", "load_model", "save", "save_file", "save_model"]

_DTYPES = {
    "BOOL": _core.bool,
    "U8": _core.uint8,
    "I8": _core.int8,
    "I16": _core.int16,
    "I32": _core.int32,
    "I64": _core.int64,
    "F16": _core.float16,
    "BF16": _core.bfloat16,
    "F32": _core.float32,
    "F64": _core.float64,
    "C64": _core.complex64,
}


def _package() -> Any:
    from importlib import import_module

    try:
        package: Any = import_module("safetensors")
    except ImportError as error:
        raise ImportError('.safetensors files need a package: pip install "adjoint[safetensors]"') from error
    if not hasattr(package, "TensorSpec"):
        raise ImportError(f"safetensors {package.__version__} is too old: 0.8 is needed")
    return package


# --- writing ---


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The file's bytes.

    Raises:
        ValueError: not a dict of tensors, or one that is not contiguous or of a type that the format lacks.
        RuntimeError: two that share memory, which would be written twice: `save_model` leaves out the second.
    """
    held, specs = _specs(tensors)
    try:
        return bytes(_package().serialize(specs, metadata))
    finally:
        del held


def save_file(tensors: dict[str, Tensor], filename: Any, metadata: dict[str, str] | None = None) -> None:
    """Writes tensors to a file, which is replaced as a whole. Raises what `save` does."""
    held, specs = _specs(tensors)
    with replacing(os.fspath(filename)) as file:
        _package().serialize_file(specs, file.name, metadata)
    del held


def save_model(
    model: Any, filename: Any, metadata: dict[str, str] | None = None, force_contiguous: bool = True
) -> None:
    """Writes a module's state. Of tensors that share memory one is written; the metadata say which stands for the others."""
    state, notes = model.state_dict(), dict(metadata or {})
    for kept, others in _shared(state):
        for name in others:
            notes.setdefault(name, kept)
            del state[name]
    if force_contiguous:
        state = {name: t.contiguous() for name, t in state.items()}
    save_file(state, filename, notes or None)


def _specs(tensors: dict[str, Tensor]) -> tuple[list[Tensor], dict[str, Any]]:
    """What the package writes, by name, and what must live until it has."""
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    names = {d: n for n, d in _DTYPES.items()}
    held, specs, make = [], {}, _package().TensorSpec
    for name, t in tensors.items():
        if not isinstance(t, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(t)}")
        if t.dtype not in names:
            raise ValueError(f"'{name}' is {t.dtype}, which the format does not have")
        if not t.is_contiguous():
            raise ValueError(f"'{name}' is not contiguous: write its .contiguous(), or the tensor that it is a view of")
        t = t.detach().cpu()
        held.append(t)
        data = {"data_ptr": t.data_ptr(), "data_len": t.numel() * t.element_size()}
        specs[name] = make(dtype=str(t.dtype).removeprefix("torch."), shape=list(t.shape), **data)
    twice = [[kept, *others] for kept, others in _shared(tensors)]
    if twice:
        raise RuntimeError(
            f"Some tensors share memory, and would be written twice: {twice}. `save_model` writes each memory once; "
            "clones are tensors of their own"
        )
    return held, specs


def _shared(state: dict[str, Tensor], wanted: Iterable[str] = ()) -> list[tuple[str, list[str]]]:
    """(the one to keep, the others) of each group of tensors that overlap; first of all one that is wanted.

    Raises:
        RuntimeError: none of a group covers its memory.
    """
    spans: dict[Any, list[tuple[int, int, str]]] = {}
    for name, t in state.items():
        if t.device.type != "meta" and t.numel():
            start = t.data_ptr()
            last = sum((n - 1) * s for n, s in zip(t.shape, t.stride(), strict=True))
            spans.setdefault(t.untyped_storage().data_ptr(), []).append(
                (start, start + (last + 1) * t.element_size(), name)
            )
    found = []
    for ranges in spans.values():
        for group in _overlapping(sorted(ranges)):
            complete = sorted(n for n in group if _covers(state[n]))
            if not complete:
                raise RuntimeError(f"none of {sorted(group)} covers the memory that they share: write clones of them")
            kept = next((n for n in complete if n in set(wanted)), complete[0])
            found.append((kept, sorted(group - {kept})))
    return found


def _overlapping(ranges: list[tuple[int, int, str]]) -> list[set[str]]:
    """The names of ranges that overlap, in groups of two or more."""
    groups: list[set[str]] = []
    end = -1
    for start, stop, name in ranges:
        if start < end:
            groups[-1].add(name)
        else:
            groups.append({name})
        end = max(end, stop)
    return [g for g in groups if len(g) > 1]


def _covers(t: Tensor) -> bool:
    return t.storage_offset() == 0 and t.numel() * t.element_size() == t.untyped_storage().nbytes()


# --- reading ---


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors of a file's bytes.

    Raises:
        SafetensorError: bytes that are no such file.
        TypeError: a type of elements that Adjoint does not have.
    """
    found = {}
    for name, entry in _package().deserialize(data):
        dtype = _dtype(entry["dtype"], name)
        flat = _core.frombuffer(bytearray(entry["data"]), dtype=_core.uint8) if entry["data"] else _core.empty(0)
        found[name] = (
            flat.view(dtype).reshape(entry["shape"]) if flat.numel() else _core.empty(entry["shape"], dtype=dtype)
        )
    return found


def load_file(filename: Any, device: Any = "cpu", *, backend: str = "mmap") -> dict[str, Tensor]:
    """The tensors of a file, without a copy: they lie in the mapped file. With ``backend="pread"`` they are read at once.

    Raises:
        SafetensorError: a file that is damaged or no such file.
        TypeError: a type of elements that Adjoint does not have.
    """
    if backend not in ("mmap", "pread"):
        raise ValueError(f"load_file(): backend must be 'mmap' or 'pread', not {backend!r}")
    path = os.fspath(filename)
    with _package().safe_open(path, framework="numpy"):
        pass  # the package has checked the header: names, shapes and places go together
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    start = 8 + length
    memory = UntypedStorage.from_file(path).bytes()
    found = {name: _placed(memory, start, entry, name) for name, entry in header.items()}
    if backend == "pread":
        found = {name: t.clone() for name, t in found.items()}
    return {name: found[name].to(device) for name in sorted(found)}


def _placed(memory: Tensor, start: int, entry: dict[str, Any], name: str) -> Tensor:
    """A tensor over its bytes; over a copy of them where the file has them at an odd place."""
    dtype, shape = _dtype(entry["dtype"], name), entry["shape"]
    begin, end = entry["data_offsets"]
    if begin == end:
        return _core.empty(shape, dtype=dtype)
    part = memory[start + begin : start + end]
    flat = part.clone() if (start + begin) % dtype.itemsize else alone(part)
    return flat.view(dtype).reshape(shape)


def _dtype(code: str, name: str) -> _core.dtype:
    if code not in _DTYPES:
        raise TypeError(f"'{name}' is of type {code}, which Adjoint does not have; there are {', '.join(_DTYPES)}")
    return _DTYPES[code]


def load_model(
    model: Any, filename: Any, strict: bool = True, device: Any = "cpu", *, backend: str = "mmap"
) -> tuple[set[str], list[str]]:
    """Loads a file into a module; returns what the module still lacks and what the file has too much.

    Raises:
        RuntimeError: with `strict`, if there is any of either.
    """
    state = load_file(filename, device, backend=backend)
    missing, unexpected = map(list, model.load_state_dict(state, strict=False))
    absent = set(missing)
    for _, others in _shared(model.state_dict(), state):
        unexpected += [n for n in others if n not in absent]
        absent -= set(others)
    if strict and (absent or unexpected):
        lines = [f"Error(s) in loading state_dict for {type(model).__name__}:"]
        for title, names in (("Missing", sorted(absent)), ("Unexpected", sorted(unexpected))):
            if names:
                quoted = ", ".join(f'"{n}"' for n in names)
                lines.append(f"    {title} key(s) in state_dict: {quoted}")
        raise RuntimeError("\n".join(lines))
    return absent, unexpected
