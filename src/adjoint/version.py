"""What PyTorch's build would say of itself."""

from __future__ import annotations

from .torch_version import VERSION

__version__ = VERSION
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
debug = False
git_version = "unknown"
