"""`adjoint explain|graph|why script.py`: the script runs as __main__ would, and every wrong use is answered."""

import subprocess
import sys
import textwrap

import pytest

from adjoint.cli import main
from adjoint.cli.script import Complaint, run

ARTICLE = """
import adjoint as torch
input = torch.ones([2, 2])
w1, w2, w3 = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0, 4.0))
l1 = input * w1
l2 = l1 + w2
l3 = l1 * w3
l4 = l2 * l3
loss = l4.mean()
loss.backward()
layers = [w1, w2]
print("the script's own line")
"""


@pytest.fixture
def script(tmp_path):
    def write(text, name="train.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


def adjoint(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "adjoint", *words], capture_output=True, text=True, timeout=120, **more
    )


def refused(capsys, words, status):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == status
    return capsys.readouterr().err


def test_runs_as_main_would(script, capfd):
    path = script(
        """
        import sys, os
        if __name__ == "__main__":
            seen = (sys.argv, sys.path[0], __file__, sys.modules["__main__"].__dict__ is globals())
        print("hello")
        """
    )
    old = sys.argv, list(sys.path), sys.modules["__main__"]
    seen = run(path, ["--epochs", "3"]).space["seen"]
    assert seen[0] == [path, "--epochs", "3"] and path.startswith(seen[1]) and seen[2] == path and seen[3]
    assert (sys.argv, sys.path, sys.modules["__main__"]) == old
    out, err = capfd.readouterr()
    assert out == "" and err == "hello\n"


def test_imports_from_the_scripts_folder(script):
    script("value = 7", "cli_neighbour.py")
    assert run(script("from cli_neighbour import value"), []).space["value"] == 7
    del sys.modules["cli_neighbour"]


def test_names_of_tensors(script):
    found = run(script(ARTICLE), [])
    assert found.tensor("w1") is found.tensor("layers[0]")
    assert found.tensor("layers[-1]") is found.tensor("w2")
    with pytest.raises(Complaint, match="no variable los; did you mean loss") as e:
        found.tensor("los")
    assert "tensors: input, w1, w2, w3, l1, l2, l3, l4, loss" in str(e.value)
    with pytest.raises(Complaint, match="torch is no tensor but of type module"):
        found.tensor("torch")
    with pytest.raises(Complaint, match="no variable"):
        found.tensor("loss.backward()")


def test_graphs_are_kept(script):
    found = run(script(ARTICLE), [])
    assert found.tensor("w1").grad.item() == 28.0
    found.tensor("loss").backward()
    assert found.tensor("w1").grad.item() == 56.0


def test_step_stops_at_a_backward_pass(script):
    path = script(
        """
        import adjoint as torch
        w = torch.tensor(2.0, requires_grad=True)
        def train():
            for epoch in range(5):
                loss = w * epoch
                torch.autograd.backward([loss])
                with torch.no_grad():
                    w.sub_(0.1 * w.grad)
        train()
        raise SystemExit(9)
        """
    )
    found = run(path, [], step=3)
    assert found.space["epoch"] == 2 and found.tensor("loss").item() == pytest.approx(2 * 1.9)
    with pytest.raises(Complaint, match="exit status 9"):
        run(path, [])
    with pytest.raises(Complaint, match="exit status 9"):
        run(path, [], step=6)


def test_step_beyond_the_last(script, capsys):
    words = ["explain", script("import adjoint\nx = 1"), "--step", "2"]
    assert "--step 2: the script ran 0 backward passes" in refused(capsys, words, 2)


def test_failing_script_shows_its_own_traceback(script, capsys):
    path = script("def f():\n    return 1 / 0\n\nf()\n")
    err = refused(capsys, ["explain", path], 1)
    assert err.startswith(f'Traceback (most recent call last):\n  File "{path}", line 4, in <module>')
    assert "ZeroDivisionError: division by zero" in err and "cli" not in err
    assert err.endswith(f"adjoint explain: {path} failed: there is nothing to look at\n")


def test_syntax_error(script, capsys):
    err = refused(capsys, ["graph", script("x = = 1")], 1)
    assert "SyntaxError" in err and "is not a Python program" in err


