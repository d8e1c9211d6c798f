"""Methods of Tensor that are Python: copying, pickling, storages, what NumPy gives back.

The class itself is the core's; `install` attaches what is here, at import.
"""

import sys

from . import _core

Tensor = _core.Tensor


def __dir__(self):
    names = set(dir(type(self))) | set(getattr(self, "__dict__", ()))
    return sorted(n for n in names if not n[:1].isdigit())


# --- NumPy ---


def __array_wrap__(self, array, context=None, return_scalar=False):
    """What NumPy functions make of a tensor comes back as a tensor."""
    return _core.as_tensor(array)


# --- the array API standard ---


def __array_namespace__(self, /, *, api_version=None):
    """The namespace of the Python array API standard: `adjoint.array_api`.

    Raises:
        ValueError: a version that it does not have.
    """
    if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
        raise ValueError(
            f"__array_namespace__(): the array API's versions up to 2024.12 are there, not {api_version!r}"
        )
    from . import array_api

    return array_api


def to_device(self, device, /, *, stream=None):
    """The tensor on a device, as the array API standard spells it; a stream has no meaning yet.

    Raises:
        ValueError: a stream.
    """
    if stream is not None:
        raise ValueError("to_device(): a stream has no meaning for these devices")
    return self.to(device)


# --- the old constructor ---


def new(self, *args, device=None):
    """A tensor of this one's type: ``x.new(2, 3)`` of a size, not filled; ``x.new([1, 2])`` of values; of a tensor, that one.

    Raises:
        TypeError: a lone number that is no size, or a tensor of another type.
    """
    device = self.device if device is None else device
    if len(args) == 1 and not isinstance(args[0], int):
        (data,) = args
        if isinstance(data, Tensor):
            if data.dtype != self.dtype:
                raise TypeError(f"new(): expected a tensor of {self.dtype}, got one of {data.dtype}")
            return data.detach()
        if not isinstance(data, _core.Size):
            if not hasattr(data, "__len__"):
                raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
            return _core.tensor(data, dtype=self.dtype, device=device)
        args = tuple(data)
    return _core.empty(args or (0,), dtype=self.dtype, device=device)


# --- copies ---


def __deepcopy__(self, memo):
    """A copy. Tensors that share memory share it in the copy, if copied together.

    Raises:
        RuntimeError: not a leaf.
    """
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        error = RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
            "Detach the tensor first, or copy what it was computed from."
        )
        if "adjoint.nn" in sys.modules:
            from .nn.modules.copying import whose

            error.__notes__ = whose(self)  # pyright: ignore[reportAttributeAccessIssue]
        raise error
    from copy import deepcopy

    from .storage import UntypedStorage, tensor_over

    if self.device.type == "meta":
        new = _core.empty_like(self.detach())
    else:
        storage = UntypedStorage(self)
        key = "adjoint storage", storage.data_ptr() or id(self)
        flat = memo.get(key)
        if flat is None:
            flat = memo[key] = storage.bytes().clone()
        new = tensor_over(flat, self.dtype, self.storage_offset(), self.shape, self.stride())
    if type(self) is not Tensor:
        new = new.as_subclass(type(self))
    if self.requires_grad:
        new.requires_grad_()
    memo[id(self)] = new
    if self.grad is not None:
        new.grad = deepcopy(self.grad, memo)
    attributes = getattr(self, "__dict__", None)
    if attributes:
        new.__dict__.update(deepcopy(attributes, memo))
    return new


def _rebuild(cls, memory, dtype, offset, size, stride, requires_grad):
    from .storage import tensor_over

    if memory is None:
        new = _core.empty_strided(size, stride, dtype=dtype, device="meta")
    else:
        new = tensor_over(memory.flat, dtype, offset, size, stride)
    if cls is not None:
        new = new.as_subclass(cls)
    return new.requires_grad_() if requires_grad else new


def __reduce_ex__(self, protocol):
    """Pickles values, strides, requires_grad and attributes; not `.grad`, hooks or history."""
    from .storage import memory_of

    memory = None if self.device.type == "meta" else memory_of(self)
    cls = None if type(self) is Tensor else type(self)
    args = (
        cls,
        memory,
        self.dtype,
        self.storage_offset(),
        tuple(self.shape),
        self.stride(),
        self.requires_grad,
    )
    return _rebuild, args, getattr(self, "__dict__", None) or None


def untyped_storage(self):
    """The memory under this tensor."""
    from .storage import UntypedStorage

    return UntypedStorage(self)


def storage(self):
    """The memory under this tensor, in elements of its dtype."""
    from .storage import TypedStorage

    return TypedStorage(self)


def is_shared(self):
    """Is the memory shared among processes? Never."""
    return False


def __cuda_array_interface__(self):
    raise AttributeError(
        f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self.type()} If CUDA data is required use "
        "tensor.cuda() to copy tensor to device memory."
    )


def _type(self, dtype=None, non_blocking=False):
    """The name of this tensor's type; or the tensor as another type, given as dtype, class or name.

    >>> import adjoint as torch
    >>> torch.ones(2).type()
    'torch.FloatTensor'
    >>> torch.ones(2).type("torch.LongTensor").dtype
    torch.int64
    """
    from . import _legacy

    if dtype is None:
        label = next(k for k, name in _legacy._DTYPES.items() if getattr(_core, name) is self.dtype)
        return f"torch.{'' if self.device.type == 'cpu' else self.device.type + '.'}{label}Tensor"
    if isinstance(dtype, str):
        name = dtype.removeprefix("torch.").removesuffix("Tensor")
        if not dtype.startswith("torch.") or name not in _legacy._DTYPES:
            raise ValueError(f"invalid type: {dtype!r}")
        dtype = getattr(_core, _legacy._DTYPES[name])
    elif not isinstance(dtype, _core.dtype):
        if not hasattr(dtype, "dtype"):
            raise TypeError("dtype must be a type, str, or dtype object")
        dtype = dtype.dtype
    return self.to(dtype)


def histogram(self, bins=100, *, range=None, weight=None, density=False):
    """How many elements lie in each bin, and the bins' edges: see torch.histogram."""
    from ._grid import histogram

    return histogram(self, bins, range=range, weight=weight, density=density)


def chalf(self, *, memory_format=None):
    """Always NotImplementedError: there is no complex32."""
    raise NotImplementedError("chalf(): complex32 is not in Adjoint; the smallest complex type is complex64 (cfloat)")


METHODS: dict[str, object] = {
    f.__name__: f
    for f in (
        __dir__,
        __array_wrap__,
        __array_namespace__,
        to_device,
        new,
        __deepcopy__,
        __reduce_ex__,
        untyped_storage,
        storage,
        is_shared,
        histogram,
        chalf,
    )
}
METHODS["__rdiv__"] = Tensor.__rtruediv__
METHODS["type"] = _type
METHODS["__cuda_array_interface__"] = property(__cuda_array_interface__)


def install(cls):
    """Attaches these methods to the core's class."""
    for name, method in METHODS.items():
        setattr(cls, name, method)
