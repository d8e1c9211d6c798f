"""torch.utils: data, checkpointing, hooks, and exchange of memory with other libraries."""

from . import dlpack as dlpack
from . import hooks as hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import checkpoint as checkpoint
    from . import data as data


def __getattr__(name: str) -> object:
    if name in ("checkpoint", "data"):  # at first use: it brings what `import adjoint` does without
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
