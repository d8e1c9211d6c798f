"""Fourier transforms against sums in long double: every size, plan and layout; accuracy, threads, interrupts, errors."""

import math
import random
import warnings

import numpy as np
import pytest
from oracles.fft import dft

import adjoint as torch

CASES = [("complex64", np.float32), ("complex128", np.float64)]
# A plan for each: powers of two, mixed, with every radix that has a butterfly of its own, large primes and their multiples.
LONG = [
    256,
    1000,
    1024,
    1009,
    2 * 1013,
    2187,
    3125,
    2401,
    4096,
    7 * 11 * 13,
    17 * 64,
    61 * 16,
    2 * 3 * 5 * 7 * 11,
    67 * 3,
]


def values(*shape, seed=0):
    r = np.random.default_rng(seed)
    return r.standard_normal(shape) + 1j * r.standard_normal(shape)


def reference(x, sign):
    """Σ x[j] exp(sign 2πi jk / n) along the last axis: sums, where they are short, else NumPy's transform."""
    if x.shape[-1] <= 200:
        return dft(x, -1, sign)
    x = x.astype("complex128")
    return np.fft.fft(x) if sign < 0 else np.fft.ifft(x, norm="forward")


def error(got, want):
    """Relative to the largest element, in units of the type's eps."""
    got = got.numpy()
    assert got.shape == want.shape
    eps = np.finfo(got.dtype).eps
    return float(np.abs(got - want).max(initial=0) / np.abs(want).max(initial=1e-30) / eps)


def allowed(n):
    return 2 + 1.5 * math.sqrt(math.log2(n) + 1)


