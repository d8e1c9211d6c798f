"""The pickle machine of `load(weights_only=True)`: it builds data and can call nothing.

A pickle is a program. This machine knows the instructions that checkpoints consist of and no others. A global is an inert
`Name`; what may be made from a name is looked up in a closed table (rebuild.py) whose functions check their arguments. Names
outside of it become `Record`s, which are data, too. No length is believed before that many bytes are there, nothing recurses,
and what a program multiplies by sharing (a memo bomb) is counted before anybody can walk into it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from .corrupt import CorruptFile, corrupt

MOST_OF_A_KEY = 100  # elements of a tuple that is a key of a dict: each look-up hashes them all
MOST_IN_ALL = 10_000_000  # elements, those that are shared counted as often as they are seen
MOST_DEEP = 500  # levels, which other code may walk recursively
_LONGEST_NUMBER = 1024  # bytes of an integer


class Name:
    """A global that is only named: no code of it exists here."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    def __repr__(self) -> str:
        return f"<name {self.path}>"


class Record:
    """An object of a class that is not known: its name, what it would have been made with, and its state."""

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.items: list[Any] = []

    def __repr__(self) -> str:
        return f"<record of {self.name}: {', '.join(map(repr, self.parts()))[:200]}>"

    def parts(self) -> Iterator[Any]:
        yield from self.args
        if self.state is not None:
            yield self.state
        yield from self.items


