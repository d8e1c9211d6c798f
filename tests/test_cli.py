"""The `adjoint` command: right numbers, exit statuses, help, and answers to wrong words."""

import subprocess
import sys

import pytest

from adjoint.cli import article, main, screen


def run(*words):
    return subprocess.run([sys.executable, "-m", "adjoint", *words], capture_output=True, text=True, timeout=120)


def test_demo_is_right():
    done = run("demo", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all numbers are right" in done.stdout
    assert done.stderr == ""


def test_the_networks_losses_are_drawn(tmp_path, capsys):
    assert main(["demo", "network", "--plain", "--out", str(tmp_path)]) == 0
    picture = (tmp_path / "losses.svg").read_text()
    assert picture.count("<polyline") == 2 and str(tmp_path / "losses.svg") in capsys.readouterr().out


def test_demo_fails_on_a_wrong_number(monkeypatch, capsys):
    wrong = [(name, value, gradient and gradient + 1, node) for name, value, gradient, node in article._ARTICLE]
    monkeypatch.setattr(article, "_ARTICLE", wrong)
    assert main(["demo", "article"]) == 1
    assert "wrong numbers in: article" in capsys.readouterr().out


def test_info(capsys):
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("adjoint", "python", "threads", "OpenBLAS"))


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "adjoint demo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["dmo"], "did you mean 'demo'?"),
        (["demo", "digts"], "did you mean 'digits'?"),
        (["demo", "zzz"], "the parts are article, digits, network, speed"),
        (["--nonsense"], "Try 'adjoint --help'"),
    ],
)
def test_wrong_words_are_answered(words, hint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert hint in capsys.readouterr().err


def test_progress_prints_plain_lines(capsys):
    with screen.progress("counting", 10, plain=False) as advance:
        for i in range(10):
            advance(f"step {i}")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1/10", "5/10", "10/10"]
