"""The argument parser: PyTorch's forms of a call, and its words when one does not fit."""

import re

import pytest

import adjoint as torch

x = torch.ones(2, 3)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: torch.exp("a"), "exp(): argument 'input' (position 1) must be Tensor, not str"),
        (lambda: torch.exp(), 'exp() missing 1 required positional arguments: "input"'),
        (lambda: torch.exp(x, 1), "exp() takes 1 positional argument but 2 were given"),
        (lambda: torch.exp(x, foo=1), "exp() got an unexpected keyword argument 'foo'"),
        (lambda: torch.exp(x, **{"\udc80": 1}), r"exp() got an unexpected keyword argument '\udc80'"),
        (lambda: x.add("a"), "add(): argument 'other' (position 1) must be Tensor, not str"),
        (lambda: torch.sum(x, 0, 1), "sum(): argument 'keepdim' (position 3) must be bool, not int"),
        (lambda: x.sum(0, dim=1), "sum() got multiple values for argument 'dim'"),
        (
            lambda: x.reshape(2, "a"),
            "reshape(): argument 'shape' failed to unpack the object at pos 2 with error \"type must be tuple of ints,but got str\"",
        ),
        (lambda: x.reshape("a"), "reshape(): argument 'shape' (position 1) must be tuple of ints, not str"),
        (lambda: x.unsqueeze(1.5), "unsqueeze(): argument 'dim' (position 1) must be int, not float"),
        (lambda: torch.zeros(2, dtype=3), "zeros(): argument 'dtype' must be torch.dtype, not int"),
        (lambda: torch.zeros("a"), "zeros(): argument 'size' (position 1) must be tuple of ints, not str"),
        (lambda: torch.exp(x, out=3), "exp(): argument 'out' must be Tensor, not int"),
        (lambda: torch.permute(x, 1, 0), "permute() takes 2 positional arguments but 3 were given"),
        (lambda: x + "a", "unsupported operand type(s) for +: 'Tensor' and 'str'"),
        (lambda: x + [1], "unsupported operand type(s) for +: 'Tensor' and 'list'"),
        (lambda: x < None, "'<' not supported between instances of 'Tensor' and 'NoneType'"),
        (lambda: 2 @ x, "unsupported operand type(s) for @: 'int' and 'Tensor'"),
        (lambda: ~x, "~ (operator.invert) is only implemented on integer and Boolean-type tensors"),
    ],
)
def test_type_errors(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


def test_invalid_combination_lists_the_overloads():
    with pytest.raises(
        TypeError,
        match=r"sum\(\) received an invalid combination of arguments - got \(str\), but expected one of:\n \* ",
    ):
        x.sum("a")


def test_forms_of_a_call():
    assert x.sum(axis=1).shape == x.sum(dim=1).shape == (2,)
    assert x.sum(1, keepdims=True).shape == (2, 1)
    assert torch.sum(input=x).item() == torch.sum(x=x).item() == 6
    assert torch.add(x1=x, x2=x)[0, 0] == 2
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.reshape([3, 2]).shape == (3, 2)
    assert x.reshape(torch.tensor(3), 2).shape == (3, 2)
    assert torch.zeros(2, 3).shape == torch.zeros((2, 3)).shape == torch.zeros(size=(2, 3)).shape
    assert x.permute(1, 0).shape == x.permute((1, 0)).shape == (3, 2)
    assert torch.add(x, torch.tensor(2), alpha=torch.tensor(3))[0, 0] == 7
    name = "".join(["d", "im"])
    assert x.sum(**{name: 0}).shape == (3,)


def test_out():
    out = torch.empty(2, 3)
    assert torch.exp(x, out=out) is out and torch.equal(out, x.exp())
    values, indices = torch.empty(2), torch.empty(2, dtype=torch.int64)
    result = torch.max(x, 1, out=(values, indices))
    assert result.values is values and result.indices is indices
    for one in ((out,), [out], ()):
        with pytest.raises(TypeError, match="argument 'out' must be Tensor, not (tuple|list)"):
            torch.exp(x, out=one)
    with pytest.raises(TypeError, match="expected 2 tensors in argument 'out', got 1"):
        torch.max(x, 1, out=(values,))
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type Int"):
        torch.exp(x, out=torch.empty(2, 3, dtype=torch.int))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.exp(x, out=torch.empty(2, 3, requires_grad=True))


def test_in_place_methods_return_self():
    y = torch.ones(2)
    assert y.add_(1) is y and y.mul_(2) is y and y.tolist() == [4, 4]
    z = y
    z += 1
    assert z is y
    y -= torch.ones(2)
    y **= 2
    assert y.tolist() == [16, 16]


def test_documentation():
    assert "exp(Tensor input" in torch.exp.__doc__ and torch.exp.__name__ == "exp"
    assert repr(torch.Tensor.exp) == "<method 'exp' of 'torch._C.TensorBase' objects>"


def test_requires_grad_and_friends_of_creation_functions():
    y = torch.zeros(2, requires_grad=True, layout=torch.strided, pin_memory=False, device="cpu")
    assert y.requires_grad and y.is_leaf
    with torch.device("meta"):
        assert torch.zeros(2).is_meta and torch.ones_like(x).device.type == "cpu"
    with pytest.raises(RuntimeError, match="Expected one of cpu, cuda"):
        torch.zeros(1, device="nowhere")


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda n: n.add(n, alpha=1.0), "argument alpha must not be a floating point number"),
        (lambda n: torch.subtract(n, 1, alpha=1.0), "argument alpha must not be a floating point number"),
        (lambda n: x.sub(x, alpha=1 + 0j), "argument alpha must not be a complex number"),
        (lambda n: torch.linalg.norm(x[None], "fro"), "the input must be 1D or 2D. Got 3D"),
        (lambda n: torch.nanmean(x, dtype=torch.int64), "Optional dtype must be either a floating point or complex"),
        (lambda n: torch.linalg.vecdot(x, x.double()), "x and y to have the same dtype"),
    ],
)
def test_types_that_do_not_go_together(call, message):
    with pytest.raises(RuntimeError, match=message):
        call(torch.tensor([1, 2]))


def test_types_that_do():
    n = torch.tensor([1, 2])
    assert n.add(n, alpha=1).tolist() == x.double().sub(1, alpha=1.0)[0, :2].add(n, alpha=2.0).tolist() == [2, 4]
    assert torch.linalg.norm(x, "fro").item() == pytest.approx(6**0.5)
    assert torch.take_along_dim(n, torch.tensor([1, 0, 1], dtype=torch.int32)).tolist() == [2, 1, 2]
    out = torch.empty(0)
    assert torch.chain_matmul(x.T, x, x.T, out=out) is out and out.tolist() == [[6.0] * 2] * 3


def test_the_old_constructor():
    x = torch.ones(2, dtype=torch.float64)
    assert x.new(2, 3).shape == (2, 3) and x.new().shape == (0,) and x.new(torch.Size([4])).shape == (4,)
    assert x.new([1, 2]).tolist() == [1, 2] and x.new((3,)).tolist() == [3] and x.new([1]).dtype == torch.float64
    assert x.new(x).data_ptr() == x.data_ptr()
    for wrong in (1.5, torch.ones(2)):
        with pytest.raises(TypeError):
            x.new(wrong)
