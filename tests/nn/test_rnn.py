"""Recurrent layers and packed sequences beyond what every layer keeps to."""

import copy
import pickle

import pytest
from support import torch

nn = torch.nn
rnn = nn.utils.rnn
LAYERS = [nn.RNN, nn.GRU, nn.LSTM]


def states(hx):
    return list(hx) if isinstance(hx, tuple) else [hx]


# --- weights as one list ---


def test_names_and_order_of_weights():
    lstm = nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    ends = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    assert [n for n, _ in lstm.named_parameters()] == [k + e for e in ends for k in kinds]
    assert [[w is getattr(lstm, k + e) for k, w in zip(kinds, ws)] for e, ws in zip(ends, lstm.all_weights)] == [
        [True] * 5
    ] * 4
    assert lstm.weight_ih_l1.shape == (16, 4) and lstm.weight_hr_l0.shape == (2, 4)


def test_what_is_assigned_is_used():
    gru, x = nn.GRU(2, 3), torch.ones(1, 1, 2)
    before = gru(x)[0]
    gru.weight_ih_l0 = nn.Parameter(torch.zeros(9, 2))
    assert gru._flat_weights[0] is gru.weight_ih_l0
    assert not torch.equal(gru(x)[0], before)
    gru._parameters["bias_ih_l0"] = nn.Parameter(torch.ones(9) * 5)  # as functional_call does
    after = gru(x)[0]
    assert gru._flat_weights[2] is gru.bias_ih_l0
    gru._flat_weights[2] = torch.zeros(9)  # a program's own
    assert not torch.equal(gru(x)[0], after)


def test_a_weight_may_become_a_plain_tensor():
    """As programs do that drop weights anew at each call."""
    lstm = nn.LSTM(2, 3)
    raw = lstm.weight_hh_l0
    del lstm._parameters["weight_hh_l0"]
    lstm.raw = raw
    lstm.weight_hh_l0 = raw * 0.5
    lstm(torch.ones(2, 1, 2))[0].sum().backward()
    assert raw.grad is not None and lstm.weight_hh_l0.grad_fn is not None


@pytest.mark.parametrize("how", ["double", "deepcopy", "pickle", "load", "assign"])
def test_weights_follow_the_module(how):
    lstm = nn.LSTM(2, 3).double()
    if how == "deepcopy":
        lstm = copy.deepcopy(lstm)
    elif how == "pickle":
        lstm = pickle.loads(pickle.dumps(lstm))
    elif how in ("load", "assign"):
        other = nn.LSTM(2, 3).double()
        lstm.load_state_dict(other.state_dict(), assign=how == "assign")
    lstm(torch.ones(2, 1, 2, dtype=torch.float64))[0].sum().backward()
    assert all(w is p for w, p in zip(lstm._flat_weights, lstm.parameters()))
    assert all(p.grad is not None for p in lstm.parameters())
    assert "_flat_weight_refs" not in lstm.__getstate__()


def test_weights_of_old_pickles():
    lstm = nn.LSTM(2, 3, 2)
    state = lstm.__getstate__()
    del state["proj_size"]
    state["all_weights"] = [[[]]]
    old = nn.LSTM.__new__(nn.LSTM)
    old.__setstate__(state)
    assert old.proj_size == 0 and old._all_weights == lstm._all_weights
    assert torch.equal(old(torch.ones(2, 1, 2))[0], lstm(torch.ones(2, 1, 2))[0])


# --- checks ---


@pytest.mark.parametrize("layer", LAYERS)
def test_bad_arguments(layer):
    for wrong, error in [
        ({"dropout": 2}, ValueError),
        ({"dropout": True}, ValueError),
        ({"bias": 1}, TypeError),
        ({"batch_first": None}, TypeError),
        ({"num_layers": 0}, ValueError),
        ({"hidden_size": 0}, ValueError),
        ({"input_size": 2.0}, TypeError),
        ({"proj_size": 5}, ValueError),
    ]:
        with pytest.raises(error):
            layer(**{"input_size": 2, "hidden_size": 3, **wrong})
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        layer(2, 3, dropout=0.5)


