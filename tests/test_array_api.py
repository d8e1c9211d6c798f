"""adjoint.array_api: names, signatures, promotion, special cases of the array API standard 2024.12, beside NumPy, which
follows it; and SciPy's dispatch."""

import inspect
import itertools

import numpy as np
import pytest

import adjoint as torch
import adjoint.array_api as xp

INTEGERS = "int8 int16 int32 int64 uint8".split()
FLOATS = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
ALL = ["bool", *INTEGERS, *FLOATS, *COMPLEX]
REAL = [*INTEGERS, *FLOATS]
KINDS = {
    "bool": ["bool"],
    "integer": INTEGERS,
    "bits": ["bool", *INTEGERS],
    "float": FLOATS,
    "inexact": FLOATS + COMPLEX,
    "complex": COMPLEX,
    "real": REAL,
    "numeric": REAL + COMPLEX,
    "all": ALL,
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, float("inf"), float("-inf"), float("nan")]


def values(dtype, count=10):
    if dtype == "bool":
        return np.arange(count) % 3 == 0
    if dtype in INTEGERS:
        found = np.arange(count) % 5
        return (found if dtype == "uint8" else found - 2).astype(dtype)
    found = np.resize(np.array(SPECIAL), count)
    if dtype in COMPLEX:
        found = found + 1j * np.roll(found, 3)
    return found.astype(dtype)


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array)).reshape(array.shape)


def same(ours, theirs, exact=False, where=""):
    theirs = np.asarray(theirs)
    assert isinstance(ours, torch.Tensor), where
    if str(theirs.dtype) == "uint64":  # the standard's default for sums of unsigned integers, which is not there
        theirs = theirs.astype("int64")
    assert str(ours.dtype) == f"torch.{theirs.dtype}", where
    assert tuple(ours.shape) == theirs.shape, where
    got = ours.resolve_conj().numpy()
    if exact or theirs.dtype.kind in "biu":
        np.testing.assert_array_equal(got, theirs, err_msg=where)
    else:
        rtol = 1e-5 if theirs.dtype in (np.float32, np.complex64) else 1e-12
        scale = rtol / 10
        if theirs.dtype.kind == "c":  # part by part, as an infinite one says nothing of the other
            size = np.abs(theirs)
            scale += rtol * np.max(size[np.isfinite(size)], initial=0)
            np.testing.assert_allclose(got.imag, theirs.imag, rtol=rtol, atol=scale, err_msg=where)
            got, theirs = got.real, theirs.real
        np.testing.assert_allclose(got, theirs, rtol=rtol, atol=scale, err_msg=where)


# --- names and signatures ---

