"""Recurrent operations: every way of sharing the work leaves the same numbers, and bad shapes are refused."""

import pytest
from support import torch

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def make(cell, inputs, hidden, batch, dtype=torch.float64, projected=0, seed=0):
    """(hx, params) of one layer."""
    torch.manual_seed(seed)
    state, rows = projected or hidden, GATES[cell] * hidden
    r = lambda *s: (torch.rand(*s, dtype=torch.float64) - 0.5).to(dtype)
    h = r(1, batch, state)
    params = [r(rows, inputs), r(rows, state), r(rows), r(rows)] + ([r(projected, hidden)] if projected else [])
    return [h, r(1, batch, hidden)] if cell == "lstm" else h, params


def both(cell, x, hx, params, sizes=None, reverse=False):
    """Results, and gradients of all that goes in."""
    leaves = [t.clone().requires_grad_() for t in [x, *(hx if isinstance(hx, list) else [hx]), *params]]
    hx = leaves[1:3] if cell == "lstm" else leaves[1]
    options = (True, 1, 0.0, True, False)
    params = leaves[3 if cell == "lstm" else 2 :]
    op = getattr(torch, cell)
    out = op(leaves[0], hx, params, *options, False) if sizes is None else op(leaves[0], sizes, hx, params, *options)
    return [*out, *torch.autograd.grad(sum((o * o).sum() for o in out), leaves)]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# Batches that are cut, and those too small for it, whose products are cut; weights that fit a cache, and that do not;
# one step; dot products; a last panel that is narrow.
SIZES = [(6, 16, 40, 70), (5, 3, 30, 260), (3, 2, 20, 300), (4, 1, 9, 530), (1, 40, 30, 130), (2, 9, 600, 250)]


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("steps, batch, inputs, hidden", SIZES)
def test_the_same_bits_for_any_number_of_threads(cell, steps, batch, inputs, hidden, threads):
    x = torch.rand(steps, batch, inputs) - 0.5
    hx, params = make(cell, inputs, hidden, batch, torch.float32)
    found = []
    for n in (1, 2, 4):
        threads(n)
        found.append(both(cell, x, hx, params))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))


@pytest.mark.parametrize("cell", GATES)
def test_packed_sequences_have_the_same_bits_for_any_number_of_threads(cell, threads):
    sizes = torch.tensor([17, 17, 12, 5, 5, 2, 1])
    x = torch.rand(int(sizes.sum()), 20) - 0.5
    hx, params = make(cell, 20, 150, 17, torch.float32)
    found = []
    for n in (1, 2, 4):
        threads(n)
        found.append(both(cell, x, hx, params, sizes))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other))


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("steps, batch, inputs, hidden", [(3, 5, 4, 6), (2, 1, 3, 40), (1, 4, 2, 3), (3, 20, 2, 33)])
def test_a_recorded_backward_gives_the_same(cell, steps, batch, inputs, hidden):
    """The fused sweep, and the composition that takes its place when the backward pass itself is recorded."""
    x = torch.rand(steps, batch, inputs, dtype=torch.float64).requires_grad_()
    hx, params = make(cell, inputs, hidden, batch)
    params = [p.requires_grad_() for p in params]
    y = getattr(torch, cell)(x, hx, params, True, 1, 0.0, True, False, False)[0]
    g = torch.rand_like(y)
    fused = torch.autograd.grad(y, [x, *params], g, retain_graph=True)
    recorded = torch.autograd.grad(y, [x, *params], g, create_graph=True)
    for a, b in zip(fused, recorded):
        assert torch.allclose(a, b, rtol=1e-12, atol=1e-12)
    assert any(b.requires_grad for b in recorded)


def test_hooks_of_inputs_run_once_in_a_recorded_backward():
    calls = []
    x = torch.rand(2, 1, 2).requires_grad_()
    x.register_hook(lambda g: calls.append(1))
    hx, params = make("gru", 2, 3, 1, torch.float32)
    y = torch.gru(x, hx, params, True, 1, 0.0, True, False, False)[0]
    torch.autograd.grad(y.sum(), x, create_graph=True)
    assert calls == [1]


def test_a_result_changed_in_place_is_refused():
    x = torch.rand(2, 1, 2).requires_grad_()
    hx, params = make("lstm", 2, 3, 1, torch.float32)
    y = torch.lstm(x, hx, params, True, 1, 0.0, True, False, False)[0]
    with torch.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("cell", GATES)
def test_16_bit_floats_are_rounded_once(cell, dtype):
    x = (torch.rand(7, 3, 5) - 0.5).to(dtype)
    hx, params = make(cell, 5, 6, 3, dtype)
    wide = lambda v: [t.float() for t in v] if isinstance(v, list) else v.float()
    for a, b in zip(both(cell, x, hx, params)[:2], both(cell, wide(x), wide(hx), wide(params))[:2]):
        assert a.dtype == dtype and torch.equal(a, b.to(dtype))


@pytest.mark.parametrize("cell", GATES)
def test_nan_and_inf_stay_in_their_sequence(cell):
    x = torch.rand(3, 4, 2, dtype=torch.float64)
    hx, params = make(cell, 2, 3, 4)
    clean = getattr(torch, cell)(x, hx, params, True, 1, 0.0, True, False, False)[0]
    x[1, 2] = float("nan")
    y = getattr(torch, cell)(x, hx, params, True, 1, 0.0, True, False, False)[0]
    assert y[1:, 2].isnan().all() and torch.equal(y[0], clean[0])
    others = [0, 1, 3]
    assert torch.equal(y[:, others], clean[:, others])


