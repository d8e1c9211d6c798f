"""Shapes, storages and histories changed in place; what nodes save then; what records under no_grad. As PyTorch has it,
where it stands in: ADJOINT_STANDIN=torch."""

import gc
import warnings

import pytest
from support import IS_TORCH, error_of, leaf, torch

SHAPES = [("t_", ()), ("transpose_", (0, 1)), ("squeeze_", ()), ("unsqueeze_", (1,)), ("swapaxes_", (0, 1))]


def grid(*shape):
    n = 1
    for s in shape:
        n *= s
    return torch.arange(float(n)).reshape(*shape).requires_grad_()


@pytest.mark.parametrize(("name", "args"), [*SHAPES, ("as_strided_", ((2, 3), (3, 1)))])
def test_shape_of_a_view(name, args):
    """The base keeps its history; a later write through the view reaches it."""
    x = grid(4, 3)
    y = x * 2
    v = y[:2]
    getattr(v, name)(*args)
    assert y.grad_fn.name() == "MulBackward0" and v._version == y._version == 1
    (g,) = torch.autograd.grad((v * v).sum(), x, retain_graph=True)
    assert g.tolist() == [[0.0, 8.0, 16.0], [24.0, 32.0, 40.0], [0.0] * 3, [0.0] * 3]
    v.mul_(3)
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g.tolist() == [[6.0] * 3] * 2 + [[2.0] * 3] * 2


@pytest.mark.parametrize(("name", "args"), SHAPES)
def test_shape_of_what_was_saved(name, args):
    x = grid(2, 3)
    y = x * 2
    z = y.sin()
    getattr(y, name)(*args)
    text = error_of(z.sum().backward, RuntimeError)
    assert "modified by an inplace operation" in text
    assert "Hint: enable anomaly detection to find the operation that failed to compute its gradient" in text


@pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore:Error detected")
def test_hint_in_anomaly_mode():
    with torch.autograd.set_detect_anomaly(True):
        y = leaf(1.0) * 1
        z = y.sin()
        y.add_(1)
        text = error_of(z.backward, RuntimeError)
    assert "which is output 0 of Add, is at version 1; expected version 0 instead" in text
    assert "Hint: the backtrace further above shows the operation" in text


def test_storage_and_size():
    x = torch.ones(3)
    x.add_(1)
    x.set_(torch.zeros(2))
    assert x._version == 2
    x.resize_(2)
    x.resize_(1)
    x.resize_(8)
    assert x._version == 4
    assert "a leaf Variable that requires grad" in error_of(lambda: leaf(1.0).set_(torch.zeros(2)), RuntimeError)
    y = leaf(1.0) * 2
    y.set_(torch.zeros(2))
    assert "derivative for set_ is not implemented" in error_of(y.sum().backward, RuntimeError)
    with torch.no_grad():
        assert "cannot resize variables" in error_of(lambda: leaf(1.0).resize_(3), RuntimeError)


def test_inference_tensors_outside():
    with torch.inference_mode():
        x = torch.ones(2, 3)
    for change in (
        lambda: x.masked_fill_(x > 0, 1.0),
        lambda: x.cumsum_(0),
        lambda: x.index_add_(0, torch.tensor([0]), torch.ones(1, 3)),
        lambda: torch.add(x, x, out=x),
        lambda: x.t_(),
        lambda: x.set_(torch.ones(2)),
        lambda: x.resize_(5),
    ):
        assert "Inplace update to inference tensor outside InferenceMode" in error_of(change, RuntimeError)


def test_requires_grad_of_a_result():
    y = leaf(1.0) * 2
    for value in (True, False):
        with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
            y.requires_grad = value
    assert y.requires_grad_() is y


def test_detach_in_place_of_a_retained_result():
    x = leaf(1.0)
    y = x * 3
    y.retain_grad()
    z = y + 1
    y.detach_()
    del y  # the node that lives on behind z must not know it any more
    z.backward()
    assert x.grad is not None


