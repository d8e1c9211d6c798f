"""In-place changes, views and version counters."""

import pytest
from support import error_of, leaf, torch

LEAF = "a leaf Variable that requires grad"
CHANGED = "modified by an inplace operation"


# --- versions ---


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1), lambda x: x.mul_(2), lambda x: x.zero_(), lambda x: x.fill_(3), lambda x: x.copy_(torch.ones(3)), lambda x: x.__setitem__(0, 1.0), lambda x: x.__setitem__([0, 1], 1.0),
        lambda x: x.__setitem__(x > 0, 1.0), lambda x: x[1:].add_(1), lambda x: x.view(3, 1).mul_(2), lambda x: x.clamp_(0, 1), lambda x: x.exp_(), lambda x: x.masked_fill_(x > 0, 1), lambda x: x.index_add_(0, torch.tensor([0]), torch.ones(1)),
        lambda x: torch.add(torch.ones(3), 1, out=x), lambda x: x.detach().add_(1), lambda x: x.uniform_(), lambda x: x.squeeze().add_(1), lambda x: x.unsqueeze(0).add_(1), lambda x: x.index_fill_(0, torch.tensor([0]), 2.0),
    ],
)  # fmt: skip
def test_every_change_counts(change):
    x = torch.zeros(3)
    change(x)
    assert x._version == 1


IN_PLACE_OF_ONE = (
    "abs_ relu_ sin_ exp_ zero_ neg_ sigmoid_ clamp_min_ logical_not_ nan_to_num_ round_ rsqrt_ tanh_".split()
)


@pytest.mark.parametrize("name", IN_PLACE_OF_ONE)
def test_functions_in_place_write_over_their_input(name):
    more = [0.5] if name == "clamp_min_" else []
    x = torch.tensor([0.25, -0.75])
    expected = getattr(torch.tensor([0.25, -0.75]), name)(*more)
    assert getattr(torch, name)(x, *more) is x
    assert torch.equal(x, expected) or (name == "rsqrt_" and x[0] == expected[0])


def test_reading_does_not_count():
    x = torch.zeros(3)
    x + 1, x[0], x.sum(), x.view(3), x.tolist(), x.clone(), repr(x)
    assert x._version == 0


def test_views_share_the_counter():
    x = torch.zeros(4)
    v, w = x[1:], x.view(2, 2)[0]
    w.add_(1)
    assert x._version == v._version == w._version == 1
    assert x.detach()._version == 1


def test_clone_has_its_own():
    x = torch.zeros(3)
    x.add_(1)
    y = x.clone()
    assert y._version == 0


# --- saved tensors ---


@pytest.mark.parametrize(
    "make,change",
    [
        (lambda y: y * y, lambda y: y.add_(1)), (lambda y: y**2, lambda y: y.mul_(2)), (lambda y: y.sin(), lambda y: y.zero_()), (lambda y: y.log(), lambda y: y.fill_(2)), (lambda y: y / (y + 1), lambda y: y.add_(1)),
        (lambda y: y * 1 @ y, lambda y: y.add_(1)), (lambda y: y.prod(), lambda y: y.add_(1)), (lambda y: y.norm(), lambda y: y.add_(1)), (lambda y: y * y, lambda y: y[0].add_(1)), (lambda y: y * y, lambda y: y.__setitem__(0, 3.0)),
        (lambda y: y * y, lambda y: y.view(2, 1).add_(1)), (lambda y: y * y, lambda y: y.detach().add_(1)), (lambda y: y * y, lambda y: y.copy_(torch.ones(2))), (lambda y: torch.where(y > 0, y * y, y), lambda y: y.neg_()), (lambda y: y.abs(), lambda y: y.neg_()),
        (lambda y: y.gather(0, torch.tensor([0, 1])) * y, lambda y: y.add_(1)), (lambda y: y.var(), lambda y: y.add_(1)), (lambda y: y.clamp(0, 1), lambda y: y.add_(1)),
    ],
)  # fmt: skip
def test_changed_input(make, change):
    y = leaf(1.0, 2.0) * 1
    z = make(y).sum()
    change(y)
    assert CHANGED in error_of(z.backward, RuntimeError)


@pytest.mark.parametrize(
    "f",
    ["exp", "sigmoid", "tanh", "sqrt", "softmax", "log_softmax", "reciprocal", "rsqrt", "relu", "logsumexp", "cumprod"],
)
def test_changed_output(f):
    x = leaf(1.0, 2.0) * 1
    args = (0,) if f in ("softmax", "log_softmax", "logsumexp", "cumprod") else ()
    y = getattr(x, f)(*args)
    (x if f == "cumprod" else y).add_(1)
    assert CHANGED in error_of(lambda: y.sum().backward(), RuntimeError)


