"""What the caller calls his tensors: the names of variables, found in the frame that asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from .. import _core

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_MOST_ITEMS = 100  # of a list or dict of tensors

Key = tuple[int, int]  # (id of the node or leaf, output number)


def caller() -> FrameType | None:
    """The innermost frame of code outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def key_of(tensor: Any) -> Key:
    """What a tensor is in the graph: an output of a node, or a leaf."""
    if tensor.grad_fn is None:
        return id(tensor), 0
    node, number = _core._gradient_edge(tensor)[:2]
    return id(node), number


def is_module(thing: Any) -> bool:
    """Does it hold named parameters, as `nn.Module` does?"""
    return not isinstance(thing, type) and callable(getattr(type(thing), "named_parameters", None))


def modules_in(space: Mapping[str, Any]) -> dict[str, Any]:
    """The modules that variables hold, one level into lists, tuples and dicts; those that others contain are left out."""
    found: dict[int, tuple[str, Any]] = {}
    for name, thing in list(space.items()):
        if not isinstance(name, str) or name.startswith("__") or not name.isidentifier():
            continue
        for path, item in _items(name, thing):
            if is_module(item):
                found.setdefault(id(item), (path, item))
    inner = {
        id(part)
        for _, module in found.values()
        for part in (module.modules() if hasattr(module, "modules") else ())
        if part is not module
    }
    return {path: module for key, (path, module) in found.items() if key not in inner}


def _items(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """A variable's value under its name; the elements of a list, tuple or dict under theirs."""
    if isinstance(thing, (list, tuple)):
        yield from ((f"{name}[{i}]", item) for i, item in enumerate(thing[:_MOST_ITEMS]))
    elif isinstance(thing, dict):
        yield from ((f"{name}[{k!r}]", item) for k, item in list(thing.items())[:_MOST_ITEMS])
    else:
        yield name, thing


def tensors_in(space: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, tensor) of every tensor that the variables hold, one level into lists, tuples, dicts and modules.

    Parameters and buffers go by their path in the outermost module; where there are several modules, after the variable's
    name: "G.0.weight".
    """
    for name, thing in list(space.items()):
        if not isinstance(name, str) or name.startswith("__") or not name.isidentifier():
            continue
        for path, item in _items(name, thing):
            if isinstance(item, _core.Tensor):
                yield path, item
    modules = {name: m for name, m in modules_in(space).items() if next(iter(m.parameters()), None) is not None}
    for name, module in modules.items():
        before = f"{name}." if len(modules) > 1 else ""
        for path, item in [*module.named_parameters(), *_buffers(module)]:
            yield before + path, item


def _buffers(module: Any) -> Iterator[tuple[str, Any]]:
    return module.named_buffers() if hasattr(module, "named_buffers") else iter(())


class Names:
    """Names of tensors, found by identity. Explicit ones come before those of variables."""

    def __init__(self, names: Mapping[str, Any] | None = None, frame: FrameType | None = None) -> None:
        self._by_key: dict[Key, str] = {}
        self._tensors: dict[Key, Any] = {}
        self._nodes: list[Any] = []  # a node's Python object lives as long as someone holds it: its id is the key
        for name, tensor in (names or {}).items():
            if not isinstance(tensor, _core.Tensor):
                raise TypeError(
                    f"names: expected a dict of names to tensors, got {type(tensor).__name__} under {name!r}"
                )
            self.add(str(name), tensor)
        if frame is not None:
            for space in (frame.f_locals, frame.f_globals):
                for name, tensor in tensors_in(space):
                    self.add(name, tensor)

    def add(self, name: str, tensor: Any) -> None:
        if tensor.grad_fn is not None:
            self._nodes.append(tensor.grad_fn)
        key = key_of(tensor)
        if key not in self._by_key or (name[0] != "_" and self._by_key[key][0] == "_"):
            self._by_key[key] = name
            self._tensors[key] = tensor

    def get(self, key: Key) -> str | None:
        return self._by_key.get(key)

    def tensor(self, key: Key) -> Any | None:
        """The tensor of that name, which knows its value."""
        return self._tensors.get(key)

    def items(self) -> Iterator[tuple[str, Any]]:
        for key, name in self._by_key.items():
            yield name, self._tensors[key]
