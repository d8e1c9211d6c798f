"""`adjoint info`: what runs here, to put into a report of a problem."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import adjoint
from adjoint import _core

_SETTINGS = ("ADJOINT_ISA", "ADJOINT_CACHE_LIMIT_MB", "OPENBLAS_CORETYPE")


def run() -> int:
    for name, text in rows():
        print(f"{name:12}{text}")
    return 0


def rows() -> Iterator[tuple[str, str]]:
    """(name, text) of each line."""
    yield "adjoint", f"{adjoint.__version__}, {Path(adjoint.__file__).parent}"
    yield "python", f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"
    yield "system", f"{platform.system()} {platform.release()}, {platform.machine()}, {'-'.join(platform.libc_ver())}"
    yield "processor", f"{_processor()}, {os.cpu_count()} processors, {_usable()} usable"
    yield "caches", _caches()
    yield "memory", _memory()
    try:
        build = _core._build()
    except RuntimeError as error:  # the library beside the package is gone
        build = {}
        yield "BLAS", f"MISSING: {error}"
    else:
        yield (
            "build",
            f"{build['compiler']}; instruction sets: {build['built for']}{build['sanitizer'] and ', '}{build['sanitizer']}",
        )
        yield "kernels", f"{build['runs']} ({adjoint.backends.cpu.get_cpu_capability()})"
        yield "BLAS", f"OpenBLAS, for {build['BLAS core']}, one thread a call"
    yield "threads", f"{adjoint.get_num_threads()}"
    stats = adjoint.memory_stats()
    yield "allocator", f"{_bytes(stats['cached'])} kept for re-use, at most {_bytes(stats['limit'])}"
    yield "cuda", "available" if adjoint.cuda.is_available() else "not in this build"
    yield "beside it", ", ".join(_installed(("numpy", "scipy", "rich", "torch")))
    yield "settings", ", ".join(f"{name}={os.environ[name]}" for name in _SETTINGS if name in os.environ) or "none"


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _bytes(n: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if n < 1024 or unit == "TiB":
            break
        n /= 1024
    return f"{n:.4g} {unit}"


def _caches() -> str:
    """Of the first processor: "L1d 32K, L1i 32K, L2 1024K, L3 ..."."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        found.append(f"L{level}{kind[0].lower() if kind != 'Unified' else ''} {size}")
    return ", ".join(found) or "unknown"


def _memory() -> str:
    fields = {}
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, rest = line.partition(":")
            fields[name] = int(rest.split()[0]) * 1024
        text = f"{_bytes(fields['MemTotal'])}, {_bytes(fields['MemAvailable'])} available"
    except (OSError, KeyError, ValueError):
        return "unknown"
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        limit = "max"
    return text if limit == "max" else f"{text}; this process may use {_bytes(int(limit))}"


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