class Machine:
    """Runs one pickle.

    Args:
        program: its bytes.
        make: what a name with arguments gives (rebuild.py); None where the table does not have it. True: without __init__.
        constant: what a name alone stands for (a dtype); None where it stands for nothing.
        persistent: what a persistent id stands for.
        build: sets the state of an object; False where that is not for this machine.
    """

    def __init__(
        self,
        program: Any,
        make: Callable[[Name, tuple[Any, ...], bool], Any],
        constant: Callable[[Name], Any],
        persistent: Callable[[Any], Any],
        build: Callable[[Any, Any], bool],
    ) -> None:
        self.data = memoryview(program)
        self.at, self.end = 0, len(self.data)
        self.make, self.constant, self.persistent, self.set_state = make, constant, persistent, build
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.unknown: dict[str, None] = {}
        self._sizes: dict[int, int] = {}  # of tuples, by id; they are kept alive by _kept
        self._kept: list[Any] = []

    # --- reading

    def run(self) -> Any:
        """The object. The position is behind its STOP then."""
        table = _OPERATIONS
        while True:
            start = self.at
            code = self.take(1)[0]
            operation = table.get(code)
            if operation is None:
                if code == 0x2E:  # STOP
                    break
                corrupt(f"the pickle has an instruction that checkpoints do not have ({bytes([code])!r})", start)
            try:
                operation(self)
            except CorruptFile:
                raise
            except (IndexError, ValueError, TypeError, OverflowError, KeyError, UnicodeError, struct.error) as e:
                corrupt(f"the pickle cannot be followed: {type(e).__name__}: {str(e).splitlines()[0][:200]}", start)
        if self.marks or len(self.stack) != 1:
            corrupt("the pickle does not end with one object", self.at)
        result = self.stack.pop()
        check_size(result)
        return result

    def take(self, n: int) -> memoryview:
        if n < 0 or n > self.end - self.at:
            corrupt(f"the pickle ends, where {n} more bytes should come", self.at)
        piece = self.data[self.at : self.at + n]
        self.at += n
        return piece

    def number(self, n: int) -> int:
        return int.from_bytes(self.take(n), "little")

    def line(self) -> str:
        for i in range(self.at, min(self.end, self.at + 4096)):
            if self.data[i] == 10:
                text = bytes(self.data[self.at : i]).decode()
                self.at = i + 1
                return text
        corrupt("a name without an end", self.at)

    # --- the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise IndexError("the stack is empty")
        return self.stack.pop()

    def top(self, kind: Any = object) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise IndexError("the stack is empty")
        value = self.stack[-1]
        if not isinstance(value, kind):
            raise TypeError(f"{type(value).__name__} where something else should stand")
        return value

    def since_mark(self) -> list[Any]:
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def remember(self, key: int) -> None:
        self.memo[key] = self.top()

    # --- making things

    def tuple_of(self, items: list[Any]) -> None:
        made = tuple(items)
        self._sizes[id(made)] = 1 + sum(self._sizes.get(id(i), 1) if type(i) is tuple else 1 for i in items)
        self._kept.append(made)
        self.push(made)

    def key(self, key: Any) -> Any:
        """A key that may be hashed: of a plain kind, and not too large to be."""
        todo = [key]
        if type(key) is tuple and self._sizes.get(id(key), MOST_OF_A_KEY + 1) > MOST_OF_A_KEY:
            corrupt(f"a key of more than {MOST_OF_A_KEY} elements", self.at)
        while todo:
            part = todo.pop()
            if type(part) is tuple:
                todo += part
            elif not (part is None or type(part) in _PLAIN or type(part).__name__ in ("dtype", "device", "Size")):
                raise TypeError(f"a key of type {type(part).__name__}")
        return key

    def set_items(self, items: list[Any]) -> None:
        if len(items) % 2:
            raise ValueError("a key without a value")
        target = self.top((dict, Record))
        if isinstance(target, Record):
            target.items += items
            return
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[self.key(key)] = value

    def append(self, items: list[Any]) -> None:
        target = self.top((list, Record))
        (target.items if isinstance(target, Record) else target).extend(items)

    def add(self, items: list[Any]) -> None:
        target = self.top(set)
        for item in items:
            target.add(self.key(item))

    def reduce(self, new: bool = False) -> None:
        args, function = self.pop(), self.pop()
        if type(args) is not tuple:
            raise TypeError("arguments that are no tuple")
        if not isinstance(function, Name):
            raise TypeError(f"{type(function).__name__} is called")
        made = self.make(function, args, new)
        if made is None:
            self.unknown[function.path] = None
            made = Record(function.path, args)
        self.push(made)

    def build(self) -> None:
        state = self.pop()
        target = self.top()
        if isinstance(target, Record):
            target.state = state
        elif not self.set_state(target, state):
            raise TypeError(f"a state for {type(target).__name__}")

    def global_(self, module: str, name: str) -> None:
        found = Name(module, name)
        known = self.constant(found)
        self.push(found if known is None else known)

    def persist(self) -> None:
        self.push(self.persistent(self.pop()))

    def stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("a global whose name is no text")
        self.global_(module, name)

    def integer(self, n: int) -> int:
        if n > _LONGEST_NUMBER:
            corrupt(f"an integer of {n} bytes", self.at)
        return int.from_bytes(self.take(n), "little", signed=True)

    def text(self, n: int) -> str:
        return bytes(self.take(n)).decode("utf-8", "surrogatepass")


_PLAIN = frozenset((str, int, float, bool, bytes, complex))

