"""The records of operations: schemas read once and whole, facts in the record and nowhere else."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import adjoint as torch
from adjoint import _core

CORE = Path(__file__).resolve().parent.parent / "core"
RECORDS = _core._records()


def code(path):
    return re.sub(r"//.*", "", path.read_text(encoding="utf-8"))


def written(p):
    default = "" if p["default"] is None else f"={p['default']}"
    return f"{p['type']} {p['name']}{default}"


def test_what_was_read_of_a_schema_is_all_that_it_says():
    for r in RECORDS:
        parameters = [written(p) for p in r["parameters"]]
        star = next((i for i, p in enumerate(r["parameters"]) if p["keyword_only"]), None)
        if star is not None:
            parameters.insert(star, "*")
        results = [" ".join(filter(None, (p["type"], p["name"]))) for p in r["results"]]
        result = results[0] if len(results) == 1 else f"({', '.join(results)})"
        assert f"{r['name']}({', '.join(parameters)}) -> {result}" == r["schema"]


def test_kinds_are_told_apart_from_how_they_are_written():
    of = {r["schema"]: {p["name"]: p for p in r["parameters"]} for r in RECORDS}
    found = {(p["type"], p["kind"], p["list"], p["lone"], p["optional"]) for ps in of.values() for p in ps.values()}
    for kind in (
        ("Tensor", "Tensor", False, False, False),
        ("Tensor?", "Tensor", False, False, True),
        ("Tensor[]", "Tensor", True, False, False),
        ("int[1]", "int", True, True, False),
        ("int[1]?", "int", True, True, True),
        ("Number", "Number", False, False, False),
    ):
        assert kind in found
    assert all(k[0].strip("?").partition("[")[0].strip("?") == k[1] for k in found)


def test_defaults_are_the_schemas_own():
    """What a call without an argument does is what the schema says of it."""
    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(x.add(x), x.add(x, alpha=1))
    assert x.sum(0).shape == (3,) and x.sum(0, keepdim=True).shape == (1, 3)
    assert torch.equal(torch.nn.functional.hardshrink(x), torch.nn.functional.hardshrink(x, 0.5))
    assert torch.equal(x.roll(1), x.roll(1, []))


def test_operations_have_no_forms_that_pytorch_does_not_have():
    """Functions of one tensor, and those whose record says so, have adjoint.name_, too."""
    functions = set(vars(_core))
    assert {"exp_", "clamp_", "round_", "xlogy_", "addmv_", "gcd_", "nan_to_num_"} <= functions
    assert not {"add_", "mul_", "where_", "pow_", "maximum_", "lerp_", "addmm_"} & functions


def test_numbers_alone_are_taken_where_the_record_says_so():
    assert torch.mul(2, 3).item() == 6 and torch.add(2, 3).item() == 5 and torch.floor_divide(7, 2).item() == 3
    for f in (torch.pow, torch.remainder, torch.xlogy, torch.bitwise_and):
        with pytest.raises(TypeError):
            f(2, 3)
    with pytest.raises(TypeError):
        torch.clamp_(2, 3)


# --- one reader, one place ---

DRIVERS = [
    *CORE.glob("ops/pointwise*.h"),
    *CORE.glob("ops/pointwise*.cpp"),
    *CORE.glob("ops/strided_loop.*"),
    *CORE.glob("ops/registry.*"),
    *CORE.glob("autograd/*"),
    *(CORE / "python" / f"{name}.cpp" for name in ("op_function", "callables", "args", "schema", "results", "notes")),
]
WORDS = {"cpu", "int", "float", "bool", "fft", "adjoint"}  # of devices, types, namespaces; the package's own name


def test_no_driver_knows_an_operation_by_its_name():
    names = {r["name"] for r in RECORDS} | {f[0] for f in _core._formulas()}
    named = {
        path.name: found
        for path in DRIVERS
        if (found := [t for t in re.findall(r'"(\w+)"', code(path)) if t in names - WORDS])
    }
    assert len(DRIVERS) > 30 and not named


def test_schemas_are_read_in_one_place():
    """Nobody else looks for brackets and commas in one."""
    reads = re.compile(r"schema\w*(?:\(\))?\s*(?:\.|->)\s*(?:find|substr|rfind)|(?:strchr|strcspn|strstr)\([^;]*schema")
    found = [p.name for p in CORE.rglob("*") if p.suffix in (".h", ".cpp") and reads.search(code(p))]
    assert found == ["schema_text.h"]


def test_formulas_are_looked_up_when_the_module_is_imported():
    """formula<"name">, not find_pointwise(): a misspelt name ends the import, not the first call."""
    late = [p.name for p in (CORE / "ops").rglob("*.cpp") if re.search(r'find_pointwise\("', code(p))]
    assert not late


def test_public_signatures_stand_beside_their_formulas():
    files = {p.name for p in (CORE / "ops" / "pointwise").glob("*.cpp")}
    assert {f for f in files if ".isa." not in f and f.replace(".cpp", ".isa.cpp") not in files} == {
        "forms.cpp",  # all of them, for C++
        "nextafter.cpp",  # of halves, which have no kernels
    }


# --- four operands ---

FOUR = """
#include "ops/pointwise.h"
ADJOINT_POINTWISE_BEGIN
struct Four : Pointwise {
  static constexpr auto schema = "four(Tensor a, Tensor b, Tensor c, Tensor d) -> Tensor";
  static constexpr auto doc = "a b + c d";
  template <class T> static constexpr auto value(T a, T b, T c, T d) { return a * b + c * d; }
  template <class T> static constexpr auto slope0(T, T b, T, T, T) { return b; }
  template <class T> static constexpr auto slope1(T a, T, T, T, T) { return a; }
  template <class T> static constexpr auto slope2(T, T, T, T d, T) { return d; }
  template <class T> static constexpr auto pull3(T g, T, T, T c, T, T y) { return g * c + T(0) * y; }
};
static_assert(loops::arity<Four> == 4);
static_assert(loops::slope_kind<Four, 2>() == 1 && loops::slope_kind<Four, 3>() == 2);
static_assert(loops::pull_reads<Four, 0>() == 0b00010 && loops::pull_reads<Four, 3>() == 0b10100);
ADJOINT_POINTWISE_END

