"""Samples of recurrent networks and packed sequences (core/ops/nn/recurrent.cpp, packed.cpp)."""

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _params(make, cell, inputs, hidden, layers, directions, biases, projected):
    state, gates = projected or hidden, GATES[cell] * hidden
    found = []
    for layer in range(layers):
        for _ in range(directions):
            width = inputs if layer == 0 else state * directions
            found += [make(gates, width, low=-1, high=1), make(gates, state, low=-1, high=1)]
            found += [make(gates, low=-1, high=1), make(gates, low=-1, high=1)] if biases else []
            found += [make(projected, hidden, low=-1, high=1)] if projected else []
    return found


def _states(make, cell, count, batch, hidden, projected):
    h = make(count, batch, projected or hidden, low=-1, high=1)
    return (h, make(count, batch, hidden, low=-1, high=1)) if cell == "lstm" else h


def _layers(cell):
    def samples(make):
        def one(
            shape=(3, 2, 2),
            hidden=2,
            sizes=None,
            layers=1,
            bidirectional=False,
            biases=True,
            projected=0,
            batch_first=False,
        ):
            directions = 2 if bidirectional else 1
            batch = sizes[0] if sizes else shape[0 if batch_first else 1]
            x = make(*shape, low=-1, high=1)
            hx = _states(make, cell, layers * directions, batch, hidden, projected)
            params = _params(make, cell, shape[-1], hidden, layers, directions, biases, projected)
            options = (biases, layers, 0.0, False, bidirectional)
            if sizes:
                return ((x, make.torch.tensor(sizes), hx, params, *options), {})
            return ((x, hx, params, *options, batch_first), {})

        found = [
            one(),
            one(layers=2, bidirectional=True, batch_first=True),
            one(shape=(5, 2), sizes=[2, 2, 1], bidirectional=True),
            one(shape=(1, 3, 1), hidden=3, biases=False),
            one(shape=(2, 0, 2)),
        ]
        if cell == "lstm":
            found += [
                one(hidden=3, projected=2),
                one(shape=(4, 2), sizes=[2, 1, 1], hidden=3, projected=2, biases=False),
            ]
        return found

    return samples


def _cell(cell):
    def samples(make):
        def one(batch, inputs, hidden, biases):
            hx = _states(make, cell, 1, batch, hidden, 0)
            hx = (hx[0][0], hx[1][0]) if cell == "lstm" else hx[0]
            return ((make(batch, inputs), hx, *_params(make, cell, inputs, hidden, 1, 1, biases, 0)), {})

        return [one(2, 3, 2, True), one(1, 2, 3, False), one(0, 2, 2, True)]

    return samples


def _pack(make):
    lengths = make.torch.tensor([3, 2])
    return [
        ((make(3, 2, 2), lengths, False), {}),
        ((make(2, 4, 3), lengths, True), {}),
        ((make(3, 2), lengths, False), {}),
    ]


def _pad(make):
    sizes = make.torch.tensor([2, 2, 1])
    return [
        ((make(5, 2), sizes, False, 0.0, 3), {}),
        ((make(5), sizes, True, 2, 5), {}),
        ((make(5, 1, 2), sizes, False, 0, -1), {}),
    ]


SAMPLES = {
    **{name: _layers(name) for name in GATES},
    **{f"{name}_cell": _cell(name) for name in GATES},
    "_pack_padded_sequence": _pack,
    "_pad_packed_sequence": _pad,
    "nn.utils.rnn.pad_sequence": lambda make: [
        (([make(3, 2), make(1, 2), make(2, 2)],), {}),
        (([make(2), make(3)], True, 1.5, "left"), {}),
        (([make(0, 2), make(0, 2)],), {"batch_first": True}),
    ],
}