def test_torch_is_not_installed(script, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # an import fails as if it were not there
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    err = refused(capsys, ["explain", script("import torch\n")], 1)
    assert "ModuleNotFoundError" in err
    assert "the script imports torch, which is not installed: write 'import adjoint as torch' in it" in err


def test_tensors_of_pytorch(script, capsys):
    path = script("class Tensor: pass\nTensor.__module__ = 'torch'\nloss = Tensor()\n")
    assert "loss is PyTorch's tensor, not Adjoint's" in refused(capsys, ["explain", path], 2)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["explain"], "required: script.py"),
        (["explain", "nowhere.py"], "there is no file nowhere.py"),
        (["explain", "/"], "/ is a folder; expected a Python file"),
        (["graph", "x.py", "--dot", "--json"], "not allowed with"),
        (["why", "x.py"], "required: --of"),
        (["explain", "x.py", "--step", "0"], "expected a number from 1, got '0'"),
        (["explain", "x.py", "--format", "latx"], "did you mean 'latex'?"),
    ],
)
def test_wrong_uses(words, text, capsys):
    err = refused(capsys, words, 2)
    assert text in err and f"Try 'adjoint {words[0]} --help'" in err


@pytest.mark.parametrize("command", ["explain", "graph", "why", "demo", "info"])
def test_help_of_each_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    out = capsys.readouterr().out
    assert stop.value.code == 0 and f"  adjoint {command} " in out[out.index("example") :]


def test_unknown_variable(script, capsys):
    err = refused(capsys, ["explain", script(ARTICLE), "--with", "w4"], 2)
    assert "the script has no variable w4" in err and "tensors: input, w1" in err


def test_script_without_tensors(script, capsys):
    assert "there is no tensor among the variables at its end" in refused(capsys, ["explain", script("x = 1")], 2)


def test_explain_prints_the_derivation(script):
    done = adjoint("explain", script(ARTICLE), "--with", "w1")
    assert done.returncode == 0, done.stderr
    assert "28" in done.stdout and "the script's own line" not in done.stdout
    assert "the script's own line" in done.stderr


@pytest.mark.parametrize(("kind", "mark"), [("markdown", "w1"), ("latex", "\\"), ("html", "<")])
def test_explain_writes_a_file(script, tmp_path, kind, mark, capsys):
    out = tmp_path / "out"
    assert main(["explain", script(ARTICLE), "--with", "w1", "--format", kind, "-o", str(out)]) == 0
    assert mark in out.read_text() and f"wrote {out}" in capsys.readouterr().err


def test_explain_of_a_tensor_without_graph(script, capsys):
    assert "adjoint explain: " in refused(capsys, ["explain", script(ARTICLE), "--of", "input"], 1)


@pytest.mark.parametrize(
    ("kind", "mark"), [("dot", "digraph"), ("mermaid", "flowchart"), ("json", "{"), ("svg", "<svg")]
)
def test_graph_prints(script, kind, mark, capsys):
    assert main(["graph", script(ARTICLE), f"--{kind}", "-"]) == 0
    assert mark in capsys.readouterr().out[:400]


def test_graph_writes_a_page(script, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["graph", script(ARTICLE)]) == 0
    assert "<svg" in (tmp_path / "loss.html").read_text() or "<canvas" in (tmp_path / "loss.html").read_text()
    assert "wrote loss.html" in capsys.readouterr().err


def test_graph_opens_a_browser(script, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda uri: opened.append(uri) or False)
    assert main(["graph", script(ARTICLE), "--open"]) == 0
    assert opened[0].startswith("file:///") and opened[0].endswith("/loss.html")
    assert "no browser could be started" in capsys.readouterr().err


def test_unwritable_path(script, capsys):
    err = refused(capsys, ["graph", script(ARTICLE), "--svg", "/no/such/folder/x.svg"], 2)
    assert "cannot write /no/such/folder/x.svg: No such file or directory" in err


def test_why_names_the_line(script, capsys):
    path = script(
        """
        import adjoint as torch
        w1 = torch.tensor(2.0, requires_grad=True)
        loss = (w1.detach() * 3).sum()
        """
    )
    assert main(["why", path, "--of", "w1"]) == 0
    out = capsys.readouterr().out
    assert "detach" in out and "4" in out
