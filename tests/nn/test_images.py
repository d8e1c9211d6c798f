"""Images pooled, resampled, sampled at grids and padded: places that are checked, what lies outside, layouts, huge sizes,
the same random numbers as PyTorch's, the same bits for any number of threads."""

import ctypes
import itertools
import math
import mmap
import sys

import pytest

import adjoint as torch
import adjoint.nn.functional as F

INF, NAN = float("inf"), float("nan")
PADDINGS, MODES = ("zeros", "border", "reflection"), ("bilinear", "nearest", "bicubic")


@pytest.fixture
def threads():
    n = torch.get_num_threads()
    yield
    torch.set_num_threads(n)


def image(*shape, dtype=torch.float32):
    torch.manual_seed(0)
    return torch.randn(*shape, dtype=dtype)


def bits(t):
    return t.detach().numpy().tobytes()


# --- places ---
@pytest.mark.parametrize(
    ("unpool", "shape", "last"),
    [
        (F.max_unpool1d, (2, 3, 2), None),
        (F.max_unpool2d, (2, 3, 2, 2), None),
        (F.max_unpool2d, (2, 3, 2, 2), torch.channels_last),
        (F.max_unpool3d, (2, 3, 2, 2, 2), None),
        (F.max_unpool3d, (2, 3, 2, 2, 2), torch.channels_last_3d),
    ],
)
@pytest.mark.parametrize("index", [-1, 64, 2**40, -(2**63)])
def test_a_place_outside_is_refused_and_named(unpool, shape, last, index):
    x, places = image(*shape), torch.zeros(shape, dtype=torch.int64)
    places[(1, 2, *[1] * (len(shape) - 2))] = index
    if last is not None:
        x, places = x.to(memory_format=last), places.to(memory_format=last)
    with pytest.raises(
        RuntimeError, match=rf"Found an invalid max index: {index} \(output volumes are of size"
    ) as error:
        unpool(x, places, 2)
    at = [1, 2, *[1] * (len(shape) - 2)] + [0] * (unpool is F.max_unpool1d)
    assert str(at) in "\n".join(getattr(error.value, "__notes__", [str(at)]))


def test_saved_places_are_checked_before_they_are_used():
    x = image(1, 1, 4, 4).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t + 1000):
        y = F.max_pool2d(x, 2)
    with pytest.raises(RuntimeError, match="Found an invalid max index: 10"):
        y.sum().backward()


def test_the_last_nan_and_the_first_of_equals_have_the_place():
    x = torch.tensor([[[NAN, 1, NAN, 2, 5, 5, -INF, -INF]]])
    y, places = F.max_pool1d(x, 4, return_indices=True)
    assert places.tolist() == [[[2, 4]]] and y.isnan().tolist() == [[[True, False]]]
    assert F.max_pool1d(x[..., 6:], 2, return_indices=True)[1].tolist() == [[[0]]]


def test_a_window_beside_the_image_has_a_place_in_it():
    """Dilated past a single element: nothing is there, and the gradient goes nowhere outside."""
    x = image(1, 1, 1, 3).requires_grad_()
    y, places = F.max_pool2d(x, 2, 1, 1, 2, return_indices=True)
    assert ((places >= 0) & (places < 3)).all()
    y.clamp(min=0).sum().backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling_undoes_pooling(n):
    x = image(2, 3, *(6, 4, 8)[:n], dtype=torch.float64)
    pool, unpool = getattr(F, f"max_pool{n}d"), getattr(F, f"max_unpool{n}d")
    y, places = pool(x, 2, return_indices=True)
    back = unpool(y, places, 2)
    assert back.shape == x.shape and torch.equal(pool(back.abs(), 2), y.abs())
    assert torch.equal(back.sum(), y.sum()) or math.isclose(back.sum().item(), y.sum().item())