def test_comparisons_in_place_let_nothing_through():
    for name in ("eq_", "lt_", "ne_"):
        x = leaf(0.5, 1.0)
        y = x * 2
        getattr(y, name)(1.0)
        y.sum().backward()
        assert x.grad.tolist() == [0.0, 0.0], name


@pytest.mark.skipif(IS_TORCH, reason="PyTorch hands on the gradient of what was overwritten")
def test_logic_in_place_lets_nothing_through():
    x = leaf(0.5, 1.0)
    y = x * 2
    y.logical_not_()
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["logical_not_", "logical_and_", "logical_or_", "logical_xor_"])
def test_logic_in_place_may_change_a_leaf(name):
    args = () if name == "logical_not_" else (torch.zeros(2),)
    x = leaf(0.5, 0.0)
    getattr(x, name)(*args)
    assert x.is_leaf and x.requires_grad and x._version == 1
    assert x.tolist() == {"logical_not_": [0.0, 1.0], "logical_and_": [0.0, 0.0]}.get(name, [1.0, 0.0])
    getattr(x[:1], name)(*(a[:1] for a in args))
    assert x.is_leaf and x._version == 2
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x.eq_(1)


@pytest.mark.parametrize("name", ["cumsum_", "cumprod_"])
def test_scans_in_place_keep_their_type(name):
    x = torch.ones(2)
    for other in (torch.float64, torch.int64):
        with pytest.raises(RuntimeError, match="Bad in-place call: input tensor dtype .* should match"):
            getattr(x, name)(0, dtype=other)
    assert getattr(x, name)(0, dtype=torch.float32) is x
    assert getattr(torch.ones(2, dtype=torch.int32), name)(0).dtype == torch.int32


def test_results_that_do_not_fit_are_refused():
    x = torch.ones(2, dtype=torch.int32)
    for change in (lambda: x.mvlgamma_(1), lambda: x.digamma_(), lambda: x.addcmul_(torch.ones(2), torch.ones(2))):
        with pytest.raises(RuntimeError, match="result type .* can't be cast to the desired output type"):
            change()
    assert x.tolist() == [1, 1] and x._version == 0


def test_unsafe_split():
    x = torch.arange(6.0).requires_grad_()
    for cut in (
        lambda y: y.unsafe_split(2),
        lambda y: torch.unsafe_chunk(y, 3),
        lambda y: y.unsafe_split_with_sizes([2, 2, 2]),
    ):
        parts = cut(x * 1)
        assert len(parts) == 3 and not parts[0]._is_view() and parts[0].grad_fn.name().startswith("UnsafeSplit")
        parts[0].mul_(2)
        (g,) = torch.autograd.grad(sum((p * p).sum() for p in parts), x)
        assert g.tolist() == [0.0, 8.0, 4.0, 6.0, 8.0, 10.0]


def test_parts_of_an_unsafe_split_change_one_by_one():
    """What a gated cell does: each part is overwritten by its own function, whose rule reads the result."""
    x = torch.linspace(-1, 1, 8).requires_grad_()
    (want,) = torch.autograd.grad(
        sum(f(p).sum() for f, p in zip([torch.sigmoid, torch.tanh, torch.exp, torch.sigmoid], x.chunk(4))), x
    )
    y = x * 1
    parts = y.unsafe_chunk(4)
    parts[0].sigmoid_(), parts[1].tanh_(), parts[2].exp_(), parts[3].sigmoid_()
    assert [p._version for p in parts] == [1, 1, 1, 1] and y._version == 0
    (g,) = torch.autograd.grad(sum(p.sum() for p in parts), x)
    assert torch.allclose(g, want, atol=1e-6)

    parts = (x * 1).unsafe_split(4)
    square = parts[1] * parts[1]
    parts[0].mul_(2)
    (g,) = torch.autograd.grad(square.sum(), x)
    assert torch.allclose(g[4:], 2 * x[4:]) and not g[:4].any()


