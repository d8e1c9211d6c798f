"""torch.FloatTensor, torch.LongTensor ...: types that are names for a dtype."""

from __future__ import annotations

from . import _core
from .storage import TypedStorage

_DTYPES = {
    "Bool": "bool",
    "Byte": "uint8",
    "Char": "int8",
    "Short": "int16",
    "Int": "int32",
    "Long": "int64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Float": "float32",
    "Double": "float64",
    "ComplexFloat": "complex64",
    "ComplexDouble": "complex128",
}


class _TensorKind(type):
    dtype: _core.dtype
    is_cuda: bool

    def __call__(cls, *args: object, device: object = None) -> _core.Tensor:
        return _core._legacy_new(cls.dtype, *args)

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, _core.Tensor) and obj.dtype is cls.dtype

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


class _StorageKind(type):
    dtype: _core.dtype
    is_cuda: bool

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype


BoolTensor: _TensorKind
ByteTensor: _TensorKind
CharTensor: _TensorKind
ShortTensor: _TensorKind
IntTensor: _TensorKind
LongTensor: _TensorKind
HalfTensor: _TensorKind
BFloat16Tensor: _TensorKind
FloatTensor: _TensorKind
DoubleTensor: _TensorKind
ComplexFloatTensor: _TensorKind
ComplexDoubleTensor: _TensorKind
BoolStorage: _StorageKind
ByteStorage: _StorageKind
CharStorage: _StorageKind
ShortStorage: _StorageKind
IntStorage: _StorageKind
LongStorage: _StorageKind
HalfStorage: _StorageKind
BFloat16Storage: _StorageKind
FloatStorage: _StorageKind
DoubleStorage: _StorageKind
ComplexFloatStorage: _StorageKind
ComplexDoubleStorage: _StorageKind


def _make() -> None:
    for label, name in _DTYPES.items():
        for meta, suffix in ((_TensorKind, "Tensor"), (_StorageKind, "Storage")):
            members = {"dtype": getattr(_core, name), "is_cuda": False, "__module__": "adjoint"}
            globals()[label + suffix] = meta(label + suffix, (), members)


_make()