_OPERATIONS: dict[int, Callable[[Machine], object]] = {
    0x80: lambda m: m.take(1)[0] <= 5 or corrupt("a pickle of an unknown protocol", m.at),  # PROTO
    0x95: lambda m: m.number(8) <= m.end - m.at or corrupt("a frame that is longer than the pickle", m.at),  # FRAME
    0x28: lambda m: m.marks.append(len(m.stack)),  # MARK
    0x4E: lambda m: m.push(None),  # NONE
    0x88: lambda m: m.push(True),  # NEWTRUE
    0x89: lambda m: m.push(False),  # NEWFALSE
    0x4B: lambda m: m.push(m.number(1)),  # BININT1
    0x4D: lambda m: m.push(m.number(2)),  # BININT2
    0x4A: lambda m: m.push(m.integer(4)),  # BININT
    0x8A: lambda m: m.push(m.integer(m.number(1))),  # LONG1
    0x8B: lambda m: m.push(m.integer(m.number(4))),  # LONG4
    0x47: lambda m: m.push(struct.unpack(">d", m.take(8))[0]),  # BINFLOAT
    0x58: lambda m: m.push(m.text(m.number(4))),  # BINUNICODE
    0x8C: lambda m: m.push(m.text(m.number(1))),  # SHORT_BINUNICODE
    0x8D: lambda m: m.push(m.text(m.number(8))),  # BINUNICODE8
    0x55: lambda m: m.push(bytes(m.take(m.number(1))).decode("latin1")),  # SHORT_BINSTRING, of Python 2
    0x43: lambda m: m.push(bytes(m.take(m.number(1)))),  # SHORT_BINBYTES
    0x42: lambda m: m.push(bytes(m.take(m.number(4)))),  # BINBYTES
    0x5D: lambda m: m.push([]),  # EMPTY_LIST
    0x7D: lambda m: m.push({}),  # EMPTY_DICT
    0x8F: lambda m: m.push(set()),  # EMPTY_SET
    0x29: lambda m: m.push(()),  # EMPTY_TUPLE
    0x85: lambda m: m.tuple_of([m.pop()]),  # TUPLE1
    0x86: lambda m: m.tuple_of([m.pop(), m.pop()][::-1]),  # TUPLE2
    0x87: lambda m: m.tuple_of([m.pop(), m.pop(), m.pop()][::-1]),  # TUPLE3
    0x74: lambda m: m.tuple_of(m.since_mark()),  # TUPLE
    0x61: lambda m: m.append([m.pop()]),  # APPEND
    0x65: lambda m: m.append(m.since_mark()),  # APPENDS
    0x73: lambda m: m.set_items([m.pop(), m.pop()][::-1]),  # SETITEM
    0x75: lambda m: m.set_items(m.since_mark()),  # SETITEMS
    0x90: lambda m: m.add(m.since_mark()),  # ADDITEMS
    0x71: lambda m: m.remember(m.number(1)),  # BINPUT
    0x72: lambda m: m.remember(m.number(4)),  # LONG_BINPUT
    0x94: lambda m: m.remember(len(m.memo)),  # MEMOIZE
    0x68: lambda m: m.push(m.memo[m.number(1)]),  # BINGET
    0x6A: lambda m: m.push(m.memo[m.number(4)]),  # LONG_BINGET
    0x63: lambda m: m.global_(m.line(), m.line()),  # GLOBAL
    0x93: lambda m: m.stack_global(),  # STACK_GLOBAL
    0x52: lambda m: m.reduce(),  # REDUCE
    0x81: lambda m: m.reduce(new=True),  # NEWOBJ
    0x62: lambda m: m.build(),  # BUILD
    0x51: lambda m: m.persist(),  # BINPERSID
}


def check_size(root: Any) -> None:
    """Refuses what is too large once shared parts are counted as often as they are seen, too deep, or inside itself."""
    size: dict[int, int] = {}
    deep: dict[int, int] = {}
    under_way: set[int] = set()
    todo: list[tuple[Any, bool]] = [(root, False)]
    while todo:
        thing, done = todo.pop()
        key = id(thing)
        if not isinstance(thing, _HOLDERS) or (not done and key in size):
            continue
        parts = _parts(thing)
        if not done:
            if key in under_way:
                corrupt("an object that contains itself")
            under_way.add(key)
            todo.append((thing, True))
            todo += [(part, False) for part in parts if isinstance(part, _HOLDERS)]
            continue
        under_way.discard(key)
        size[key] = 1 + sum(size.get(id(part), 1) for part in parts)
        deep[key] = 1 + max((deep.get(id(part), 0) for part in parts), default=0)
        if size[key] > MOST_IN_ALL:
            corrupt(f"more than {MOST_IN_ALL:,} elements, counted as often as they are seen")
        if deep[key] > MOST_DEEP:
            corrupt(f"more than {MOST_DEEP} levels, one inside the other")


_HOLDERS = (dict, list, tuple, set, frozenset, Record)


def _parts(thing: Any) -> list[Any]:
    """What a container holds."""
    if isinstance(thing, dict):
        held = [*thing.keys(), *thing.values()]
        return [*held, thing._metadata] if hasattr(thing, "_metadata") else held  # pyright: ignore[reportAttributeAccessIssue]
    return list(thing.parts()) if isinstance(thing, Record) else list(thing)
