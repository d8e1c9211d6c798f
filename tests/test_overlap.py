"""Memory that two indices, or two operands, share: writes into it are refused or right, never garbage.

Every in-place method and every `out=` of the registry is tried, with the catalogue's samples.
"""

import warnings

import catalogue
import numpy as np
import pytest
from support import error_of, torch

SELF = "more than one element of the written-to tensor refers to a single memory location"
PARTLY = "some elements of the input tensor and the written-to tensor refer to a single memory location"

# In place, but nothing is written twice with different values: the geometry changes, or one value goes everywhere.
HARMLESS = set(
    """as_strided_ squeeze_ unsqueeze_ swapaxes_ swapdims_ t_ transpose_ fill_ zero_ detach_ requires_grad_ resize_
    resize_as_ set_ rename_ share_memory_ apply_ map_ map2_ retain_grad_ moveaxis_ movedim_""".split()
)
# Arguments beside self for those that have no samples of their own.
ARGUMENTS = {"copy_": (1.0,), "random_": (), "fill_diagonal_": (1.0,)}


def inplace_methods():
    return sorted(n for n in dir(torch.Tensor) if n.endswith("_") and not n.startswith("_") and n not in HARMLESS)


def samples_of(name):
    """[(dtype, args, kwargs)] that the plain method takes, with something to write: a few of one type."""
    names = [n for n in catalogue.names() if n.split(".")[-1] in (name, name[:-1])]
    for dtype in (torch.float32, torch.int64, torch.bool):
        found = []
        for n in names:
            for args, kwargs in samples_as(n, dtype):
                if args and isinstance(args[0], torch.Tensor) and args[0].dtype == dtype and args[0].numel() > 1:
                    if works(lambda: getattr(args[0].clone(), name)(*args[1:], **kwargs)):
                        found.append((dtype, args, kwargs))
        x = torch.ones(3, 4, dtype=dtype)
        more = tuple(torch.ones(3, 4, dtype=dtype) if name == "copy_" else v for v in ARGUMENTS.get(name, ()))
        if not found and works(lambda: getattr(x.clone(), name)(*more)):
            found.append((dtype, (x, *more), {}))
        if found:
            return found[:4]
    return []


def samples_as(name, dtype):
    try:
        return catalogue.samples(torch, name, dtype)
    except RuntimeError:  # they hold NaN, or 0.5
        return []


