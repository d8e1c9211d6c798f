"""`from support import torch`: the library under test. With ADJOINT_STANDIN=torch the tests run on PyTorch itself, which
shows that what they expect is right."""

import importlib
import os
import subprocess
import sys

torch = importlib.import_module(os.environ.get("ADJOINT_STANDIN", "adjoint"))
IS_TORCH = torch.__name__ == "torch"


def custom(forward, backward, **more):
    """An autograd.Function of two functions."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    members.update({k: staticmethod(v) for k, v in more.items()})
    return type("Custom", (torch.autograd.Function,), members)


def leaf(*values, dtype=None):
    return torch.tensor(list(values), dtype=dtype or torch.float32, requires_grad=True)


def error_of(f, *classes):
    """The text of the exception that f raises; fails if there is none of these classes."""
    try:
        f()
    except classes or (Exception,) as e:  # noqa: B030
        return str(e)
    raise AssertionError(f"no exception of {classes}")


def joined(lists):
    """The items of all."""
    return [item for part in lists for item in part]


def raised(f):
    """The exception itself that f raises."""
    try:
        f()
    except Exception as e:
        return e
    raise AssertionError("no exception")


def run(code, *, head="import adjoint as torch\n", flags=(), timeout=60):
    """What a program prints, line by line, in an interpreter of its own: it must end, and end well."""
    command = [sys.executable, *flags, "-X", "faulthandler", "-c", head + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split("\n")[:-1]