# --- layouts ---
@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.max_pool2d(x, 2, return_indices=True)[1],
        lambda x: F.avg_pool2d(x, 3, 1, 1, count_include_pad=False),
        lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
        lambda x: F.adaptive_max_pool2d(x, 3),
        lambda x: F.interpolate(x, scale_factor=2),
        lambda x: F.interpolate(x, size=(3, 11), mode="bilinear"),
        lambda x: F.interpolate(x, size=(4, 3), mode="bicubic", antialias=True),
        lambda x: F.channel_shuffle(x, 5),
    ],
)
def test_channels_last_stays_and_changes_no_bit(f):
    x = image(2, 130, 5, 7)
    results = []
    for format in (torch.contiguous_format, torch.channels_last):
        leaf = x.to(memory_format=format).requires_grad_()
        y = f(leaf)
        assert y.is_contiguous(memory_format=format)
        found = [y]
        if y.is_floating_point():
            found += torch.autograd.grad(y, leaf, y.detach() ** 2)
        results.append([t.contiguous() for t in found])
    for a, b in zip(*results, strict=True):
        assert torch.allclose(a, b, rtol=1e-6, atol=1e-6)


# --- huge sizes ---
def test_sizes_beyond_memory_are_planned_or_refused():
    x = torch.empty(1, 1, 2**20, 2**20, device="meta")
    assert F.max_pool2d(x, 2).shape == (1, 1, 2**19, 2**19)
    assert F.interpolate(x, scale_factor=2, mode="bilinear").shape == (1, 1, 2**21, 2**21)
    small = image(1, 1, 2, 2)
    for call in (
        lambda: F.interpolate(small, size=2**62),
        lambda: F.interpolate(small, scale_factor=1e18),
        lambda: F.adaptive_avg_pool2d(small, 2**62),
        lambda: F.max_unpool2d(small, torch.zeros(1, 1, 2, 2, dtype=torch.int64), 2, 2**61),
        lambda: F.pad(small, (2**62, 2**62), "replicate"),
        lambda: F.pixel_shuffle(small, 2**33),
        lambda: F.pixel_shuffle(torch.empty(1, 0, 2, 2), 2**31),
        lambda: F.affine_grid(torch.zeros(1, 2, 3), (1, 1, 2**40, 2**40), align_corners=False),
    ):
        with pytest.raises((RuntimeError, ValueError)):
            call()
    for bad in (NAN, INF):
        with pytest.raises((ValueError, OverflowError)):
            F.interpolate(small, scale_factor=bad)


def test_no_division_kills():
    least = -(2**63)
    x = torch.tensor([[[[least, 0], [0, 0]]]])
    assert F.avg_pool2d(x, 2, divisor_override=-1).tolist() == [[[[least]]]]
    assert F.avg_pool2d(x[..., :1, :1], 1, divisor_override=-1).tolist() == [[[[least]]]]
    wide = torch.ones(1, 1, 2, 2, 2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="overflowed"):
        F.avg_pool3d(wide, (2**22, 2**21, 2**21), 1, (2**21, 2**20, 2**20))
    assert F.avg_pool2d(torch.ones(1, 1, 2, 2), 2**30, 1, 2**29).shape == (1, 1, 3, 3)


# --- what lies outside of an image ---
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("aligned", [False, True])
def test_grids_that_are_no_numbers_read_nothing_outside(mode, padding, dtype, aligned):
    x = torch.arange(1, 7, dtype=dtype).reshape(1, 1, 2, 3).requires_grad_()
    odd = [NAN, INF, -INF, 1e30, -1e30, 1e12, 0.25]
    grid = torch.tensor(list(itertools.product(odd, odd)), dtype=dtype).reshape(1, 7, 7, 2).requires_grad_()
    options = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    y = F.grid_sample(x, grid, **options)
    assert y.isfinite().all()
    seed = torch.ones_like(y)
    quick = torch.autograd.grad(y, (x, grid), seed, retain_graph=True)
    composed = torch.autograd.grad(y, (x, grid), seed, create_graph=True)
    for a, b in zip(quick, composed, strict=True):
        assert a.isfinite().all() and torch.allclose(a, b.detach(), atol=1e-4)
    # NaN counts as -1, infinity as a place far outside.
    where = F.grid_sample(x, torch.tensor([[[[-1.0, 0.25]]]], dtype=dtype), **options)
    assert torch.allclose(y[0, 0, 0, 6], where[0, 0, 0, 0])
    if padding == "zeros":
        assert y[0, 0, 1:6].abs().sum() == 0
    if padding == "border":
        assert y[0, 0, 1, 1] == 6 and y[0, 0, 2, 2] == 1