def test_unknown_nonlinearity():
    with pytest.raises(ValueError, match="Unknown nonlinearity 'gelu'"):
        nn.RNN(2, 3, nonlinearity="gelu")
    with pytest.raises(RuntimeError, match="Unknown nonlinearity: gelu"):
        nn.RNNCell(2, 3, nonlinearity="gelu")(torch.ones(1, 2))


@pytest.mark.parametrize("layer", LAYERS)
def test_bad_inputs(layer):
    net, make = layer(2, 3), torch.ones
    pair = lambda h: (h, h) if layer is nn.LSTM else h
    for x, hx, error, says in [
        (make(2), None, ValueError, "Expected input to be 2D or 3D, got 1D"),
        (make(2, 1, 3), None, RuntimeError, "input.size\\(-1\\) must be equal to input_size. Expected 2, got 3"),
        (make(2, 1, 2, dtype=torch.float64), None, ValueError, "does not match weight dtype"),
        (make(2, 1, 2), pair(make(1, 2, 3)), RuntimeError, "Expected hidden.* size \\(1, 1, 3\\), got \\[1, 2, 3\\]"),
        (make(2, 1, 2), pair(make(1, 3)), RuntimeError, "For batched 3-D input, hx"),
        (make(2, 2), pair(make(1, 1, 3)), RuntimeError, "For unbatched 2-D input, hx"),
        (make(0, 1, 2), None, RuntimeError, "Expected sequence length to be larger than 0"),
    ]:
        with pytest.raises(error, match=says):
            net(x, hx)


@pytest.mark.parametrize("layer", LAYERS)
def test_packed_states_of_another_batch(layer):
    """A permutation would pick two of the three."""
    packed = rnn.pack_sequence([torch.ones(1, 2), torch.ones(2, 2)], enforce_sorted=False)
    h = torch.zeros(1, 3, 3)
    with pytest.raises(RuntimeError, match="Expected hidden"):
        layer(2, 3)(packed, (h, h) if layer is nn.LSTM else h)


# --- packed is padded, without the padding ---


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_each_packed_sequence_is_run_by_itself(layer, bidirectional):
    torch.manual_seed(0)
    net = layer(2, 3, 2, bidirectional=bidirectional).double()
    xs = [torch.randn(n, 2, dtype=torch.float64) for n in (2, 5, 1, 5)]
    output, last = net(rnn.pack_sequence(xs, enforce_sorted=False))
    for i, (x, y) in enumerate(zip(xs, rnn.unpack_sequence(output))):
        alone, end = net(x)
        assert torch.allclose(y, alone)
        for h, e in zip(states(last), states(end)):
            assert torch.allclose(h[:, i], e)


@pytest.mark.parametrize("layer", LAYERS)
def test_cells_step_by_step(layer):
    torch.manual_seed(0)
    net = layer(2, 3).double()
    cell = getattr(nn, layer.__name__ + "Cell")(2, 3).double()
    cell.load_state_dict({n.removesuffix("_l0"): p for n, p in net.state_dict().items()})
    x = torch.randn(4, 2, 2, dtype=torch.float64)
    y, last = net(x)
    hx = None
    for t in range(4):
        hx = cell(x[t], hx)
        assert torch.allclose(states(hx)[0], y[t])
    for a, b in zip(states(hx), states(last)):
        assert torch.allclose(a, b[0])


def test_dropout_between_layers():
    torch.manual_seed(0)
    net, x = nn.LSTM(2, 8, 2, dropout=1.0), torch.randn(3, 1, 2)
    first = nn.LSTM(2, 8)
    first.load_state_dict({n: p for n, p in net.state_dict().items() if n.endswith("_l0")})
    zeros = nn.LSTM(8, 8)
    zeros.load_state_dict({n.replace("l1", "l0"): p for n, p in net.state_dict().items() if n.endswith("_l1")})
    assert torch.allclose(net(x)[0], zeros(torch.zeros(3, 1, 8))[0])
    assert torch.allclose(net.eval()(x)[0], zeros(first(x)[0])[0])


