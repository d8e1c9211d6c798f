"""Matrix products: right numbers on every road through the kernels, the same bits on any number of threads."""

import itertools

import numpy as np
import pytest

import adjoint as torch

# Around the edges of tiles, vectors and blocks of K; tiny, direct and packed products; vectors.
SHAPES = [
    *itertools.product((1, 3, 4, 17), (1, 4, 5, 16), (1, 2, 4, 33)),
    (31, 33, 64),
    (64, 64, 64),
    (129, 65, 200),
    (1, 300, 500),
    (300, 1, 500),
    (65, 130, 800),
    (200, 170, 400),
]
DTYPES = ["float32", "float64", "complex64", "complex128", "int64", "int8", "uint8", "float16", "bfloat16"]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def values(rows, columns, dtype, seed):
    source = np.random.default_rng(seed)
    if "int" in dtype:
        return torch.from_numpy(source.integers(0, 100, (rows, columns)).astype(dtype))
    real = source.standard_normal((rows, columns))
    if "complex" in dtype:
        real = real + 1j * source.standard_normal((rows, columns))
    return torch.from_numpy(real).to(getattr(torch, dtype))


def layouts(x):
    """The same matrix, laid out by rows, by columns, and with gaps both ways."""
    gaps = torch.zeros(2 * x.shape[0], 2 * x.shape[1], dtype=x.dtype)[::2, ::2]
    return [x, x.t().contiguous().t(), gaps.copy_(x)]


def exact(x):
    return np.array(x.to(torch.complex128 if x.is_complex() else torch.float64).tolist())


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_and_layouts(dtype):
    tolerance = {"float32": 1e-5, "complex64": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}.get(dtype, 1e-12)
    for m, n, k in SHAPES:
        a, b = values(m, k, dtype, 1), values(k, n, dtype, 2)
        want = exact(a) @ exact(b)
        for x, y in itertools.product(layouts(a), layouts(b)):
            got = x @ y
            if "int" in dtype:
                assert np.array_equal(np.array(got.tolist()), want.astype("int64").astype(dtype)), (m, n, k)
            else:
                error = np.abs(exact(got) - want).max() / (1 + np.sqrt(k))
                assert error < tolerance, (m, n, k, error)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "float16"])
def test_same_bits_on_any_number_of_threads(dtype, threads):
    for m, n, k in [*SHAPES[-6:], (512, 512, 512)]:
        a, b = values(m, k, dtype, 3), values(k, n, dtype, 4)
        for x, y in itertools.product(layouts(a)[:2], layouts(b)[:2]):
            results = []
            for count in (1, 2, 4):
                threads(count)
                results.append((x @ y).view(torch.uint8) if dtype != "complex64" else torch.view_as_real(x @ y))
            assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2]), (m, n, k)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128", "float16", "bfloat16"])
def test_same_bits_in_any_layout(dtype):
    sizes = (1, 2, 9, 33, 130)
    shapes = [*itertools.product(sizes, sizes, (1, 33, 300)), (1, 700, 900), (700, 1, 900), (200, 170, 400)]
    for m, n, k in shapes:
        a, b, bias = values(m, k, dtype, 5), values(k, n, dtype, 6), values(1, n, dtype, 7)[0]
        pairs = list(itertools.product(layouts(a), layouts(b)))
        for of in (torch.matmul, lambda x, y, c=bias: torch.nn.functional.linear(x, y.t(), c)):
            results = [exact(of(x, y)) for x, y in pairs]
            assert all(np.array_equal(results[0], other) for other in results[1:]), (m, n, k)


def test_batches_equal_their_products():
    a, b = torch.rand(9, 20, 30), torch.rand(9, 30, 10)
    each = torch.stack([x @ y for x, y in zip(a, b, strict=True)])
    assert torch.equal(torch.bmm(a, b), each)


def test_beta_zero_does_not_read_and_alpha_zero_does_not_multiply():
    nan = torch.full((3, 3), float("nan"))
    one = torch.ones(3, 3)
    assert torch.equal(torch.addmm(nan, one, one, beta=0), one @ one)
    assert torch.equal(torch.addmm(one, nan, nan, alpha=0), one)


def test_sums_over_nothing_are_zero():
    assert torch.equal(torch.ones(2, 0) @ torch.ones(0, 3), torch.zeros(2, 3))
    assert (torch.ones(0, 4) @ torch.ones(4, 3)).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "float16"])
@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_zero_times_what_is_not_finite_is_nan(dtype, value):
    for m, n, k in itertools.product((1, 3, 90), (1, 5, 70), (1, 7, 300)):
        a, b = values(m, k, dtype, 8) * 0, values(k, n, dtype, 9)
        b[k // 2, n // 2] = value
        nans = (a @ b).isnan()
        assert nans[:, n // 2].all() and nans.sum().item() == m, (m, n, k)