def test_an_infinite_element_reaches_only_its_neighbours():
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = INF
    assert F.interpolate(x, size=4, mode="bilinear", align_corners=True).isinf().sum() == 1
    assert F.interpolate(x, scale_factor=2, mode="bilinear")[0, 0, 4:].abs().sum() == 0
    grid = torch.tensor([[[[-2.0, -2.0], [0.9, 0.9]]]])
    assert F.grid_sample(x, grid, align_corners=False).tolist() == [[[[0.0, 0.0]]]]


# --- resampling ---
BYTES = ((torch.arange(20) * 37) % 256).to(torch.uint8).reshape(1, 1, 4, 5)


@pytest.mark.parametrize(
    ("size", "mode", "antialias", "want"),
    [
        ((6, 3), "bilinear", False, [12, 74, 136, 105, 39, 101, 185, 34, 67, 138, 157, 77, 91, 153, 129, 55, 117, 179]),
        ((6, 3), "bicubic", False, [0, 80, 144, 117, 21, 102, 215, 25, 60, 146, 166, 65, 81, 170, 130, 47, 111, 190]),
        ((3, 4), "bilinear", True, [64, 76, 75, 118, 159, 149, 118, 65, 73, 116, 160, 146]),
        ((3, 4), "bicubic", True, [59, 70, 65, 127, 170, 156, 116, 53, 61, 112, 172, 151]),
        ((2, 3), "lanczos", True, [117, 81, 88, 111, 153, 127]),
    ],
)
def test_bytes_are_rounded_as_in_pytorch(size, mode, antialias, want):
    assert F.interpolate(BYTES, size=size, mode=mode, antialias=antialias).flatten().tolist() == want


def test_one_column_is_resampled_like_others():
    """PyTorch 2.13 repeats the first row where an antialiased result is one column wide."""
    x = image(1, 1, 8, 1, dtype=torch.float64)
    wide = F.interpolate(x.expand(1, 1, 8, 2).contiguous(), size=(5, 2), mode="bilinear", antialias=True)
    assert torch.equal(F.interpolate(x, size=(5, 1), mode="bilinear", antialias=True), wide[..., :1])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_the_gradient_is_the_transpose(mode):
    x, g = image(2, 3, 7, 5, dtype=torch.float64).requires_grad_(), image(2, 3, 4, 11, dtype=torch.float64)
    y = F.interpolate(x, size=(4, 11), mode=mode)
    (gx,) = torch.autograd.grad(y, x, g)
    assert math.isclose((y * g).sum().item(), (x * gx).sum().item(), rel_tol=1e-12)


def test_older_names_warn():
    x = image(1, 1, 2, 2)
    for name, kwargs in (("upsample", {}), ("upsample_nearest", {}), ("upsample_bilinear", {})):
        with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated"):
            getattr(F, name)(x, scale_factor=2, **kwargs)
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior has changed"):
        F.grid_sample(x, torch.zeros(1, 1, 1, 2))
    with pytest.warns(UserWarning, match="affine_grid behavior has changed for unit-size grids"):
        F.affine_grid(torch.zeros(1, 2, 3), (1, 1, 1, 2), align_corners=True)


# --- random windows ---
def test_fractional_windows_are_pytorchs_for_the_same_seed():
    torch.manual_seed(0)
    y, places = F.fractional_max_pool2d(torch.arange(36.0).reshape(1, 1, 6, 6), 2, output_size=3, return_indices=True)
    want = [7, 9, 11, 19, 21, 23, 31, 33, 35]
    assert y.flatten().tolist() == want and places.flatten().tolist() == want
    y = F.fractional_max_pool3d(torch.arange(125.0).reshape(1, 1, 5, 5, 5), 2, output_ratio=(0.5, 0.6, 0.7))
    assert y.flatten().tolist() == [31, 32, 34, 36, 37, 39, 46, 47, 49, 106, 107, 109, 111, 112, 114, 121, 122, 124]


@pytest.mark.parametrize("sample", [NAN, INF, -1e30, 1e30])
def test_samples_that_put_windows_outside_are_refused(sample):
    samples = torch.full((1, 1, 2), sample)
    with pytest.raises(RuntimeError, match="samples of plane 0 put a window outside"):
        F.fractional_max_pool2d(image(1, 1, 9, 9), 2, output_size=4, _random_samples=samples)