@pytest.mark.parametrize("make", [lambda y: y + 1, lambda y: y - 1, lambda y: y * 3, lambda y: -y, lambda y: y.sum(), lambda y: y.mean(), lambda y: y.view(2, 1), lambda y: y.reshape(2, 1).clone(), lambda y: torch.cat([y, y]), lambda y: y.t().clone(), lambda y: y.flip(0), lambda y: y.floor(), lambda y: y.double()])  # fmt: skip
def test_not_saved_may_change(make):
    x = leaf(1.0, 2.0)
    y = x * 1
    z = make(y).sum()
    y.data.add_(0)
    with torch.no_grad():
        y.add_(1)
    z.backward()
    assert x.grad is not None


def test_error_tells_versions():
    y = leaf(1.0) * 1
    z = y * y
    y.add_(1)
    y.add_(1)
    text = error_of(z.backward, RuntimeError)
    assert "version 2" in text and "version 0" in text


def test_mul_saves_only_what_it_needs():
    x, y = leaf(1.0), torch.ones(1)
    z = x * y
    xx = x.detach()
    xx.add_(1)  # x itself is not needed: y does not require a gradient
    z.backward()
    assert x.grad.item() == 1


# --- leaves ---


@pytest.mark.parametrize("f", [lambda x: x.add_(1), lambda x: x.mul_(x), lambda x: x.zero_(), lambda x: x[0].add_(1), lambda x: x.__setitem__(0, 1.0), lambda x: x.view(2).add_(1), lambda x: x.copy_(torch.ones(2)), lambda x: x.t().mul_(2), lambda x: x.relu_(), lambda x: x.__iadd__(1), lambda x: x.fill_(2.0), lambda x: x.unsqueeze(0).zero_(), lambda x: x.clamp_(0, 1), lambda x: x.masked_fill_(x > 0, 0.0)])  # fmt: skip
def test_leaves_refuse(f):
    x = leaf(1.0, 2.0)
    text = error_of(lambda: f(x), RuntimeError)
    assert "leaf Variable" in text and "in-place" in text
    assert x.tolist() == [1.0, 2.0]
    with torch.no_grad():
        f(x)
    assert x.is_leaf and x.requires_grad


def test_leaf_without_grad_takes_history():
    x, w = torch.zeros(2), leaf(1.0, 2.0)
    x.add_(w)
    assert x.requires_grad and not x.is_leaf
    x.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]


def test_out_with_grad_is_refused():
    with pytest.raises(RuntimeError, match="out="):
        torch.add(leaf(1.0), 1, out=torch.zeros(1))
    with pytest.raises(RuntimeError, match="out=|leaf"):
        torch.add(torch.ones(1), 1, out=leaf(1.0))


# --- views: which are, and their bases ---


@pytest.mark.parametrize("f", [lambda x: x[0], lambda x: x[:, 1], lambda x: x[0:1], lambda x: x[None], lambda x: x[...], lambda x: x.view(4), lambda x: x.reshape(4), lambda x: x.t(), lambda x: x.T, lambda x: x.permute(1, 0), lambda x: x.transpose(0, 1), lambda x: x.expand(3, 2, 2), lambda x: x.squeeze(), lambda x: x.unsqueeze(0), lambda x: x.narrow(0, 0, 1), lambda x: x.select(0, 1), lambda x: x.diagonal(), lambda x: x.unfold(0, 1, 1), lambda x: x.flatten(), lambda x: x.as_strided((2,), (1,)), lambda x: x.view_as(x), lambda x: x.split(1)[0], lambda x: x.chunk(2)[0], lambda x: x.unbind()[0], lambda x: x.expand_as(x), lambda x: x.movedim(0, 1), lambda x: x.swapaxes(0, 1), lambda x: x.mT, lambda x: x.unflatten(0, (2, 1)), lambda x: x.detach()])  # fmt: skip
def test_is_view(f):
    x = torch.zeros(2, 2)
    v = f(x)
    v.add_(1) if v.stride().count(0) == 0 or v.dim() < 3 else None
    assert v.data_ptr() >= x.data_ptr()
    y = leaf(1.0, 2.0, 3.0, 4.0).view(2, 2) * 1
    w = f(y)
    assert (w._is_view() and w._base is y) or not w.requires_grad


@pytest.mark.parametrize("f", [lambda x: x.clone(), lambda x: x + 0, lambda x: x[[0, 1]], lambda x: x[x > -1], lambda x: x.contiguous().clone(), lambda x: x.flip(0), lambda x: x.repeat(1, 1), lambda x: torch.cat([x]), lambda x: x.to(torch.float64), lambda x: x.gather(0, torch.zeros(2, 2, dtype=torch.int64)), lambda x: x.t().reshape(4), lambda x: x.roll(0)])  # fmt: skip
def test_is_no_view(f):
    x = torch.zeros(2, 2)
    y = f(x)
    assert y._base is None and not y._is_view()
    y.add_(1)
    assert x.sum().item() == 0


