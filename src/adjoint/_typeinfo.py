"""finfo and iinfo: the limits of element types."""

from __future__ import annotations

from . import _core

# dtype name: eps, max, smallest normal, resolution, smallest subnormal, bits
_FLOATS = {
    "float16": (2.0**-10, 65504.0, 2.0**-14, 1e-3, 2.0**-24, 16),
    "bfloat16": (2.0**-7, 3.3895313892515355e38, 2.0**-126, 1e-2, 2.0**-133, 16),
    "float32": (2.0**-23, 3.4028234663852886e38, 2.0**-126, 1e-6, 2.0**-149, 32),
    "float64": (2.0**-52, 1.7976931348623157e308, 2.0**-1022, 1e-15, 5e-324, 64),
}


def _name(dtype: _core.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class finfo:
    """The limits of a floating-point dtype: bits, eps, max, min, tiny (smallest_normal), resolution."""

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    bits: int
    eps: float
    max: float
    min: float
    tiny: float
    resolution: float
    smallest_normal: float
    dtype: str

    def __init__(self, type: _core.dtype | None = None) -> None:
        dtype = _core.get_default_dtype() if type is None else type
        if not isinstance(dtype, _core.dtype):
            raise TypeError(
                f"finfo(): argument 'type' (position 1) must be torch.dtype, not {dtype.__class__.__name__}"
            )
        if dtype.is_complex:
            dtype = dtype.to_real()
        if not dtype.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        self.dtype = _name(dtype)
        self.eps, self.max, self.tiny, self.resolution, _, self.bits = _FLOATS[self.dtype]
        self.min, self.smallest_normal = -self.max, self.tiny

    def __repr__(self) -> str:
        names = "resolution", "min", "max", "eps", "smallest_normal", "tiny"
        values = ", ".join(f"{n}={getattr(self, n):g}" for n in names)
        return f"finfo({values}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:
    """The limits of an integer dtype: bits, max, min."""

    __slots__ = ("bits", "dtype", "max", "min")

    bits: int
    max: int
    min: int
    dtype: str

    def __init__(self, type: _core.dtype) -> None:
        if not isinstance(type, _core.dtype):
            raise TypeError(f"iinfo(): argument 'type' (position 1) must be torch.dtype, not {type.__class__.__name__}")
        if type.is_floating_point or type.is_complex:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if type is _core.bool:
            raise RuntimeError("iinfo is not supported for bool: '\"iinfo\" not implemented for 'Bool''")
        self.dtype = _name(type)
        self.bits = type.itemsize * 8
        self.min = -(2 ** (self.bits - 1)) if type.is_signed else 0
        self.max = 2 ** (self.bits - type.is_signed) - 1

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)
