"""Small PyTorch programs, to be run with torch and with adjoint. Each is a function prog(torch) that prints.

What torch 2.13 prints is recorded in recorded.json, so that the comparison needs no torch; where torch is installed the
programs run with both.
"""

import contextlib
import importlib
import io
import json
import pathlib
import pkgutil
import warnings

RECORDED = pathlib.Path(__file__).with_name("recorded.json")


def all_programs():
    """name -> function, over all modules here."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        loaded = importlib.import_module(f"{__name__}.{module}")
        for name, value in vars(loaded).items():
            if callable(value) and name.startswith("prog_"):
                found[f"{module}.{name[5:]}"] = value
    return found


def run(program, torch):
    """What it prints; an exception that it does not catch is printed, too."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program(torch)
        except Exception as e:
            print("uncaught", type(e).__name__)
    return out.getvalue()


def recorded():
    return json.loads(RECORDED.read_text())


def record(torch):
    """Writes recorded.json: python -c 'import torch, programs; programs.record(torch)' in tests/parity."""
    RECORDED.write_text(json.dumps({n: run(p, torch) for n, p in all_programs().items()}, indent=1) + "\n")
