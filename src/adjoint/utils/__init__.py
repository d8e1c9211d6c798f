"""torch.utils: data, hooks, and exchange of memory with other libraries."""

from . import dlpack as dlpack
from . import hooks as hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import data as data


def __getattr__(name: str) -> object:
    if name == "data":  # at first use: it brings what `import adjoint` does without
        from importlib import import_module

        return import_module(f"{__name__}.data")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