SIGNATURES = {
    "all": "(x, /, *, axis=None, keepdims=False)",
    "arange": "(start, /, stop=None, step=1, *, dtype=None, device=None)",
    "argmax": "(x, /, *, axis=None, keepdims=False)",
    "argsort": "(x, /, *, axis=-1, descending=False, stable=True)",
    "asarray": "(obj, /, *, dtype=None, device=None, copy=None)",
    "astype": "(x, dtype, /, *, copy=True, device=None)",
    "broadcast_to": "(x, /, shape)",
    "can_cast": "(from_, to, /)",
    "clip": "(x, /, min=None, max=None)",
    "concat": "(arrays, /, *, axis=0)",
    "count_nonzero": "(x, /, *, axis=None, keepdims=False)",
    "cumulative_sum": "(x, /, *, axis=None, dtype=None, include_initial=False)",
    "diff": "(x, /, *, axis=-1, n=1, prepend=None, append=None)",
    "expand_dims": "(x, /, axis)",
    "eye": "(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None)",
    "finfo": "(type, /)",
    "flip": "(x, /, *, axis=None)",
    "from_dlpack": "(x, /, *, device=None, copy=None)",
    "full": "(shape, fill_value, *, dtype=None, device=None)",
    "full_like": "(x, /, fill_value, *, dtype=None, device=None)",
    "isdtype": "(dtype, kind)",
    "linspace": "(start, stop, /, num, *, dtype=None, device=None, endpoint=True)",
    "matmul": "(x1, x2, /)",
    "meshgrid": "(*arrays, indexing='xy')",
    "moveaxis": "(x, source, destination, /)",
    "permute_dims": "(x, /, axes)",
    "repeat": "(x, repeats, /, *, axis=None)",
    "reshape": "(x, /, shape, *, copy=None)",
    "result_type": "(*arrays_and_dtypes)",
    "roll": "(x, /, shift, *, axis=None)",
    "searchsorted": "(x1, x2, /, *, side='left', sorter=None)",
    "sin": "(x, /)",
    "squeeze": "(x, /, axis)",
    "std": "(x, /, *, axis=None, correction=0.0, keepdims=False)",
    "sum": "(x, /, *, axis=None, dtype=None, keepdims=False)",
    "take": "(x, indices, /, *, axis=None)",
    "take_along_axis": "(x, indices, /, *, axis=-1)",
    "tensordot": "(x1, x2, /, *, axes=2)",
    "tile": "(x, repetitions, /)",
    "tril": "(x, /, *, k=0)",
    "unstack": "(x, /, *, axis=0)",
    "vecdot": "(x1, x2, /, *, axis=-1)",
    "where": "(condition, x1, x2, /)",
    "linalg.cross": "(x1, x2, /, *, axis=-1)",
    "linalg.matrix_norm": "(x, /, *, keepdims=False, ord='fro')",
    "linalg.pinv": "(x, /, *, rtol=None)",
    "linalg.trace": "(x, /, *, offset=0, dtype=None)",
    "linalg.vector_norm": "(x, /, *, axis=None, keepdims=False, ord=2)",
    "fft.fft": "(x, /, *, n=None, axis=-1, norm='backward')",
    "fft.irfftn": "(x, /, *, s=None, axes=None, norm='backward')",
    "fft.fftfreq": "(n, /, *, d=1.0, dtype=None, device=None)",
    "fft.fftshift": "(x, /, *, axes=None)",
}
NAMES = """
    e inf nan pi newaxis bool int8 int16 int32 int64 uint8 float32 float64 complex64 complex128
    arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros
    zeros_like astype can_cast finfo iinfo isdtype result_type
    abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or
    bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor floor_divide greater
    greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not
    logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow real reciprocal remainder
    round sign signbit sin sinh square sqrt subtract tan tanh trunc
    take take_along_axis matmul matrix_transpose tensordot vecdot
    broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile
    unstack argmax argmin count_nonzero nonzero searchsorted where unique_all unique_counts unique_inverse unique_values
    argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all any diff __array_namespace_info__
    __array_api_version__
""".split()


def lookup(name):
    found = xp
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_names_are_there(name):
    assert hasattr(xp, name)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name):
    signature = inspect.signature(lookup(name))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(inspect.Signature(plain)) == SIGNATURES[name]


# --- values, types and shapes beside NumPy ---

UNARY = {
    "abs": "numeric",
    "acos": "inexact",
    "acosh": "inexact",
    "asin": "inexact",
    "asinh": "inexact",
    "atan": "inexact",
    "atanh": "inexact",
    "bitwise_invert": "bits",
    "ceil": "real",
    "conj": "numeric",
    "cos": "inexact",
    "cosh": "inexact",
    "exp": "inexact",
    "expm1": "inexact",
    "floor": "real",
    "imag": "complex",
    "isfinite": "numeric",
    "isinf": "numeric",
    "isnan": "numeric",
    "log": "inexact",
    "log10": "inexact",
    "log1p": "inexact",
    "log2": "inexact",
    "logical_not": "bool",
    "negative": "numeric",
    "positive": "numeric",
    "real": "complex",
    "reciprocal": "float",
    "round": "numeric",
    "sign": "numeric",
    "signbit": "float",
    "sin": "inexact",
    "sinh": "inexact",
    "sqrt": "inexact",
    "square": "numeric",
    "tan": "inexact",
    "tanh": "inexact",
    "trunc": "real",
}
BINARY = {
    "add": "numeric",
    "atan2": "float",
    "bitwise_and": "bits",
    "bitwise_left_shift": "integer",
    "bitwise_or": "bits",
    "bitwise_right_shift": "integer",
    "bitwise_xor": "bits",
    "copysign": "float",
    "divide": "inexact",
    "equal": "all",
    "floor_divide": "real",
    "greater": "real",
    "greater_equal": "real",
    "hypot": "float",
    "less": "real",
    "less_equal": "real",
    "logaddexp": "float",
    "logical_and": "bool",
    "logical_or": "bool",
    "logical_xor": "bool",
    "maximum": "real",
    "minimum": "real",
    "multiply": "numeric",
    "nextafter": "float",
    "not_equal": "all",
    "pow": "numeric",
    "remainder": "real",
    "subtract": "numeric",
}
# Complex numbers with NaN or infinite parts, where C's Annex G leaves a sign or a part open, or NumPy departs from it.
OPEN_IN_COMPLEX = {"divide", "multiply", "pow", "sign", "square"}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_unary(name):
    for dtype in KINDS[UNARY[name]]:
        x = values(dtype)
        if dtype in COMPLEX and name in OPEN_IN_COMPLEX:
            x = x[np.isfinite(x)]
        same(getattr(xp, name)(tensor(x)), getattr(np, name)(x), where=f"{name} {dtype} {x}")


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_binary(name):
    for dtype in KINDS[BINARY[name]]:
        x = values(dtype)
        if dtype in COMPLEX and name in OPEN_IN_COMPLEX:
            x = x[np.isfinite(x)]
        a, b = (v.reshape(-1) for v in np.meshgrid(x, x))
        if dtype in INTEGERS and name in (
            "pow",
            "floor_divide",
            "remainder",
            "bitwise_left_shift",
            "bitwise_right_shift",
        ):
            keep = (b > 0) if name in ("floor_divide", "remainder") else (b >= 0)
            a, b = a[keep], b[keep]
        if name == "pow" and dtype in COMPLEX:
            a, b = a[a != 0], b[a != 0]
        if name in ("floor_divide", "remainder"):  # of infinite ones the standard leaves a choice
            keep = np.isfinite(a)
            a, b = a[keep], b[keep]
        same(getattr(xp, name)(tensor(a), tensor(b)), getattr(np, name)(a, b), where=f"{name} {dtype}")


