"""Oracles of pooling: every window taken out of the image by itself."""

from __future__ import annotations

import itertools
import math

import numpy as np

from .rules import FIRST, FLOAT, INDEX, REAL, Oracle


def _each(value, n):
    return (
        tuple(value) * n
        if isinstance(value, tuple) and len(value) == 1
        else value
        if isinstance(value, tuple)
        else (value,) * n
    )


def _count(size, k, s, p, d, ceil):
    room = size + 2 * p - d * (k - 1) - 1
    count = (-(-room // s) if ceil else room // s) + 1
    return count - 1 if ceil and (count - 1) * s >= size + p else count


def _spans(x, n, kernel_size, stride, padding, dilation, ceil):
    """For each axis, for each window its first position, its end, and the positions in the image."""
    k, p, d = _each(kernel_size, n), _each(padding, n), _each(dilation, n)
    s = k if stride is None else _each(stride, n)
    axes = []
    for i, size in enumerate(x.shape[-n:]):
        count = _count(size, k[i], s[i], p[i], d[i], ceil)
        firsts = [o * s[i] - p[i] for o in range(count)]
        axes.append(
            [
                (
                    f,
                    min(f + d[i] * (k[i] - 1) + 1, size + p[i]),
                    [q for q in range(f, f + d[i] * k[i], d[i]) if 0 <= q < size],
                )
                for f in firsts
            ]
        )
    return axes


def _adaptive_spans(x, n, output_size):
    sizes = [size if m is None else m for m, size in zip(_each(output_size, n), x.shape[-n:])]
    return [
        [(o * size // m, -(-(o + 1) * size // m), range(o * size // m, -(-(o + 1) * size // m))) for o in range(m)]
        for m, size in zip(sizes, x.shape[-n:])
    ]


def _reduced(x, n, axes, f):
    """f(window as the last axis, its spans) for each window."""
    lead, sizes = x.shape[:-n], [len(a) for a in axes]
    parts = []
    for spans in itertools.product(*axes):
        window = x[(..., *np.ix_(*(s[2] for s in spans)))]
        parts.append(f(window.reshape(*lead, math.prod(window.shape[len(lead) :])), spans))
    return np.stack(parts, -1).reshape(*lead, *sizes) if parts else np.zeros((*lead, *sizes), x.dtype)


def _places(x, n, axes):
    """The flat place of each maximum: the last NaN, else the first of those that are largest."""
    flat = np.arange(math.prod(x.shape[-n:])).reshape(x.shape[-n:])

    def of(window, spans):
        places = flat[np.ix_(*(s[2] for s in spans))].ravel()
        nan = np.isnan(window) if window.dtype.kind == "f" else np.zeros(window.shape, bool)
        last = nan.shape[-1] - 1 - np.argmax(nan[..., ::-1], -1)
        return places[np.where(nan.any(-1), last, np.argmax(window, -1))]

    return _reduced(x, n, axes, of).astype(np.int64)


def _largest(x, n, axes):
    return _reduced(x, n, axes, lambda w, _: w.max(-1))


def _both(x, n, axes, wanted):
    return (_largest(x, n, axes), _places(x, n, axes)) if wanted else _largest(x, n, axes)


def _max(n, always=False):
    def pooled(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        axes = _spans(x, n, kernel_size, stride, padding, dilation, ceil_mode)
        return _both(x, n, axes, always or return_indices)

    return pooled


def _quotient(total, count):
    """Integers are divided towards zero."""
    return total / count if total.dtype.kind == "f" else np.sign(total) * (abs(total) // count)


def _avg(n):
    def pooled(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
        def mean(window, spans):
            inside = math.prod(len(s[2]) for s in spans)
            size = math.prod(s[1] - s[0] for s in spans) if count_include_pad else inside
            return _quotient(window.sum(-1), divisor_override or size)

        return _reduced(x, n, _spans(x, n, kernel_size, stride, padding, 1, ceil_mode), mean)

    return pooled


def _adaptive_avg(n):
    return lambda x, output_size: _reduced(x, n, _adaptive_spans(x, n, output_size), lambda w, _: w.mean(-1))


def _adaptive_max(n, always):
    return lambda x, output_size, return_indices=False: _both(
        x, n, _adaptive_spans(x, n, output_size), always or return_indices
    )


def _fractional(n, always=False):
    def pooled(x, kernel_size, output_size=None, output_ratio=None, return_indices=False, *, _random_samples):
        k, sizes = _each(kernel_size, n), x.shape[-n:]
        out = _each(output_size, n) if output_ratio is None else [int(s * r) for s, r in zip(sizes, output_ratio)]
        planes = x.reshape(-1, 1, *sizes)
        samples = np.asarray(_random_samples).reshape(-1, n)
        if n == 2:
            samples = samples[:, ::-1]  # width first
        found = []
        for plane, u in zip(planes, samples):
            axes = []
            for i in range(n):
                room = sizes[i] - k[i]
                alpha = room / (out[i] - 1) if out[i] > 1 else 0
                firsts = [int((o + u[i]) * alpha) - int(u[i] * alpha) for o in range(out[i] - 1)] + [room]
                axes.append([(f, f + k[i], range(f, f + k[i])) for f in firsts])
            found.append((_largest(plane, n, axes), _places(plane, n, axes)))
        y, places = (np.concatenate(part).reshape(*x.shape[:-n], *out) for part in zip(*found))
        return (y, places) if always or return_indices else y

    return pooled


def _unpooled(n):
    def unpooled(x, indices, kernel_size, stride=None, padding=0, output_size=None):
        k, p = _each(kernel_size, n), _each(padding, n)
        s = k if stride is None else _each(stride, n)
        size = [(m - 1) * s[i] + k[i] - 2 * p[i] for i, m in enumerate(x.shape[-n:])]
        size = tuple(size if output_size is None else output_size[-n:])
        y = np.zeros((math.prod(x.shape[:-n]), math.prod(size)), x.dtype)
        np.put_along_axis(y, indices.reshape(len(y), -1), x.reshape(len(y), -1), 1)
        return y.reshape(*x.shape[:-n], *size)

    return unpooled


def _norm(n):
    def pooled(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        axes = _spans(x, n, kernel_size, stride, 0, 1, ceil_mode)
        if norm_type == float("inf"):
            return _largest(abs(x), n, axes)
        size = math.prod(_each(kernel_size, n))

        def norm(window, spans):  # of a mean over what of the window lies in the image
            count = math.prod(s[1] - s[0] for s in spans)
            return ((window**norm_type).sum(-1) / count * size) ** (1 / norm_type)

        return _reduced(x, n, axes, norm)

    return pooled


def _norm_type(dtype, options, args):
    """The largest absolute values are there already; powers are computed."""
    return REAL(dtype) if args[1] == float("inf") else FLOAT(dtype)


def _means(f):
    """A mean is as exact as the sum of absolute values that it is made of."""
    return Oracle(
        f,
        scale=lambda x, *args, **options: f(
            abs(x), *args, **{k: abs(v) if k == "divisor_override" and v else v for k, v in options.items()}
        ),
    )


_N = (1, 2, 3)

ORACLE = {
    **{f"max_pool{n}d": Oracle(_max(n)) for n in _N},
    **{f"nn.functional.max_pool{n}d": Oracle(_max(n), FIRST, INDEX) for n in _N},
    **{f"nn.functional.max_pool{n}d_with_indices": Oracle(_max(n, True), FIRST, INDEX) for n in _N},
    "max_pool1d_with_indices": Oracle(_max(1, True), FIRST, INDEX),
    "avg_pool1d": _means(_avg(1)),
    **{f"nn.functional.avg_pool{n}d": _means(_avg(n)) for n in _N},
    "adaptive_avg_pool1d": _means(_adaptive_avg(1)),
    "adaptive_max_pool1d": Oracle(_adaptive_max(1, True), FIRST, INDEX),
    **{f"nn.functional.adaptive_avg_pool{n}d": _means(_adaptive_avg(n)) for n in _N},
    **{f"nn.functional.adaptive_max_pool{n}d": Oracle(_adaptive_max(n, False), FIRST, INDEX) for n in _N},
    **{f"nn.functional.adaptive_max_pool{n}d_with_indices": Oracle(_adaptive_max(n, True), FIRST, INDEX) for n in _N},
    **{f"nn.functional.fractional_max_pool{n}d": Oracle(_fractional(n), FIRST, INDEX) for n in (2, 3)},
    **{
        f"nn.functional.fractional_max_pool{n}d_with_indices": Oracle(_fractional(n, True), FIRST, INDEX)
        for n in (2, 3)
    },
    **{f"nn.functional.max_unpool{n}d": Oracle(_unpooled(n), FIRST) for n in _N},
    **{f"nn.functional.lp_pool{n}d": Oracle(_norm(n), _norm_type, steps=4) for n in _N},
}
REFUSES = {
    "bc": [name for name in ORACLE if "max_pool" in name or ".avg_pool" in name or name == "avg_pool1d"],
    "bic": [name for name in ORACLE if "adaptive_max" in name or "fractional" in name or "unpool" in name],
    "bi": [name for name in ORACLE if "adaptive_avg" in name],
}
REFUSES["bc"] = [name for name in REFUSES["bc"] if name not in REFUSES["bic"]]
PARTLY = {
    "c": REFUSES["bi"],  # the average of everything is a mean, which takes complex numbers
    "bc": [name for name in ORACLE if "lp_pool" in name],
}
