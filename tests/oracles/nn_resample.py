"""Oracles of resampling: the matrix of each axis; of sampling at a grid: each point's weights; of rearrangements."""

from __future__ import annotations

import itertools
import math

import numpy as np

from .rules import FIRST, Oracle


# --- resampling ---
def _keys(a, x):
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0


def _lanczos(x):
    return float(np.sinc(x) * np.sinc(x / 3)) if abs(x) < 3 else 0.0


KERNELS = {
    "bilinear": (1, lambda x: max(1 - abs(x), 0)),
    "bicubic": (2, lambda x: _keys(-0.5, x)),
    "lanczos": (3, _lanczos),
}


def _weights(n, m, step, mode, aligned, antialias):
    """[results, elements]"""
    w = np.zeros((m, n))
    for o in range(m):
        if mode in ("nearest", "nearest-exact"):
            w[o, min(int((o + (mode != "nearest") / 2) * step + 1e-9), n - 1)] = 1
        elif n == m and mode != "bicubic":
            w[o, o] = 1
        elif antialias:
            reach, kernel = KERNELS[mode]
            wide, centre = max(step, 1), step * (o + 0.5)
            first, last = max(int(centre - reach * wide + 0.5), 0), min(int(centre + reach * wide + 0.5), n)
            for i in range(first, last):
                w[o, i] = kernel((i - centre + 0.5) / wide)
            w[o] /= w[o].sum()
        else:
            at = step * o if aligned else step * (o + 0.5) - 0.5
            at = at if mode == "bicubic" else max(at, 0)
            base = math.floor(at)
            t = at - base
            taps = [_keys(-0.75, t + 1 - k) for k in range(4)] if mode == "bicubic" else [0, 1 - t, t]
            for k, v in enumerate(taps):
                w[o, min(max(base + k - 1, 0), n - 1)] += v
    return w


def _bytes(x, w, axis):
    """With weights rounded to 16 bits, and each result to 8."""
    places = 0
    while places < 22 and int(0.5 + w.max() * 2 ** (places + 1)) < 1 << 15:
        places += 1
    whole = np.trunc(w * 2**places + np.where(w < 0, -0.5, 0.5)).astype(np.int64)
    total = np.moveaxis(np.tensordot(whole, x.astype(np.int64), (1, axis)), 0, axis)
    return np.clip((total + (1 << (places - 1))) >> places, 0, 255).astype(np.uint8)


def _interpolate(
    x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False
):
    n = x.ndim - 2
    each = lambda v: tuple(v) if isinstance(v, (tuple, list)) else (v,) * n
    scales = None if scale_factor is None else each(scale_factor)
    sizes = each(size) if scales is None else [int(s * f) for s, f in zip(x.shape[2:], scales)]
    for i in reversed(range(n)):  # rows first
        axis, was, now = 2 + i, x.shape[2 + i], sizes[i]
        if mode == "area":
            w = np.zeros((now, was))
            for o in range(now):
                first, last = o * was // now, -(-(o + 1) * was // now)
                w[o, first:last] = 1 / (last - first)
        else:
            step = was / now if scales is None or recompute_scale_factor else 1 / scales[i]
            step = (was - 1) / max(now - 1, 1) if align_corners else step
            w = _weights(was, now, step, mode, align_corners, antialias)
        if x.dtype == np.uint8 and not mode.startswith("nearest"):
            x = x if was == now else _bytes(x, w, axis)
        else:
            x = np.moveaxis(np.tensordot(w.astype(x.dtype), x, (1, axis)), 0, axis)
    return x


def _sizes(x, *args, **options):
    """What is added up: all weights as large as 1.5."""
    return np.full_like(_interpolate(x, *args, **options), 3 * abs(x).max(initial=0))


# --- at the points of a grid ---
def _reflect(u, low, high):
    if low == high:
        return 0.0
    u, span = abs(u - low), high - low
    flips, rest = divmod(u, span)
    return low + (rest if flips % 2 == 0 else span - rest)


def _pad(u, size, padding, aligned):
    if padding == "reflection":
        u = _reflect(u, 0, size - 1) if aligned else _reflect(u, -0.5, size - 0.5)
    return u if padding == "zeros" else min(max(u, 0), size - 1)


