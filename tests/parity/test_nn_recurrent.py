"""Recurrent networks beside PyTorch: option grids, packed sequences, two derivatives, initial values, dropout's stream."""

import itertools

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

GRID = list(
    itertools.product(("LSTM", "GRU", "RNN"), (1, 2), (False, True), (True, False), (False, True), ("padded", "packed"))
)


def pair(name, *args, dtype, **kwargs):
    """The same layer of both, by the same seed."""
    made = []
    for library in (torch, adjoint):
        library.manual_seed(0)
        made.append(getattr(library.nn, name)(*args, **kwargs, dtype=getattr(library, dtype)))
    for (n, p), (m, q) in zip(made[0].named_parameters(), made[1].named_parameters(), strict=True):
        assert n == m and np.array_equal(p.detach().numpy(), q.detach().numpy())
    assert repr(made[0]) == repr(made[1])
    return made


def inputs(library, packed, batch_first, dtype):
    values = np.random.RandomState(0)
    if packed == "packed":
        xs = [values.randn(n, 3).astype(dtype) for n in (2, 5, 4)]
        leaves = [library.from_numpy(x).requires_grad_() for x in xs]
        return leaves, library.nn.utils.rnn.pack_sequence(leaves, enforce_sorted=False)
    x = values.randn(*((3, 5, 3) if batch_first else (5, 3, 3))).astype(dtype)
    leaf = library.from_numpy(x).requires_grad_()
    return [leaf], leaf


def run(library, layer, packed, batch_first, dtype):
    """Results, gradients of a function of them, and second ones."""
    leaves, x = inputs(library, packed, batch_first, dtype)
    leaves += list(layer.parameters())
    output, last = layer(x)
    found = [output if packed == "padded" else output.data, *(last if isinstance(last, tuple) else [last])]
    first = library.autograd.grad(sum(t.sin().sum() for t in found), leaves, create_graph=True)
    second = library.autograd.grad(sum(g.cos().sum() for g in first if g.requires_grad), leaves, allow_unused=True)
    return [*found, *first, *(library.zeros_like(p) if g is None else g for p, g in zip(leaves, second, strict=True))]


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("name, layers, bidirectional, bias, batch_first, packed", GRID)
def test_layers(name, layers, bidirectional, bias, batch_first, packed):
    options = {"num_layers": layers, "bidirectional": bidirectional, "bias": bias, "batch_first": batch_first}
    for more in [{}, {"proj_size": 2}] if name == "LSTM" else [{}]:
        theirs, ours = pair(name, 3, 4, **options, **more, dtype="float64")
        a = run(torch, theirs, packed, batch_first, "float64")
        b = run(adjoint, ours, packed, batch_first, "float64")
        assert a[0].stride() == b[0].stride()
        for x, y in zip(a, b, strict=True):
            assert x.shape == y.shape
            np.testing.assert_allclose(y.detach().numpy(), x.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_dropout_draws_the_same_numbers(name):
    found = []
    for library, layer in zip((torch, adjoint), pair(name, 3, 20, 3, dropout=0.4, dtype="float32"), strict=True):
        library.manual_seed(1)
        leaves, x = inputs(library, "padded", False, "float32")
        found.append(layer(x)[0].detach().numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells(name, bias):
    found = []
    for library, cell in zip((torch, adjoint), pair(name, 3, 4, bias=bias, dtype="float64"), strict=True):
        leaves, x = inputs(library, "padded", False, "float64")
        state = None
        for t in range(3):
            state = cell(x[t], state)
        results = list(state) if isinstance(state, tuple) else [state]
        grads = library.autograd.grad(sum(t.sin().sum() for t in results), [*leaves, *cell.parameters()])
        found.append([t.detach().numpy() for t in [*results, *grads]])
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(y, x, rtol=1e-10, atol=1e-13)
