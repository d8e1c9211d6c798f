"""`adjoint info`: what runs here, to put into a report of a problem."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import adjoint


def run() -> int:
    capability = adjoint.backends.cpu.get_cpu_capability()
    library = Path(adjoint.__file__).with_name("_lib") / "libscipy_openblas.so"
    print(f"adjoint     {adjoint.__version__}, {Path(adjoint.__file__).parent}")
    print(f"python      {platform.python_version()}, {sys.executable}")
    print(f"system      {platform.system()} {platform.release()}, {platform.machine()}")
    print(f"processor   {_processor()}, {os.cpu_count()} cores, kernels for {capability}")
    print(f"threads     {adjoint.get_num_threads()}")
    print(f"BLAS        OpenBLAS, {'beside the package' if library.exists() else 'MISSING: reinstall adjoint'}")
    print(f"cuda        {'available' if adjoint.cuda.is_available() else 'not in this build'}")
    print(f"beside it   {', '.join(_installed(('numpy', 'scipy', 'rich', 'torch')))}")
    return 0


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or platform.machine()


def _installed(names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return found
