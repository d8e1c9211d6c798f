"""Pooling, resampling, grids, rearrangements and borders of images beside PyTorch: the catalogue's samples, then arguments
drawn at random, forward and backward, in both layouts; and what is refused."""

import random
import warnings

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import nn_pool, nn_resample

import adjoint
from parity.side_by_side import TOLERANCE, check_error, check_sample

NAMES = sorted([*nn_pool.SAMPLES, *nn_resample.SAMPLES])
# PyTorch has no second derivative of the first; the others fail there for some samples: without elements, with windows that
# fit exactly, with a derivative.
FIRST = {name for name in NAMES if "grid_sample" in name}
FAILS = {
    name for name in NAMES if name.endswith("pixel_shuffle") or "native" in name or "fractional_max_pool3d" in name
}


@pytest.mark.parametrize("name", NAMES)
def test_samples(name):
    for index in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_sample(name, "float64", index, name not in FIRST, False, name in FAILS)


def both(name, x, args, kwargs, last=False, more=()):
    """The results and first gradients of both libraries for one call."""
    found = []
    for lib in (adjoint, torch):
        leaves = [lib.tensor(t.tolist(), dtype=getattr(lib, str(t.dtype).split(".")[-1])) for t in (x, *more)]
        leaves = [t.reshape(tuple(o.shape)) for t, o in zip(leaves, (x, *more), strict=True)]
        if last:
            leaves[0] = leaves[0].to(memory_format=lib.channels_last if x.dim() == 4 else lib.channels_last_3d)
        for t in leaves:
            t.requires_grad_(t.is_floating_point())
        y = getattr(lib.nn.functional, name)(*leaves, *args, **kwargs)
        ys = list(y) if isinstance(y, tuple) else [y]
        if leaves[0].requires_grad:
            seed = (lib.arange(ys[0].numel(), dtype=lib.float64).reshape(tuple(ys[0].shape)) * 0.37).sin()
            ys += lib.autograd.grad(ys[0], leaves, seed.to(ys[0].dtype))
        found.append(ys)
    for k, (a, b) in enumerate(zip(*found, strict=True)):
        where = f"{name}{tuple(x.shape)} {x.dtype} {args} {kwargs} {last} [{k}]"
        got = torch.tensor(a.detach().tolist(), dtype=torch.float64).reshape(tuple(a.shape))
        want = b.detach().double()
        assert a.dtype.itemsize == b.dtype.itemsize and got.shape == want.shape, where
        tol = 10 * TOLERANCE.get(str(x.dtype).split(".")[-1], 0)
        assert torch.allclose(got, want, rtol=tol, atol=tol, equal_nan=True), f"{where}: {got}, PyTorch {want}"


def drawn(r, n, dtype):
    lead, sizes = r.choice(((2, 3), (1, 1), (2, 5))), [r.choice((1, 2, 3, 5, 8, 17)) for _ in range(n)]
    if n == 3:
        sizes = [min(s, 5) for s in sizes]
    torch.manual_seed(r.randrange(1000))
    if dtype.is_floating_point:
        return torch.randn(*lead, *sizes).mul(3).round().div(2).to(dtype)
    return torch.randint(0, 9, (*lead, *sizes)).to(dtype)


