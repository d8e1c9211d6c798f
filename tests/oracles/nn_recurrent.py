"""Oracles of recurrent networks: one step after the other, one sequence after the other (core/ops/nn/recurrent.cpp)."""

from __future__ import annotations

import numpy as np

from .rules import FIRST, INDEX, Oracle

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(cell, x, h, c, w_ih, w_hh, b_ih=0, b_hh=0, w_hr=None):
    """One row of x, and of the states."""
    a, b = w_ih @ x + b_ih, w_hh @ h + b_hh
    if cell == "rnn_tanh":
        return np.tanh(a + b), None
    if cell == "rnn_relu":
        return np.maximum(a + b, 0), None
    if cell == "gru":
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        z, n = _sigmoid(az + bz), np.tanh(an + _sigmoid(ar + br) * bn)
        return (1 - z) * n + z * h, None
    i, f, g, o = np.split(a + b, 4)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    h = _sigmoid(o) * np.tanh(c)
    return h if w_hr is None else w_hr @ h, c


def _sequence(cell, xs, h, c, params):
    ys = []
    for x in xs:
        h, c = step(cell, x, h, c, *params)
        ys.append(h)
    return ys, h, c


def _run(cell, sequences, hx, params, biases, layers, bidirectional):
    """Sequences, each a list of rows; gives lists of the last layer's rows and the states at the ends."""
    directions = 2 if bidirectional else 1
    h0, c0 = hx if cell == "lstm" else (hx, None)
    each = len(params) // (layers * directions)
    h_last, c_last = np.empty_like(h0), None if c0 is None else np.empty_like(c0)
    for layer in range(layers):
        made = []
        for d in range(directions):
            at = layer * directions + d
            own = list(params[at * each : (at + 1) * each])
            own = own[:2] + (own[2:4] if biases else [0, 0]) + (own[-1:] if each % 2 else [])
            made.append([])
            for b, xs in enumerate(sequences):
                c = None if c0 is None else c0[at, b]
                ys, h, c = _sequence(cell, xs[::-1] if d else xs, h0[at, b], c, own)
                made[d].append(ys[::-1] if d else ys)
                h_last[at, b] = h
                if c0 is not None:
                    c_last[at, b] = c
        sequences = [[np.concatenate(rows) for rows in zip(*both, strict=True)] for both in zip(*made, strict=True)]
    return sequences, [h_last] if c0 is None else [h_last, c_last]


def _layers(cell):
    def padded(x, hx, params, biases, layers, dropout, train, bidirectional, batch_first):
        x = x if batch_first else x.swapaxes(0, 1)
        ys, last = _run(cell, list(x), hx, params, biases, layers, bidirectional)
        width = (hx[0] if cell == "lstm" else hx).shape[-1] * (2 if bidirectional else 1)
        y = np.array(ys, x.dtype).reshape(*x.shape[:2], width)
        return [y if batch_first else y.swapaxes(0, 1), *last]

    def packed(x, sizes, hx, params, biases, layers, dropout, train, bidirectional):
        firsts = np.cumsum([0, *sizes])
        sequences = [[x[firsts[t] + b] for t in range(len(sizes)) if sizes[t] > b] for b in range(sizes[0])]
        ys, last = _run(cell, sequences, hx, params, biases, layers, bidirectional)
        return [np.array([ys[b][t] for t in range(len(sizes)) for b in range(sizes[t])]), *last]

    return lambda x, *rest: (packed if getattr(rest[0], "ndim", 0) == 1 else padded)(x, *rest)


def _cell(cell):
    def f(x, hx, *params):
        h0, c0 = hx if cell == "lstm" else (hx, [None] * len(hx))
        h, c = np.empty_like(h0), np.empty_like(h0)
        for b, row in enumerate(zip(x, h0, c0, strict=True)):
            h[b], new = step(cell, *row, *params)
            if cell == "lstm":
                c[b] = new
        return [h, c] if cell == "lstm" else h

    return f


def _recurrent(f):
    """States are about 1; those of complex numbers may be near a pole of tanh, whose slope is about their square."""

    def sizes(*args):
        found = f(*args)
        found = found if isinstance(found, list) else [found]
        return [(1 + np.abs(v)) ** 2 * (4 if v.dtype.kind == "c" else 1) for v in found]

    return Oracle(f, FIRST, ulps=24, scale=sizes)


def _pack(x, lengths, batch_first):
    x = x if batch_first else x.swapaxes(0, 1)
    sizes = [sum(n > t for n in lengths) for t in range(lengths[0])]
    return np.array([x[b, t] for t, n in enumerate(sizes) for b in range(n)]), np.array(sizes)


def _pad(data, sizes, batch_first, value, total):
    y = np.full((sizes[0], max(total, len(sizes)), *data.shape[1:]), value, data.dtype)
    rows = iter(data)
    for t, n in enumerate(sizes):
        for b in range(n):
            y[b, t] = next(rows)
    return y if batch_first else y.swapaxes(0, 1), np.array([sum(n > b for n in sizes) for b in range(sizes[0])])


def _pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    longest = max(map(len, sequences))
    y = np.full((len(sequences), longest, *sequences[0].shape[1:]), padding_value, sequences[0].dtype)
    for row, s in zip(y, sequences, strict=True):
        start = longest - len(s) if padding_side == "left" else 0
        row[start : start + len(s)] = s
    return y if batch_first else y.swapaxes(0, 1)


ORACLE = {
    **{name: _recurrent(_layers(name)) for name in GATES},
    **{f"{name}_cell": _recurrent(_cell(name)) for name in GATES},
    "_pack_padded_sequence": Oracle(_pack, FIRST, INDEX),
    "_pad_packed_sequence": Oracle(_pad, FIRST, INDEX),
    "nn.utils.rnn.pad_sequence": Oracle(_pad_sequence, FIRST),
}
REFUSES = {
    "bi": {"lstm", "gru", "rnn_tanh", "lstm_cell", "gru_cell", "rnn_tanh_cell"},
    "bic": {"rnn_relu", "rnn_relu_cell"},
}
