"""The core's rooms: which may lean on which, and who may reach memory (docs/architecture.md, "The house")."""

import re
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parent.parent / "core"
LEANS_ON = {
    "tensor": {"tensor"},
    "kernels": {"kernels", "tensor"},
    "device": {"device", "kernels", "tensor"},
    "autograd": {"autograd", "tensor"},
    "ops": {"ops", "autograd", "device", "kernels", "tensor"},
    "python": {"python", "ops", "autograd", "device", "kernels", "tensor"},
}


def sources(room):
    return sorted(p for p in (CORE / room).rglob("*") if p.suffix in (".h", ".cpp"))


def lines_of(path, pattern):
    text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
    return [f"{path.relative_to(CORE)}: {m}" for m in re.findall(pattern, text)]


@pytest.mark.parametrize("room", LEANS_ON)
def test_arrows_point_one_way(room):
    others = "|".join(set(LEANS_ON) - LEANS_ON[room]) or "none"
    assert [x for p in sources(room) for x in lines_of(p, rf'#include "((?:{others})/[^"]+)"')] == []


def test_only_the_bindings_know_python():
    wrong = [x for room in LEANS_ON if room != "python" for p in sources(room) for x in lines_of(p, r"<Python\.h>")]
    assert wrong == []


def test_operations_reach_memory_through_the_table():
    """The quick roads alone take addresses, of tensors that they have found on the CPU."""
    memory = r"(?:->|\.)(?:host|host_as<\w*>|address)\(\)|storage->data\b|\bUnlocked\b|meta_device"
    found = [x for p in sources("ops") for x in lines_of(p, memory)]
    assert {x.split(":")[0] for x in found} <= {"ops/pointwise_quick.cpp", "ops/pointwise_quick_pull.cpp"}


def test_operations_call_no_kernel():
    """Formulas are kernels themselves (*.isa.cpp and what they are made of)."""
    allowed = {"isa.h", "pointwise.h", "reduce.h", "careful.h", "math.h"}
    found = [
        x for p in sources("ops") if not p.name.endswith(".isa.cpp") for x in lines_of(p, r'#include "kernels/([^"]+)"')
    ]
    assert {x.split(": ")[1] for x in found} <= allowed
