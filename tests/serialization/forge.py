"""Makes checkpoints that nobody would: pickles put together by hand in containers that are right, or not."""

import io
import struct

from adjoint.serialization.container import Writer

_HEAD = b"\x80\x02"
V2 = b"ctorch._utils\n_rebuild_tensor_v2\n"


def archive(program, storages=(), **records):
    """A container around a pickle; `storages`: the bytes of data/0, data/1 ..."""
    out = io.BytesIO()
    writer = Writer(out, "archive")
    writer.add("data.pkl", program)
    writer.add("byteorder", records.get("byteorder", b"little"))
    for i, data in enumerate(storages):
        writer.add(f"data/{i}", data)
    writer.add("version", b"3\n")
    writer.finish()
    return out.getvalue()


def text(s):
    raw = s.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(n):
    return b"J" + struct.pack("<i", n) if -(2**31) <= n < 2**31 else b"\x8a\x09" + n.to_bytes(9, "little", signed=True)


def numbers(ns):
    return b"(" + b"".join(map(number, ns)) + b"t"


def storage(key="0", kind="FloatStorage", location="cpu", count=4):
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text(location) + number(count) + b"tQ"


def tensor(pid=None, offset=0, size=(4,), stride=(1,), grad=b"\x89"):
    """The instructions for one tensor."""
    hooks = b"ccollections\nOrderedDict\n)R"
    return V2 + b"(" + (pid or storage()) + number(offset) + numbers(size) + numbers(stride) + grad + hooks + b"tR"


def program(body):
    return _HEAD + body + b"."
