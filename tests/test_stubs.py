"""What tools see is what is there: generated stubs are up to date and complete, dir() tells the truth, and the programs
below tests/typing, which mypy and pyright check, give at run time what they assert."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import adjoint as torch
from adjoint import _core

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "adjoint"
PROGRAMS = sorted((ROOT / "tests" / "typing").glob("*.py"))
NAMESPACES = {"linalg": _core._linalg, "special": _core._special, "fft": _core._fft, "nn.functional": _core._nn}


def test_stubs_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "stubs.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def declared(body):
    """The names that statements give to tools; a star stands for the names of its file."""
    for node in body:
        if isinstance(node, ast.If):
            yield from declared(node.body)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (t.id for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            source = PACKAGE / node.module
            found = source.with_suffix(".pyi") if source.with_suffix(".pyi").exists() else source.with_suffix(".py")
            yield from (n for n in declared(ast.parse(found.read_text()).body) if not n.startswith("_"))
        elif isinstance(node, ast.ImportFrom):
            yield from (a.asname for a in node.names if a.asname == a.name)


def imported(body):
    """Functions of Python that a namespace has beside its operations."""
    froms = [node for node in body if isinstance(node, ast.ImportFrom) and node.level == 1]
    return {a.name for node in froms for a in node.names if a.asname == a.name}


def stub(name):
    return ast.parse((PACKAGE / name).read_text()).body


def test_the_cores_stub_has_what_the_core_has():
    dunders = {n for n in vars(ModuleType("m"))} | {"__file__"}
    assert set(vars(_core)) - dunders - set(declared(stub("_core.pyi"))) == set()


def test_the_cores_stub_has_nothing_else():
    assert {n for n in declared(stub("_core.pyi")) if not n.startswith("_")} - set(vars(_core)) == set()


@pytest.mark.parametrize("name", ["Tensor", "dtype", "device", "Size", "Generator", "Node", "SavedTensor"])
def test_classes_of_the_stub_have_what_the_classes_have(name):
    body = next(n for n in stub("_core.pyi") if isinstance(n, ast.ClassDef) and n.name == name).body
    cls = getattr(torch.autograd.graph if name == "Node" else _core, name)
    known = set(declared(body)) | set(dir(tuple if name == "Size" else object))
    quiet = {"__module__", "__dict__", "__weakref__", "__del__", "_rebuild", "_num_outputs", "_sequence_nr"}
    quiet |= {"_register_hook_dict", "__lt__", "__le__", "__gt__", "__ge__"} if name in ("device", "Node") else set()
    assert set(dir(cls)) - known - quiet == set()
    if name != "Node":  # whose members are the ones of its many classes
        assert {n for n in declared(body) if not n.startswith("__")} - set(dir(cls)) == set()


@pytest.mark.parametrize("name", NAMESPACES)
def test_stubs_of_namespaces_have_what_these_have(name):
    file = name.replace(".", "/") + ".pyi"
    others = imported(stub(file))
    assert set(declared(stub(file))) - others - {"LinAlgError"} == set(NAMESPACES[name])
    assert all(hasattr(torch.nn.functional, n) for n in others)


def test_everything_that_dir_offers_is_there():
    for module in (
        torch,
        torch.autograd,
        torch.linalg,
        torch.special,
        torch.fft,
        torch.nn,
        torch.nn.functional,
        torch.explain,
    ):
        for name in dir(module):
            getattr(module, name)
    for name in dir(torch.return_types):
        getattr(torch.return_types, name)
    x = torch.ones(2, 2, dtype=torch.complex64, requires_grad=True)
    lacking = [n for n in dir(x) if n != "__cuda_array_interface__" and not hasattr(x, n)]  # as PyTorch's: not on CUDA
    assert lacking == []


def test_dir_offers_what_tools_see():
    source = ast.parse((PACKAGE / "__init__.py").read_text()).body
    assert {n for n in dir(torch) if not n.startswith("_")} == {
        n for n in declared(source) if not n.startswith("_")
    } - {"TYPE_CHECKING"}


def test_every_module_of_the_package_is_an_attribute():
    for path in PACKAGE.iterdir():
        if not path.name.startswith("_") and path.suffix in ("", ".py") and (path.suffix or path.is_dir()):
            assert getattr(torch, path.stem).__name__ == f"adjoint.{path.stem}"


def test_what_is_not_there_raises():
    for name in ("sparse", "add_", "zeroes", "TYPE_CHECKING"):
        with pytest.raises(AttributeError, match=name):
            getattr(torch, name)


def is_of(value, kind):
    """Is it of this type, as far as it can be told at run time?"""
    if kind is None or kind is type(None):
        return value is None
    if kind is object or repr(kind) == "typing.Any":
        return True
    origin, args = getattr(kind, "__origin__", None), getattr(kind, "__args__", ())
    if type(kind).__name__ in ("UnionType", "Union", "_UnionGenericAlias"):
        return any(is_of(value, a) for a in args)
    if origin is tuple:
        kinds = args[:1] * len(value) if args[1:] == (...,) else args
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(is_of, value, kinds))
    if origin is list:
        return isinstance(value, list) and all(is_of(v, args[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict) and all(is_of(k, args[0]) and is_of(v, args[1]) for k, v in value.items())
    return isinstance(value, origin or kind)


def test_the_check_of_types_at_run_time_can_fail():
    assert not is_of((1, "2"), tuple[int, ...]) and not is_of((1,), tuple[int, int]) and not is_of("a", int | None)
    assert not is_of([1], list[str]) and not is_of({"a": 1}, dict[str, str]) and is_of(None, int | None)


@pytest.mark.parametrize("path", PROGRAMS, ids=[p.stem for p in PROGRAMS])
def test_programs_give_what_they_assert(path, monkeypatch):
    def assert_type(value, kind):
        assert is_of(value, kind), f"{value!r} is no {kind}"
        return value

    extensions = ModuleType("typing_extensions")
    extensions.assert_type = assert_type
    monkeypatch.setitem(sys.modules, "typing_extensions", extensions)
    with torch.set_grad_enabled(True):
        runpy.run_path(str(path))
