"""`adjoint weights`: what is in a checkpoint, and the same in another format. Nothing of the file is executed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import adjoint
from adjoint import Tensor

from .script import Complaint

_MOST = 1 << 20  # tensors, and depth is bounded by the reader


def run(path: str, out: str | None, only: str | None) -> int:
    """Lists the tensors of `path`, or writes them to `out`.

    Raises:
        Complaint: a file that cannot be read, or a format that is not known.
    """
    tensors = dict(_read(path))
    if only is not None:
        tensors = {name: t for name, t in tensors.items() if only in name}
        if not tensors:
            raise Complaint(f"weights: no tensor of {path} has '{only}' in its name", 1)
    if out is None:
        _list(tensors)
    else:
        _convert(tensors, out)
    return 0


# --- reading ---


def _read(path: str) -> Iterator[tuple[str, Tensor]]:
    if not Path(path).is_file():
        raise Complaint(f"weights: there is no file {path}", 1)
    try:
        if path.endswith(".safetensors"):
            from adjoint import safetensors

            return iter(safetensors.load_file(path).items())
        found = adjoint.load(path, map_location="cpu", weights_only=True, unknown="record")
    except ImportError as error:
        raise Complaint(f"weights: {error}", 1) from None
    except Exception as error:  # whatever a damaged or forged file leads to is said, not raised
        raise Complaint(f"weights: {path} cannot be read: {error}", 1) from None
    return _tensors(found, "")


def _tensors(thing: Any, path: str) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of everything inside; names are the keys on the way, with dots between."""
    todo = [(path, thing)]
    seen: set[int] = set()
    count = 0
    while todo:
        name, item = todo.pop()
        if isinstance(item, Tensor):
            count += 1
            if count > _MOST:
                raise Complaint(f"weights: more than {_MOST} tensors", 1)
            yield name or "tensor", item.detach()
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            inner = [(str(k), v) for k, v in item.items()]
        elif isinstance(item, (list, tuple)):
            inner = [(str(i), v) for i, v in enumerate(item)]
        elif hasattr(item, "parts"):  # an inert record of a class that is not known
            inner = [(str(i), v) for i, v in enumerate(item.parts())]
        else:
            continue
        todo += [(f"{name}.{k}" if name else k, v) for k, v in reversed(inner)]


# --- listing ---


def _list(tensors: dict[str, Tensor]) -> None:
    width = max(map(len, tensors), default=4)
    total = size = 0
    for name, t in tensors.items():
        shape = "×".join(map(str, t.shape)) or "number"
        print(f"{name:{width}}  {str(t.dtype).removeprefix('torch.'):10}  {shape}")
        total += t.numel()
        size += t.numel() * t.element_size()
    print(f"{len(tensors)} tensors, {total:,} elements, {_size(size)}")


def _size(n: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            break
        n /= 1000
    return f"{n:.1f} {unit}" if unit != "bytes" else f"{n} bytes"


# --- converting ---


def _convert(tensors: dict[str, Tensor], out: str) -> None:
    kind = Path(out).suffix
    writers = {".safetensors": _safetensors, ".npz": _npz, ".pt": _pt, ".pth": _pt}
    if kind not in writers:
        raise Complaint(f"weights: the ending of {out} says no format that is known: {', '.join(writers)}")
    try:
        writers[kind](tensors, out)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise Complaint(f"weights: {out} was not written: {error}", 1) from None
    print(f"{len(tensors)} tensors written to {out}", file=sys.stderr)


def _safetensors(tensors: dict[str, Tensor], out: str) -> None:
    from adjoint import safetensors

    # Tensors that share memory, tied weights say, are written each: the format knows no sharing.
    safetensors.save_file({name: t.clone().contiguous() for name, t in tensors.items()}, out)


def _npz(tensors: dict[str, Tensor], out: str) -> None:
    import numpy as np

    from adjoint.serialization.save import replacing

    arrays: dict[str, Any] = {
        name: (t.float() if t.dtype == adjoint.bfloat16 else t).numpy() for name, t in tensors.items()
    }
    with replacing(out) as file:
        np.savez(file, **arrays)


def _pt(tensors: dict[str, Tensor], out: str) -> None:
    adjoint.save(tensors, out)