@pytest.mark.parametrize("seed", range(40))
def test_windows_at_random(seed):
    r = random.Random(seed)
    n, dtype = r.choice((1, 2, 2, 3)), r.choice((torch.float32, torch.float64, torch.int64))
    x = drawn(r, n, dtype)
    last = n > 1 and r.random() < 0.3
    k = [r.choice((1, 2, 3, 4)) for _ in range(n)]
    s, p = [r.choice((1, 2, 2, 3)) for _ in range(n)], [r.randint(0, m // 2) for m in k]
    if any(size + 2 * b < a for size, a, b in zip(x.shape[2:], k, p, strict=True)):
        k, p = [1] * n, [0] * n
    ceil = r.random() < 0.4
    both(f"max_pool{n}d", x, (k, s, p, 1, ceil), {"return_indices": True}, last)
    if not (n == 3 and any(size < a for size, a in zip(x.shape[2:], k, strict=True))):  # which PyTorch refuses there
        override = {"divisor_override": r.choice((3, -2))} if n > 1 and r.random() < 0.3 else {}
        both(f"avg_pool{n}d", x, (k, s, p, ceil, r.random() < 0.5), override, last)
    if dtype.is_floating_point:
        out = [r.choice((1, 2, 3, 7)) for _ in range(n)]
        both(f"adaptive_avg_pool{n}d", x, (out,), {}, last)
        both(f"adaptive_max_pool{n}d", x, (out,), {"return_indices": True}, last)


@pytest.mark.parametrize("seed", range(60))
def test_resampling_at_random(seed):
    r = random.Random(seed)
    n, dtype = r.choice((1, 2, 2, 3)), r.choice((torch.float32, torch.float64))
    x = drawn(r, n, dtype)
    smooth = ("linear", "bilinear", "trilinear")[n - 1]
    mode = r.choice(("nearest", "nearest-exact", "area", smooth, *("bicubic", "aa")[: 2 * (n == 2)]))
    kwargs = {"mode": mode}
    if mode == "aa":
        kwargs = {"mode": r.choice(("bilinear", "bicubic", "lanczos")), "antialias": True}
    if kwargs["mode"] in (smooth, "bicubic"):
        kwargs["align_corners"] = r.choice((True, False))
    if r.random() < 0.5:
        kwargs["size"] = [r.choice((2, 3, 4, 7, 16)) for _ in range(n)]  # to 1 column it has a fault of its own
    else:
        kwargs |= {"scale_factor": r.choice((2, 1.5, 3, 2.25)), "recompute_scale_factor": r.choice((None, True, False))}
        if mode.startswith("nearest"):  # whose gradient goes by the sizes there, whatever the scale
            kwargs["recompute_scale_factor"] = True
    both("interpolate", x, (), kwargs, n > 1 and r.random() < 0.3)


@pytest.mark.parametrize("seed", range(30))
def test_grids_at_random(seed):
    r = random.Random(seed)
    n = r.choice((2, 2, 3))
    x = drawn(r, n, torch.float64)
    torch.manual_seed(seed)
    grid = torch.rand(x.shape[0], *[r.choice((1, 3, 4)) for _ in range(n)], n, dtype=torch.float64) * 3 - 1.5
    kwargs = {"mode": r.choice(("bilinear", "nearest", "bicubic")[: 3 if n == 2 else 2])}
    kwargs |= {"padding_mode": r.choice(("zeros", "border", "reflection")), "align_corners": r.random() < 0.5}
    both("grid_sample", x, (), kwargs, more=(grid,))


@pytest.mark.parametrize("seed", range(40))
def test_borders_at_random(seed):
    r = random.Random(seed)
    n, dtype = r.choice((1, 2, 3)), r.choice((torch.float64, torch.int64, torch.float32))
    x = drawn(r, n, dtype)
    mode = r.choice(("constant", "reflect", "replicate", "circular"))
    widths = []
    for size in reversed(x.shape[2:]):
        most = {"reflect": size - 1, "circular": size}.get(mode, 4)
        pair = [r.randint(-1, most), r.randint(-1, most)]
        widths += pair if size + sum(pair) >= 1 and size + sum(min(w, 0) for w in pair) >= 1 else [0, 0]
    both("pad", x, (widths, mode), {})


REFUSED = {
    "max_pool1d": [
        ((3,), 2),
        ((1, 2, 4), (2, 2)),
        ((1, 2, 4), 0),
        ((1, 2, 4), 2, -1),
        ((1, 2, 4), 2, 1, 2),
        ((1, 2, 0), 1),
    ],
    "max_pool2d": [
        ((3, 3), 2),
        ((1, 3, 3), (2, 2, 2)),
        ((1, 3, 3), ()),
        ((1, 3, 3), 0),
        ((1, 3, 3), 2, -1),
        ((1, 3, 3), 2, 1, 2),
        ((1, 3, 3), 2, 1, 0, 0),
        ((1, 3, 3), 5),
        ((0, 3, 3), 2),
        ((1, 3, 3), "a"),
        ((1, 3, 3), 2**31),
    ],
    "max_pool3d": [((1, 3, 3), 2), ((1, 3, 3, 3), (2, 2)), ((1, 3, 3, 3), 2, 1, 2), ((1, 3, 3, 3), 5)],
    "avg_pool2d": [((1, 3, 3), (2, 2, 2)), ((1, 3, 3), 2, 0), ((1, 3, 3), 2, 1, -1), ((1, 3, 3), 5)],
    "adaptive_avg_pool2d": [((3, 3), 2), ((1, 3, 3), (2, 2, 2)), ((1, 0, 3), (1, 2))],
    "adaptive_max_pool2d": [((3, 3), 2), ((1, 3, 3), (2, 2, 2)), ((1, 3, 3), (-1, 2))],
    "fractional_max_pool2d": [((1, 5, 5), 2), ((1, 5, 5), 2, (3, 3, 3)), ((1, 5, 5), 2, 5)],
    "interpolate": [
        ((1, 2, 4),),
        ((1, 2, 4), 2, 2.0),
        ((1, 2, 4), (2, 2)),
        ((1, 2, 4), (2.5,)),
        ((1, 2, 4), 0),
        ((1, 0, 4), 2),
        ((1, 2, 4), 2, None, "bilinear"),
        ((1, 2, 4), 2, None, "xyz"),
        ((1, 2, 4), 2, None, "nearest", True),
        ((4, 4), 2),
    ],
    "pixel_shuffle": [((4, 4), 2), ((3, 4, 4), 2), ((4, 4, 4), 0)],
    "pixel_unshuffle": [((4, 4), 2), ((1, 3, 4), 2), ((1, 4, 3), 2)],
    "channel_shuffle": [((4, 4), 2), ((1, 3, 4), 2), ((1, 4, 4), 0)],
    "pad": [
        ((2, 3), (3, 0), "reflect"),
        ((2, 3), (-1, -2), "reflect"),
        ((2, 0), (1, 1), "reflect"),
        ((3,), (1, 1), "reflect"),
    ],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    for shape, *args in REFUSED[name]:
        call = ", ".join([f"torch.zeros({shape})", *map(repr, args)])
        check_error(f"torch.nn.functional.{name}({call})", lambda lib: {})
