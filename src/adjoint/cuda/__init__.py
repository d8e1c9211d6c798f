"""No CUDA in this build: it says so, and everything that asks first can go on."""

from typing import NoReturn

from . import amp as amp


def is_available() -> bool:
    """False: this build computes on the processor."""
    return False


def device_count() -> int:
    """0."""
    return 0


def is_initialized() -> bool:
    """False."""
    return False


def _missing(*_args: object, **_kwargs: object) -> NoReturn:
    raise AssertionError("Torch not compiled with CUDA enabled")


init = current_device = get_device_name = get_device_properties = set_device = memory_allocated = _missing


def synchronize(device: object = None) -> None:
    """Raises, as PyTorch's CPU build does: there is no device to wait for."""
    _missing()


def empty_cache() -> None:
    """Nothing cached."""


def manual_seed(seed: int) -> None:
    """Accepted; there is no device to seed."""


manual_seed_all = manual_seed