@pytest.mark.parametrize("cell", GATES)
def test_inputs_without_features(cell):
    hx, params = make(cell, 0, 3, 2)
    empty = both(cell, torch.zeros(4, 2, 0, dtype=torch.float64), hx, params)
    _, one = make(cell, 1, 3, 2)
    zeros = both(cell, torch.zeros(4, 2, 1, dtype=torch.float64), hx, [one[0], *params[1:]])
    for a, b in zip(empty, zeros):
        assert torch.equal(a, b) or (a.numel() == 0 and b.shape != a.shape)


def wrong(call, says, error=RuntimeError):
    with pytest.raises(error, match=says):
        call()


def test_bad_shapes():
    x = torch.rand(2, 3, 4)
    (h, c), p = make("lstm", 4, 5, 3, torch.float32)
    run = lambda x=x, hx=(h, c), p=p, layers=1, bias=True, dropout=0.0: torch.lstm(
        x, hx, p, bias, layers, dropout, True, False, False
    )
    run()
    wrong(lambda: run(x=x[0]), "expects an input of 3 dimensions, got 2", IndexError)
    wrong(lambda: run(x=x[:0]), "Expected sequence length to be larger than 0")
    wrong(lambda: run(x=x[..., :3]), "mat1 and mat2 shapes cannot be multiplied")
    wrong(lambda: run(x=x.double()), "Input and hidden tensors are not the same dtype")
    wrong(lambda: run(x=x.long()), "not implemented for", NotImplementedError)
    wrong(lambda: run(hx=[h]), "lstm expects two hidden states")
    wrong(lambda: run(hx=[h, c[:, :2]]), r"Expected hidden\[1\] size \[1, 3, 5\], got \[1, 2, 5\]")
    wrong(lambda: run(hx=[h[0], c]), r"Expected hidden\[0\] to have 3 dimensions")
    wrong(lambda: run(p=p[:3]), "incorrect number of RNN parameters")
    wrong(lambda: run(layers=2), r"Expected hidden\[0\] size")
    wrong(lambda: run(layers=2**62), "Storage size calculation overflowed|Expected hidden")
    wrong(lambda: run(layers=0), "num_layers must be greater than zero")
    wrong(lambda: run(bias=False), "incorrect number of RNN parameters")
    wrong(lambda: run(dropout=1.5), "dropout probability has to be between 0 and 1, but got 1.5")
    wrong(lambda: run(p=[p[0], p[1][:, :4], *p[2:]]), r"weight_hh of layer 0 must be \[20, 5\], got \[20, 4\]")
    wrong(lambda: run(p=[p[0][:19], p[1][:19], *p[2:]]), "weight_ih must have 4 . hidden_size rows, got 19")
    wrong(lambda: run(p=[p[0], p[1], p[2][:4], p[3]]), r"bias_ih of layer 0 must be \[20\], got \[4\]")
    wrong(lambda: run(p=[p[0][0], *p[1:]]), "must be matrices")


def test_bad_batch_sizes():
    x, (h, p) = torch.rand(5, 4), make("gru", 4, 5, 3, torch.float32)
    run = lambda sizes, x=x: torch.gru(x, torch.tensor(sizes), h, p, True, 1, 0.0, True, False)
    run([3, 2])
    wrong(lambda: run([3, 1]), "tell of 4 rows, data has 5")
    wrong(lambda: run([2, 3]), "never grow, got 3 at step 1")
    wrong(lambda: run([3, 2, 0]), "never grow, got 0 at step 2")
    wrong(lambda: run([3.0, 2.0]), "expected scalar type Long but found Float")
    wrong(lambda: run([2**62, 2**62]), "overflow")
    wrong(lambda: run([]), "Long but found Float|larger than 0")
    wrong(lambda: run([3, 2], x[:, None]), "expects packed data of 2 dimensions, got 3", IndexError)


def test_bad_cells():
    x, ((h, c), p) = torch.rand(3, 4), make("lstm", 4, 5, 3, torch.float32)
    h, c = h[0], c[0]
    wrong(lambda: torch.lstm_cell(x, [h], *p), "lstm_cell expects two hidden states")
    wrong(lambda: torch.lstm_cell(x, [h, c[:2]], *p), "Input batch size 3 doesn't match hidden1 batch size 2")
    wrong(lambda: torch.lstm_cell(x[:, :3], [h, c], *p), "input has inconsistent input_size: got 3 expected 4")
    wrong(lambda: torch.lstm_cell(x, [h[:, :4], c], *p), "hidden0 has inconsistent hidden_size: got 4, expected 5")
    wrong(lambda: torch.lstm_cell(x[0], [h, c], *p), "must have 2 dimensions, got 1")
    wrong(lambda: torch.lstm_cell(x, [h, c], *p[:3]), "both be given, or neither")
    wrong(lambda: torch.lstm_cell(x, [h.double(), c], *p), "hidden tensors are not the same dtype")
    wrong(lambda: torch.gru_cell(x, h, *p), "3 . hidden_size rows|must be")


def test_names_of_pytorch():
    assert torch._VF.lstm is torch.lstm and torch._VF._pack_padded_sequence is torch._pack_padded_sequence
