"""No CUDA in this build: it says so, and everything that asks first can go on."""


def is_available():
    """False: this build computes on the processor."""
    return False


def device_count():
    """0."""
    return 0


def is_initialized():
    """False."""
    return False


def _missing(*_args, **_kwargs):
    raise AssertionError("Torch not compiled with CUDA enabled")


init = current_device = get_device_name = get_device_properties = set_device = memory_allocated = _missing


def synchronize(device=None):
    """Nothing to wait for raises as PyTorch's CPU build does."""
    _missing()


def empty_cache():
    """Nothing cached."""


def manual_seed(seed):
    """Accepted; there is no device to seed."""


manual_seed_all = manual_seed
