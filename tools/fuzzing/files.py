"""Random checkpoints: programs of pickle in containers that are right, and containers that are not.

A case is wrong if it ends in another exception than those that `load` documents, takes longer than a second, or gives a
tensor that reaches beyond its storage. Most changes keep the sums right: what is merely damaged ends at the first check.
"""

from __future__ import annotations

import io
import pickle
import random
import sys
import time
import warnings
from pathlib import Path

import adjoint as torch

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "serialization"))
import forge

ALLOWED = (pickle.UnpicklingError, RuntimeError, EOFError)
SLOW = 1.0


def _numbers(r):
    return [r.choice([0, 1, 2, 3, 4, 5, -1, 8, 255, 2**31, 2**62, -(2**40)]) for _ in range(r.randrange(4))]


def _piece(r):
    """A few instructions that belong together, or do not."""
    made = [
        lambda: forge.tensor(offset=r.choice([0, 1, -1, 4, 2**40]), size=_numbers(r), stride=_numbers(r)),
        lambda: forge.tensor(),
        lambda: forge.storage(r.choice("0123"), r.choice(["FloatStorage", "LongStorage", "BoolStorage", "X"]), "cpu", r.choice([4, 2, 16, 5, -1])),
        lambda: forge.text(r.choice(["a", "", "x" * 300, "é"])),
        lambda: forge.number(r.choice([0, 1, -1, 2**31, 2**63, 77])),
        lambda: forge.numbers(_numbers(r)),
        lambda: r.choice([b"(", b"]", b"}", b")", b"N", b"\x88", b"\x8f", b"R", b"b", b"a", b"s", b"e", b"u", b"t", b"\x85", b"\x86", b"\x87", b"\x90", b"\x81", b"Q"]),
        lambda: r.choice([b"q", b"h"]) + bytes([r.randrange(4)]),
        lambda: b"c" + r.choice([b"collections\nOrderedDict", b"collections\nCounter", b"torch\nSize", b"torch\ndevice", b"torch\nfloat32", b"_codecs\nencode", b"__builtin__\nset", b"__builtin__\nbytearray", b"torch._utils\n_rebuild_parameter", b"torch._utils\n_rebuild_tensor_v3", b"torch._tensor\n_rebuild_from_type_v2", b"torch._utils\n_rebuild_meta_tensor_no_storage", b"os\nsystem", b"torch\nTensor"]) + b"\n",
        lambda: b"ccollections\nOrderedDict\n)R",
        lambda: b"\x95" + r.randbytes(8),
        lambda: r.randbytes(r.randrange(1, 6)),
    ]  # fmt: skip
    return r.choice(made)()


def program(r):
    """Instructions at random, or a good pickle with some changed."""
    if r.random() < 0.5:
        return forge.program(b"".join(_piece(r) for _ in range(r.randrange(1, 14))))
    out = io.BytesIO()
    torch.save(
        {"w": torch.arange(4.0), "v": [1, "x", torch.ones(2, 2).t()], "p": torch.nn.Parameter(torch.ones(1))}, out
    )
    good = bytearray(torch.serialization.container.Reader(out.getvalue()).view("data.pkl"))
    for _ in range(r.randrange(1, 5)):
        at = r.randrange(len(good))
        how = r.randrange(4)
        if how == 0:
            good[at] = r.randrange(256)
        elif how == 1:
            good[at:at] = _piece(r)
        elif how == 2:
            del good[at : at + r.randrange(1, 9)]
        else:
            to = r.randrange(len(good))
            good[at:at] = good[to : to + r.randrange(1, 30)]
    return bytes(good)


def case(seed):
    """The bytes of one file."""
    r = random.Random(seed)
    data = forge.archive(program(r), [bytes(16), bytes(16), bytes(4), bytes(32)][: r.randrange(5)])
    if r.random() < 0.3:  # the container
        changed = bytearray(data)
        for _ in range(r.randrange(1, 4)):
            at = r.randrange(len(changed))
            if r.random() < 0.6:
                changed[at] = r.choice([0, 1, 255, changed[at] ^ 1 << r.randrange(8)])
            else:
                to = r.randrange(len(changed))
                changed[at : at + 8] = changed[to : to + 8]
        data = bytes(changed)
    return data


def check(data):
    """None, or what is wrong with how the file was read."""
    begin = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.load(io.BytesIO(data), unknown="record")
    except ALLOWED:
        found = None
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    spent = time.perf_counter() - begin
    todo = [found]
    while todo:
        thing = todo.pop()
        if isinstance(thing, torch.Tensor) and not thing.is_meta and thing.numel() and thing.numel() < 10**6:
            thing.clone()
        elif isinstance(thing, (list, tuple, set)):
            todo += thing
        elif isinstance(thing, dict):
            todo += thing.values()
    return f"took {spent:.1f} s" if spent > SLOW else None


def run(count, seed=0):
    """How many of the cases loaded; prints those that are wrong."""
    wrong = 0
    for number in range(seed, seed + count):
        told = check(case(number))
        if told:
            wrong += 1
            print(f"file {number}: {told[:300]}", flush=True)
    return wrong
