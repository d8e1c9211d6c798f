"""torch.utils: hooks, and exchange of memory with other libraries."""

from . import dlpack as dlpack
from . import hooks as hooks
