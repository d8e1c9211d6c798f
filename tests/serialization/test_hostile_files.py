"""Files that are damaged or forged are one clear error, soon, and nothing of them is loaded."""

import io
import pickle
import random
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from forge import archive, number, program, storage, tensor, text
from support import torch

GOOD = struct.pack("<4f", 1, 2, 3, 4)


def load(data, **options):
    return torch.load(io.BytesIO(data), **options)


def refused(data, *words):
    begin = time.monotonic()
    with pytest.raises((pickle.UnpicklingError, RuntimeError, EOFError)) as caught:
        load(data)
    assert time.monotonic() - begin < 2
    for word in words:
        assert word in str(caught.value), str(caught.value)


def saved(obj=None):
    out = io.BytesIO()
    torch.save({"w": torch.arange(100.0), "b": torch.ones(3), "n": [1, "x"]} if obj is None else obj, out)
    return out.getvalue()


def test_what_is_forged_by_hand_loads_where_it_is_right():
    assert load(archive(program(tensor()), [GOOD])).tolist() == [1, 2, 3, 4]
    assert load(archive(program(tensor(size=(2,), stride=(2,), offset=1)), [GOOD])).tolist() == [2, 4]
    big = struct.pack(">4f", 1, 2, 3, 4)
    assert load(archive(program(tensor()), [big], byteorder=b"big")).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (tensor(size=(5,)), "reaches element 4 of a storage of 4"),
        (tensor(offset=1), "reaches element"),
        (tensor(offset=-1), "offset -1"),
        (tensor(size=(-1,)), "sizes"),
        (tensor(stride=(-1,)), "strides"),
        (tensor(size=(2, 2)), "sizes"),
        (tensor(size=(2**62, 2**62), stride=(0, 0)), "elements"),
        (tensor(size=(2,), stride=(2**62,)), "reaches element"),
        (tensor(size=[1] * 65, stride=[1] * 65), "sizes"),
        (tensor(storage(count=5)), "5 elements of 4 bytes are told, the file has 16 bytes"),
        (tensor(storage(count=2**62)), "elements"),
        (tensor(storage(count=-1)), "persistent id"),
        (tensor(storage(key="7")), "no record"),
        (tensor(storage(key="../version")), "no record"),
        (tensor(storage(kind="os")), "unknown class"),
        (tensor(grad=b"N"), "NoneType"),
        (tensor(text("x")), "a tensor over str"),
        (b"cos\nsystem\n" + b"(" + text("true") + b"tR", "os.system"),
        (b"cbuiltins\neval\n(" + text("1") + b"tR", "builtins.eval"),
        (b"ctorch\nload\n)R", "torch.load"),
        (b"cposix\nsystem\n", "posix.system"),
        (b"c__builtin__\nbytearray\n(" + number(2**31 - 1) + b"tR", "int"),
        (b"ctorch\nFloatStorage\n(" + number(2**30) + b"tR", "torch.FloatStorage"),
        (b"ccollections\nOrderedDict\n)R}" + text("x") + number(1) + b"sb", "no attributes"),
        (b"(I1\ni", "instruction"),
        (b"1", "instruction"),
        (b"h\x05", "KeyError"),
        (b"0", "instruction"),
        (b"\x85", "stack is empty"),
        (b"(t(", "does not end with one object"),
        (b"]](e", "does not end with one object"),
        (b"}](K\x01K\x02ts", "key of type list"),
        (b"}]K\x01s", "key of type list"),
        (b"X\xff\xff\xff\xff", "4294967295 more bytes"),
        (b"\x8a\xff" + b"\0" * 10, "more bytes"),
        (b"\x8b\xff\xff\xff\x7f", "an integer of"),
        (b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f", "longer than the pickle"),
        (b"]q\x00h\x00a", "contains itself"),
        (b"(" * 1000 + b"]" + b"l" * 10, "instruction"),
        (b"]" * 2000 + b"a" * 1999, "levels"),
        (b"X\x01\x00\x00\x00\xff", "UnicodeDecodeError"),
        (b"Gabcdefgh" * 2, "one object"),
        (b"ctorch\nSize\n(](K\x01\x88etR", "bool"),
        (b"c\xff\n\n", "UnicodeDecodeError"),
    ],
)
def test_programs(body, words):
    refused(
        archive(program(body), [GOOD]), "corrupt file" if "." not in words or " " in words else "Weights only", words
    )


def test_memo_bombs():
    doubling = b")q\x00" + b"".join(
        b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(60)
    )
    refused(archive(program(b"(" + doubling + b"t")), "elements")
    refused(archive(program(b"}" + b"0".join([doubling]) + b"N" + b"s")), "corrupt")
    lists = b"".join(b"]q" + bytes([i]) for i in range(40))
    grow = b"".join(b"h" + bytes([i]) + b"(h" + bytes([i + 1]) + b"h" + bytes([i + 1]) + b"e" for i in range(39))
    refused(archive(program(b"(" + lists + grow + b"t")), "elements")