@pytest.mark.skipif(IS_TORCH, reason="PyTorch moves the memory under its parts")
def test_parts_of_an_unsafe_split_keep_their_memory():
    y = torch.arange(4.0)
    a, b = y.unsafe_chunk(2)
    with pytest.raises(RuntimeError, match="not resizable"):
        y.resize_(1000)
    y[1:].copy_(y[:3])
    y[:2].copy_(b)
    assert a.tolist() == b.tolist() == [1.0, 2.0]
    y[1:3].copy_(a)  # overlaps, though the storages are two
    assert y.tolist() == [1.0, 1.0, 2.0, 2.0]
    del y, a
    assert b.tolist() == [2.0, 2.0]


# --- hooks, what is saved ---


def test_hooks_and_inputs_of_grad():
    """Where the pass goes on behind a result, its gradient is given as it came; where it ends there, after its hooks."""
    x = leaf(1.0, 1.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: (seen.append(1), g * 2)[1])
    z = (y * 5).sum()
    assert torch.autograd.grad(z, y, retain_graph=True)[0].tolist() == [10.0, 10.0]
    gx, gy = torch.autograd.grad(z, [x, y])
    assert gx.tolist() == [30.0, 30.0] and gy.tolist() == [5.0, 5.0] and len(seen) == 2


def test_no_hook_of_a_leaf_that_was_not_asked_for():
    w, v = leaf(1.0), leaf(2.0)
    seen = []
    w.register_hook(seen.append)
    (w * v).backward(inputs=[v])
    assert not seen and w.grad is None and v.grad.item() == 1.0


def test_unneeded_operands_show_as_none():
    x, c = leaf(1.0, 2.0), torch.ones(2)
    f = (x * c).grad_fn
    assert f._saved_self is None and f._saved_other is c
    assert (c * x).grad_fn._saved_other is None


def test_indices_are_saved_like_any_operand():
    x = grid(3, 4)
    i = torch.tensor([0, 2])
    assert x[:, i].grad_fn._saved_indices[0] is None and x[:, i].grad_fn._saved_indices[1] is i
    at = torch.zeros(3, 4, dtype=torch.int64)
    for f in (lambda: x.index_select(0, i), lambda: x.index_copy(0, i, x[:2]), lambda: x.index_fill(0, i, 2.0)):
        assert f().grad_fn._saved_index is i
    for f in (lambda: x.gather(0, at), lambda: x.scatter(0, at, x), lambda: x.scatter_add(0, at, x)):
        y = f()
        assert y.grad_fn._saved_index is at
        y.sum().backward()
        assert "freed" in error_of(lambda y=y: y.grad_fn._saved_index, RuntimeError)
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (packed.append(t.dtype), t)[1], lambda t: t):
        x.take(i)
    assert torch.int64 in packed
    y = x[i]
    i.add_(0)
    assert "modified by an inplace operation" in error_of(y.sum().backward, RuntimeError)


# --- what is recorded, what is warned of, what is freed ---


def test_samplers_record_nothing_under_no_grad():
    x = leaf(0.5, 0.5)
    for sample in (
        lambda: torch.normal(x, 1.0),
        lambda: torch.normal(1.0, x),
        lambda: torch.normal(x, x),
        lambda: torch.bernoulli(x),
    ):
        assert sample().requires_grad
        with torch.no_grad():
            assert not sample().requires_grad
        with torch.inference_mode():
            assert not sample().requires_grad


def test_histories_that_hold_their_own_base_are_collected():
    """Nothing is left (the leak check of conftest), though no backward pass runs."""
    for change in (
        lambda y, v: y.add_(v.sin()),
        lambda y, v: v.add_(v.sin()),
        lambda y, v: y[:1].add_(v.sin()),
        lambda y, v: y.mul_(y),
        lambda y, v: v.mul_(y[1:2]),
        lambda y, v: y[1].mul_(v.sin()[0]),
    ):
        y = leaf(0.5, 1.5, 2.5) * 1
        change(y, y[:1])
        del y
    gc.collect()