def works(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            f()
            return True
        except Exception:
            return False


def expanded(x):
    d = next(d for d in range(x.dim()) if x.shape[d] > 1)
    return x.clone().narrow(d, 0, 1).expand(x.shape)


def test_in_place_into_overlapping_memory_is_refused():
    wrong, untried = [], []
    for name in inplace_methods():
        samples = samples_of(name)
        if not samples:
            untried.append(name)
        for _, args, kwargs in samples:
            x = expanded(args[0])
            before = x.tolist()
            if not works(lambda: getattr(x.clone(), name)(*args[1:], **kwargs)):
                continue
            try:
                getattr(x, name)(*args[1:], **kwargs)
                wrong.append((name, "accepted"))
            except RuntimeError as e:
                if SELF not in str(e) or x.tolist() != before:
                    wrong.append((name, str(e)))
    assert not wrong
    assert len(untried) < 12, untried


@pytest.mark.parametrize("strides", [(0, 1), (1, 1), (2, 1), (1, 0), (1, 2)])
def test_strided_views_that_overlap(strides):
    x = torch.zeros(40).as_strided((3, 4), strides)
    for write in (lambda: x.add_(1), lambda: x.copy_(torch.ones(3, 4)), lambda: x.uniform_(), lambda: x.tril_()):
        assert SELF in error_of(write, RuntimeError)
    assert SELF in error_of(lambda: x.__setitem__(torch.ones(3, 4, dtype=torch.bool), torch.arange(12.0)), RuntimeError)
    x.fill_(3)
    assert (x == 3).all()
    x.zero_()
    assert (x == 0).all()


@pytest.mark.parametrize(
    "sizes, strides", [((2, 3), (3, 2)), ((3, 4), (5, 1)), ((4, 3), (1, 4)), ((2, 2, 2), (1, 3, 9))]
)
def test_strided_views_that_do_not_overlap_are_written(sizes, strides):
    memory = torch.zeros(64)
    x = memory.as_strided(sizes, strides)
    x.add_(1)
    assert memory.sum() == x.numel() and (x == 1).all()


def outs():
    names = []
    for n in catalogue.names():
        f = catalogue.resolve(torch, n)
        if n == "empty":  # it writes nothing
            continue
        if not n.startswith("Tensor.") and any("out" in r["forms"] for r in getattr(f, "_records", ())):
            names.append(n)
        elif not n.startswith("Tensor.") and "out" in (getattr(f, "__doc__", None) or ""):
            names.append(n)
    return names


def calls_with_out(name):
    f = catalogue.resolve(torch, name)
    for dtype in (torch.float32, torch.int64):
        found = []
        for args, kwargs in samples_as(name, dtype)[:4]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    torch.manual_seed(0)
                    y = f(*args, **kwargs)
                    f(*args, **kwargs, out=torch.empty_like(y))
            except Exception:
                continue
            found.append((f, args, kwargs, y))
        if found:
            return found
    return []


def test_out_into_overlapping_memory_is_refused():
    wrong = []
    for name in outs():
        for f, args, kwargs, y in calls_with_out(name):
            if y.numel() < 2:
                continue
            try:
                f(*args, **kwargs, out=expanded(y))
                wrong.append((name, "accepted"))
            except RuntimeError as e:
                if SELF not in str(e):
                    wrong.append((name, str(e)))
    assert not wrong


def moved_together(x, like):
    """x and an uninitialised tensor shaped like `like` in one buffer, one element apart."""
    memory = torch.zeros(max(x.numel(), like.numel()) + 1, dtype=x.dtype)
    a = memory[: x.numel()].view(x.shape)
    a.copy_(x)
    return a, memory[1 : like.numel() + 1].view(like.shape)


def same(a, b):
    return np.array_equal(a.numpy(), b.numpy(), equal_nan=a.is_floating_point() or a.is_complex())


def test_out_that_partly_overlaps_an_operand():
    wrong = []
    for name in outs():
        for f, args, kwargs, y in calls_with_out(name):
            for i, x in enumerate(args):
                if not isinstance(x, torch.Tensor) or x.dtype != y.dtype or not x.numel():
                    continue
                a, out = moved_together(x, y)
                torch.manual_seed(0)
                try:
                    f(*args[:i], a, *args[i + 1 :], **kwargs, out=out)
                except RuntimeError as e:
                    if "single memory location" not in str(e) and "overlap" not in str(e):
                        wrong.append((name, str(e)))
                    continue
                if not same(out, y):
                    wrong.append((name, out, y))
    assert not wrong


def test_in_place_beside_an_operand_that_partly_overlaps():
    wrong = []
    for name in inplace_methods():
        for dtype, args, kwargs in samples_of(name):
            for i in range(1, len(args)):
                v = args[i]
                if not isinstance(v, torch.Tensor) or v.dtype != dtype or not v.numel() or args[0].dim() == 0:
                    continue
                x, other = moved_together(args[0], v)
                want = x.clone()

                def call(x, other):
                    torch.manual_seed(0)
                    getattr(x, name)(*args[1:i], other, *args[i + 1 :], **kwargs)

                if not works(lambda: call(want, other.clone())):
                    continue
                try:
                    call(x, other)
                except RuntimeError as e:
                    if "single memory location" not in str(e):
                        wrong.append((name, str(e)))
                    continue
                if not same(x, want):
                    wrong.append((name, x, want))
    assert not wrong


# --- assignment between views of one memory: NumPy's result, where PyTorch's depends on the order of its loop ---

N = 257
VECTORS = [
    (slice(1, None), slice(None, -1)),
    (slice(None, -1), slice(1, None)),
    (slice(None, None, 2), slice(None, (N + 1) // 2)),
    (slice(None, N // 2), slice(1, None, 2)),
    (slice(3, 100), slice(0, 97)),
    (slice(0, 200, 2), slice(1, 200, 2)),
    (slice(0, 200, 2), slice(100, 200)),
]


@pytest.mark.parametrize("to, source", VECTORS)
@pytest.mark.parametrize("dtype", ["float32", "int8", "float64", "complex128", "bool"])
def test_slices_of_a_vector(to, source, dtype):
    values = np.arange(N).astype(dtype)
    for write in (
        lambda x: x.__setitem__(to, x[source]),
        lambda x: x[to].copy_(x[source]) if not isinstance(x, np.ndarray) else x.__setitem__(to, x[source].copy()),
    ):
        a, b = values.copy(), torch.tensor(values)
        a[to] = a[source].copy()
        write(b)
        np.testing.assert_array_equal(b.numpy(), a)


@pytest.mark.parametrize("n", [2, 7, 64, 300])
def test_a_matrix_takes_its_own_transpose(n):
    values = np.arange(n * n, dtype="float32").reshape(n, n)
    for write in (
        lambda x: x.copy_(x.T),
        lambda x: x.T.copy_(x),
        lambda x: x.__setitem__(slice(None), x.T),
        lambda x: x.__setitem__(..., x.T),
    ):
        x = torch.tensor(values)
        write(x)
        np.testing.assert_array_equal(x.numpy(), values.T)
    for to, source in (
        ((slice(1, None), slice(1, None)), (slice(None, -1), slice(None, -1))),
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        a, x = values.copy(), torch.tensor(values)
        a[to] = a[source].copy()
        x[to] = x[source]
        np.testing.assert_array_equal(x.numpy(), a)


def test_masks_and_lists_of_indices():
    values = np.arange(40, dtype="float32")
    a, x = values.copy(), torch.tensor(values)
    a[np.arange(1, 40)] = values[:-1]
    x[torch.arange(1, 40)] = x[:-1]
    np.testing.assert_array_equal(x.numpy(), a)
    a, x = values.copy(), torch.tensor(values)
    mask = values % 3 != 0
    a[mask] = values[: mask.sum()]
    x[torch.tensor(mask)] = x[: int(mask.sum())]
    np.testing.assert_array_equal(x.numpy(), a)


def test_views_of_another_type():
    memory = torch.arange(64, dtype=torch.float32)
    doubles = memory.view(torch.int32)
    want = memory[:32].to(torch.int32)
    doubles[16:48] = memory[:32]
    assert doubles[16:48].tolist() == want.tolist()
    bytes_ = torch.arange(64, dtype=torch.uint8)
    floats = bytes_.view(torch.float32)
    want = bytes_[:16].float()
    floats.copy_(bytes_[:16])
    assert floats.tolist() == want.tolist()
    complex_ = torch.arange(8, dtype=torch.float32).to(torch.complex64)
    real = torch.view_as_real(complex_)
    real[:, 1] = real[:, 0]
    assert complex_.imag.tolist() == list(range(8))
    real.copy_(real.flip(1))
    assert complex_.tolist() == [complex(i, i) for i in range(8)]


def test_gradients_flow_through_an_assignment_between_overlapping_views():
    w = torch.arange(5.0, requires_grad=True)
    x = w * 1
    x[1:] = x[:-1]
    (x * torch.tensor([1.0, 10, 100, 1000, 10000])).sum().backward()
    assert w.grad.tolist() == [11, 100, 1000, 10000, 0]
