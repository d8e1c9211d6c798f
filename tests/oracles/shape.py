"""Oracles of operations that arrange elements anew (core/ops/shape/)."""

from __future__ import annotations

import numpy as np

from .rules import FIRST, Oracle

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _cat(xs, dim=0):
    """A one-dimensional tensor without elements fits everything."""
    return np.concatenate([x for x in xs if x.shape != (0,)], axis=dim)


def _block_diag(*xs):
    xs = [np.atleast_2d(x) for x in xs]
    found = np.zeros(np.sum([x.shape for x in xs], axis=0), xs[0].dtype)
    r = c = 0
    for x in xs:
        found[r : r + x.shape[0], c : c + x.shape[1]] = x
        r, c = r + x.shape[0], c + x.shape[1]
    return found


def _roll(x, shifts, dims=None):
    return np.roll(x, shifts, axis=dims)


def _pad(x, pad, mode="constant", value=0):
    """From the last dimension backwards; a negative width cuts."""
    pairs = [tuple(pad[i : i + 2]) for i in range(0, len(pad), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    x = x[tuple(slice(max(-low, 0), x.shape[i] - max(-high, 0)) for i, (low, high) in enumerate(pairs))]
    widths = [(max(low, 0), max(high, 0)) for low, high in pairs]
    fill = {"constant_values": np.asarray(value).astype(x.dtype)} if mode == "constant" else {}
    return np.pad(x, widths, mode=_MODES[mode], **fill)


def _repeat_interleave(x, repeats=None, dim=None):
    return np.repeat(np.arange(len(x)), x) if repeats is None else np.repeat(x, repeats, axis=dim)


def _vander(x, N=None, increasing=False):
    n = len(x) if N is None else N
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    return x[:, None] ** powers if x.dtype.kind in "fc" else x[:, None].astype(np.int64) ** powers


def _vander_type(dtype, options, args):
    return dtype if dtype[0] in "fc" or dtype == "bfloat16" else "int64"


def _tile(x, *dims):
    return np.tile(x, dims[0] if isinstance(dims[0], tuple) else dims)


ORACLE = {
    **dict.fromkeys(("cat", "concat", "concatenate"), Oracle(_cat)),
    "stack": Oracle(lambda xs, dim=0: np.stack(xs, dim)),
    "hstack": Oracle(np.hstack),
    **dict.fromkeys(("vstack", "row_stack"), Oracle(np.vstack)),
    "dstack": Oracle(np.dstack),
    "column_stack": Oracle(np.column_stack),
    "block_diag": Oracle(_block_diag),
    "flip": Oracle(lambda x, dims: np.flip(x, dims)),
    "fliplr": Oracle(np.fliplr),
    "flipud": Oracle(np.flipud),
    "roll": Oracle(_roll),
    "rot90": Oracle(lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims)),
    **dict.fromkeys(("repeat", "tile"), Oracle(_tile)),
    "repeat_interleave": Oracle(_repeat_interleave, FIRST),
    "tril": Oracle(np.tril),
    "triu": Oracle(np.triu),
    "vander": Oracle(_vander, _vander_type, ulps=8, steps=3),
    "constant_pad_nd": Oracle(lambda x, pad, value=0: _pad(x, pad, "constant", value)),
    "nn.functional.pad": Oracle(_pad),
}
PARTLY = {
    "b": "nn.functional.pad".split(),
}
