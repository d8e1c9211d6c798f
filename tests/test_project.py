"""What the project's files say of each other: one version, the README's commands, the linters' versions."""

import importlib.metadata
import re
from pathlib import Path

import pytest

import adjoint

ROOT = Path(__file__).resolve().parent.parent


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


VERSION = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.M)[1]


def test_the_core_has_the_projects_version():
    assert adjoint.__version__ == VERSION


def test_the_installed_distribution_has_the_projects_version():
    try:
        assert importlib.metadata.version("adjoint") == VERSION
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("adjoint is not installed, only built into the source tree")


def test_no_other_file_repeats_the_version():
    files = ["CMakeLists.txt", "core/CMakeLists.txt", "tools/dev", "tools/release", "src/adjoint/__init__.py"]
    assert [f for f in files if VERSION in read(f)] == []


def test_the_changelog_has_a_heading_for_the_version():
    assert re.search(rf"^## \[{re.escape(VERSION)}\]", read("CHANGELOG.md"), re.M)


def test_ci_runs_the_readmes_lines_word_for_word():
    lines = re.search(r"^## Try it\n+```sh\n(.*?)```", read("README.md"), re.M | re.S)[1].splitlines()
    run = re.findall(r"^readme '(.*)'$", read(".ci/run"), re.M)
    assert len(lines) == 2 and run == lines


def test_pre_commit_pins_the_linters_of_ci():
    group = re.search(r"^lint = \[(.*?)\]", read("pyproject.toml"), re.M)[1]
    hooks = re.findall(r"additional_dependencies: \[(.*)\]", read(".pre-commit-config.yaml"))
    assert {w.strip() for h in hooks for w in h.split(",")} == set(re.findall(r'"(.*?)"', group))


def test_a_program_in_the_root_imports_what_is_installed():
    """No folder of the checkout's root may be called as the package is."""
    assert not list(ROOT.glob("adjoint*"))


def test_no_test_needs_the_root_on_the_path():
    """`pytest` alone puts tests/ there; `python -m pytest` would hide an import that leans on the root."""
    needs = re.compile(r"^(?:from|import) tests\b", re.M)
    assert [str(p) for p in (ROOT / "tests").rglob("*.py") if needs.search(p.read_text(encoding="utf-8"))] == []


def test_histories_are_made_at_the_door_alone():
    # Nodes are built and tensors linked to them in autograd/ and by the pointwise driver; autograd.Function and the
    # tensors that stand for a GradientEdge do it for themselves. All else goes through apply... of autograd/door.h.
    makers = {
        "ops/pointwise.cpp",
        "ops/pointwise_quick.cpp",
        "ops/pointwise_node.cpp",
        "ops/pointwise_node.h",
        "python/autograd_function.cpp",
        "python/autograd_engine.cpp",
    }
    by_hand = re.compile(
        r"\b(set_history|finish_node|rebase_history|extend_history|link_view|make_node|NodeOf)\b *[(<]"
        r"|\bdoor::|\bnew \(pool_alloc\(sizeof"
    )
    core = ROOT / "core"
    found = set()
    for path in [*core.glob("ops/**/*"), *core.glob("python/*")]:
        if path.suffix in (".h", ".cpp") and by_hand.search(path.read_text()):
            found.add(path.relative_to(core).as_posix())
    assert found == makers
