"""Every code block of the README and of the documentation runs, and prints what the page says it prints."""

import re
import shlex

import pytest
from docs_runner import PAGES, ROOT, Runner, blocks, same

from adjoint import cli

LANGUAGES = {"python", "text", "sh", "cpp", "py", "toml", "latex"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
@pytest.mark.filterwarnings("error")
def test_blocks_run(page, tmp_path):
    runner = Runner(page, tmp_path)
    for block in blocks(page):
        printed = runner.run(block)
        if block.expected is not None and printed is not None:
            assert same(printed, block.expected.text), f"{page.name}:{block.line} prints:\n{printed}"
    runner.space.clear()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_blocks_have_a_language(page):
    """So that none is passed over."""
    fences = re.findall(r"^\s*```(.*)$", page.read_text(encoding="utf-8"), re.M)
    found = blocks(page)
    assert len(fences) == 2 * len(found), "a fence that the runner does not see (indented, or left open)"
    assert {b.language for b in found} <= LANGUAGES


COMMANDS = [(page, line) for page in PAGES for b in blocks(page) if b.language == "sh" for line in b.text.splitlines()]


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{p.name}: {line}" for p, line in COMMANDS])
def test_commands_exist(page, line):
    """Those that are not run: the words of `adjoint`, the extras of pip, files of ours."""
    for part in re.split(r"&&|\|", line.partition("  #")[0]):
        words = shlex.split(part)
        words = words[next(i for i, w in enumerate(words) if "=" not in w or w.startswith("-")) :]
        if words[0] == "adjoint" and words[1:] and "--help" not in words:
            parser, _ = cli._parser()
            parser.parse_args(words[1 : words.index("--") if "--" in words else len(words)])
        elif words[:2] == ["pip", "install"]:
            extras = re.search(r"\[(.*)\]", " ".join(words))
            known = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
            assert set(extras[1].split(",") if extras else []) <= set(known)
        elif "/" in words[0]:
            assert (ROOT / words[0]).exists()
        else:
            assert words[0] in set("adjoint pytest python mkdocs git cd dot mypy basedpyright pre-commit".split())


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    there = {str(p.relative_to(ROOT / "docs")) for p in PAGES if p.parent != ROOT}
    assert there <= listed


def test_the_recipes_are_the_code_itself():
    """architecture.md's code stands, part for part, in the files that its fences name."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    fences = re.findall(r'^```(?:cpp|py) title="(.+?)"\n(.*?)^```$', page, re.M | re.S)
    assert len(fences) == 8
    for name, text in fences:
        code = "".join((ROOT / name).read_text(encoding="utf-8").split())
        for part in re.split(r"^ *(?://|#) \.\.\.$", text, flags=re.M):
            assert "".join(part.split()) in code, f"{name} has no longer:\n{part}"
