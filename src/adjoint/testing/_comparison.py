"""Comparing values: tensors, numbers, and what holds them. Tolerances and sentences are PyTorch's."""

from __future__ import annotations

import cmath
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import adjoint

from .. import Tensor

_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_NUMBERS: dict[type[Any], Any] = {int: "int64", float: "float64", complex: "complex128"}


@dataclass
class _Rules:
    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, *dtypes: Any) -> tuple[float, float]:
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        pairs = [_TOLERANCES.get(str(d).rpartition(".")[2], (0.0, 0.0)) for d in dtypes]
        return max(r for r, _ in pairs), max(a for _, a in pairs)


class _Unlike(Exception):
    """They differ: how, and where in the containers."""

    def __init__(self, kind: type[Exception], text: str, place: tuple[Any, ...] = ()) -> None:
        super().__init__(text)
        self.kind, self.text, self.place = kind, text, place

    def told(self, msg: Any) -> Exception:
        text = self.text
        if self.place:
            text += f"\n\nThe failure occurred for item {''.join(f'[{p!r}]' for p in self.place)}"
        if msg is not None and self.kind is AssertionError:
            text = msg(text) if callable(msg) else msg
        return self.kind(text)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Asserts |actual − expected| ≤ atol + rtol · |expected|, element by element, and the same shapes, dtypes and devices.

    Tensors, numbers, arrays, and sequences and mappings of such. Without tolerances they follow from the dtypes: float32
    1.3e-6 and 1e-5, float64 1e-7 twice, integers and bool none.

    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 0.09999990463256836 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.047619000077247620 at index (1,) (up to 1.3e-06 allowed)

    Args:
        allow_subclasses: actual and expected may be of different classes that are tensors both.
        equal_nan: NaN equals NaN.
        msg: in the place of the text, or a function of it.

    Raises:
        AssertionError: they differ.
        ValueError: one tolerance without the other.
        TypeError: values that cannot be compared.
    """
    if (rtol is None) ^ (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, "
            f"but got no {'rtol' if rtol is None else 'atol'}."
        )
    rules = _Rules(allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride)
    try:
        _compare(actual, expected, rules, ())
    except _Unlike as unlike:
        raise unlike.told(msg) from None


def _compare(actual: Any, expected: Any, rules: _Rules, place: tuple[Any, ...]) -> None:
    if actual is None or expected is None:
        if actual is not expected:
            raise _Unlike(AssertionError, f"None mismatch: {actual} is not {expected}", place)
    elif isinstance(actual, bool) and isinstance(expected, bool):
        if actual is not expected:
            raise _Unlike(AssertionError, f"Booleans mismatch: {actual} is not {expected}", place)
    elif _number(actual) and _number(expected):
        _compare_numbers(actual, expected, rules, place)
    elif isinstance(actual, Sequence) and isinstance(expected, Sequence) and not isinstance(actual, (str, bytes)):
        if len(actual) != len(expected):
            text = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            raise _Unlike(AssertionError, text, place)
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            _compare(a, e, rules, (*place, i))
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        _compare_keys(actual, expected, place)
        for key in expected:
            _compare(actual[key], expected[key], rules, (*place, key))
    else:
        _compare_tensors(*_as_tensors(actual, expected, rules, place), rules, place)


def _number(x: Any) -> bool:
    return isinstance(x, (int, float, complex)) and not isinstance(x, bool)


def _compare_keys(actual: Mapping[Any, Any], expected: Mapping[Any, Any], place: tuple[Any, ...]) -> None:
    missing = [k for k in expected if k not in actual]
    more = [k for k in actual if k not in expected]
    if missing or more:
        lines = ["The keys of the mappings do not match:"]
        if missing:
            lines.append(f"Missing keys in the actual mapping: {_sorted(missing)}")
        if more:
            lines.append(f"Additional keys in the actual mapping: {_sorted(more)}")
        raise _Unlike(AssertionError, "\n".join(lines), place)


def _sorted(keys: list[Any]) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:
        return keys


def _compare_numbers(actual: Any, expected: Any, rules: _Rules, place: tuple[Any, ...]) -> None:
    if rules.check_dtype and type(actual) is not type(expected):
        text = f"The (d)types do not match: {type(actual)} != {type(expected)}."
        raise _Unlike(AssertionError, text, place)
    rtol, atol = rules.tolerances(*(_NUMBERS.get(type(x), "float64") for x in (actual, expected)))
    nan = cmath.isnan(actual) and cmath.isnan(expected)
    difference = abs(actual - expected)
    if actual == expected or (nan and rules.equal_nan):
        return
    if cmath.isfinite(difference) and difference <= atol + rtol * abs(expected):
        return
    lines = [f"Scalars are not {'equal' if rtol == atol == 0 else 'close'}!", ""]
    lines.append(f"Expected {expected} but got {actual}.")
    relative = difference / abs(expected) if expected else float("inf")
    lines.append(f"Absolute difference: {difference}{_up_to(atol, rtol, atol)}")
    lines.append(f"Relative difference: {relative}{_up_to(rtol, rtol, atol)}")
    raise _Unlike(AssertionError, "\n".join(lines), place)


def _up_to(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == atol == 0 else f" (up to {tolerance} allowed)"


def _as_tensors(actual: Any, expected: Any, rules: _Rules, place: tuple[Any, ...]) -> tuple[Tensor, Tensor]:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    tensors = isinstance(actual, Tensor) and isinstance(expected, Tensor)
    if (not related and not tensors) or (not rules.allow_subclasses and type(actual) is not type(expected)):
        raise _Unlike(TypeError, _no_pair(actual, expected), place)
    try:
        return _as_tensor(actual), _as_tensor(expected)
    except (TypeError, ValueError, RuntimeError):
        raise _Unlike(TypeError, _no_pair(actual, expected), place) from None


def _as_tensor(x: Any) -> Tensor:
    if isinstance(x, (str, bytes)):
        raise TypeError
    return x if isinstance(x, Tensor) else adjoint.as_tensor(x)


def _no_pair(actual: Any, expected: Any) -> str:
    return f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."


def _compare_tensors(actual: Tensor, expected: Tensor, rules: _Rules, place: tuple[Any, ...]) -> None:
    def differ(name: str, a: Any, e: Any) -> None:
        raise _Unlike(AssertionError, f"The values for attribute '{name}' do not match: {a} != {e}.", place)

    if actual.shape != expected.shape:
        differ("shape", actual.shape, expected.shape)
    if rules.check_layout and actual.layout != expected.layout:
        differ("layout", actual.layout, expected.layout)
    if rules.check_stride and actual.stride() != expected.stride():
        differ("stride()", actual.stride(), expected.stride())
    if rules.check_device and actual.device != expected.device:
        differ("device", actual.device, expected.device)
    if rules.check_dtype and actual.dtype != expected.dtype:
        differ("dtype", actual.dtype, expected.dtype)
    rtol, atol = rules.tolerances(actual.dtype, expected.dtype)
    with adjoint.no_grad():
        _compare_values(actual.detach(), expected.detach(), rtol, atol, rules.equal_nan, place)


def _compare_values(
    actual: Tensor, expected: Tensor, rtol: float, atol: float, equal_nan: bool, place: tuple[Any, ...]
) -> None:
    if actual.is_meta or actual.numel() == 0:
        return
    if actual.dtype != expected.dtype:
        common = adjoint.promote_types(actual.dtype, expected.dtype)
        actual, expected = actual.to(common), expected.to(common)
    matches = adjoint.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if bool(matches.all()):
        return
    kind = "equal" if rtol == atol == 0 else "close"
    if not (actual.is_floating_point() or actual.is_complex()):  # those without a sign would wrap around
        actual, expected = actual.to(adjoint.int64), expected.to(adjoint.int64)
    wrong = int((~matches).sum())
    difference = (actual - expected).abs()
    relative = difference / expected.abs()
    if actual.ndim == 0:
        e, a = expected.item(), actual.item()
        lines = [f"Scalars are not {kind}!", "", f"Expected {e} but got {a}."]
        lines.append(f"Absolute difference: {abs(a - e)}{_up_to(atol, rtol, atol)}")
        lines.append(f"Relative difference: {abs(a - e) / abs(e) if e else float('inf')}{_up_to(rtol, rtol, atol)}")
        raise _Unlike(AssertionError, "\n".join(lines), place)
    lines = [f"Tensor-likes are not {kind}!", ""]
    lines.append(f"Mismatched elements: {wrong} / {actual.numel()} ({wrong / actual.numel():.1%})")
    for name, values, tolerance in (("absolute", difference, atol), ("relative", relative, rtol)):
        values = adjoint.where(matches, adjoint.zeros_like(values), values)
        at = int(values.flatten().argmax())
        lines.append(
            f"Greatest {name} difference: {values.flatten()[at].item()} at index {_index(at, actual.shape)}"
            f"{_up_to(tolerance, rtol, atol)}"
        )
    raise _Unlike(AssertionError, "\n".join(lines), place)


def _index(flat: int, shape: Any) -> tuple[int, ...]:
    index = []
    for n in reversed(shape):
        index.append(flat % n)
        flat //= n
    return tuple(reversed(index))


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """The old name: `assert_close` without its checks of dtypes and devices."""
    warnings.warn("`torch.testing.assert_allclose()` is deprecated: use assert_close", FutureWarning, stacklevel=2)
    if not isinstance(actual, Tensor):
        actual = adjoint.tensor(actual)
    if not isinstance(expected, Tensor):
        expected = adjoint.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = _TOLERANCES.get(str(actual.dtype).rpartition(".")[2], (0.0, 0.0))
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=True,
        check_dtype=False,
        msg=msg or None,
    )