def test_base_of_view_of_view():
    x = leaf(1.0, 2.0, 3.0) * 1
    assert x[1:][0]._base is x


# --- in place on views ---


def test_view_changes_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[0].mul_(10)
    assert y.grad_fn.name().endswith("CopySlices")
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 1.0, 1.0]


def test_base_changes_view():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    y.mul_(2)
    assert v.grad_fn.name() == "AsStridedBackward0" or "Slice" in v.grad_fn.name()
    v.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 2.0]


def test_sibling_views():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    a, b = y[:2], y[1:]
    a.mul_(10)
    assert b.tolist() == [20.0, 3.0]
    b.sum().backward()
    assert x.grad.tolist() == [0.0, 10.0, 1.0]


def test_view_keeps_the_value_used_before():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[0]
    before = v + 5
    y.mul_(3)
    (before + v).backward()
    assert x.grad.tolist() == [4.0, 0.0]


def test_nested_views():
    x = torch.arange(8.0).requires_grad_()
    y = x * 1
    y.view(2, 4)[1].view(2, 2).t()[0].mul_(100)
    assert y.tolist() == [0, 1, 2, 3, 400, 5, 600, 7]
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 1, 1, 100, 1, 100, 1]


def test_setitem_broadcast_value():
    x, w = torch.arange(6.0).reshape(2, 3).requires_grad_(), leaf(5.0)
    y = x * 1
    y[:, 1] = w
    y.sum().backward()
    assert w.grad.tolist() == [2.0] and x.grad.tolist() == [[1, 0, 1], [1, 0, 1]]


def test_setitem_into_constant():
    buffer, w = torch.zeros(3), leaf(2.0)
    buffer[1] = w[0] * 3
    (buffer * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert w.grad.item() == 30 and buffer.requires_grad


def test_setitem_loop():
    w = leaf(2.0)
    out = torch.zeros(4)
    out[0] = w[0]
    for i in range(1, 4):
        out[i] = out[i - 1].clone() * w[0]
    out[3].backward()
    assert w.grad.item() == 4 * 2.0**3


@pytest.mark.keeps_tensors  # a saved view of what is computed from it is a cycle, as in PyTorch
def test_setitem_of_itself_without_clone_fails():
    w = leaf(2.0)
    out = torch.zeros(3)
    out[0] = w[0]
    for i in range(1, 3):
        out[i] = out[i - 1] * w[0]
    assert CHANGED in error_of(out[2].backward, RuntimeError)


def test_setitem_mask():
    x = leaf(1.0, -2.0, 3.0)
    y = x * 2
    y[y < 0] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 2.0]


def test_setitem_index_list_with_values():
    x, v = leaf(1.0, 2.0, 3.0), leaf(7.0, 8.0)
    y = x * 1
    y[[2, 0]] = v
    (y * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert v.grad.tolist() == [100.0, 1.0] and x.grad.tolist() == [0.0, 10.0, 0.0]


def test_copy_between_dtypes():
    x = leaf(1.0, 2.0)
    b = torch.zeros(2, dtype=torch.float64)
    b.copy_(x)
    b.sum().backward()
    assert x.grad.dtype == torch.float32 and x.grad.tolist() == [1.0, 1.0]


def test_iadd_on_slice_statement():
    x = leaf(1.0, 2.0)
    y = x * 1
    y[0] += 5
    y[1] *= x[0]
    y.sum().backward()
    assert y.tolist() == [6.0, 2.0] and x.grad.tolist() == [3.0, 1.0]


def test_zero_of_part_cuts_the_gradient():
    x = leaf(1.0, 2.0)
    y = x * 3
    y[0].zero_()
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 3.0]


def test_double_backward_through_in_place():
    x = torch.tensor([1.5, 2.0], dtype=torch.float64, requires_grad=True)

    def f(x):
        y = x * 1
        y[0].mul_(x[1])
        y.mul_(x)
        return y.exp().sum()

    assert torch.autograd.gradcheck(f, (x,)) and torch.autograd.gradgradcheck(f, (x,))


@pytest.mark.parametrize("make,name", [(lambda y: y.unbind()[0], "unbind"), (lambda y: y.split(1)[0], "split"), (lambda y: y.chunk(2)[0], "split"), (lambda y: next(iter(y)), "unbind"), (lambda y: y.split([1, 1])[1], "split")])  # fmt: skip
def test_multi_output_views_refuse(make, name):
    v = make(leaf(1.0, 2.0) * 1)
    text = error_of(lambda: v.add_(1), RuntimeError)
    assert "is a view and is being modified inplace" in text and "multiple views" in text
    with torch.no_grad():
        v.add_(1)