# --- borders ---
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
@pytest.mark.parametrize("widths", [(3, 2, 1, 4), (3, -2, -1, 4), (-1, -2, 0, -3)])
def test_the_gradient_of_a_border_is_its_transpose(mode, widths):
    """Widths that only grow go by copies, others by index."""
    x = image(2, 3, 5, 6, dtype=torch.float64).requires_grad_()
    y = F.pad(x, widths, mode)
    seed = image(*y.shape, dtype=torch.float64)
    (gx,) = torch.autograd.grad(y, x, seed)
    assert math.isclose((y * seed).sum().item(), (x * gx).sum().item(), rel_tol=1e-12)


# --- threads ---
GRID = image(4, 60, 70, 2).clamp(-1.2, 1.2)
CASES = {
    "max_pool2d": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max_pool2d_last": lambda x: F.max_pool2d(x.to(memory_format=torch.channels_last), 3, 1, 1),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 1, 1),
    "avg_pool2d_last": lambda x: F.avg_pool2d(x.to(memory_format=torch.channels_last), 3, 1, 1),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (5, 1)),
    "mean": lambda x: F.adaptive_avg_pool2d(x, 1),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 7),
    "bilinear": lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"),
    "bicubic_aa": lambda x: F.interpolate(x, size=37, mode="bicubic", antialias=True),
    "trilinear": lambda x: F.interpolate(x[None], size=(21, 33, 47), mode="trilinear"),
    "grid_sample": lambda x: F.grid_sample(x, GRID.detach().requires_grad_(), align_corners=False),
    "reflect": lambda x: F.pad(x, (3, 2, 1, 4), "reflect"),
    "bfloat16": lambda x: F.avg_pool2d(x.bfloat16(), 3, 1, 1).float(),
}


@pytest.mark.parametrize("name", CASES)
def test_bits_for_any_number_of_threads(name, threads):
    results = []
    for n in (1, 2, 4):
        torch.set_num_threads(n)
        x = image(4, 24, 90, 110).requires_grad_()
        y = CASES[name](x)
        (gx,) = torch.autograd.grad(y, x, image(*y.shape))
        results.append(bits(y) + bits(gx))
    assert results[0] == results[1] == results[2]


# --- what kernels read ---
def at_the_end_of_memory(x):
    """A copy of x whose last element is the last before memory that nobody may read."""
    page = mmap.PAGESIZE
    size = -(-x.numel() * x.element_size() // page) * page
    memory = mmap.mmap(-1, size + page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    assert libc.mprotect(address + size, page, 0) == 0
    start = size - x.numel() * x.element_size()
    y = torch.frombuffer(memory, dtype=x.dtype, count=x.numel(), offset=start).reshape(x.shape)
    return y.copy_(x)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="protects a page by mprotect")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3), (3, 17), (5, 40), (4, 131), (7, 300)])
def test_nothing_behind_an_image_is_read(sizes, dtype):
    x = at_the_end_of_memory((image(1, 2, *sizes) * 10).to(dtype))
    calls = [
        lambda: F.max_pool2d(x, 3, 1, 1, return_indices=True),
        lambda: F.max_pool2d(x, 3, 2, 1),
        lambda: F.max_pool2d(x, (1, 2), 3),
        lambda: F.avg_pool2d(x, 3, 1, 1),
        lambda: F.avg_pool2d(x, 2, 2, 1),
        lambda: F.pad(x, (0, 0, 1, 0), "replicate"),
    ]
    if dtype.is_floating_point:
        calls += [
            lambda: F.adaptive_avg_pool2d(x, 2),
            lambda: F.adaptive_avg_pool2d(x, 1),
            lambda: F.interpolate(x, scale_factor=2, mode="bilinear"),
            lambda: F.interpolate(x, size=(3, 5), mode="bicubic", antialias=True),
            lambda: F.grid_sample(x, torch.ones(1, 2, 2, 2, dtype=dtype), align_corners=True),
        ]
    for call in calls:
        try:
            call()
        except RuntimeError as error:
            assert "too small" in str(error)
