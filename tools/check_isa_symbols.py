"""Fails if a kernel built for a newer processor shares an inline function with the rest of the library.

    python tools/check_isa_symbols.py build/dev

The linker keeps one copy of each function that several objects define inline. Were that the AVX-512 one, the
library would crash on older processors, far from any kernel. See Note [One source, several instruction sets].
"""

import subprocess
import sys
from pathlib import Path

SHARED = "WVu"  # nm's letters for weak and unique definitions


def shared_symbols(object_file: Path, isa: str) -> list[str]:
    listed = subprocess.run(
        ["nm", "-C", "--defined-only", str(object_file)], capture_output=True, text=True, check=True
    ).stdout
    found = []
    for line in listed.splitlines():
        _, kind, name = line.split(maxsplit=2)
        if kind in SHARED and f"::{isa}::" not in name:
            found.append(name)
    return found


def main(build: Path) -> int:
    wrong, seen = 0, 0
    for isa in ("v3", "v4"):
        for object_file in sorted(build.glob(f"core/CMakeFiles/adjoint_{isa}.dir/**/*.o")):
            seen += 1
            for name in shared_symbols(object_file, isa):
                print(f"{isa} {object_file.name}: {name}")
                wrong += 1
    print(f"{seen} objects of newer instruction sets, {wrong} shared symbols")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
