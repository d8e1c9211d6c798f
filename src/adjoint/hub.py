"""Models from folders with a hubconf.py, and files from the network with their hashes checked: torch.hub.

A folder's hubconf.py is a program: `load` runs it. What the network brings is data; of a repository on GitHub `load` wants
to be told that it is trusted.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import zipfile
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]

_HASH = re.compile(r"-([a-f0-9]{8,})\.")
_dir: str | None = None


def get_dir() -> str:
    """The folder of what was downloaded: that of `set_dir`, else $TORCH_HOME/hub, $XDG_CACHE_HOME/torch/hub or
    ~/.cache/torch/hub."""
    if _dir is not None:
        return _dir
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: Any) -> None:
    """Sets the folder of what is downloaded."""
    global _dir
    _dir = os.path.expanduser(os.fspath(d))


# --- models ---


def list(github: str, force_reload: bool = False, skip_validation: bool = False, **options: Any) -> Any:
    """The names of the models that a hubconf.py offers.

    Args:
        github: ``"owner/name[:branch]"``, or a folder with ``source="local"``.
    """
    module = _module(github, options.get("source", "github"), force_reload, options.get("trust_repo"))
    return [n for n, f in vars(module).items() if callable(f) and not n.startswith("_")]


def help(github: str, model: str, force_reload: bool = False, skip_validation: bool = False, **options: Any) -> Any:
    """What a model's function says of itself."""
    module = _module(github, options.get("source", "github"), force_reload, options.get("trust_repo"))
    return _entry(module, model).__doc__


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: bool | str | None = None,
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """What the function `model` of a hubconf.py gives.

    Args:
        repo_or_dir: ``"owner/name[:branch]"`` on GitHub; with ``source="local"`` a folder.
        trust_repo: True runs a repository's program; a folder of your own needs no word.

    Raises:
        ValueError: another source, or a repository that nobody has said to trust.
        RuntimeError: no such function, or a package that the program needs is missing.
    """
    return _entry(_module(repo_or_dir, source.lower(), force_reload, trust_repo), model)(*args, **kwargs)


def _module(where: str, source: str, force: bool, trust: bool | str | None) -> ModuleType:
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    folder = _repository(where, force, trust) if source == "github" else where
    path = os.path.join(folder, "hubconf.py")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no hubconf.py in {folder}")
    sys.path.insert(0, folder)
    try:
        spec = spec_from_file_location("hubconf", path)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    missing = [name for name in getattr(module, "dependencies", ()) if not _importable(name)]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return name in sys.modules or find_spec(name) is not None


def _entry(module: ModuleType, model: Any) -> Callable[..., Any]:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def _repository(github: str, force: bool, trust: bool | str | None) -> str:
    """The folder of a repository's branch, downloaded where it is not there."""
    match = re.fullmatch(r"([\w.-]+)/([\w.-]+)(?::([\w./-]+))?", github)
    if match is None or ".." in github:
        raise ValueError(f"a repository is named 'owner/name' or 'owner/name:branch', not {github!r}")
    owner, name, branch = match[1], match[2], match[3] or "main"
    folder = os.path.join(get_dir(), f"{owner}_{name}_{branch.replace('/', '_')}")
    if os.path.isdir(folder) and not force:
        return folder
    if trust is not True and trust != "check":
        raise ValueError(
            f"{github} is a program that would run here: read it, then say trust_repo=True; what is in a folder of your own "
            'is loaded with source="local"'
        )
    archive = folder + ".zip"
    download_url_to_file(f"https://github.com/{owner}/{name}/zipball/{branch}", archive)
    try:
        _unpack(archive, folder)
    finally:
        os.remove(archive)
    return folder


def _unpack(archive: str, folder: str) -> None:
    """The one folder at the top of a zip file, as `folder`; nothing outside of it."""
    import shutil
    import tempfile

    with zipfile.ZipFile(archive) as file, tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as room:
        for member in file.infolist():
            target = os.path.realpath(os.path.join(room, member.filename))
            if not target.startswith(os.path.realpath(room) + os.sep):
                raise RuntimeError(f"the archive has a file outside of itself: {member.filename}")
        file.extractall(room)
        (top,) = os.listdir(room)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(os.path.join(room, top), folder)


# --- files ---


def download_url_to_file(url: str, dst: Any, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Downloads a file: whole, or not at all.

    Args:
        hash_prefix: how the SHA-256 of what comes has to begin.
        progress: shows how far it is, on a terminal.

    Raises:
        RuntimeError: another hash.
        URLError: no such file, or no way there.
    """
    from urllib.request import Request, urlopen

    from .serialization.save import replacing

    path = os.path.expanduser(os.fspath(dst))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with urlopen(Request(url, headers={"User-Agent": "adjoint.hub"})) as source, replacing(path) as file:
        size = int(source.headers.get("Content-Length") or 0)
        done = 0
        while block := source.read(1 << 17):
            file.write(block)
            digest.update(block)
            done += len(block)
            if progress and sys.stderr.isatty():
                share = f"{done / size:4.0%}" if size else f"{done / 1e6:.1f} MB"
                print(f"\r{os.path.basename(path)}  {share}", end="", file=sys.stderr, flush=True)
        if progress and sys.stderr.isatty():
            print(file=sys.stderr)
        if hash_prefix and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")')


def load_state_dict_from_url(
    url: str,
    model_dir: Any = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> Any:
    """A checkpoint from the network, kept in `model_dir` (else in the hub's folder), loaded.

    Args:
        check_hash: the name ends in ``-<the beginning of its SHA-256>.pth``, which has to be right.
    """
    from .serialization.load import load as load_file

    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else os.fspath(model_dir)
    name = file_name or os.path.basename(urlparse(url).path)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        prefix = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, prefix[1] if prefix else None, progress)
    return load_file(path, map_location, weights_only=weights_only)