def test_view_made_in_no_grad_refuses():
    y = leaf(1.0, 2.0) * 1
    with torch.no_grad():
        v = y[:1]
    assert "no_grad" in error_of(lambda: v.add_(1), RuntimeError)
    with torch.no_grad():
        v.add_(1)
    assert y.tolist() == [2.0, 2.0]


def test_view_made_in_no_grad_of_leaf():
    x = leaf(1.0, 2.0)
    with torch.no_grad():
        v = x.view(2)
    assert v.is_leaf and v.grad_fn is None


def test_overlapping_memory_refuses():
    with pytest.raises(RuntimeError, match="unsupported operation|more than one element"):
        torch.zeros(1).expand(3).add_(1)
    x = torch.arange(5.0)
    with pytest.raises(RuntimeError, match="single memory location|overlap"):
        x[1:].add_(x[:-1])


@pytest.mark.parametrize("f", [lambda: torch.zeros(3).add_(torch.ones(2, 3)), lambda: torch.zeros(3, dtype=torch.int64).add_(0.5), lambda: torch.zeros(3, dtype=torch.int64).div_(2), lambda: torch.zeros(3).mul_(1j), lambda: torch.zeros(2).copy_(torch.ones(3)), lambda: torch.zeros(2, dtype=torch.bool).add_(1)])  # fmt: skip
def test_impossible_in_place(f):
    with pytest.raises(RuntimeError):
        f()


def test_in_place_returns_self():
    x = torch.ones(2)
    for f in (
        lambda: x.add_(1),
        lambda: x.zero_(),
        lambda: x.t_() if x.dim() == 2 else x.neg_(),
        lambda: x.copy_(x),
        lambda: x.requires_grad_(False),
        lambda: x.unsqueeze_(0),
        lambda: x.squeeze_(0),
        lambda: x.fill_(1),
    ):
        assert f() is x


def test_unsqueeze_of_leaf_is_allowed_only_without_grad():
    x = leaf(1.0)
    with pytest.raises(RuntimeError):
        x.unsqueeze_(0)


# --- detach and .data ---


def test_detach_shares_memory_and_version():
    x = leaf(1.0) * 1
    d = x.detach()
    d.add_(1)
    assert x.item() == 2 and x._version == 1 and not d.requires_grad and d.is_leaf


def test_detach_inplace():
    x = leaf(1.0) * 1
    assert x.detach_() is x and x.is_leaf and not x.requires_grad
    v = (leaf(1.0, 2.0) * 1)[:1]
    assert "view" in error_of(v.detach_, RuntimeError).lower()


def test_set_data():
    x = leaf(1.0)
    x.data = torch.tensor([5.0, 6.0])
    assert x.tolist() == [5.0, 6.0] and x.requires_grad and x.is_leaf
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_set_data_of_other_dtype():
    x = torch.ones(2)
    x.data = torch.ones(3, dtype=torch.float64)
    assert x.dtype == torch.float64


def test_requires_grad_attribute():
    x = torch.ones(2)
    x.requires_grad = True
    assert x.requires_grad
    y = x * 2
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf"):
        y.requires_grad = False
    with pytest.raises(RuntimeError):
        y.requires_grad_(False)
    assert y.requires_grad_() is y


def test_swap_leaf_mid_graph():
    x = leaf(3.0)
    y = x * x
    with torch.no_grad():
        x.mul_(2)
    assert CHANGED in error_of(y.backward, RuntimeError)


@pytest.mark.parametrize("change", ["exp_", "sigmoid_", "tanh_", "sqrt_"])
def test_second_derivative_through_a_change_of_a_view_that_saves_its_result(change):
    c = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], dtype=torch.float64, requires_grad=True)

    def second(change):
        y = change(torch.stack([c, c * c]).squeeze())
        (g,) = torch.autograd.grad((y * 0.5).sin().sum(), [c], create_graph=True)
        return torch.autograd.grad(g.sum(), [c])[0]

    plain = second(lambda x: getattr(x, change[:-1])())
    assert torch.allclose(second(lambda x: getattr(x, change)()), plain, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.uint8, torch.complex64])
def test_another_reading_of_the_bytes_has_no_gradient(dtype):
    x = torch.ones(4, requires_grad=True)
    for t in (x, x * 1):
        y = t.view(dtype)
        assert not y.requires_grad and y.grad_fn is None and y._base is None
    plain = torch.ones(4)
    plain.view(torch.int32).zero_()
    assert plain.tolist() == [0.0] * 4 and plain._version == 1
