"""Operations that take or give lists of tensors, with more of them than 16 bits count: values, edges, gradients."""

import re

import pytest

import adjoint as torch
from adjoint import _core

MANY = 70_000
# One result of many tensors, and how many numbers it has for each.
JOINING = ("cat", "concat", "concatenate", "stack", "hstack", "vstack", "row_stack", "dstack", "column_stack")
EACH = ("broadcast_tensors", "atleast_1d", "atleast_2d", "atleast_3d")
ones = [1] * MANY
SPLITTING = {
    "unbind": [()],
    "unbind_copy": [()],
    "split": [(1,), (ones,)],
    "split_with_sizes": [(ones,)],
    "split_with_sizes_copy": [(ones,)],
    "unsafe_split": [(1,)],
    "unsafe_split_with_sizes": [(ones,)],
    "chunk": [(MANY,)],
    "unsafe_chunk": [(MANY,)],
    "tensor_split": [(MANY,), (list(range(1, MANY)),), (torch.tensor(MANY),)],
    "hsplit": [(MANY,)],
    "vsplit": [(MANY,)],
    "dsplit": [(MANY,)],
}
FEW = {
    "index_put index_put_ _index meshgrid cartesian_prod where _nonzero": "one tensor for each dimension, 64 at most",
    "einsum": "an index of the result needs a letter",
    "_chain_matmul multi_dot": "the best order takes the cube of their number",
    "histogramdd": "edges along each dimension, whose product is the result's size",
    "block_diag": "the result is the square of their number",
    "lstm gru rnn_tanh rnn_relu lstm_cell": "states, and five tensors at most for each layer",
    "_pad_sequence": "nn.utils.rnn has it: test_many_sequences",
}


def test_all_lists_are_known():
    lists = {r["name"] for r in _core._records() if re.search(r"Tensor\??\[\]", r["schema"])}
    assert lists == {*JOINING, *EACH, *SPLITTING, *(name for names in FEW for name in names.split())}


def leaves():
    return [torch.full((1,), float(i % 7), requires_grad=True) for i in range(MANY)]


def all_ones(gradients):
    return all(g.item() == 1 for g in gradients)


@pytest.mark.parametrize("name", JOINING)
def test_many_inputs(name):
    xs = leaves()
    y = getattr(torch, name)(xs)
    assert y.numel() == MANY and y.sum().item() == sum(i % 7 for i in range(MANY))
    assert len(y.grad_fn.next_functions) == MANY or len(y.grad_fn.next_functions) == 1
    assert all_ones(torch.autograd.grad(y.sum(), xs))


def test_many_sequences():
    xs = leaves()
    y = torch.nn.utils.rnn.pad_sequence(xs)
    assert y.shape == (1, MANY) and y.sum().item() == sum(i % 7 for i in range(MANY))
    assert all_ones(torch.autograd.grad(y.sum(), xs))


@pytest.mark.parametrize("name", EACH)
def test_many_inputs_and_outputs(name):
    xs = leaves()
    ys = getattr(torch, name)(xs) if name != "broadcast_tensors" else torch.broadcast_tensors(*xs)
    assert len(ys) == MANY and ys[-1].sum().item() == (MANY - 1) % 7
    assert all_ones(torch.autograd.grad([y.sum() for y in ys], xs))


@pytest.mark.parametrize("name,args", [(name, a) for name, rows in SPLITTING.items() for a in rows])
def test_many_outputs(name, args):
    shape = {"hsplit": (1, MANY), "dsplit": (1, 1, MANY)}.get(name, (MANY,))
    x = torch.arange(float(MANY)).reshape(shape if name != "vsplit" else (MANY, 1)).requires_grad_()
    parts = getattr(torch, name)(x, *args)
    assert len(parts) == MANY and parts[-1].item() == MANY - 1 and parts[-1].output_nr in (0, MANY - 1)
    (g,) = torch.autograd.grad(parts[-1].sum() + parts[65_536].sum(), x, retain_graph=True)
    assert g.sum().item() == 2 and g.reshape(-1)[65_536].item() == 1 and g.reshape(-1)[-1].item() == 1
    torch.autograd.backward([p.sum() for p in parts])
    assert x.grad.sum().item() == MANY
