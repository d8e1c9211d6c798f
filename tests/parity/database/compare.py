"""What it means that two results are the same."""

from __future__ import annotations

import warnings

TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5, "complex64": 5e-5, "float64": 1e-9, "complex128": 1e-9}


class Mismatch(Exception):
    """The two differ."""


class ValueMismatch(Mismatch):
    """They differ in the numbers alone, where the type has more than one reasonable rounding."""


def flatten(v):
    if isinstance(v, dict):
        return flatten(list(v.values()))
    if isinstance(v, (list, tuple)):
        return [x for e in v for x in flatten(e)]
    return [v]


def to_torch(torch, x):
    """Our tensor's elements as one of PyTorch's."""
    x = x.detach()
    name = str(x.dtype).split(".")[-1]
    if name == "bfloat16":
        return torch.tensor(x.tolist(), dtype=torch.bfloat16).reshape(tuple(x.shape))
    return torch.from_numpy(x.numpy().copy()).reshape(tuple(x.shape))


def same_kind(ours, theirs):
    """Lists, tuples and named tuples are told apart by programs."""
    if not isinstance(theirs, (list, tuple)):
        return
    named = type(theirs).__module__ == "torch.return_types"
    kind = type(theirs).__name__ if named else "list" if isinstance(theirs, list) else "tuple"
    got = type(ours).__name__ if named else "list" if isinstance(ours, list) else "tuple"
    if kind != got:
        raise Mismatch(f"result: a {type(ours).__name__}, PyTorch a {type(theirs).__name__}")


def steps(x):
    """The strides that say anything: those of dimensions with several elements."""
    return [step for size, step in zip(x.shape, x.stride()) if size > 1] if x.numel() else []


def compare_geometry(torch, x, y, at, strides):
    if str(x.dtype) != str(y.dtype):
        raise Mismatch(f"{at}: dtype {x.dtype}, PyTorch {y.dtype}")
    if tuple(x.shape) != tuple(y.shape):
        raise Mismatch(f"{at}: shape {tuple(x.shape)}, PyTorch {tuple(y.shape)}")
    if str(x.device) != str(y.device):
        raise Mismatch(f"{at}: device {x.device}, PyTorch {y.device}")
    if strides and y.layout == torch.strided and steps(x) != steps(y):
        raise Mismatch(f"{at}: strides {x.stride()}, PyTorch {y.stride()} for shape {tuple(y.shape)}")


def compare(torch, ours, theirs, where="result", factor=1.0, strides=False, exact=None, computed=(), numbers=True):
    """Raises Mismatch. `exact()` is PyTorch's answer in double precision, the judge of other types' roundings;
    `computed` are the types in which results were computed, where they may have been stored in wider ones."""
    a, b = flatten(ours), flatten(theirs)
    if len(a) != len(b):
        raise Mismatch(f"{where}: {len(a)} values, PyTorch has {len(b)}")
    for i, (x, y) in enumerate(zip(a, b)):
        at = where if len(a) == 1 else f"{where}[{i}]"
        if not isinstance(y, torch.Tensor):
            if isinstance(y, (float, complex)):
                if not torch.allclose(torch.tensor(x), torch.tensor(y), rtol=1e-5, equal_nan=True):
                    raise Mismatch(f"{at}: {x!r}, PyTorch {y!r}")
            elif x != y and str(x) != str(y):
                raise Mismatch(f"{at}: {x!r}, PyTorch {y!r}")
            continue
        if x is None:
            if where.endswith("gradient") and not y.any():
                continue  # None and zeros are the same derivative
            raise Mismatch(f"{at}: None")
        compare_geometry(torch, x, y, at, strides)
        if numbers and y.device.type != "meta":
            judge = None if exact is None else lambda i=i: flatten(exact())[i]
            tolerance = max(TOLERANCE.get(str(d).split(".")[-1], 0) for d in (y.dtype, *computed)) * factor
            compare_numbers(torch, to_torch(torch, x), y.detach().resolve_conj().resolve_neg(), at, tolerance, judge)


def compare_numbers(torch, got, want, at, tol, judge):
    close = torch.isclose(got, want, rtol=tol, atol=tol, equal_nan=True)
    if close.all():
        return
    if (
        judge is not None
        and want.is_floating_point() | want.is_complex()
        and at_least_as_near(torch, got, want, close, judge)
    ):
        return
    k = int((~close).reshape(-1).nonzero()[0])
    raise ValueMismatch(f"{at}: differs at {k}: {got.reshape(-1)[k].item()}, PyTorch {want.reshape(-1)[k].item()}")


def at_least_as_near(torch, got, want, close, judge):
    """Whether each element is as near to the number that double precision gives as PyTorch's."""
    try:
        true = judge()
    except Exception:
        return False
    if not isinstance(true, torch.Tensor) or true.shape != got.shape:
        return False
    wide = torch.complex128 if got.is_complex() else torch.float64
    true = true.detach().to(wide)
    rounded = true.to(got.dtype)
    ours, theirs = (got.to(wide) - true).abs(), (want.to(wide) - true).abs()
    return bool(
        (
            close | (ours <= theirs) | (got == rounded) | (got != got) & (true != true) | theirs.isnan() & ~ours.isnan()
        ).all()
    )


class Outcome:
    """What a call gave, or raised, and its warnings."""

    def __init__(self, call):
        self.value = self.error = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.value = call()
            except RecursionError:
                raise
            except Exception as error:
                self.error = error
        self.warnings = [(w.category, str(w.message)) for w in caught]

    def __str__(self):
        return f"{type(self.error).__name__}: {' '.join(str(self.error).split())[:140]}"


def agree_on_errors(ours, theirs):
    """True if both raised; Mismatch where one did, or where the classes are no kin."""
    if theirs.error is not None:
        if ours.error is None:
            raise Mismatch(f"accepted, PyTorch raises {theirs}")
        if not isinstance(ours.error, type(theirs.error)):
            raise Mismatch(f"raises {ours}, PyTorch {theirs}")
        return True
    if ours.error is not None:
        raise Mismatch(f"raises {ours}")
    return False


def weights(torch, y):
    n = torch.arange(1, y.numel() + 1, dtype=torch.float64).reshape(y.shape)
    w = torch.cos(n)
    return (w + 1j * torch.sin(n) if y.is_complex() else w).to(y.dtype)


def differentiable(values):
    return [v for v in flatten(values) if hasattr(v, "requires_grad") and v.requires_grad]