def test_a_pickle_that_is_cut_off_anywhere():
    whole = program(tensor())
    for n in range(len(whole)):
        refused(archive(whole[:n], [GOOD]), "corrupt file")


def test_a_file_that_is_cut_off_anywhere():
    whole = saved()
    for n in [*range(1, len(whole) - 1, 37), len(whole) - 1]:
        refused(whole[:n])


def test_a_flipped_bit_anywhere_is_noticed_or_harmless():
    whole, random_ = saved(), random.Random(0)
    expected = load(whole)
    for _ in range(1500):
        at, bit = random_.randrange(len(whole)), 1 << random_.randrange(8)
        changed = bytearray(whole)
        changed[at] ^= bit
        try:
            found = load(bytes(changed))
        except (pickle.UnpicklingError, RuntimeError):
            continue
        assert torch.equal(found["w"], expected["w"]) and torch.equal(found["b"], expected["b"]), at


@pytest.mark.parametrize(
    "change", ["before", "behind", "twice", "two folders", "up", "overlap", "other name", "comment"]
)
def test_containers(change):
    whole = saved()
    if change == "before":
        return refused(b"PK\x03\x04" + whole)
    if change == "behind":
        return refused(whole + b"\0" * 40, "end record")
    if change == "comment":
        return refused(whole[:-2] + b"\x04\x00abcd")
    if change == "other name":
        return refused(whole.replace(b"archive/data/0", b"archive/data/7", 1))
    if change == "overlap":
        central = whole.rindex(b"archive/data/1") - 46
        other = whole.index(b"archive/data/0") - 30
        return refused(whole[: central + 42] + struct.pack("<I", other) + whole[central + 46 :])
    names = {
        "twice": ["archive/data.pkl", "archive/version", "archive/data.pkl"],
        "two folders": ["archive/data.pkl", "other/version"],
        "up": ["archive/../data.pkl", "archive/version"],
    }[change]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, pytest.warns() if change == "twice" else nothing():
        for name in names:
            made.writestr(name, program(b"N"))
    refused(out.getvalue(), "corrupt")


class nothing:
    def __enter__(self):
        pass

    def __exit__(self, *exc):
        pass


def test_compressed_records_load_and_bombs_do_not():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("archive/data.pkl", program(tensor(storage(count=1000), size=(1000,))))
        made.writestr("archive/data/0", b"\0" * 4000)
        made.writestr("archive/version", "3\n")
    assert load(out.getvalue()).tolist() == [0] * 1000
    body, engine = program(b"N"), zlib.compressobj(9, zlib.DEFLATED, -15)
    squeezed = engine.compress(b"\0" * 10**6) + engine.flush()
    with zipfile.ZipFile(io.BytesIO(), "w"):
        pass
    forged = bytearray(out.getvalue())
    at = forged.rindex(b"archive/data/0") - 46
    forged[at + 24 : at + 28] = struct.pack("<I", 2**31)
    refused(bytes(forged), "corrupt")
    assert len(squeezed) < 2000 and body


def test_a_wrong_sum_is_noticed():
    whole = bytearray(saved(torch.ones(1000)))
    whole[whole.index(struct.pack("<f", 1.0) * 10)] ^= 1
    refused(bytes(whole), "have changed since they were written")


def test_old_files():
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    body = program(tensor(storage(key="a")))
    keys = pickle.dumps(["a"], 2)
    good = magic + body + keys + struct.pack("<q", 4) + GOOD
    assert load(good).tolist() == [1, 2, 3, 4]
    for n in range(5, len(good), 7):
        refused(good[:n])
    refused(good + b"x", "behind the last storage")
    refused(magic + body + keys + struct.pack("<q", 5) + GOOD)
    refused(magic + body + pickle.dumps(["b"], 2) + struct.pack("<q", 4) + GOOD)
    refused(pickle.dumps({"just": "a pickle"}), "magic number")
    refused(b"\x80\x02" + b"\0" * 300 + b"ustar")
    refused(b"hello world, this is text")


def test_bombs_cost_neither_time_nor_memory():
    bomb = archive(program(b"c__builtin__\nbytearray\n(" + text("x" * 10) + b"tR" + b"2" * 5))
    code = (
        "import resource, sys, io; import adjoint as torch\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); resource.setrlimit(resource.RLIMIT_CPU, (5, 5))\n"
        "data = sys.stdin.buffer.read()\n"
        "try: torch.load(io.BytesIO(data))\n"
        "except (RuntimeError, EOFError, __import__('pickle').UnpicklingError) as e: print('refused')\n"
    )
    for data in (bomb, archive(program(tensor(storage(count=2**31 - 1), size=(2**31 - 1,))), [GOOD])):
        done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, timeout=30)
        assert done.stdout.strip() == b"refused", done.stderr


def test_random_files():
    """A share of what tools/fuzz --files tries."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
    try:
        from fuzzing import files
    finally:
        sys.path.pop(0)
    assert files.run(3000) == 0
