"""`as_torch()`: for this process, `import torch` gives Adjoint; and so for `torch.nn` and all else, the same module objects.

Nothing is written to disk, nothing happens unless it is asked for, and the end of a `with` block undoes it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType, TracebackType
from typing import Any

import adjoint

from .torch_version import VERSION, TorchVersion

__all__ = ["as_torch"]

_INITIAL = "adjoint"


class _Loader(importlib.abc.Loader):
    """Hands over a module of ours, as it is."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        name = _INITIAL + spec.name.removeprefix("torch")
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            raise ModuleNotFoundError(
                f"No module named '{spec.name}': adjoint has no {spec.name} yet", name=spec.name
            ) from None
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # importlib has put its own there


class _Distribution(importlib.metadata.Distribution):
    """What `importlib.metadata` is told of torch."""

    def read_text(self, filename: str) -> str | None:
        if filename == "METADATA":
            return f"Metadata-Version: 2.1\nName: torch\nVersion: {VERSION}\nSummary: Adjoint, under PyTorch's name\n"
        return None

    def locate_file(self, path: Any) -> Any:
        return path


_EVERYTHING = importlib.metadata.DistributionFinder.Context()


class _Finder(importlib.metadata.DistributionFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        if fullname == "torch.testing._internal" or fullname.startswith("torch._C."):
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(), is_package=True)

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context = _EVERYTHING
    ) -> Iterable[importlib.metadata.Distribution]:
        return [_Distribution()] if context.name in ("torch", None) else []


class as_torch:
    """From here on `import torch` gives Adjoint, in this process.

    As a context manager, until the block ends:

    >>> with torch.as_torch():
    ...     import torch as t
    ...     import torch.nn.functional as F
    >>> t is torch, F is torch.nn.functional
    (True, True)

    Raises:
        RuntimeError: the real torch is imported already; two libraries under one name would not do.
    """

    def __init__(self) -> None:
        loaded = sys.modules.get("torch")
        if loaded is not None and loaded is not adjoint:
            raise RuntimeError(
                f"torch is imported already, from {getattr(loaded, '__file__', '?')}: call adjoint.as_torch() before anything "
                "imports torch"
            )
        self._finder: _Finder | None = None
        if loaded is None:
            self._finder = _Finder()
            self._version = adjoint.__version__
            sys.meta_path.insert(0, self._finder)
            space: dict[str, Any] = vars(adjoint)  # pyright: ignore[reportAssignmentType]
            space["__version__"] = TorchVersion(VERSION)
            sys.modules["torch"] = adjoint
            self._name("torch")

    def __enter__(self) -> ModuleType:
        return adjoint

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._finder is None:  # an outer one ends it
            return
        sys.meta_path.remove(self._finder)
        for name in [n for n in sys.modules if n == "torch" or n.startswith("torch.")]:
            del sys.modules[name]
        vars(adjoint)["__version__"] = self._version  # pyright: ignore[reportIndexIssue]
        self._name("adjoint")

    @staticmethod
    def _name(module: str) -> None:
        """Libraries ask a tensor's class which library it is of."""
        for cls in (adjoint.Tensor, adjoint.Size):
            cls.__module__ = module
