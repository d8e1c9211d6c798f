"""Pickling, copying, storages."""

import copy
import io
import pickle

import pytest
from support import leaf, torch


def again(x, protocol=2):
    return pickle.loads(pickle.dumps(x, protocol))


@pytest.mark.parametrize(
    "dtype", "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
)
@pytest.mark.parametrize("how", [again, copy.deepcopy, copy.copy])
def test_dtypes(dtype, how):
    x = torch.tensor([1, 0, 1]).to(getattr(torch, dtype))
    y = how(x)
    assert y.dtype == x.dtype and torch.equal(x, y) and y is not x


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_protocols(protocol):
    assert again(torch.arange(3), protocol).tolist() == [0, 1, 2]


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x[0], lambda x: x.t(), lambda x: x[:, 1], lambda x: x[1:, ::2], lambda x: x.reshape(-1), lambda x: x.sum(), lambda x: x[:0], lambda x: x.expand(2, 2, 3), lambda x: x[None]])  # fmt: skip
def test_geometry(make):
    x = make(torch.arange(6.0).reshape(2, 3))
    for y in (again(x), copy.deepcopy(x)):
        assert (
            y.shape == x.shape
            and y.stride() == x.stride()
            and y.storage_offset() == x.storage_offset()
            and torch.equal(x, y)
        )
        assert y._base is None


def test_sharing_in_deepcopy():
    x = torch.arange(4.0)
    a, b, c = copy.deepcopy([x, x[1:], x])
    a[1] = 50
    assert b[0] == 50 and a is c and x[1] == 1


def test_copy_shares_memory():
    x = torch.arange(4.0)
    y = copy.copy(x)
    y[0] = 9
    assert x[0] == 9


def test_requires_grad():
    x = leaf(1.0)
    for y in (again(x), copy.deepcopy(x), copy.copy(x)):
        assert y.requires_grad and y.is_leaf
    z = again(x * 2)
    assert z.requires_grad and z.grad_fn is None


def test_grad_is_copied_but_not_pickled():
    x = leaf(1.0)
    x.grad = torch.ones(1)
    y = copy.deepcopy(x)
    assert y.grad.item() == 1 and y.grad is not x.grad
    assert again(x).grad is None


def test_non_leaf_deepcopy():
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(leaf(1.0) * 2)


def test_attributes():
    x = torch.ones(1)
    x.note, x.more = "n", [1]
    y = copy.deepcopy(x)
    assert y.note == "n" and y.more == [1] and y.more is not x.more
    assert again(x).note == "n"


def test_memo():
    x = torch.ones(1)
    memo = {}
    assert copy.deepcopy(x, memo) is copy.deepcopy(x, memo)


class Mine(torch.Tensor):
    pass


def test_subclass():
    x = torch.ones(2).as_subclass(Mine)
    assert type(again(x)) is Mine


def test_parameter():
    p = torch.nn.Parameter(torch.ones(2))
    for q in (again(p), copy.deepcopy(p)):
        assert type(q) is torch.nn.Parameter and q.requires_grad and torch.equal(p, q)


def test_meta():
    y = copy.deepcopy(torch.empty(2, 3, device="meta"))
    assert y.device.type == "meta" and y.shape == (2, 3)


def test_stream_of_pickles():
    f = io.BytesIO()
    p = pickle.Pickler(f)
    for i in range(3):
        p.dump(torch.full((2,), i))
    f.seek(0)
    u = pickle.Unpickler(f)
    assert [u.load()[0].item() for _ in range(3)] == [0, 1, 2]


def test_small_types():
    for x in (torch.float32, torch.Size([1, 2]), torch.device("cpu")):
        assert again(x) == x and copy.deepcopy(x) == x
    assert again(torch.float32) is torch.float32


def test_storage():
    x = torch.arange(4.0)
    s = x.untyped_storage()
    assert s.nbytes() == 16 and x[1:].untyped_storage().data_ptr() == s.data_ptr() and s.data_ptr() == x.data_ptr()
    assert torch.ones(1).untyped_storage().data_ptr() != s.data_ptr()


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
@pytest.mark.parametrize("name", ["exp", "relu", "exp_", "linalg.vector_norm", "special.expit", "nn.functional.relu"])
def test_functions(name, how):
    f = torch
    for part in name.split("."):
        f = getattr(f, part)
    assert (copy.deepcopy(f) if how == "deepcopy" else pickle.loads(pickle.dumps(f))) is f