def _taps(g, size, mode, padding, aligned):
    """(element, weight) along one axis."""
    u = float((g + 1) / 2 * (size - 1) if aligned else ((g + 1) * size - 1) / 2)
    if mode == "bicubic":
        base = math.floor(u)
        t = u - base
        return [(round(_pad(base + k, size, padding, aligned)), _keys(-0.75, t - k)) for k in range(-1, 3)]
    u = _pad(u, size, padding, aligned)
    if mode == "nearest":
        return [(round(u), 1.0)]
    base = math.floor(u)
    return [(base, 1 - (u - base)), (base + 1, u - base)]


def _grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    y = np.zeros((*x.shape[:2], *grid.shape[1:-1]), x.dtype)
    for at in np.ndindex(grid.shape[:-1]):
        point = grid[at][::-1]  # depth first
        axes = [_taps(g, s, mode, padding_mode, align_corners) for g, s in zip(point, x.shape[2:])]
        for taps in itertools.product(*axes):
            places = tuple(p for p, _ in taps)
            if all(0 <= p < s for p, s in zip(places, x.shape[2:])):
                weight = math.prod(w for _, w in taps)
                y[(at[0], slice(None), *at[1:])] += weight * x[(at[0], slice(None), *places)]
    return y


def _sampler(x, grid, mode, padding, aligned):
    return _grid_sample(
        x, grid, ("bilinear", "nearest", "bicubic")[mode], ("zeros", "border", "reflection")[padding], aligned
    )


def _grid_sizes(f):
    return lambda x, grid, *args, **options: np.full_like(f(x, grid, *args, **options), 20 * abs(x).max(initial=0))


def _affine(theta, size, align_corners=False):
    axes = []
    for n in reversed(size[2:]):
        centres = (2 * np.arange(n) + 1) / n - 1
        axes.append(np.linspace(-1, 1, n) if align_corners and n > 1 else centres * (not align_corners))
    points = np.meshgrid(*axes[::-1], indexing="ij")[::-1]
    base = np.stack([*points, np.ones(size[2:])], -1).astype(theta.dtype)
    return np.stack([base @ t.T for t in theta])


# --- rearrangements ---
def _shuffle(x, r):
    *lead, c, h, w = x.shape
    x = x.reshape(*lead, c // r**2, r, r, h, w)
    n = len(lead)
    x = x.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return x.reshape(*lead, c // r**2, h * r, w * r)


def _unshuffle(x, r):
    *lead, c, h, w = x.shape
    x = x.reshape(*lead, c, h // r, r, w // r, r)
    n = len(lead)
    return x.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3).reshape(*lead, c * r**2, h // r, w // r)


def _channels(x, groups):
    n, c, *rest = x.shape
    return x.reshape(n, groups, c // groups, *rest).swapaxes(1, 2).reshape(x.shape)


GRIDS = ("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
ORACLE = {
    "nn.functional.interpolate": Oracle(_interpolate, FIRST, scale=_sizes),
    "nn.functional.grid_sample": Oracle(_grid_sample, FIRST, scale=_grid_sizes(_grid_sample)),
    **{name: Oracle(_sampler, FIRST, scale=_grid_sizes(_sampler)) for name in GRIDS},
    **{
        name: Oracle(_affine, FIRST, scale=lambda t, *args, **options: 4 * _affine(abs(t), *args, **options) * 0 + 16)
        for name in ("nn.functional.affine_grid", "affine_grid_generator")
    },
    **{f"{p}pixel_shuffle": Oracle(_shuffle) for p in ("", "nn.functional.")},
    **{f"{p}pixel_unshuffle": Oracle(_unshuffle) for p in ("", "nn.functional.")},
    **{f"{p}{n}channel_shuffle": Oracle(_channels) for p in ("", "nn.functional.") for n in ("", "native_")},
}
REFUSES = {
    "bic": [*GRIDS, "nn.functional.grid_sample", "nn.functional.affine_grid", "affine_grid_generator"],
    "bnc": ["nn.functional.interpolate"],
}
PARTLY = {"i": ["nn.functional.interpolate"]}  # bytes not in every mode