@pytest.mark.parametrize("a, b", list(itertools.combinations(ALL, 2)))
def test_promotion_takes_no_heed_of_dimensions(a, b):
    """Where the standard defines it: within a kind, and between floats and complex numbers."""
    kinds = [{"b": "b", "i": "i", "u": "i", "f": "f", "c": "f"}[np.dtype(d).kind] for d in (a, b)]
    if kinds[0] != kinds[1]:
        pytest.skip("not defined")
    x, y = values(a, 3), values(b, 3)
    expected = str(np.result_type(x.dtype, y.dtype))
    for left, right in ((x, y), (x[0], y), (x, y[0]), (x[0], y[0])):
        assert str(xp.multiply(tensor(np.asarray(left)), tensor(np.asarray(right))).dtype) == f"torch.{expected}"
    assert str(xp.result_type(tensor(x), getattr(xp, b))) == f"torch.{expected}"


def test_numbers_take_the_arrays_type():
    assert xp.add(xp.ones(2, dtype=xp.float32), 1).dtype == xp.float32
    assert xp.multiply(2.5, xp.ones(2, dtype=xp.float64)).dtype == xp.float64
    assert xp.add(xp.ones(2, dtype=xp.float64), 1j).dtype == xp.complex128
    assert xp.add(xp.ones(2, dtype=xp.int8), 3).dtype == xp.int8
    with pytest.raises(TypeError, match="at least one of x1 and x2 must be an array"):
        xp.add(1, 2)


SHAPED = {
    "all": [{}, {"axis": 1}, {"axis": (0, 2)}, {"axis": ()}, {"keepdims": True}],
    "any": [{}, {"axis": 1}, {"axis": (0, 2)}, {"axis": ()}, {"keepdims": True}],
    "sum": [{}, {"axis": 1}, {"axis": (0, -1)}, {"axis": ()}, {"keepdims": True}],
    "prod": [{}, {"axis": 1}, {"axis": (0, 2)}, {"keepdims": True}],
    "max": [{}, {"axis": 1}, {"axis": (0, 2)}, {"axis": (), "keepdims": True}],
    "min": [{}, {"axis": -1}, {"axis": (1, 2), "keepdims": True}],
    "argmax": [{}, {"axis": 1}, {"axis": 2, "keepdims": True}, {"keepdims": True}],
    "argmin": [{}, {"axis": 0}, {"keepdims": True}],
    "count_nonzero": [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}],
    "sort": [{}, {"axis": 0}],
    "argsort": [{}, {"axis": 1}],
    "flip": [{}, {"axis": 1}, {"axis": (0, 2)}],
    "expand_dims": [{"axis": 0}, {"axis": -1}, {"axis": 2}, {"axis": (0, -1)}],
    "squeeze": [{"axis": 3}],
    "cumulative_sum": [{"axis": 1}, {"axis": -1, "include_initial": True}],
    "cumulative_prod": [{"axis": 0}, {"axis": 1, "include_initial": True}],
    "diff": [{}, {"axis": 0, "n": 2}],
    "repeat": [{"axis": 1}, {}],
    "roll": [{"shift": 2}, {"shift": (1, -1), "axis": (0, 1)}],
    "reshape": [{"shape": (6, -1)}, {"shape": (24,), "copy": True}],
    "permute_dims": [{"axes": (2, 0, 1)}],
    "broadcast_to": [{"shape": (5, 2, 3, 4)}],
    "tril": [{}, {"k": 1}],
    "triu": [{"k": -1}],
    "unstack": [{}, {"axis": -1}],
    "concat": [{"axis": None}, {"axis": 1}],
    "stack": [{}, {"axis": -1}],
    "nonzero": [{}],
    "unique_counts": [{}],
    "unique_inverse": [{}],
    "unique_values": [{}],
    "unique_all": [{}],
}


