"""Many items become one batch: what is alike in all of them is stacked."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from .... import Tensor, as_tensor, float64, stack, tensor
from ..blocks import empty_in_block

_TEXT = re.compile(r"[SaUO]")  # NumPy's types of strings and objects
_UNLIKE = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"

Table = dict[Any, Callable[..., Any]]


def default_convert(data: Any) -> Any:
    """Turns NumPy's arrays and scalars inside `data` into tensors; all else stays as it is."""
    kind = type(data)
    if isinstance(data, Tensor):
        return data
    if kind.__module__ == "numpy" and kind.__name__ not in ("str_", "string_", "bytes_"):
        return data if kind.__name__ == "ndarray" and _TEXT.search(data.dtype.str) else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        items = [default_convert(item) for item in data]
        return kind(*items) if hasattr(data, "_fields") else items
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def collate(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """One batch out of a list of items, going into mappings, tuples and sequences.

    Args:
        batch: the items, all built alike.
        collate_fn_map: functions by the type of an item, called as ``f(batch, collate_fn_map=...)``: first by the exact
            type, then by the first that it is an instance of.

    Raises:
        TypeError: items of a type that cannot be collated.
        RuntimeError: sequences of different lengths.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        known = collate_fn_map.get(kind) or next((f for t, f in collate_fn_map.items() if isinstance(first, t)), None)
        if known is not None:
            return known(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        together = {key: collate([item[key] for item in batch], collate_fn_map=collate_fn_map) for key in first}
        return _like_mapping(first, together)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*(collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like_sequence(first, columns)
    raise TypeError(_UNLIKE.format(kind))


def _like_mapping(model: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """A mapping of the model's type, which may have attributes besides; a dict where it cannot be made."""
    try:
        if isinstance(model, MutableMapping):
            made = copy.copy(model)
            made.update(items)
            return made
        return type(model)(items)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    except TypeError:
        return items


def _like_sequence(model: Sequence[Any], items: list[Any]) -> Any:
    try:
        if isinstance(model, MutableSequence):
            made = copy.copy(model)
            for i, item in enumerate(items):
                made[i] = item
            return made
        return type(model)(items)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    except TypeError:
        return items


def collate_tensor_fn(batch: Sequence[Tensor], *, collate_fn_map: Table | None = None) -> Tensor:
    """In a worker, straight into the memory that the main process will read."""
    first = batch[0]
    if type(first) is not Tensor or any(t.requires_grad for t in batch):
        return stack(batch, 0)
    return stack(batch, 0, out=empty_in_block((len(batch), *first.shape), first.dtype, first.element_size()))


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    if _TEXT.search(batch[0].dtype.str):
        raise TypeError(_UNLIKE.format(batch[0].dtype))
    return collate([as_tensor(item) for item in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Tensor:
    return as_tensor(batch)


def collate_float_fn(batch: Sequence[float], *, collate_fn_map: Table | None = None) -> Tensor:
    return tensor(batch, dtype=float64)


def collate_int_fn(batch: Sequence[int], *, collate_fn_map: Table | None = None) -> Tensor:
    return tensor(batch)


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Sequence[Any]:
    return batch


def _collate_numpy(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Whatever NumPy has: it is never imported to find out."""
    kind = type(batch[0])
    if any(base.__name__ == "ndarray" for base in kind.__mro__):
        return collate_numpy_array_fn(batch, collate_fn_map=collate_fn_map)
    return collate_str_fn(batch) if issubclass(kind, (str, bytes)) else collate_numpy_scalar_fn(batch)


class _OfNumpy(type):
    def __instancecheck__(cls, item: Any) -> bool:
        return any(base.__module__ == "numpy" for base in type(item).__mro__)


class _Numpy(metaclass=_OfNumpy):
    """Stands in the table for NumPy's arrays and scalars."""


default_collate_fn_map: Table = {
    Tensor: collate_tensor_fn,
    _Numpy: _collate_numpy,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Sequence[Any]) -> Any:
    """Stacks tensors and arrays along a new first dimension, makes tensors of numbers, keeps strings, and goes into dicts,
    tuples and lists.

    >>> from adjoint.utils.data import default_collate
    >>> default_collate([{"x": 1.0, "y": (2, "a")}, {"x": 3.0, "y": (4, "b")}])
    {'x': tensor([1., 3.], dtype=torch.float64), 'y': [tensor([2, 4]), ('a', 'b')]}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
