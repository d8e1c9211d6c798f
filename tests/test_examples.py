"""Every file of examples/ runs."""

import pathlib
import re
import subprocess
import sys

import pytest

FILES = sorted((pathlib.Path(__file__).parents[1] / "examples").glob("*.py"))


FOLDER = FILES[0].parent
# Programs of PyTorch: arguments that make them short, and the number at their end with what it has to be.
PROGRAMS = {
    "digits_cnn": ("--epochs 5", r"held-out ([\d.]+)%", lambda share: share >= 97),
    "char_gpt": ("--steps 60 --letters 40", r"step +59  loss ([\d.]+)", lambda loss: loss < 2.6),
    "lstm_waves": ("--steps 150", r"step +149 .* ([\d.]+)", lambda error: error < 0.03),
    "vae_digits": ("--epochs 10 --out {tmp}/digits.png", r"off by ([\d.]+)", lambda error: error < 0.18),
    "ode_fit": ("--steps 100", r"step +99  loss ([\d.]+)", lambda loss: loss < 0.01),
    "logistic_lbfgs": ("", r"held-out: ([\d.]+)%", lambda share: share >= 97),
    "cartpole_reinforce": ("--rounds 15", r"round 14 .* for +([\d.]+)", lambda ticks: ticks > 60),
}


@pytest.mark.parametrize("path", [p for p in FILES if p.stem not in PROGRAMS], ids=lambda p: p.stem)
def test_example(path):
    done = subprocess.run([sys.executable, "-W", "error", str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_of_pytorch(name, tmp_path):
    options, pattern, right = PROGRAMS[name]
    words = ["-m", "adjoint", "run", f"{FOLDER}/{name}.py", *options.format(tmp=tmp_path).split()]
    done = subprocess.run([sys.executable, "-W", "error", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert right(float(re.findall(pattern, done.stdout)[-1])), done.stdout
    assert "adjoint" not in (FOLDER / f"{name}.py").read_text().replace("adjoint run", "")
    if name == "vae_digits":
        assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_there_are_examples():
    assert len(FILES) >= 4 and set(PROGRAMS) <= {p.stem for p in FILES}
