"""Where a module keeps its parameters, buffers and children: dicts whose entries are attributes of the module, too."""

from __future__ import annotations

from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Note [Members are attributes]
# PyTorch finds `self.weight` by a failed lookup and a Python function after it: some 300 ns for every parameter and
# child that a forward names. Here the three dicts of a module (_parameters, _buffers, _modules) write what they are
# given into the module's __dict__ as well, where the interpreter finds it at once. They are the only writers of those
# entries. Pickles and copies hold plain dicts and no such entries (Module.__getstate__), as PyTorch's do; a module
# that got plain dicts some other way works as PyTorch's do, by Module.__getattr__.

NAMES = ("_parameters", "_buffers", "_modules")

_absent: Any = object()


class Members(dict):
    """A dict of one module, mirrored in the module's __dict__."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Any) -> None:
        self._owner = ref(owner)

    def belongs_to(self, module: object) -> bool:
        return self._owner() is module

    def _attributes(self) -> dict[str, Any]:
        owner = self._owner()
        return {} if owner is None else owner.__dict__

    def __setitem__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        attributes = self._attributes()
        for kind in NAMES:
            members = attributes.get(kind)
            if members is self:
                break
            if members and name in members:
                return  # parameters are found before buffers, and those before children
        attributes[name] = value

    def __delitem__(self, name: str) -> None:
        value = self[name]
        dict.__delitem__(self, name)
        self._forget(name, value)

    def _forget(self, name: str, value: Any) -> None:
        attributes = self._attributes()
        if attributes.get(name, _absent) is value:
            del attributes[name]
            for kind in NAMES:
                members = attributes.get(kind, ())
                if name in members:
                    attributes[name] = members[name]
                    break

    def pop(self, name: str, default: Any = _absent) -> Any:
        if name not in self and default is not _absent:
            return default
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        name, value = dict.popitem(self)
        self._forget(name, value)
        return name, value

    def clear(self) -> None:
        for name in list(self):
            del self[name]

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, entries: Any = (), /, **more: Any) -> None:
        for name, value in dict(entries, **more).items():
            self[name] = value

    def __ior__(self, entries: dict[str, Any] | Iterable[tuple[str, Any]]) -> Members:  # type: ignore[override,misc]  # pyright: ignore[reportIncompatibleMethodOverride]
        self.update(entries)
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (), None, None, iter(self.items())

    def __copy__(self) -> dict[str, Any]:
        return dict(self)


def adopt(module: Any) -> None:
    """Gives a module dicts of its own wherever it holds plain ones, or another module's."""
    attributes = module.__dict__
    for kind in NAMES:
        entries = attributes.get(kind)
        if isinstance(entries, dict) and not (isinstance(entries, Members) and entries.belongs_to(module)):
            attributes[kind] = members = Members(module)
            members.update(entries)


def own(module: Any, kind: str) -> Any:
    """The module's dict of a kind, for writing."""
    entries = module.__dict__[kind]
    if not (isinstance(entries, Members) and entries.belongs_to(module)):
        adopt(module)
        entries = module.__dict__[kind]
    return entries


def replace(module: Any, kind: str, entries: Any) -> None:
    """What `module._parameters = entries` does (or _buffers, or _modules): the old entries are attributes no more."""
    old = module.__dict__.get(kind)
    if old is entries:
        return
    if isinstance(old, dict):
        for name, value in old.items():
            if module.__dict__.get(name, _absent) is value:
                del module.__dict__[name]
    module.__dict__[kind] = entries
    if isinstance(entries, dict):
        adopt(module)


def plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """A module's __dict__ as PyTorch has it: plain dicts, and no entries that mirror theirs."""
    state = dict(attributes)
    for kind in NAMES:
        entries = attributes.get(kind)
        if isinstance(entries, dict):
            for name, value in entries.items():
                if state.get(name, _absent) is value:
                    del state[name]
            state[kind] = dict(entries)
    return state
