"""torch.utils.tensorboard: a SummaryWriter over the package `tensorboard`, where that is installed."""

try:
    import tensorboard as _tensorboard  # noqa: F401
except ImportError as _error:
    raise ImportError("torch.utils.tensorboard needs the package tensorboard: pip install tensorboard") from _error

from .writer import SummaryWriter as SummaryWriter