@pytest.mark.parametrize("name", SHAPED)
def test_shaped(name):
    for options in SHAPED[name]:
        for dtype in ("int32", "float64", "uint8", "bool"):
            if dtype == "bool" and name in ("diff", "argmax", "argmin", "max", "min"):
                continue
            x = values(dtype, 24).reshape(2, 3, 4)
            if dtype == "float64":
                x = np.random.default_rng(0).normal(size=x.shape)
            if name == "squeeze":
                x = x[..., None]
            ours, theirs = tensor(x), x
            arguments = [ours], [theirs]
            if name in ("concat", "stack"):
                arguments = [[ours, ours]], [[theirs, theirs]]
            if name == "repeat":
                arguments = [ours, 2], [theirs, 2]
            spelled = {"k": {"k": options.get("k", 0)}} if name in ("tril", "triu") else {}
            options_np = dict(spelled.get("k", options))
            got, want = getattr(xp, name)(*arguments[0], **options), reference(name, *arguments[1], **options_np)
            if isinstance(want, tuple):
                assert len(got) == len(want)
                for g, w in zip(got, want):
                    same(g, w, where=f"{name} {options} {dtype}")
            else:
                same(got, want, where=f"{name} {options} {dtype}")


def reference(name, x, *rest, **options):
    if name in ("permute_dims", "broadcast_to", "reshape", "roll", "expand_dims"):
        (first, *others) = options.values()
        if name == "reshape":
            return np.reshape(x, first)
        return getattr(np, name)(x, first, *others)
    if name == "unique_values":  # the standard leaves their order open, and NumPy does not sort
        return np.sort(np.unique(x))
    if name in ("sort", "argsort"):
        options["stable"] = True
    return getattr(np, name)(x, *rest, **options)


def test_statistics_of_floats():
    x = np.random.default_rng(1).normal(size=(3, 4, 5))
    for axis in (None, 0, (0, 2), ()):
        for keepdims in (False, True):
            same(xp.mean(tensor(x), axis=axis, keepdims=keepdims), np.mean(x, axis=axis, keepdims=keepdims))
            for correction in (0.0, 1.0, 0.5):
                options = {"axis": axis, "correction": correction, "keepdims": keepdims}
                if axis == () and correction:
                    continue
                same(xp.var(tensor(x), **options), np.var(x, **options))
                same(xp.std(tensor(x), **options), np.std(x, **options))


CREATED = [
    lambda m: m.arange(5),
    lambda m: m.arange(2, 8, 3),
    lambda m: m.arange(5, 2),
    lambda m: m.arange(0, -4, -1.5, dtype=m.float64),
    lambda m: m.eye(3, dtype=m.float64),
    lambda m: m.eye(2, 4, k=1, dtype=m.float32),
    lambda m: m.eye(3, 2, k=-2, dtype=m.int8),
    lambda m: m.eye(2, k=7, dtype=m.int8),
    lambda m: m.full((2, 3), 7),
    lambda m: m.full(3, True),
    lambda m: m.linspace(0, 1, 5, dtype=m.float64),
    lambda m: m.linspace(0, 1, 5, dtype=m.float64, endpoint=False),
    lambda m: m.linspace(2, 3, 1, dtype=m.float64, endpoint=False),
    lambda m: m.linspace(2, 3, 0, dtype=m.float32),
    lambda m: m.ones((2, 1), dtype=m.int16),
    lambda m: m.zeros(4, dtype=m.complex64),
    lambda m: m.full_like(m.ones((2, 2), dtype=m.float32), 3),
    lambda m: m.meshgrid(m.arange(2), m.arange(3))[0],
    lambda m: m.meshgrid(m.arange(2), m.arange(3), indexing="ij")[1],
    lambda m: m.clip(m.arange(6), 2, 4),
    lambda m: m.clip(m.arange(6), m.asarray([1, 1, 3, 3, 5, 5]), None),
    lambda m: m.where(m.asarray([True, False]), m.asarray([1.0, 2.0], dtype=m.float64), 5),
    lambda m: m.take(m.asarray([[1, 2], [3, 4]]), m.asarray([1, 0, -1]), axis=1),
    lambda m: m.take_along_axis(m.asarray([[3, 1], [2, 4]]), m.asarray([[1, 0], [-1, 0]])),
    lambda m: m.searchsorted(m.asarray([1, 3, 5]), m.asarray([3, 0, 9]), side="right"),
    lambda m: m.tile(m.asarray([[1, 2]]), (2, 2, 1)),
    lambda m: (
        m.moveaxis(m.zeros((2, 3, 4)), 0, -1).astype(m.float32) if m is np else m.moveaxis(m.zeros((2, 3, 4)), 0, -1)
    ),
    lambda m: m.tensordot(m.ones((2, 3), dtype=m.float64), m.ones((3, 2), dtype=m.float64), axes=1),
    lambda m: m.matmul(m.ones((2, 3), dtype=m.int32), m.ones(3, dtype=m.int64)),
    lambda m: m.astype(m.asarray([1.7, -2.2], dtype=m.float64), m.int32),
    lambda m: m.vecdot(m.asarray([[1, 2], [3, 4]]), m.asarray([1, 1])),
]