#include <cstdio>
int main() {
  using namespace adjoint;
  double g[9], a[9], b[9], c[9], d[9], y[9], out[9];
  for (int i = 0; i < 9; ++i) g[i] = i + 1, a[i] = i, b[i] = 2 * i, c[i] = i + 3, d[i] = 1 - i, y[i] = 7;
  char* of[] = {(char*)out, (char*)a, (char*)b, (char*)c, (char*)d};
  const int64_t steps[] = {8, 8, 8, 8, 8};
  loops::value_loop<Four, double>(of, steps, 9);
  for (int i = 0; i < 9; ++i)
    if (out[i] != a[i] * b[i] + c[i] * d[i]) return 1;
  char* back[] = {(char*)out, (char*)g, (char*)c, (char*)y};
  make_kernels<Four>().pull[3][CF64](back, steps, 9);
  for (int i = 0; i < 9; ++i)
    if (out[i] != g[i] * c[i]) return 2;
  std::puts("four");
}
"""


def test_a_fourth_operand_may_have_a_gradient(tmp_path):
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no compiler at hand")
    (tmp_path / "four.cpp").write_text(FOUR)
    # As for a newer instruction set: loops alone, no record.
    command = [
        compiler,
        "-std=c++20",
        "-O0",
        f"-I{CORE}",
        "-DADJOINT_ISA=v3",
        "four.cpp",
        CORE / "ops/pointwise_blocks.cpp",
    ]
    subprocess.run([*command, "-o", "four"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "four"], capture_output=True, text=True, check=True).stdout == "four\n"
