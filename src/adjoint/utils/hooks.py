"""RemovableHandle: what register_*hook returns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["RemovableHandle"]


class RemovableHandle:
    """Removes a hook: ``handle.remove()``, or leave a ``with`` block. Refers weakly to the dict that holds the hook."""

    __slots__ = ("__weakref__", "extra_dict_ref", "hooks_dict_ref", "id")
    next_id: int = 0
    id: int
    hooks_dict_ref: Callable[[], Any]
    extra_dict_ref: tuple[Callable[[], Any], ...]

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        from weakref import ref

        self.hooks_dict_ref = ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        if extra_dict is None:
            extra_dict = ()
        elif not isinstance(extra_dict, list):
            extra_dict = [extra_dict]
        self.extra_dict_ref = tuple(ref(d) for d in extra_dict)

    def remove(self) -> None:
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.hooks_dict_ref(), self.id, tuple(r() for r in self.extra_dict_ref)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        from collections import OrderedDict
        from weakref import ref

        hooks = state[0] if state[0] is not None else OrderedDict()
        self.hooks_dict_ref = ref(hooks)
        self.id = state[1]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        self.extra_dict_ref = tuple(
            ref(OrderedDict() if d is None else d) for d in (state[2] if len(state) > 2 else ())
        )

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        self.remove()
