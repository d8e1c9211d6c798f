"""The container of a checkpoint: a zip archive of stored records, as PyTorch writes it.

The reader trusts nothing. Every offset and length is checked against the file before it is used, names are unique and below
one folder, local headers say what the central directory says, and records lie one behind the other without overlap: there is
one way to read a file, or none. See the zip specification (APPNOTE.TXT 6.3.10) and PyTorch's caffe2/serialize/inline_container.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from .corrupt import corrupt

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR, _DESCRIPTOR = b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"
_LOCAL_HEAD, _CENTRAL_HEAD = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")
_END_RECORD, _END64_RECORD, _LOCATOR_RECORD = (
    struct.Struct("<4s4H2IH"),
    struct.Struct("<4sQ2H2I4Q"),
    struct.Struct("<4sIQI"),
)
_MANY, _LARGE = 0xFFFF, 0xFFFFFFFF
_ALIGNMENT = 64
_MOST_INFLATED = 1 << 28  # bytes of a compressed record; PyTorch writes none
_MOST_RATIO = 1032  # deflate's own
_MOST_NAMES = 1 << 20


@dataclass(frozen=True)
class Record:
    name: str  # below the folder
    start: int
    stored: int
    size: int
    crc: int
    deflated: bool


class Reader:
    """The records of an archive in memory (bytes, or a mapping of a file)."""

    folder: str

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data)
        if self.data[:4] != _LOCAL:
            corrupt("no zip archive: it does not begin with a record")
        count, start, size, self._limit = self._directory()
        self.records = self._entries(count, start, size)

    def _at(self, offset: int, size: int, what: str) -> memoryview:
        if offset < 0 or size < 0 or offset + size > len(self.data):
            corrupt(f"{what} would lie outside of the file", offset)
        return self.data[offset : offset + size]

    def _directory(self) -> tuple[int, int, int, int]:
        """Entries, offset and size of the directory, and where the records must have ended."""
        at = len(self.data) - _END_RECORD.size
        if at < 0 or self.data[at : at + 4] != _END:
            corrupt("the archive's end record is missing: cut off, or something stands behind it", max(at, 0))
        _, disk, other, here, count, size, start, comment = _END_RECORD.unpack(self.data[at:])
        if disk or other or comment:
            corrupt("an archive of several parts, or with a comment", at)
        locator = at - _LOCATOR_RECORD.size
        if locator >= 0 and self.data[locator : locator + 4] == _LOCATOR:
            _, disk, end64, disks = _LOCATOR_RECORD.unpack(self._at(locator, _LOCATOR_RECORD.size, "the locator"))
            _, length, _, _, disk2, other, here, count64, size64, start64 = self._end64(end64)
            if disk or disk2 or other or disks != 1 or end64 + 12 + length != locator:
                corrupt("the large end record does not stand before its locator", locator)
            for small, large, mark in ((count, count64, _MANY), (size, size64, _LARGE), (start, start64, _LARGE)):
                if small not in (large, mark):
                    corrupt("the two end records contradict each other", at)
            count, size, start, at = count64, size64, start64, end64
        if here not in (count, _MANY) or start + size != at:
            corrupt("the directory does not end at the end record", at)
        return count, start, size, start

    def _end64(self, at: int) -> Any:
        fields = _END64_RECORD.unpack(self._at(at, _END64_RECORD.size, "the large end record"))
        if fields[0] != _END64:
            corrupt("the large end record is missing", at)
        return fields

    def _entries(self, count: int, at: int, size: int) -> dict[str, Record]:
        if count * _CENTRAL_HEAD.size > size or count > _MOST_NAMES:
            corrupt(f"{count} entries in a directory of {size} bytes", at)
        end, found, folders = at + size, {}, set()
        for _ in range(count):
            name, record, at = self._entry(at, end)
            folder, _, below = name.partition("/")
            folders.add(folder)
            if not below or below in found:
                corrupt(f"two records {name!r}, or one without a folder", at)
            found[below] = record
        if at != end or len(folders) != 1:
            corrupt("the directory has more bytes than entries, or more than one folder", at)
        self.folder = folders.pop()
        self._check_layout(found)
        return {name: record for name, (record, _, _) in found.items()}

    def _entry(self, at: int, end: int) -> Any:
        head = self._at(at, _CENTRAL_HEAD.size, "an entry")
        (magic, _, _, flags, method, _, _, crc, stored, size, n, extra, comment, disk, _, _, offset) = (
            _CENTRAL_HEAD.unpack(head)
        )
        if magic != _CENTRAL or disk or comment or flags & ~0x0808 or method not in (0, 8):
            corrupt("an entry of a kind that checkpoints do not have", at)
        body = at + _CENTRAL_HEAD.size
        if body + n + extra > end:
            corrupt("an entry reaches beyond the directory", at)
        raw = bytes(self._at(body, n, "a name"))
        name = self._name(raw, at)
        wide = self._wide(self._at(body + n, extra, "an extra field"), at, stored, size, offset)
        stored, size, offset = wide
        start, close = self._local(offset, raw, flags, method, crc, stored, size)
        if method == 0 and stored != size:
            corrupt(f"{name!r} is stored, and has two sizes", at)
        if method == 8 and (size > _MOST_INFLATED or size > _MOST_RATIO * (stored + 1)):
            corrupt(f"{name!r} would grow from {stored} to {size} bytes", at)
        record = Record(name.partition("/")[2], start, stored, size, crc, method == 8)
        return name, (record, offset, close), body + n + extra

    @staticmethod
    def _name(raw: bytes, at: int) -> str:
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            corrupt("a name that is no UTF-8", at)
        parts = name.split("/")
        if "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in parts):
            corrupt(f"the name {name!r}", at)
        return name

    @staticmethod
    def _wide(extra: memoryview, at: int, stored: int, size: int, offset: int) -> tuple[int, int, int]:
        """The three numbers, those that did not fit taken from the extra field of large files."""
        place, wide = 0, b""
        while place + 4 <= len(extra):
            kind, length = struct.unpack_from("<HH", extra, place)
            if place + 4 + length > len(extra):
                corrupt("an extra field that is cut off", at)
            if kind == 1:
                wide = bytes(extra[place + 4 : place + 4 + length])
            place += 4 + length
        numbers = []
        for value in (size, stored, offset):
            if value == _LARGE:
                if len(wide) < 8:
                    corrupt("a large size is missing", at)
                value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
            numbers.append(value)
        return numbers[1], numbers[0], numbers[2]

    def _local(self, at: int, raw: bytes, flags: int, method: int, crc: int, stored: int, size: int) -> tuple[int, int]:
        """Where the record's bytes begin, and where all that belongs to it ends."""
        head = self._at(at, _LOCAL_HEAD.size, "a record")
        magic, _, flags2, method2, _, _, crc2, stored2, size2, n, extra = _LOCAL_HEAD.unpack(head)
        start = at + _LOCAL_HEAD.size + n + extra
        if magic != _LOCAL or flags2 != flags or method2 != method:
            corrupt("a record is not what the directory says", at)
        if bytes(self._at(at + _LOCAL_HEAD.size, n, "a name")) != raw:
            corrupt("a record has another name than the directory says", at)
        self._at(start, stored, "a record's bytes")
        late = bool(flags & 8)
        for local, told, mark in ((crc2, crc, 0), (stored2, stored, _LARGE), (size2, size, _LARGE)):
            if local != told and not (late and local == 0) and local != mark:
                corrupt("a record has other sizes than the directory says", at)
        return start, start + stored

    def _check_layout(self, found: dict[str, Any]) -> None:
        """Records lie one behind the other, with at most a descriptor between them, before the directory."""
        spans = sorted((offset, close) for _, offset, close in found.values())
        at = 0
        for offset, close in spans:
            if not at <= offset <= at + 24:
                corrupt("records overlap, or something stands between them", offset)
            at = close
        if not at <= self._limit <= at + 24:
            corrupt("something stands between the records and the directory", at)

    def __contains__(self, name: str) -> bool:
        return name in self.records

    def check(self, name: str) -> None:
        """The record's bytes are those that were written."""
        record = self.records[name]
        if zlib.crc32(self.data[record.start : record.start + record.stored]) != record.crc:
            corrupt(f"the bytes of {name!r} have changed since they were written", record.start)

    def view(self, name: str, most: int | None = None) -> memoryview:
        """The record's bytes, checked; without a copy where they are stored as they are."""
        if name not in self.records:
            corrupt(f"there is no record {name!r}")
        record = self.records[name]
        if most is not None and record.size > most:
            corrupt(f"{name!r} is larger than {most} bytes", record.start)
        if not record.deflated:
            self.check(name)
            return self.data[record.start : record.start + record.size]
        return memoryview(self._inflated(record))

    def _inflated(self, record: Record) -> bytes:
        engine = zlib.decompressobj(-15)
        try:
            out = engine.decompress(self.data[record.start : record.start + record.stored], record.size + 1)
        except zlib.error as e:
            corrupt(f"{record.name!r} cannot be decompressed ({e})", record.start)
        if len(out) != record.size or not engine.eof or engine.unused_data or zlib.crc32(out) != record.crc:
            corrupt(f"{record.name!r} decompresses to something else than was written", record.start)
        return out