def test_warning_of_the_cycle():
    x = leaf(1.0)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(2):
            (x * x).backward(create_graph=True)
        torch.autograd.grad(x * x, x, create_graph=True)
    x.grad = None
    assert len(seen) <= 1  # once a process: another test may have had it
    for w in seen:
        assert w.category is UserWarning and "will create a reference cycle" in str(w.message)


def test_leaves_that_require_no_grad_any_more_get_none():
    for stop in (lambda x: x.requires_grad_(False), lambda x: x.detach_()):
        x, w = leaf(1.0, 2.0), leaf(3.0)
        y = x * w
        stop(x)
        y.sum().backward()
        assert x.grad is None and w.grad.tolist() == [3.0]


def test_a_leaf_that_became_a_result_refuses_its_old_gradient():
    x, w = leaf(1.0, 2.0), leaf(3.0)
    y = x + w
    x.detach_().mul_(w)
    with pytest.raises(RuntimeError, match="interior"):
        y.sum().backward()


@pytest.mark.parametrize(
    "change", [lambda y: torch.sin(torch.ones(5), out=y), lambda y: y.set_(torch.ones(5)), lambda y: y.as_strided_((5,), (1,))]
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_cotangents_of_another_shape_are_refused(change):
    """A result that took another shape while nothing was recorded: its rule would read beyond its cotangent."""
    x = torch.ones(2, 4, requires_grad=True)
    y = x.unfold(1, 2, 2)
    y = y * 1
    with torch.no_grad():
        change(y)
    with pytest.raises(RuntimeError, match="invalid gradient"):
        (y * 2).sum().backward()


def test_an_operand_is_not_resized_as_out():
    x = torch.ones(4)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        torch.add(x, torch.ones(2, 4), out=x)
    y = torch.ones(4)
    with pytest.raises(RuntimeError, match="single memory location"):
        torch.sin(x[1:3], out=x[:3])
    with pytest.raises(RuntimeError, match="more than one element"):
        torch.sin(y[:2], out=x[0].expand(4))
    assert x.shape == (4,)


def test_shapes_and_types_that_in_place_operations_refuse():
    index = torch.tensor([0])
    for f in (torch.Tensor.index_add_, torch.Tensor.index_copy_):
        with pytest.raises(RuntimeError, match="shape"):
            f(torch.zeros(2, 3), 0, index, torch.tensor(1.0))
    with pytest.raises(RuntimeError, match="In-place abs is not supported for complex"):
        torch.ones(2, dtype=torch.complex64).abs_()


def test_names_of_whole_assignments_and_of_reshaped_views():
    x = torch.ones(2, 3, requires_grad=True) * 1
    for index in (..., slice(None), (), (slice(None), slice(None))):
        y = x * 1
        y[index] = 0.5
        assert "Fill" in y.grad_fn.name()
        y[index] = torch.ones(3)
        assert "CopyBackwards" in y.grad_fn.name()
    assert x[:, :2].reshape(1, 4)._is_view() is False and x[:, ::2].flatten().grad_fn.name() == "UnsafeViewBackward0"
    assert x[:, :1].reshape(-1).grad_fn.name() == "ReshapeAliasBackward0"


def test_a_change_that_fails_half_way_counts_as_one():
    """A bad index is met after others were written: what was saved before is stale, as after any change."""
    w = torch.ones(3, dtype=torch.float64, requires_grad=True)
    x = torch.zeros(3, dtype=torch.float64)
    y = (w * x).sum()
    with pytest.raises((RuntimeError, IndexError)):
        x.scatter_(0, torch.tensor([0, 7]), torch.ones(2, dtype=torch.float64))
    assert x._version == (1 if x[0] else 0)
    if x[0]:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()