@pytest.mark.parametrize("dtype, real", CASES)
@pytest.mark.parametrize("n", [*range(1, 201), *LONG])
def test_sizes(n, dtype, real):
    """One line, some in half-empty vectors, and full ones; complex and real, forth and back."""
    for count in (1, 3, 19) if n <= 200 else (1, 9):
        z = values(count, n, seed=n).astype(dtype)
        x, half = z.real.astype(real), z[:, : n // 2 + 1]
        forth, back = reference(z, -1), reference(z, 1)
        assert error(torch.fft.fft(torch.tensor(z)), forth) < allowed(n)
        assert error(torch.fft.ifft(torch.tensor(z), norm="forward"), back) < allowed(n)
        want = reference(x, -1)
        assert error(torch.fft.rfft(torch.tensor(x)), want[:, : n // 2 + 1]) < allowed(n)
        assert error(torch.fft.fft(torch.tensor(x)), want) < allowed(n)
        full = half.astype(np.clongdouble)
        full[:, 0] = full[:, 0].real
        if n % 2 == 0:
            full[:, -1] = full[:, -1].real
        full = np.concatenate([full, full[:, 1 : (n + 1) // 2][:, ::-1].conj()], 1)
        assert error(torch.fft.irfft(torch.tensor(half), n, norm="forward"), reference(full, 1).real) < allowed(n)


@pytest.mark.parametrize("n", [6, 16, 60, 61, 67, 256, 1009])
@pytest.mark.parametrize("kind", ["fft", "ifft", "rfft", "irfft"])
def test_strides_leave_the_same_bits(n, kind):
    """Rows, columns, steps, mirrored and expanded operands: the kernel follows from size and count alone."""
    z = torch.tensor(values(5, 40, n).astype("complex64"))
    x = z.real.contiguous() if kind == "rfft" else z
    call = lambda t, dim: getattr(torch.fft, kind)(t, dim=dim)
    want = call(x, 2)
    layouts = [x.transpose(1, 2).contiguous().transpose(1, 2), x.permute(2, 0, 1).contiguous().permute(1, 2, 0)]
    spread = torch.zeros(10, 40, 2 * n, dtype=x.dtype)[::2, :, ::2]
    spread.copy_(x)
    for other in (*layouts, spread):
        assert torch.equal(other, x) and torch.equal(call(other, 2), want)
    assert torch.equal(call(x.movedim(2, 0), 0), want.movedim(2, 0))
    assert torch.equal(call(x[:1].expand(5, 40, n), 2), want[:1].expand_as(want))


def test_several_dimensions():
    z = values(3, 4, 5, 6)
    for dims in [(0,), (1, 3), (3, 1), (0, 1, 2, 3), (2, 0, 3)]:
        want = z.astype(np.clongdouble)
        for d in dims:
            want = dft(want, d, -1)
        assert error(torch.fft.fftn(torch.tensor(z), dim=dims), want) < 12
        last = dims[-1]
        x = torch.tensor(z.real.copy())
        whole = torch.fft.fftn(x, dim=dims)
        half = whole.narrow(last, 0, z.shape[last] // 2 + 1)
        assert torch.allclose(torch.fft.rfftn(x, dim=dims), half)
        back = torch.fft.irfftn(half, s=[z.shape[d] for d in dims], dim=dims)
        assert torch.allclose(back, x)
        again = torch.fft.hfftn(torch.fft.ihfftn(x, dim=dims), s=[z.shape[d] for d in dims], dim=dims)
        assert torch.allclose(again, x)


@pytest.mark.parametrize("n", [1 << 15, 1 << 17, 3**10, 10007, 30030, 1 << 21])
def test_long_lines_are_exact(n):
    """Some frequencies of many, by sums of their own: the error grows like the root of log n."""
    r = np.random.default_rng(n)
    z = (r.standard_normal(n) + 1j * r.standard_normal(n)).astype("complex64")
    y, inverse = torch.fft.fft(torch.tensor(z)).numpy(), torch.fft.ifft(torch.tensor(z)).numpy()
    size = math.sqrt(n) * float(np.sqrt((np.abs(z.astype("complex128")) ** 2).mean()))
    for k in [1, n - 1, *map(int, r.integers(0, n, 2))]:
        # float64 roots of exact angles: errors of 1e-16 beside the 1e-7 that is looked for
        w = np.exp(-2j * np.pi * ((np.arange(n) * k) % n) / n)
        assert abs(y[k] - (z * w).sum()) < 1.2e-7 * size * (1 + math.sqrt(math.log2(n)))
        assert abs(inverse[k] * n - (z * w.conj()).sum()) < 1.2e-7 * size * (1 + math.sqrt(math.log2(n)))


def test_mean_error_is_small():
    """Root mean square over all of a transform, in units of eps: it grows like √log n, thrice as fast by a chirp."""
    for n, slope in ((64, 0.35), (4096, 0.35), (2310, 0.35), (1009, 0.6)):
        z = values(4, n).astype("complex64")
        want = reference(z, -1)
        got = torch.fft.fft(torch.tensor(z)).numpy()
        rms = float(np.sqrt((np.abs(got - want) ** 2).mean() / (np.abs(want) ** 2).mean()) / np.finfo("float32").eps)
        assert rms < slope * math.sqrt(math.log2(n)), (n, rms)


@pytest.mark.parametrize(
    "shape", [(1 << 17,), (700, 300), (64, 1009), (1 << 16, 3), (40, 40, 40), (50021,), (3, 1 << 15)]
)
def test_threads_leave_the_same_bits(shape):
    z = torch.tensor(values(*shape).astype("complex64"))
    calls = [torch.fft.fftn, torch.fft.ifft, lambda t: torch.fft.fft(t, dim=0), lambda t: torch.fft.rfftn(t.real)]
    calls += [lambda t: torch.fft.irfft(t), lambda t: torch.fft.fft(t.real)]
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            results.append([call(z) for call in calls])
    finally:
        torch.set_num_threads(before)
    for others in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], others, strict=True))


def test_plans_are_found_again_by_many_threads():
    import threading

    z = [torch.tensor(values(n).astype("complex64")) for n in range(2, 150)]
    want = [torch.fft.fft(t) for t in z]
    wrong = []

    def run(seed):
        order = list(range(len(z)))
        random.Random(seed).shuffle(order)
        wrong.extend(i for i in order if not torch.equal(torch.fft.fft(z[i]), want[i]))

    workers = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert not wrong


def test_a_transform_of_an_empty_batch_is_empty():
    for f, shape in ((torch.fft.fft, (0, 3)), (torch.fft.rfft, (0, 2)), (torch.fft.irfft, (0, 4))):
        y = f(torch.zeros(0, 3))
        assert y.shape == shape
    x = torch.zeros(2, 0, 4, requires_grad=True)
    torch.fft.fft2(x, dim=(0, 2)).abs().sum().backward()
    assert x.grad.shape == x.shape


def test_infinities_and_nans_stay_in_their_line():
    z = values(40, 64).astype("complex64")
    z[3, 5], z[7, 0] = np.nan, np.inf
    y = torch.fft.fft(torch.tensor(z))
    bad = ~torch.isfinite(y.abs()).all(1)
    assert bad.nonzero().flatten().tolist() == [3, 7]
    r = torch.fft.rfft(torch.tensor(z.real.copy()))
    assert (~torch.isfinite(r.abs()).all(1)).nonzero().flatten().tolist() == [3, 7]


ERRORS = [
    (lambda: torch.fft.fft(torch.ones(3).half()), RuntimeError, "Unsupported dtype Half"),
    (lambda: torch.fft.fft(torch.ones(3), norm="foo"), RuntimeError, 'Invalid normalization mode: "foo"'),
    (lambda: torch.fft.fft(torch.ones(())), IndexError, "Dimension specified as -1 but tensor has no dimensions"),
    (lambda: torch.fft.fft(torch.ones(3), n=0), RuntimeError, r"Invalid number of data points \(0\) specified"),
    (lambda: torch.fft.fft(torch.ones(3), n=-1), RuntimeError, r"Invalid number of data points \(-1\) specified"),
    (lambda: torch.fft.fft(torch.ones(3, 0)), RuntimeError, r"Invalid number of data points \(0\) specified"),
    (lambda: torch.fft.irfft(torch.ones(1)), RuntimeError, r"Invalid number of data points \(0\) specified"),
    (lambda: torch.fft.fftn(torch.ones(3, 3), dim=(0, 0)), RuntimeError, "FFT dims must be unique"),
    (
        lambda: torch.fft.fftn(torch.ones(3, 3), s=(2, 2, 2)),
        RuntimeError,
        "Got shape with 3 values but input tensor only",
    ),
    (
        lambda: torch.fft.fftn(torch.ones(3), s=(2, 2), dim=(0,)),
        RuntimeError,
        "dim and shape arguments must have the same",
    ),
    (
        lambda: torch.fft.rfft(torch.ones(3) * 1j),
        RuntimeError,
        "rfft expects a real input tensor, but got ComplexFloat",
    ),
    (lambda: torch.fft.rfftn(torch.ones(())), RuntimeError, "rfftn must transform at least one axis"),
    (lambda: torch.fft.fft(torch.ones(3), out=torch.empty(3)), RuntimeError, "fft expects a complex output tensor"),
    (lambda: torch.fft.fft2(torch.ones(3)), IndexError, "Dimension out of range"),
    (lambda: torch.fft.fft(torch.ones(3), n=1 << 62), RuntimeError, ""),
    (lambda: torch.stft(torch.ones(9), 4), RuntimeError, "stft requires the return_complex parameter be given"),
    (
        lambda: torch.stft(torch.ones(9), 4, 0, return_complex=True),
        RuntimeError,
        r"stft\(torch.FloatTensor\[13\], n_fft=4, hop_length=0, .*\) : expected hop_length > 0, but got hop_length=0",
    ),
    (lambda: torch.istft(torch.ones(3, 4), 4), RuntimeError, "istft requires a complex-valued input tensor"),
    (
        lambda: torch.istft(torch.ones(3, 4) * 1j, 4, window=torch.zeros(4)),
        RuntimeError,
        "window overlap add min: 1",
    ),
    (lambda: torch.signal.windows.hann(-1), ValueError, "requires non-negative window length, got M=-1"),
    (
        lambda: torch.signal.windows.gaussian(3, std=0),
        ValueError,
        "Standard deviation must be positive, got: 0 instead.",
    ),
    (lambda: torch.signal.windows.kaiser(3, dtype=torch.half), ValueError, "expects float32 or float64 dtypes"),
    (lambda: torch.signal.windows.exponential(3, center=1), ValueError, "Center must be None for symmetric windows"),
    (lambda: torch.signal.windows.general_cosine(3, a=[]), ValueError, "Coefficients cannot be empty"),
]


@pytest.mark.parametrize("call, kind, text", ERRORS)
def test_errors(call, kind, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(kind, match=text):
            call()


def test_a_signal_comes_back():
    x = torch.tensor(values(3, 200).real)
    for options in (
        {"n_fft": 32},
        {"n_fft": 32, "hop_length": 10, "win_length": 20},
        {"n_fft": 15, "normalized": True},
    ):
        size = options.get("win_length", options["n_fft"])
        options = options | {"window": torch.hann_window(size, dtype=torch.float64) + 0.1}
        y = torch.stft(x, return_complex=True, **options)
        back = torch.istft(y, length=200, **options)
        covered = slice(0, 190)
        assert torch.allclose(back[:, covered], x[:, covered], atol=1e-12)
    with pytest.warns(UserWarning, match="A window was not provided"):
        y = x.stft(32, return_complex=True)
    with pytest.warns(UserWarning, match="Result is being padded with zeros"):
        y.istft(32, length=400, window=torch.ones(32))


WINDOWS = {  # of t = n / N, in [0, 1]
    "bartlett": ({}, lambda t: 1 - np.abs(2 * t - 1)),
    "hann": ({}, lambda t: np.sin(np.pi * t) ** 2),
    "hamming": ({}, lambda t: 0.54 - 0.46 * np.cos(2 * np.pi * t)),
    "blackman": ({}, lambda t: 0.42 - 0.5 * np.cos(2 * np.pi * t) + 0.08 * np.cos(4 * np.pi * t)),
    "general_hamming": ({"alpha": 0.6}, lambda t: 0.6 - 0.4 * np.cos(2 * np.pi * t)),
    "general_cosine": ({"a": [0.5, 0.3]}, lambda t: 0.5 - 0.3 * np.cos(2 * np.pi * t)),
    "nuttall": (
        {},
        lambda t: (
            0.3635819
            - 0.4891775 * np.cos(2 * np.pi * t)
            + 0.1365995 * np.cos(4 * np.pi * t)
            - 0.0106411 * np.cos(6 * np.pi * t)
        ),
    ),
    "kaiser": ({"beta": 5.0}, lambda t: np.i0(5 * np.sqrt(np.maximum(0, 1 - (2 * t - 1) ** 2))) / np.i0(5.0)),
}
BY_STEPS = {  # of n and N
    "cosine": ({}, lambda n, whole: np.sin(np.pi * (n + 0.5) / (whole + 1))),
    "gaussian": ({"std": 1.5}, lambda n, whole: np.exp(-(((n - whole / 2) / 1.5) ** 2) / 2)),
    "exponential": ({"tau": 2.0}, lambda n, whole: np.exp(-np.abs(n - whole / 2) / 2)),
}


@pytest.mark.parametrize("name", [*WINDOWS, *BY_STEPS])
def test_windows(name):
    options, f = (WINDOWS | BY_STEPS)[name]
    make = getattr(torch.signal.windows, name)
    assert make(0, **options).shape == (0,)
    assert make(1, **options).tolist() == [1.0]
    for count, sym in ((2, True), (7, True), (8, False), (33, False)):
        whole = count - 1 if sym else count
        n = np.arange(count)
        want = f(n, whole) if name in BY_STEPS else f(n / whole)
        y = make(count, sym=sym, dtype=torch.float64, **options)
        assert np.abs(y.numpy() - want).max() < 1e-7 if name == "kaiser" else np.abs(y.numpy() - want).max() < 1e-13
    assert make(5, **options).dtype == torch.float32
    assert make(5, requires_grad=True, **options).requires_grad
