"""autocast, which is never on: programs that switch it off, or ask for a device that is not there, run."""

from __future__ import annotations

from functools import partial, wraps

from .. import _core
from .._user import warn_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])

__all__ = ["autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

_DEFAULTS = {"cpu": _core.bfloat16, "cuda": _core.float16}


def is_autocast_available(device_type: str) -> bool:
    """False: there is no device with autocast."""
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False."""
    return False


def get_autocast_dtype(device_type: str) -> Any:
    """The type that autocast would compute in."""
    return _DEFAULTS.get(device_type, _core.float16)


class autocast:
    """A context, or decorator, in which operations would choose their types. Only `enabled=False` is of use here.

    Raises:
        NotImplementedError: it is to be on for the CPU.
        RuntimeError: a device that PyTorch does not know, either.

    For "cuda", which is not there, it warns and is off, as in PyTorch.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if device_type not in _DEFAULTS:
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._cache_enabled = True if cache_enabled is None else cache_enabled
        self._enabled = False
        if not enabled:
            return
        if device_type == "cuda":
            warn_user("CUDA is not available or torch_xla is imported. Disabling autocast.")
        elif self.fast_dtype not in (_core.bfloat16, _core.float16):
            warn_user(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently."
            )
        else:
            raise NotImplementedError(
                "autocast on the CPU is not in Adjoint: compute in float32 (autocast(..., enabled=False)), or cast the model "
                f"and its inputs with .to({self.fast_dtype})"
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        pass

    def __call__(self, func: _F) -> _F:
        if not callable(func):
            raise TypeError(f"autocast()(func) requires a callable, but got {type(func).__name__}")
        return func


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """For the forward of an autograd.Function: says in `ctx` that autocast was off."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @wraps(fwd)
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        ctx._dtype, ctx._fwd_used_autocast = get_autocast_dtype(device_type), False
        return fwd(ctx, *args, **kwargs)

    return forward


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """For the backward of an autograd.Function: it runs as it is."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    return partial(custom_bwd, device_type=device_type) if bwd is None else bwd
