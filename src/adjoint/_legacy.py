"""torch.FloatTensor, torch.LongTensor ...: types that are names for a dtype."""

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
    def __call__(cls, *args, device=None):
        return _core._legacy_new(cls.dtype, *args)

    def __instancecheck__(cls, obj):
        return isinstance(obj, _core.Tensor) and obj.dtype is cls.dtype

    def __repr__(cls):
        return f"<class 'torch.{cls.__name__}'>"


class _StorageKind(type):
    def __instancecheck__(cls, obj):
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype


def _make():
    for label, name in _DTYPES.items():
        for meta, suffix in ((_TensorKind, "Tensor"), (_StorageKind, "Storage")):
            members = {"dtype": getattr(_core, name), "is_cuda": False, "__module__": "adjoint"}
            globals()[label + suffix] = meta(label + suffix, (), members)


_make()
