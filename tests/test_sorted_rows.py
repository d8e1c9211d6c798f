"""Sorting, selecting, scanning and searching on every road of their kernels, against NumPy: short rows by counting, long
ones by radix in one thread and in several, keys that fit an item and keys that do not, equals, NaN and both zeros."""

import numpy as np
import pytest

import adjoint as torch

SIZES = (1, 2, 8, 9, 17, 33, 64, 65, 300, 5000, 70_000)
KINDS = ("float32", "float64", "float16", "int64", "int32", "int16", "uint8", "bool")


def values(kind, n, what):
    rng = np.random.default_rng(n)
    if what == "few":
        return rng.integers(0, 5, n).astype(kind)
    if kind.startswith("float"):
        x = rng.standard_normal(n)
        if what == "close":
            x = 1 + rng.integers(0, 90, n) * np.finfo(kind).eps
        if what == "special":
            x[rng.integers(0, n, n // 3 + 1)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], n // 3 + 1)
        return x.astype(kind)
    x = rng.integers(-(2**62), 2**62, n)
    if what == "close":  # all but one agree in the bits that fit beside a position
        x = rng.integers(0, 90, n)
        x[n // 2] = 2**61
    return x.astype(kind)


@pytest.fixture(autouse=True)
def threads():
    n = torch.get_num_threads()
    yield
    torch.set_num_threads(n)


def same(a, b):
    """The same bits, save that any NaN is as good as another."""
    nan = a != a
    return (
        np.array_equal(nan, b != b)
        and np.array_equal(a[~nan], b[~nan])
        and (a.dtype.kind != "f" or np.array_equal(np.signbit(a[~nan]), np.signbit(b[~nan])))
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ("any", "few", "close", "special"))
def test_stable_sort(kind, what):
    for n in SIZES:
        x = values(kind, n, what)
        order = np.argsort(x, kind="stable")
        for count in (1, 3):
            torch.set_num_threads(count)
            v, i = torch.from_numpy(x).sort(stable=True)
            assert np.array_equal(i.numpy(), order), n
            assert same(v.numpy(), x[order]), n
            v, i = torch.from_numpy(x).sort(stable=True, descending=True)
            v, i = v.numpy(), i.numpy()
            assert same(v, x[i]) and np.array_equal(np.sort(i), np.arange(n))
            rank = np.empty(n, dtype=np.int64)  # equals have equal ranks and ascending places
            s = x[order]
            new = np.concatenate([[False], ~((s[1:] == s[:-1]) | ((s[1:] != s[1:]) & (s[:-1] != s[:-1])))])
            rank[order] = np.cumsum(new)
            step = np.diff(rank[i])
            assert (step <= 0).all() and (np.diff(i)[step == 0] > 0).all(), n


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "bool"])
@pytest.mark.parametrize("what", ("any", "few", "close"))
def test_selection(kind, what):
    for n in SIZES:
        x = values(kind, n, what)
        s, t = np.sort(x), torch.from_numpy(x)
        for k in {1, n // 100 + 1, n // 3 + 1, n}:
            v, i = t.kthvalue(k)
            assert v.item() == s[k - 1] == x[i.item()], (n, k)
            v, i = t.topk(k)
            assert np.array_equal(v.numpy(), s[::-1][:k]) and np.array_equal(x[i.numpy()], v.numpy()), (n, k)
            assert len(set(i.tolist())) == k
            v, i = t.topk(k, largest=False)
            assert np.array_equal(v.numpy(), s[:k]) and np.array_equal(x[i.numpy()], v.numpy()), (n, k)
        v, i = t.median(0)
        assert v.item() == s[(n - 1) // 2] == x[i.item()]
        assert torch.equal(t.median(), v)
        u, inverse, counts = torch.unique(t, return_inverse=True, return_counts=True)
        want = np.unique(x, return_inverse=True, return_counts=True)
        for ours, theirs in zip((u, inverse, counts), want):
            assert np.array_equal(ours.numpy(), theirs.reshape(ours.shape)), n
        assert torch.equal(torch.unique(t), u)


@pytest.mark.parametrize("name", ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"))
def test_scans(name):
    rng = np.random.default_rng(0)
    running = {"cumsum": np.cumsum, "cumprod": np.cumprod, "cummax": np.maximum.accumulate}
    running["logcumsumexp"], running["cummin"] = np.logaddexp.accumulate, np.minimum.accumulate
    for shape in ((1,), (7,), (9,), (129,), (4097,), (300_001,), (3, 50), (4, 30, 5), (2, 5000, 2), (300, 300)):
        x = rng.standard_normal(shape) * 0.01 + 1
        for dim in range(len(shape)):
            found = []
            for count in (1, 2, 4):
                torch.set_num_threads(count)
                y = getattr(torch.from_numpy(x), name)(dim)
                found.append([t.numpy() for t in (y if isinstance(y, tuple) else (y,))])
            np.testing.assert_allclose(found[0][0], running[name](x, axis=dim), rtol=1e-11)
            assert all(np.array_equal(a, b) for other in found[1:] for a, b in zip(found[0], other))


def test_scans_meet_special_values():
    nan, inf = float("nan"), float("inf")
    for x in ([1, nan, 3.0], [inf, -inf, 1], [3.0] * 20 + [nan] * 3 + [5.0] * 20, [-inf] * 3 + [0.0]):
        a, t = np.array(x), torch.tensor(x, dtype=torch.float64)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(t.cumsum(0).numpy(), np.cumsum(a))
            np.testing.assert_array_equal(t.cummax(0)[0].numpy(), np.maximum.accumulate(a))
            np.testing.assert_array_equal(t.cummin(0)[0].numpy(), np.minimum.accumulate(a))


@pytest.mark.parametrize("kind", ("float32", "float64", "float16", "int64", "int32", "uint8"))
def test_searches(kind):
    for n in (0, 1, 2, 3, 17, 1000):
        row = np.sort(values(kind, n, "few" if n == 17 else "any")) if n else np.empty(0, kind)
        x = values(kind, 77, "special" if kind.startswith("float") else "any")
        if kind.startswith("float") and n > 3:
            row[-2:] = np.nan
        for side in ("left", "right"):
            at = torch.searchsorted(torch.from_numpy(row), torch.from_numpy(x), side=side)
            assert np.array_equal(at.numpy(), np.searchsorted(row, x, side=side)), (n, side)
        for invert in (False, True):
            y = torch.isin(torch.from_numpy(x), torch.from_numpy(row), invert=invert)
            assert np.array_equal(y.numpy(), np.isin(x, row, invert=invert))


def test_equal_indices_are_written_in_their_order():
    rng = np.random.default_rng(0)
    for shape, dim in (((40,), 0), ((30, 900), 0), ((900, 30), 1), ((20, 50, 40), 1)):
        x, at = rng.standard_normal(shape), rng.integers(0, shape[dim], 500)
        size = (*shape[:dim], 500, *shape[dim + 1 :])
        source, want, added = rng.standard_normal(size), x.copy(), x.copy()
        for k, i in enumerate(at):
            place, taken = (slice(None),) * dim + (i,), (slice(None),) * dim + (k,)
            want[place] = source[taken]
            added[place] += source[taken]
        index, values_ = torch.from_numpy(at), torch.from_numpy(source)
        for count in (1, 2, 4):
            torch.set_num_threads(count)
            assert np.array_equal(torch.from_numpy(x).index_copy(dim, index, values_).numpy(), want)
            assert np.array_equal(torch.from_numpy(x).index_add(dim, index, values_).numpy(), added)
            full = index.reshape([-1 if d == dim else 1 for d in range(len(shape))]).expand(size)
            assert np.array_equal(torch.from_numpy(x).scatter(dim, full, values_).numpy(), want)
            assert np.array_equal(torch.from_numpy(x).scatter_add(dim, full, values_).numpy(), added)


def test_masks_over_several_dimensions():
    rng = np.random.default_rng(0)
    for shape in ((300, 400), (3, 50_000), (50_000, 2), (20, 30, 40), (100_000,)):
        x, mask = rng.standard_normal(shape), rng.random(shape) < 0.3
        t, m = torch.from_numpy(x), torch.from_numpy(mask)
        assert np.array_equal(m.nonzero().numpy(), np.argwhere(mask))
        assert np.array_equal(t[m].numpy(), x[mask])
        assert np.array_equal(
            t.T[m.T].numpy() if x.ndim == 2 else t[m].numpy(), x.T[mask.T] if x.ndim == 2 else x[mask]
        )
        assert np.array_equal(
            t[m[..., 0]].numpy() if x.ndim > 1 else t[m].numpy(), x[mask[..., 0]] if x.ndim > 1 else x[mask]
        )
        y = t.clone()
        y[m] = 7.0
        assert np.array_equal(y.numpy(), np.where(mask, 7.0, x))
        if x.ndim > 1:
            y = t.clone()
            y[m[..., 0]] = 7.0
            want = x.copy()
            want[mask[..., 0]] = 7.0
            assert np.array_equal(y.numpy(), want)
