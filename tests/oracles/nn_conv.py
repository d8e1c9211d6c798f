"""Oracles of convolutions, of columns and blocks (core/ops/nn/conv*.cpp, fold.cpp): a sum over the kernel's places."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rules import Oracle, total


def _each(value: Any, n: int) -> tuple:
    return tuple(value) * (n if len(value) == 1 else 1) if isinstance(value, (list, tuple)) else (value,) * n


def _seen(t: tuple, out: tuple, stride: tuple, dilation: tuple) -> tuple:
    """What the places of the result see through the kernel's place t."""
    return tuple(slice(i * d, i * d + (o - 1) * s + 1, s) for i, o, s, d in zip(t, out, stride, dilation))


def _framed(x: np.ndarray, before: list, after: list) -> np.ndarray:
    return np.pad(x, [(0, 0)] * (x.ndim - len(before)) + list(zip(before, after)))


def _convolution(x, w, bias, stride, padding, dilation, transposed, output_padding, groups):
    n = w.ndim - 2
    stride, padding, dilation, more = (_each(v, n) for v in (stride, padding, dilation, output_padding))
    kernel = w.shape[2:]
    x = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    if transposed:
        out = [(i - 1) * s + d * (k - 1) + 1 + m for i, s, d, k, m in zip(x.shape[3:], stride, dilation, kernel, more)]
        y = np.zeros((x.shape[0], groups, w.shape[2], *out), x.dtype)
        for t in np.ndindex(*kernel):
            part = np.einsum("ngc...,gco->ngo...", x, w[(..., *t)])
            y[(..., *_seen(t, x.shape[3:], stride, dilation))] += part.astype(x.dtype)
        y = y[(..., *(slice(p, size - p) for p, size in zip(padding, out)))]
    else:
        x = _framed(x, padding, padding)
        out = tuple((i - d * (k - 1) - 1) // s + 1 for i, s, d, k in zip(x.shape[3:], stride, dilation, kernel))
        y = np.zeros((x.shape[0], groups, w.shape[1], *out), x.dtype)
        for t in np.ndindex(*kernel):
            seen = x[(..., *_seen(t, out, stride, dilation))]
            y += np.einsum("ngc...,goc->ngo...", seen, w[(..., *t)]).astype(x.dtype)
    y = y.reshape(y.shape[0], groups * y.shape[2], *y.shape[3:])
    return y if bias is None else y + bias.reshape(-1, *[1] * n)


def _of_batch(x, w, run):
    return run(x) if x.ndim == w.ndim else run(x[None])[0]


def _conv(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    def run(x):
        pad = padding
        if pad == "same":
            spans = [d * (k - 1) for d, k in zip(_each(dilation, w.ndim - 2), w.shape[2:])]
            x, pad = _framed(x, [s // 2 for s in spans], [s - s // 2 for s in spans]), 0
        pad = 0 if pad == "valid" else pad
        return _convolution(x, w, bias, stride, pad, dilation, False, 0, groups)

    return _of_batch(x, w, run)


def _conv_transpose(x, w, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return _of_batch(x, w, lambda x: _convolution(x, w, bias, stride, padding, dilation, True, output_padding, groups))


def _conv_tbc(x, w, bias, pad=0):
    return np.moveaxis(_conv(np.moveaxis(x, 0, 2), np.moveaxis(w, 0, 2).swapaxes(0, 1), bias, 1, pad), 2, 0)


def _unfold(x, kernel, dilation=1, padding=0, stride=1):
    kernel, dilation, padding, stride = (_each(v, 2) for v in (kernel, dilation, padding, stride))
    x = _framed(x, padding, padding)
    out = tuple((i - d * (k - 1) - 1) // s + 1 for i, s, d, k in zip(x.shape[-2:], stride, dilation, kernel))
    columns = [x[(..., *_seen(t, out, stride, dilation))] for t in np.ndindex(*kernel)]
    return np.stack(columns, axis=-3).reshape(*x.shape[:-3], x.shape[-3] * kernel[0] * kernel[1], out[0] * out[1])


def _fold(x, size, kernel, dilation=1, padding=0, stride=1):
    size, kernel, dilation, padding, stride = (_each(v, 2) for v in (size, kernel, dilation, padding, stride))
    framed = [s + 2 * p for s, p in zip(size, padding)]
    out = tuple((i - d * (k - 1) - 1) // s + 1 for i, s, d, k in zip(framed, stride, dilation, kernel))
    columns = x.reshape(*x.shape[:-2], x.shape[-2] // (kernel[0] * kernel[1]), *kernel, *out)
    y = np.zeros((*columns.shape[:-4], *framed), x.dtype)
    for t in np.ndindex(*kernel):
        y[(..., *_seen(t, out, stride, dilation))] += columns[(..., *t, slice(None), slice(None))]
    return y[..., padding[0] : framed[0] - padding[0], padding[1] : framed[1] - padding[1]]


ORACLE = {
    **{f"{where}conv{n}d": total(_conv) for where in ("", "nn.functional.") for n in (1, 2, 3)},
    **{f"{where}conv_transpose{n}d": total(_conv_transpose) for where in ("", "nn.functional.") for n in (1, 2, 3)},
    "convolution": total(_convolution),
    **dict.fromkeys(["conv_tbc", "nn.functional.conv_tbc"], total(_conv_tbc)),
    "nn.functional.unfold": Oracle(_unfold),
    "nn.functional.fold": total(_fold),
}
REFUSES = {
    "b": [name for name in ORACLE if "fold" not in name],
}
