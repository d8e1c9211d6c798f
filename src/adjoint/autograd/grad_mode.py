"""Switches for recording: no_grad, enable_grad, set_grad_enabled, inference_mode.

Each is a context manager and a decorator, of functions and of generator functions (the mode is set while the
generator's own code runs, and is the caller's again at each yield).
"""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    from typing_extensions import Self

    _Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]

_is_grad_enabled = _core.is_grad_enabled
_set_grad_enabled = _core._set_grad_enabled
_is_inference = _core.is_inference_mode_enabled
_set_inference = _core._set_inference_mode

_GENERATOR = 0x20  # inspect.CO_GENERATOR


def _wrap_generator(make_context: Callable[[], Any], func: Any) -> Any:
    """Runs each stretch of a generator's code inside a fresh context."""
    import functools

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        gen = func(*args, **kwargs)
        step, value = gen.send, None
        try:
            while True:
                with make_context():
                    item = step(value)
                try:
                    step, value = gen.send, (yield item)
                except GeneratorExit:
                    with make_context():
                        gen.close()
                    raise
                except BaseException as e:
                    step, value = gen.throw, e
        except StopIteration as e:
            return e.value

    return wrapper


def _decorate(make_context: Callable[[], Any], func: Any) -> Any:
    import functools

    if isinstance(func, type):
        import warnings

        warnings.warn(
            "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
            "functions or methods. To preserve the current behavior of class decoration, you can directly decorate "
            "the `__init__` method and nothing else.",
            FutureWarning,
            stacklevel=3,
        )

        def construct(*args, **kwargs):
            with make_context():
                return func(*args, **kwargs)

        return construct
    code = getattr(getattr(func, "__func__", func), "__code__", None)
    if code is not None and code.co_flags & _GENERATOR:
        return _wrap_generator(make_context, func)

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        with make_context():
            return func(*args, **kwargs)

    return wrapper


class no_grad(_core._NoGrad):
    """Disables recording: results inside do not require gradients. ``with no_grad():`` or ``@no_grad()``."""

    __slots__ = ("__weakref__",)

    def __call__(self, orig_func: _Decorated) -> _Decorated:
        return _decorate(type(self), orig_func)

    def clone(self) -> Any:
        return type(self)()


class enable_grad(_core._EnableGrad):
    """Enables recording, inside `no_grad` or `set_grad_enabled(False)`."""

    __slots__ = ("__weakref__",)

    def __call__(self, orig_func: _Decorated) -> _Decorated:
        return _decorate(type(self), orig_func)

    def clone(self) -> Any:
        return type(self)()


class _Switch:
    """A mode that takes a value. Called with a function, it is a decorator."""

    __slots__ = ("__weakref__", "mode", "prev")
    mode: bool
    prev: Any

    def clone(self: Any) -> Any:
        return type(self)(self.mode)

    def __call__(self, orig_func: _Decorated) -> _Decorated:
        return _decorate(self.clone, orig_func)


class set_grad_enabled(_core._SetGradEnabled):
    """Sets recording on or off: at once as a function, for a block as a context manager."""

    __slots__ = ("__weakref__",)

    def clone(self) -> Any:
        return type(self)(self.mode)

    def __call__(self, orig_func: _Decorated) -> _Decorated:
        _set_grad_enabled(self.prev)  # a decorator changes nothing until the function runs
        return _decorate(self.clone, orig_func)

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"


class inference_mode(_Switch):
    """Like `no_grad`, and tensors made inside may never take part in recording: no version counters are kept.

    ``inference_mode(False)`` inside switches back to normal mode, with recording on.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __new__(cls, mode: bool = True) -> Self: ...
        @overload
        def __new__(cls, mode: _Decorated) -> _Decorated: ...  # type: ignore[misc]

    def __new__(cls, mode: Any = True) -> Any:
        if isinstance(mode, bool):
            return object.__new__(cls)
        return cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self.prev = _is_inference(), _is_grad_enabled()
        _set_inference(self.mode)
        _set_grad_enabled(not self.mode)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        inference, grad = self.prev
        _set_inference(inference)
        _set_grad_enabled(grad)


_multithreading = True


def is_multithreading_enabled() -> bool:
    """Whether a backward pass may use several threads; kept for programs that ask."""
    return _multithreading


class set_multithreading_enabled(_Switch):
    """Kept for programs that set it. Nodes of one backward pass run in the calling thread in either mode; the work
    inside an operation is what is shared among threads, with the same bits for any number of them."""

    __slots__ = ()

    def __init__(self, mode: bool) -> None:
        self.prev = _multithreading
        self.mode = mode
        self._set(mode)

    @staticmethod
    def _set(mode: bool) -> None:
        global _multithreading
        _multithreading = mode

    def __enter__(self) -> None:
        self._set(self.mode)

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        self._set(self.prev)

    def __call__(self, orig_func: _Decorated) -> _Decorated:
        self._set(self.prev)
        return _decorate(self.clone, orig_func)