# --- packed sequences ---


def test_packed_sequence():
    data, sizes = torch.arange(5.0), torch.tensor([2, 2, 1])
    packed = rnn.PackedSequence(data, sizes, torch.tensor([1, 0]))
    assert torch.equal(packed.unsorted_indices, torch.tensor([1, 0]))
    assert rnn.PackedSequence((data, sizes)).batch_sizes is sizes
    assert packed.to(torch.float32) is packed and packed.cpu() is packed
    for name, dtype in [
        ("double", torch.float64),
        ("half", torch.float16),
        ("long", torch.int64),
        ("byte", torch.uint8),
    ]:
        other = getattr(packed, name)()
        assert type(other) is rnn.PackedSequence and other.data.dtype == dtype and other.batch_sizes is sizes
    assert not packed.is_cuda
    again = pickle.loads(pickle.dumps(packed))
    assert torch.equal(again.data, data) and type(again) is rnn.PackedSequence
    with pytest.raises(AssertionError):
        rnn.PackedSequence(data)
    with pytest.raises(ValueError, match="batch_sizes should always be on CPU"):
        rnn.PackedSequence(data, sizes.to("meta"))


@pytest.mark.parametrize("batch_first", [False, True])
def test_there_and_back(batch_first):
    xs = [torch.randn(n, 2, requires_grad=True) for n in (2, 4, 1)]
    padded = rnn.pad_sequence(xs, batch_first=batch_first, padding_value=7)
    packed = rnn.pack_padded_sequence(padded, [2, 4, 1], batch_first=batch_first, enforce_sorted=False)
    again, lengths = rnn.pad_packed_sequence(packed, batch_first=batch_first, padding_value=7, total_length=5)
    wanted = torch.cat(
        [padded, torch.full_like(padded, 7).narrow(1 if batch_first else 0, 0, 1)], 1 if batch_first else 0
    )
    assert torch.equal(again, wanted) and lengths.tolist() == [2, 4, 1]
    parts = rnn.unpad_sequence(again, lengths, batch_first=batch_first)
    assert all(torch.equal(a, b) for a, b in zip(parts, xs))
    (again * 2).sum().backward()
    assert all(torch.equal(x.grad, torch.full_like(x, 2)) for x in xs)


def test_unpad_leaves_its_argument():
    padded = torch.ones(3, 2)
    rnn.unpad_sequence(padded, torch.tensor([3, 1]))
    assert padded.shape == (3, 2)


def test_bad_packing():
    x = torch.ones(3, 2, 1)
    for lengths, says in [
        ([3, 0], "greater than 0"),
        ([2, 3], "sorted in decreasing order"),
        ([3], "equal to batch_size, but got 1 \\(batch_size=2\\)"),
        ([4, 1], "padded to 3 steps"),
        ([[3, 1]], "should be a 1D CPU int64 tensor"),
    ]:
        with pytest.raises(RuntimeError, match=says):
            rnn.pack_padded_sequence(x, lengths)
    with pytest.raises(RuntimeError, match="Cannot pack empty"):
        rnn.pack_padded_sequence(x[:, :0], [])
    with pytest.raises(ValueError, match="total_length=2 and max sequence length being 3"):
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [3, 1]), total_length=2)
    with pytest.raises(RuntimeError, match="never grow"):
        rnn.pad_packed_sequence(rnn.PackedSequence(x[:, 0], torch.tensor([1, 2])))
    with pytest.raises(RuntimeError, match="batch_sizes tell of 2 rows, data has 3"):
        rnn.pad_packed_sequence(rnn.PackedSequence(x[:, 0], torch.tensor([1, 1])))
    with pytest.raises(RuntimeError, match="empty list"):
        rnn.pad_sequence([])
    with pytest.raises(RuntimeError, match="left or right, but got top"):
        rnn.pad_sequence([x], padding_side="top")
    with pytest.raises(RuntimeError, match="Expected iterable"):
        rnn.pad_sequence(3)
