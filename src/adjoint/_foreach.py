"""`_foreach_add`, `_foreach_mul_` and their kin: an operation for each tensor of a list, one after the other.

An argument is a list with one for each tensor, or one for all. Names that end in "_" work in place and return the list.
"""

from __future__ import annotations

from . import _core, linalg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ._core import Tensor

_UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round rsqrt "
    "sigmoid sign sin sinh sqrt tan tanh trunc"
).split()
_BINARY = "add sub mul div pow maximum minimum clamp_max clamp_min lerp mm".split()


def _tensors(tensors: Any, name: str) -> list[Tensor]:
    if not isinstance(tensors, (list, tuple)) or not all(isinstance(t, _core.Tensor) for t in tensors):
        raise TypeError(
            f"{name}(): argument 'self' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError("Tensor list must have at least one tensor.")
    return list(tensors)


def _for_each(value: Any, n: int) -> Sequence[Any]:
    """One of it for each of n tensors."""
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        if value and isinstance(value[0], _core.Tensor):
            raise RuntimeError(f"Tensor lists must have the same number of tensors, got {n} and {len(value)}")
        raise RuntimeError("Tensor list must have same number of elements as scalar list.")
    return value


def _of_tensors(name: str, method: Callable[..., Any], in_place: bool) -> Callable[..., Any]:
    def function(self: Any, *args: Any, **options: Any) -> Any:
        tensors = _tensors(self, name)
        each = [_for_each(a, len(tensors)) for a in args]
        results = [method(t, *(e[i] for e in each), **options) for i, t in enumerate(tensors)]
        return self if in_place else tuple(results)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{method.__name__} of each tensor."
    return function


def _limited(larger: bool, in_place: bool) -> Callable[..., Any]:
    """maximum and minimum, which take numbers here, too."""
    tensor_form = _core.maximum if larger else _core.minimum

    def function(x: Tensor, y: Any) -> Tensor:
        bound = y if isinstance(y, _core.Tensor) else _core.full_like(x, y)
        return x.copy_(tensor_form(x, bound)) if in_place else tensor_form(x, bound)

    function.__name__ = "maximum" if larger else "minimum"
    return function


def _ternary(name: str, in_place: bool) -> Callable[..., Any]:
    method = getattr(_core.Tensor, name + "_" * in_place)

    def function(self: Any, tensor1: Any, tensor2: Any, value: Any = None, *, scalars: Any = None) -> Any:
        tensors = _tensors(self, f"_foreach_{name}")
        factors = 1 if value is None and scalars is None else scalars if value is None else value
        if isinstance(factors, _core.Tensor):
            factors = factors.tolist()
        each = [_for_each(a, len(tensors)) for a in (tensor1, tensor2, factors)]
        results = [method(t, each[0][i], each[1][i], value=each[2][i]) for i, t in enumerate(tensors)]
        return self if in_place else tuple(results)

    function.__name__ = function.__qualname__ = f"_foreach_{name}{'_' * in_place}"
    function.__doc__ = f"{name} of each tensor; `value` is a number, or a list or tensor with one for each."
    return function


def _foreach_norm(self: Any, ord: float = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The norm of each tensor."""
    return tuple(linalg.vector_norm(t, ord, dtype=dtype) for t in _tensors(self, "_foreach_norm"))


def _foreach_powsum(self: Any, ord: float = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The sum of each tensor's absolute values to a power."""
    return tuple(t.abs().pow(ord).sum(dtype=dtype) for t in _tensors(self, "_foreach_powsum"))


def _foreach_max(self: Any) -> tuple[Tensor, ...]:
    """The largest element of each tensor."""
    return tuple(t.max() for t in _tensors(self, "_foreach_max"))


def _foreach_copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Copies each tensor of src."""
    for t, s in zip(_tensors(self, "_foreach_copy_"), _for_each(src, len(self)), strict=True):
        t.copy_(s)
    return self


def _foreach_zero_(self: Any) -> Any:
    """Fills each tensor with 0."""
    for t in _tensors(self, "_foreach_zero_"):
        t.zero_()
    return self


def _foreach_pow(self: Any, exponent: Any) -> tuple[Tensor, ...]:
    """Each tensor to a power, or a number to the power of each tensor."""
    if not isinstance(self, (list, tuple)):
        return tuple(_core.pow(self, t) for t in _tensors(exponent, "_foreach_pow"))
    tensors = _tensors(self, "_foreach_pow")
    return tuple(_core.pow(t, e) for t, e in zip(tensors, _for_each(exponent, len(tensors)), strict=True))


def _install(names: dict[str, Any]) -> None:
    for name in (*_UNARY, *_BINARY, "clone"):
        for in_place in (False, True):
            whole = f"_foreach_{name}{'_' * in_place}"
            method: Any
            if name in ("maximum", "minimum"):
                method = _limited(name == "maximum", in_place)
            else:
                method = getattr(_core.Tensor, name + "_" * in_place, None)
            if method is not None and whole not in names:
                names[whole] = _of_tensors(whole, method, in_place)
    for name in ("addcmul", "addcdiv"):
        for in_place in (False, True):
            names[f"_foreach_{name}{'_' * in_place}"] = _ternary(name, in_place)


_install(globals())