class Writer:
    """Writes records as PyTorch does: stored, each at a multiple of 64, sizes behind them."""

    def __init__(self, out: BinaryIO, folder: str) -> None:
        self.out, self.folder, self.at = out, folder, 0
        self.entries: list[tuple[bytes, int, int, int]] = []  # name, crc, size, offset

    def _put(self, data: Any) -> None:
        self.out.write(data)
        self.at += len(data)

    def add(self, name: str, data: Any) -> None:
        """A record of bytes."""
        self.add_parts(name, [data])

    def add_parts(self, name: str, parts: Iterable[Any]) -> None:
        raw = f"{self.folder}/{name}".encode()
        offset, size, crc = self.at, 0, 0
        room = offset + _LOCAL_HEAD.size + len(raw) + 4
        padding = -room % _ALIGNMENT
        pieces = [memoryview(part).cast("B") for part in parts if len(part)]
        flags = 0x0808 if pieces else 0x0800
        self._put(_LOCAL_HEAD.pack(_LOCAL, 0, flags, 0, 0, 0, 0, 0, 0, len(raw), padding + 4))
        self._put(raw + struct.pack("<2sH", b"FB", padding) + b"Z" * padding)
        for piece in pieces:
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            self._put(piece)
        if pieces:
            large = size >= _LARGE or offset >= _LARGE
            self._put(struct.pack("<4sI2Q" if large else "<4s3I", _DESCRIPTOR, crc, size, size))
        self.entries.append((raw, crc, size, offset))

    def finish(self) -> None:
        """The directory and both end records."""
        start = self.at
        for raw, crc, size, offset in self.entries:
            wide = [n for n in (size, size, offset) if n >= _LARGE]
            extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
            sizes = [min(n, _LARGE) for n in (size, size, offset)]
            flags = 0x0808 if size else 0x0800
            self._put(
                _CENTRAL_HEAD.pack(
                    _CENTRAL, 0, 0, flags, 0, 0, 0, crc, *sizes[:2], len(raw), len(extra), 0, 0, 0, 0, sizes[2]
                )
                + raw
                + extra
            )
        size, count, end = self.at - start, len(self.entries), self.at
        self._put(_END64_RECORD.pack(_END64, 44, 0x031E, 45, 0, 0, count, count, size, start))
        self._put(_LOCATOR_RECORD.pack(_LOCATOR, 0, end, 1))
        few = min(count, _MANY)
        self._put(_END_RECORD.pack(_END, 0, 0, few, few, min(size, _LARGE), min(start, _LARGE), 0))
