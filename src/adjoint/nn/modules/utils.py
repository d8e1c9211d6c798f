"""Small helpers that programs import from here: numbers as tuples, prefixes of a state's keys."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

__all__ = ["consume_prefix_in_state_dict_if_present"]


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes n of one value, and a tuple of several."""

    def parse(x: Any) -> tuple[Any, ...]:
        return tuple(x) if hasattr(x, "__iter__") else (x,) * n

    parse.__name__ = name
    return parse


_single, _pair, _triple = _ntuple(1, "_single"), _ntuple(2, "_pair"), _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Sequence[Any], n: int) -> tuple[Any, ...]:
    """Padding of a layer as F.pad takes it: the last dimension first, each n times."""
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size: Any, defaults: Sequence[int]) -> Any:
    """Sizes, with those of the input where one is None."""
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    return [d if v is None else v for v, d in zip(out_size, defaults[-len(out_size) :], strict=True)]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Takes `prefix` off the keys of a state, and off those of its metadata, in place.

    >>> import adjoint as torch
    >>> from adjoint.nn.modules.utils import consume_prefix_in_state_dict_if_present
    >>> state = {"module.weight": torch.ones(1)}
    >>> consume_prefix_in_state_dict_if_present(state, "module.")
    >>> list(state)
    ['weight']
    """
    _take_off(state_dict, [key for key in state_dict if key.startswith(prefix)], prefix)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is not None:  # of the module itself: its name without the dot
        own = prefix.replace(".", "")
        _take_off(metadata, [key for key in metadata if key and (key == own or key.startswith(prefix))], prefix)


def _take_off(keyed: dict[str, Any], keys: Iterable[str], prefix: str) -> None:
    for key in keys:
        keyed[key[len(prefix) :]] = keyed.pop(key)
