"""What checkpoints are made of: the closed table of constructors, each of which checks its arguments.

Tensors come out of storages: rows of bytes that a record of the file holds. A tensor must lie within its storage, whatever
the file says.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import adjoint

from .. import Tensor
from ..storage import TypedStorage, UntypedStorage, tensor_over
from .corrupt import corrupt
from .machine import Name, Record

_MOST_DIMENSIONS = 64
_DTYPES = (
    "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128 bool uint16 uint32 uint64 "
    "complex32 float8_e4m3fn float8_e5m2".split()
)
STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
}
_ALIASES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
}


def constant(name: Name) -> Any:
    """What a name alone stands for: a dtype, a layout, a format of memory."""
    if name.module == "torch":
        text = _ALIASES.get(name.name, name.name)
        if text in _DTYPES:
            found = getattr(adjoint, text, None)
            if found is None:
                corrupt(f"a tensor of {text}, which is not in Adjoint yet")
            return found
        if text in ("strided", "contiguous_format", "preserve_format", "channels_last", "channels_last_3d"):
            return getattr(adjoint, text, None)
    return None


def make(name: Name, args: tuple[Any, ...]) -> Any:
    """The object; None where the table does not have the name."""
    maker = TABLE.get(name.path)
    if maker is None:
        return None
    return maker(*args)


def set_state(target: Any, state: Any) -> bool:
    """BUILD: an OrderedDict's metadata, a tensor's attributes."""
    if isinstance(target, OrderedDict):
        if type(state) is not dict or set(state) - {"_metadata"}:
            raise TypeError("a dict has no attributes but _metadata")
        if "_metadata" in state:
            if not isinstance(state["_metadata"], dict):
                raise TypeError("_metadata that is no dict")
            target._metadata = state["_metadata"]  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return True
    return False


# --- containers and small things


def _ordered(*args: Any) -> OrderedDict[Any, Any]:
    made: OrderedDict[Any, Any] = OrderedDict()
    if args:  # pickles of Python 2: a list of pairs
        (pairs,) = args
        for pair in _of(list, pairs):
            key, value = pair
            made[_of(str, key)] = value
    return made


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{type(value).__name__} where {getattr(kind, '__name__', kind)} should stand")
    return value


def _counter(counts: Any = None) -> Counter[Any]:
    return Counter({_plain(k): _of(int, n) for k, n in _of(dict, counts or {}).items()})


def _plain(item: Any) -> Any:
    if not (item is None or isinstance(item, (str, int, float, complex, bytes))):
        raise TypeError(f"{type(item).__name__} in a set")
    return item


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes encoded as {encoding!r}")
    return str(_of(str, text)).encode("latin1")


def _bytearray(*args: Any) -> bytearray:
    if not args:
        return bytearray()
    text, *rest = args
    return bytearray(text if isinstance(text, bytes) else _encode(text, *rest))  # never of a number


def _complex(real: Any, imaginary: Any = 0.0) -> complex:
    return complex(_of((int, float), real), _of((int, float), imaginary))


def _size(sizes: Any = ()) -> Any:
    return adjoint.Size([_of(int, n) for n in _of((tuple, list), sizes)])


def _device(kind: Any, index: Any = None) -> Any:
    return adjoint.device(str(_of(str, kind)) if index is None else f"{_of(str, kind)}:{_of(int, index)}")


def _layout(name: Any) -> Any:
    if name not in ("torch.strided", "strided"):
        raise ValueError(f"a layout that is not in Adjoint: {name}")
    return adjoint.strided


# --- tensors


def _flat_of(storage: Any) -> tuple[Tensor, Any]:
    """A storage's bytes, and its dtype where it has one."""
    if not isinstance(storage, UntypedStorage):
        raise TypeError(f"a tensor over {type(storage).__name__}")
    return storage.bytes(), storage.dtype if isinstance(storage, TypedStorage) else None


def tensor_in(storage: Any, dtype: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """A tensor within its storage, or an error."""
    flat, own = _flat_of(storage)
    dtype = dtype or own
    if not isinstance(dtype, type(adjoint.float32)):
        raise TypeError("a tensor without a dtype")
    sizes, strides = [[_of(int, n) for n in _of((tuple, list), ns)] for ns in (size, stride)]
    if len(sizes) != len(strides) or len(sizes) > _MOST_DIMENSIONS or min([offset, *sizes, *strides], default=0) < 0:
        corrupt(f"a tensor of sizes {size}, strides {stride}, offset {offset}")
    have = flat.numel() // dtype.itemsize
    last = _of(int, offset) + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
    if 0 not in sizes and last >= have:
        corrupt(f"a tensor reaches element {last} of a storage of {have}")
    count = 1
    for n in sizes:
        count *= n
    if max([count, offset, *strides], default=0) >= 1 << 62:
        corrupt(f"a tensor of {count} elements")
    return tensor_over(flat, dtype, offset if 0 not in sizes else min(offset, have), tuple(sizes), tuple(strides))


def _v1(storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    return tensor_in(storage, None, offset, size, stride)


def _v2(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any = None, metadata: Any = None
) -> Tensor:
    return tensor_in(storage, None, offset, size, stride).requires_grad_(_of(bool, requires_grad))


def _v3(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any, metadata: Any = None
) -> Tensor:
    return tensor_in(storage, dtype, offset, size, stride).requires_grad_(_of(bool, requires_grad))


def _parameter(data: Any, requires_grad: Any = True, hooks: Any = None) -> Any:
    return adjoint.nn.Parameter(_of(Tensor, data), _of(bool, requires_grad))


def _parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Any:
    return _with_attributes(_parameter(data, requires_grad), state)


def _with_attributes(tensor: Any, state: Any) -> Any:
    if isinstance(state, tuple) and len(state) == 2:  # (__dict__, slots)
        state = {**(state[0] or {}), **(state[1] or {})}
    for name, value in _of(dict, state or {}).items():
        if not str(_of(str, name)).isidentifier() or name.startswith("__") or hasattr(type(tensor), name):
            raise ValueError(f"a tensor with an attribute {name!r}")
        setattr(tensor, name, value)
    return tensor


def _from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    """A tensor with attributes of its own; a class that is not ours stays a record."""
    made = make(function, _of(tuple, args)) if isinstance(function, Name) else None
    if not isinstance(made, Tensor) or not isinstance(kind, Name):
        raise TypeError("a tensor of an unknown kind")
    if kind.path not in _TENSORS:
        return Record(kind.path, (made, state))
    return _with_attributes(made, state)


_TENSORS = ("torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")


def _meta(dtype: Any, size: Any, stride: Any, requires_grad: Any) -> Tensor:
    sizes, strides = _size(size), [_of(int, n) for n in stride]
    made = adjoint.empty_strided(tuple(sizes), tuple(strides), dtype=dtype, device="meta")
    return made.requires_grad_(_of(bool, requires_grad))


TABLE: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counter,
    "_codecs.encode": _encode,
    "torch.Size": _size,
    "torch.device": _device,
    "torch.serialization._get_layout": _layout,
    "torch._utils._rebuild_tensor": _v1,
    "torch._utils._rebuild_tensor_v2": _v2,
    "torch._utils._rebuild_tensor_v3": _v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.nn.parameter.Parameter": _parameter,
}
for _builtins in ("builtins", "__builtin__"):
    TABLE |= {
        f"{_builtins}.set": lambda items=(): {_plain(i) for i in _of(list, list(items))},
        f"{_builtins}.frozenset": lambda items=(): frozenset(_plain(i) for i in _of(list, list(items))),
        f"{_builtins}.bytearray": _bytearray,
        f"{_builtins}.complex": _complex,
    }
