"""Tools over the graph: nodes and edges, hooks for saved tensors, hooks over several tensors."""

from __future__ import annotations

from .. import _core
from .variable import GradientEdge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    _Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

# Every grad_fn is an instance: name(), next_functions, metadata, register_hook, register_prehook.
Node = _core.Node


def get_gradient_edge(tensor: _core.Tensor) -> GradientEdge:
    """The edge along which the gradient of `tensor` flows.

    Raises:
        RuntimeError: the tensor does not require gradients.
    """
    return GradientEdge(*_core._gradient_edge(tensor))


def increment_version(tensor: _core.Tensor | Iterable[_core.Tensor]) -> None:
    """Tells autograd that a tensor (or each of several) was changed by means it cannot see."""
    for t in (tensor,) if isinstance(tensor, _core.Tensor) else tensor:
        _core._increment_version(t)


# --- saved tensors ---


class saved_tensors_hooks:
    """Inside the block each tensor saved for backward is replaced by ``pack_hook(tensor)``; backward gets
    ``unpack_hook(packed)``, which must be a tensor of equal content.

    Raises:
        RuntimeError: pack_hook changes its argument in place; hooks are disabled.
    """

    __slots__ = ("pack_hook", "unpack_hook")
    pack_hook: Callable[[_core.Tensor], Any]
    unpack_hook: Callable[[Any], _core.Tensor]

    def __init__(self, pack_hook: Callable[[_core.Tensor], Any], unpack_hook: Callable[[Any], _core.Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _core._push_saved_tensors_default_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        _core._pop_saved_tensors_default_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Saved tensors are kept in main memory and brought back to their device for backward."""

    __slots__ = ()

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor):
            if tensor.device.type == "cpu" or tensor.device.type == "meta":
                return tensor.device, tensor.detach().clone() if not pin_memory else tensor.detach().cpu()
            return tensor.device, tensor.cpu()

        def unpack(packed):
            device, tensor = packed
            return tensor if tensor.device == device else tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks:
    """Inside the block the use of `saved_tensors_hooks` raises a RuntimeError with this message. Also a decorator."""

    __slots__ = ("message", "prev")
    message: str
    prev: str | None

    def __init__(self, error_message: str) -> None:
        self.message = error_message

    def __enter__(self) -> None:
        self.prev = _core._saved_tensors_hooks_get_disabled_error_message()
        try:
            _core._saved_tensors_hooks_disable(self.message)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *exc: object) -> None:
        if self.prev is None:
            _core._saved_tensors_hooks_enable()
        else:
            _core._saved_tensors_hooks_disable(self.prev)

    def __call__(self, func: _Decorated) -> _Decorated:
        from .grad_mode import _decorate

        return _decorate(lambda: type(self)(self.message), func)


class _MutationContext:
    """Saved tensors of the block, kept as copies."""

    count: int

    def __init__(self) -> None:
        self.count = 0

    def clear(self) -> None:
        self.count = 0


class allow_mutation_on_saved_tensors:
    """Inside the block tensors saved for backward may be changed in place: backward uses the values that were saved.

    A copy is made of every saved tensor when it is saved. (PyTorch copies only when a tensor is changed, which costs a
    look at every operation; the block's forward and backward results are the same.)
    """

    __slots__ = ("_hooks",)

    def __enter__(self) -> _MutationContext:
        context = _MutationContext()

        def pack(tensor):
            context.count += 1
            return tensor.detach().clone()

        def unpack(copy):
            return copy

        self._hooks = saved_tensors_hooks(pack, unpack)
        self._hooks.__enter__()
        return context

    def __exit__(self, *exc: object) -> None:
        self._hooks.__exit__(*exc)


# --- hooks over several tensors ---


class _MultiHandle:
    """Removes hooks from several tensors."""

    __slots__ = ("__weakref__", "handles")
    handles: tuple[Any, ...]

    def __init__(self, handles: Iterable[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _MultiHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[_core.Tensor], fn: Callable[..., Any], *, mode: str = "all"
) -> _MultiHandle:
    """Calls `fn` in each backward pass when gradients of `tensors` are known.

    Args:
        tensors: tensors that require gradients.
        fn: for mode "all": called once a pass with the list of gradients (None for tensors that get none). For "any":
            called with the first gradient that is known.

    Returns:
        a handle with ``remove()``.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    return _MultiHandle(_hook_all(tensors, fn) if mode == "all" else _hook_any(tensors, fn))


def _hook_all(tensors, fn):
    import threading

    nodes = [get_gradient_edge(t).node for t in tensors]
    count = len(nodes)  # the hooks hold no tensor: a tensor whose hook holds it is slow to be collected
    lock = threading.Lock()
    passes = {}  # by backward pass: [gradients, how many are missing]

    def hook_of(index):
        def hook(grad):
            key = _core._current_graph_task_id()
            if key == -1:
                raise AssertionError("expected this hook to be called inside a backward call")
            with lock:
                if key not in passes:
                    passes[key] = [[None] * count, sum(map(_core._will_engine_execute_node, nodes))]
                state = passes[key]
                state[0][index] = grad
                state[1] -= 1
                done = state[1] == 0
                if done:
                    del passes[key]
            if done:
                fn(state[0])

        return hook

    return [t.register_hook(hook_of(i)) for i, t in enumerate(tensors)]


def _hook_any(tensors, fn):
    import threading

    lock = threading.Lock()
    seen = -1

    def hook(grad):
        nonlocal seen
        key = _core._current_graph_task_id()
        if key == -1:
            raise AssertionError("expected this hook to be called inside a backward call")
        with lock:
            first, seen = seen != key, key
        if first:
            fn(grad)

    return [t.register_hook(hook) for t in tensors if t.requires_grad]