@pytest.mark.parametrize("i", range(len(CREATED)))
def test_creation_and_the_rest(i):
    same(CREATED[i](xp), CREATED[i](np))


def test_unique_values_begin_at_their_first_places():
    x = xp.asarray([3.0, 1.0, 3.0, 2.0, 1.0])
    found = xp.unique_all(x)
    assert found.values.tolist() == [1, 2, 3] and found.indices.tolist() == [1, 3, 0]
    assert found.inverse_indices.tolist() == [2, 0, 2, 1, 0] and found.counts.tolist() == [2, 1, 2]
    nans = xp.unique_counts(xp.asarray([float("nan"), 1.0, float("nan")]))
    assert nans.counts.tolist() == [1, 1, 1]  # a NaN equals none


def test_types():
    assert xp.isdtype(xp.int8, "signed integer") and not xp.isdtype(xp.uint8, "signed integer")
    assert xp.isdtype(xp.float64, ("integral", xp.float64)) and not xp.isdtype(xp.bool, "numeric")
    with pytest.raises(ValueError, match="unrecognized kind"):
        xp.isdtype(xp.int8, "floating")
    assert xp.can_cast(xp.int8, xp.int16) and not xp.can_cast(xp.float64, xp.float32)
    assert xp.finfo(xp.complex64).dtype == xp.float32 and xp.finfo(xp.ones(1, dtype=xp.float64)).bits == 64
    assert xp.iinfo(xp.asarray([1])).max == 2**63 - 1
    with pytest.raises(TypeError, match="without loss"):
        xp.astype(xp.ones(2, dtype=xp.complex64), xp.float32)
    x = xp.ones(2)
    assert xp.astype(x, x.dtype, copy=False) is x and xp.astype(x, x.dtype) is not x


def test_the_namespace_tells_of_itself():
    info = xp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] and str(info.default_device()) == "cpu"
    assert info.default_dtypes()["real floating"] == xp.float32
    assert set(info.dtypes(kind="integral")) == set(INTEGERS) and "bool" in info.dtypes()


def test_tensors_know_their_namespace():
    x = torch.ones(2)
    assert x.__array_namespace__() is xp and x.__array_namespace__(api_version="2024.12") is xp
    with pytest.raises(ValueError, match="2024.12"):
        x.__array_namespace__(api_version="1999.01")
    assert x.to_device("meta").device.type == "meta"


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: xp.squeeze(xp.ones((2, 1)), axis=0), ValueError),
        (lambda: xp.nonzero(xp.asarray(1)), ValueError),
        (lambda: xp.max(xp.ones((0, 2))), ValueError),
        (lambda: xp.sum(xp.ones(2), axis=3), IndexError),
        (lambda: xp.sum(xp.ones((2, 2)), axis=(0, 0)), ValueError),
        (lambda: xp.expand_dims(xp.ones(2), axis=4), IndexError),
        (lambda: xp.asarray([1], copy=False), ValueError),
        (lambda: xp.reshape(xp.ones((2, 3)).T, (6,), copy=False), ValueError),
        (lambda: xp.cumulative_sum(xp.ones((2, 2))), ValueError),
        (lambda: xp.result_type(), ValueError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error):
        call()


def test_gradients_flow():
    x = xp.asarray([1.0, 2.0]).requires_grad_()
    xp.sum(xp.multiply(x, xp.exp(x))).backward()
    torch.testing.assert_close(x.grad, ((1 + x) * x.exp()).detach())
