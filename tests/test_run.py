"""`as_torch` and `adjoint run`: programs that import torch, unchanged."""

import os
import subprocess
import sys
import textwrap

import pytest

import adjoint

HERE = os.path.dirname(os.path.dirname(adjoint.__file__))


def run(*words, **options):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(
        [sys.executable, "-m", "adjoint", "run", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        **options,
    )


@pytest.fixture
def program(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.mark.skipif("torch" in sys.modules and sys.modules["torch"] is not adjoint, reason="the real torch is loaded")
def test_a_block_and_its_end():
    before, version = set(sys.modules), adjoint.__version__
    with adjoint.as_torch() as t, adjoint.as_torch():
        import torch
        import torch.nn.functional as F
        from torch.optim import lr_scheduler

        assert torch is t is adjoint and F is adjoint.nn.functional and lr_scheduler is adjoint.optim.lr_scheduler
        assert torch.__version__ >= (2, 13) and torch.__version__ > "2.9" and torch.Tensor.__module__ == "torch"
        with pytest.raises(ModuleNotFoundError, match="adjoint has no torch.no_such_thing yet"):
            import torch.no_such_thing
        from importlib import metadata

        assert metadata.version("torch") == torch.__version__
    assert not [n for n in set(sys.modules) - before if n.partition(".")[0] == "torch"]
    assert adjoint.__version__ == version and adjoint.Tensor.__module__ == "adjoint"
    assert adjoint.nn.functional.__spec__.name == "adjoint.nn.functional"


def test_a_script_with_its_arguments_and_children(program):
    path = program("""
        import subprocess, sys
        import torch
        from torch import nn
        print(__name__, sys.argv[1:], nn.Linear(2, 1)(torch.ones(1, 2)).shape, torch.__version__)
        child = "import torch; print(torch.nn.Linear(1, 1).__class__.__module__)"
        print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout.strip())
        """)
    done = run(path, "--lr", "0.1")
    assert done.stdout.splitlines() == [
        "__main__ ['--lr', '0.1'] torch.Size([1, 1]) 2.13.0+adjoint",
        "adjoint.nn.modules.linear",
    ], done.stderr


def test_a_module_and_a_command(program, tmp_path):
    program("import sys, torch\nprint(torch.ones(1), sys.argv[1:])\n", "package.py")
    assert run("-m", "package", "x", cwd=tmp_path).stdout == "tensor([1.]) ['x']\n"
    program("import torch\ndef test_it():\n    assert torch.__version__.endswith('adjoint')\n", "test_one.py")
    done = run("--", "pytest", "-q", "-p", "no:cacheprovider", "test_one.py", cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_ends_that_are_errors(program):
    done = run(program("import torch\ndef f():\n    torch.ones(2) + torch.ones(3)\nf()\n"))
    assert done.returncode == 1 and "RuntimeError" in done.stderr and "in f" in done.stderr
    assert "adjoint/cli" not in done.stderr
    assert run(program("raise SystemExit(7)")).returncode == 7
    done = run("nowhere.py")
    assert done.returncode == 2 and "there is no file nowhere.py" in done.stderr
    done = run(program("import torch\ntorch.foo.bar\n"))
    assert "has no attribute 'foo'" in done.stderr


def test_what_is_missing_is_told_without_running(program):
    path = program("""
        import torch, torch.nn as nn
        from torch.nn import functional as F
        raise SystemExit("it ran")
        def f(x):
            return F.relu(torch.foo.bar(nn.Linear(1, 1)(x))) + torch.nothing
        """)
    done = run("--missing", path)
    assert done.returncode == 1 and "it ran" not in done.stdout
    assert "torch.foo.bar" in done.stdout and f"{path}:6" in done.stdout and "torch.nothing" in done.stdout
    assert "lacks 2" in done.stdout
    assert run("--missing", program("import torch\ntorch.ones(1)\n", "fine.py")).returncode == 0


def test_edges_that_libraries_touch():
    from adjoint import distributed, fx, jit
    from adjoint.futures import Future
    from adjoint.utils import _pytree

    with pytest.warns(UserWarning, match="nothing is compiled"):
        assert jit.script(len) is len
    assert jit.trace(len) is len and not jit.is_scripting() and jit.ignore(len) is len
    assert not isinstance(adjoint.nn.ReLU(), jit.ScriptModule)
    assert not distributed.is_available() and fx.wrap("len") == "len"
    with pytest.raises(ValueError, match="not been initialized"):
        distributed.get_rank()
    future = Future()
    after = future.then(lambda f: f.value() + 1)
    future.set_result(1)
    assert after.wait() == 2
    tree = {"a": [1, (2, None)], "b": 3}
    assert _pytree.tree_map(lambda x: x, tree) == tree and _pytree.tree_leaves(tree) == [1, 2, None, 3]
    assert _pytree.tree_map_only(int, lambda x: -x, tree) == {"a": [-1, (-2, None)], "b": -3}


def test_processes(program):
    path = program("""
        import torch.multiprocessing as mp
        import torch

        def work(i, x):
            print(f"{i} {x.sum().item()}\\n", end="", flush=True)

        def fail(i):
            raise ValueError("no")

        if __name__ == "__main__":
            mp.spawn(work, (torch.ones(3),), nprocs=2)
            try:
                mp.spawn(fail, nprocs=2)
            except mp.ProcessRaisedException as e:
                print("ValueError: no" in str(e))
        """)
    done = run(path)
    lines = done.stdout.splitlines()
    assert sorted(lines[:2]) == ["0 3.0", "1 3.0"] and lines[-1] == "True", done.stderr
