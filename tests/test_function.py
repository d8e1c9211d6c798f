"""Custom autograd.Function: the whole protocol, and its edges."""

import pytest
from support import custom, error_of, leaf, torch

Function = torch.autograd.Function


def mul2(ctx, x):
    return x * 2


def double(ctx, g):
    return g * 2


def test_names():
    class Thing(Function):
        forward, backward = staticmethod(mul2), staticmethod(double)

    y = Thing.apply(leaf(1.0))
    assert y.grad_fn.name() == "ThingBackward"
    assert type(y.grad_fn).__name__ == "ThingBackward"
    assert "grad_fn=<ThingBackward>" in repr(y)


def test_ctx_is_the_node():
    seen = []

    def forward(ctx, x):
        seen.append(ctx)
        ctx.extra = "kept"
        return x * 2

    y = custom(forward, double).apply(leaf(1.0))
    assert y.grad_fn is seen[0] and y.grad_fn.extra == "kept"


def test_ctx_survives_without_references():
    def forward(ctx, x):
        ctx.value = [1, 2, 3]
        return x * 2

    got = []

    def backward(ctx, g):
        got.append(ctx.value)
        return g

    y = custom(forward, backward).apply(leaf(1.0)) * 3
    import gc

    gc.collect()
    y.backward()
    assert got == [[1, 2, 3]]


def test_next_functions():
    x, w = leaf(1.0), leaf(2.0) * 2
    y = custom(lambda ctx, a, n, b, c: a * b, lambda ctx, g: (g, None, g, None)).apply(x, 3, w, torch.ones(1))
    names = [n.name() if n else None for n, _ in y.grad_fn.next_functions]
    assert names == ["torch::autograd::AccumulateGrad", "MulBackward0", None]


@pytest.mark.parametrize(
    "args,expected",
    [
        (lambda: (leaf(1.0), leaf(1.0)), (True, True)),
        (lambda: (leaf(1.0), torch.ones(1)), (True, False)),
        (lambda: (torch.ones(1), 3), (False, False)),
        (lambda: (leaf(1.0), None), (True, False)),
    ],
)
def test_needs_input_grad(args, expected):
    seen = []
    custom(lambda ctx, a, b: (seen.append(ctx.needs_input_grad), a * 1)[1], lambda ctx, g: (g, None)).apply(*args())
    assert seen == [expected]


def test_needs_input_grad_in_no_grad():
    seen = []
    with torch.no_grad():
        custom(lambda ctx, a: (seen.append(ctx.needs_input_grad), a * 1)[1], double).apply(leaf(1.0))
    assert seen == [(True,)]


def test_inputs_are_passed_as_they_are():
    x = leaf(1.0)
    seen = []
    custom(lambda ctx, a: (seen.append(a is x and a.requires_grad), a * 1)[1], double).apply(x)
    assert seen == [True]


def test_forward_runs_without_recording():
    def forward(ctx, x):
        assert not torch.is_grad_enabled()
        y = x * 2
        assert not y.requires_grad
        return y

    assert custom(forward, double).apply(leaf(1.0)).requires_grad


def test_enable_grad_inside_forward():
    def forward(ctx, x):
        with torch.enable_grad():
            y = x.detach().requires_grad_()
            (g,) = torch.autograd.grad((y**3).sum(), y)
        return g

    assert custom(forward, double).apply(leaf(2.0)).item() == 12


def test_no_recording_when_nothing_requires_grad():
    y = custom(mul2, double).apply(torch.ones(1))
    assert y.grad_fn is None and not y.requires_grad
    with torch.no_grad():
        assert custom(mul2, double).apply(leaf(1.0)).grad_fn is None


# --- saving ---


def test_saved_tensors():
    def forward(ctx, a, b):
        ctx.save_for_backward(a, None, b)
        return a * b

    def backward(ctx, g):
        a, none, b = ctx.saved_tensors
        assert none is None
        return g * b, g * a

    a, b = leaf(2.0), leaf(5.0)
    custom(forward, backward).apply(a, b).backward()
    assert (a.grad.item(), b.grad.item()) == (5, 2)


def test_saved_input_is_the_input():
    x = leaf(1.0)

    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 1

    y = custom(forward, double).apply(x)
    assert y.grad_fn.saved_tensors[0] is x


def test_saved_tensors_during_forward_are_empty():
    def forward(ctx, a):
        ctx.save_for_backward(a)
        assert ctx.saved_tensors == ()
        return a * 1

    custom(forward, double).apply(leaf(1.0))


def test_saved_tensors_after_backward_raise():
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 1

    y = custom(forward, double).apply(leaf(1.0))
    y.backward()
    assert "already been freed" in error_of(lambda: y.grad_fn.saved_tensors, RuntimeError)


def test_saved_tensors_are_kept_with_retain_graph():
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 1

    y = custom(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(leaf(3.0))
    y.backward(retain_graph=True)
    y.backward()


def test_save_twice_keeps_the_last():
    def forward(ctx, a):
        ctx.save_for_backward(a)
        ctx.save_for_backward(a * 2, a * 3)
        return a * 1

    y = custom(forward, double).apply(leaf(1.0))
    assert [t.item() for t in y.grad_fn.saved_tensors] == [2.0, 3.0]


@pytest.mark.parametrize("junk", [3, "a", [1], 2.5])
def test_saving_junk(junk):
    def forward(ctx, a):
        ctx.save_for_backward(a, junk)
        return a * 1

    assert "save_for_backward can only save variables" in error_of(
        lambda: custom(forward, double).apply(leaf(1.0)), TypeError
    )


def test_saved_input_changed_in_place():
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 1

    x = leaf(1.0) * 1
    y = custom(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(x)
    x.add_(1)
    assert "modified by an inplace operation" in error_of(y.backward, RuntimeError)


def test_saved_intermediate_has_no_history():
    def forward(ctx, a):
        m = a * 3
        ctx.save_for_backward(m)
        return m.sum()

    y = custom(forward, lambda ctx, g: g.expand(1)).apply(leaf(1.0))
    assert not y.grad_fn.saved_tensors[0].requires_grad


def test_saved_output_gets_its_history():
    def forward(ctx, a):
        y = a.exp()
        ctx.save_for_backward(y)
        return y

    y = custom(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(leaf(1.0))
    assert y.grad_fn.saved_tensors[0].grad_fn is y.grad_fn


def test_saved_tensors_hooks_apply():
    log = []

    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 1

    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: log.append("pack") or t, lambda t: log.append("unpack") or t
    ):
        y = custom(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(leaf(2.0))
    y.backward()
    assert log == ["pack", "unpack"]


# --- outputs ---


@pytest.mark.parametrize("out", [3, None, "text", 2.5, {"a": 1}, []])
def test_non_tensor_outputs(out):
    assert custom(lambda ctx, x: out, double).apply(leaf(1.0)) == out


def test_list_output_is_not_unpacked():
    (y,) = custom(lambda ctx, x: [x * 2], double).apply(leaf(1.0))
    assert y.grad_fn is None


def test_tuple_of_one():
    y = custom(lambda ctx, x: (x * 2,), double).apply(leaf(1.0))
    assert isinstance(y, tuple) and len(y) == 1 and y[0].requires_grad


def test_empty_tuple():
    assert custom(lambda ctx, x: (), double).apply(leaf(1.0)) == ()


def test_mixed_outputs_and_their_cotangents():
    seen = []

    def backward(ctx, *gs):
        seen.extend(gs)
        return gs[0]

    a, b, c = custom(lambda ctx, x: (x * 2, 7, x * 3), backward).apply(leaf(1.0))
    assert b == 7 and a.requires_grad and c.requires_grad
    a.backward()
    assert [None if g is None else g.item() for g in seen] == [1.0, None, 0.0]


def test_outputs_number():
    a, b = custom(lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g + h).apply(leaf(1.0))
    assert (a.output_nr, b.output_nr) == (0, 1) and a.grad_fn is b.grad_fn


def test_integer_output_is_not_differentiable():
    y, i = custom(lambda ctx, x: (x * 2, x.long()), lambda ctx, g, h: g * 2).apply(leaf(1.5))
    assert y.requires_grad and not i.requires_grad
    y.backward()


def test_materialized_zeros_have_the_outputs_dtype_and_shape():
    seen = []
    f = custom(
        lambda ctx, x: (x * 2, x.double().reshape(1, 1), x.long()), lambda ctx, g, h, i: (seen.append((h, i)), g)[1]
    )
    f.apply(leaf(1.5))[0].backward()
    h, i = seen[0]
    assert h.dtype == torch.float64 and h.shape == (1, 1) and i.dtype == torch.int64 and h.item() == 0


def test_set_materialize_grads_false():
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    custom(forward, lambda ctx, g, h: (seen.append(g), h)[1]).apply(leaf(1.0))[1].backward()
    assert seen == [None]


def test_mark_non_differentiable():
    def forward(ctx, x):
        a = x * 2
        ctx.mark_non_differentiable(a)
        return a, x * 3

    a, b = custom(forward, lambda ctx, g, h: h * 3).apply(leaf(1.0))
    assert not a.requires_grad and a.is_leaf and b.requires_grad


def test_mark_non_differentiable_input():
    def forward(ctx, x):
        ctx.mark_non_differentiable(x)
        return x

    x = leaf(1.0)
    y = custom(forward, double).apply(x)
    assert y is not x and not y.requires_grad and x.requires_grad


def test_all_outputs_non_differentiable():
    def forward(ctx, x):
        y = x * 2
        ctx.mark_non_differentiable(y)
        return y

    y = custom(forward, double).apply(leaf(1.0))
    assert not y.requires_grad
    assert "does not require grad" in error_of(y.backward, RuntimeError)


@pytest.mark.parametrize("mark", ["mark_dirty", "mark_non_differentiable"])
def test_marking_junk(mark):
    def forward(ctx, x):
        getattr(ctx, mark)(3)
        return x * 2

    with pytest.raises((TypeError, RuntimeError), match="variable"):
        custom(forward, double).apply(leaf(1.0))


# --- an input returned as it is ---


def test_identity_of_leaf():
    x = leaf(1.0)
    y = custom(lambda ctx, x: x, lambda ctx, g: g * 7).apply(x)
    assert y is not x and y._is_view() and y._base is x
    assert x.is_leaf and x.grad_fn is None
    y.backward()
    assert x.grad.item() == 7


def test_identity_of_non_leaf_keeps_its_history():
    x = leaf(1.0) * 1
    node = x.grad_fn
    y = custom(lambda ctx, x: x, lambda ctx, g: g * 7).apply(x)
    assert x.grad_fn is node and y.grad_fn is not node


def test_identity_without_grad():
    x = torch.ones(1)
    y = custom(lambda ctx, x: x, double).apply(x)
    assert y is not x and y.data_ptr() == x.data_ptr() and not y.requires_grad


def test_identity_in_place_is_refused():
    y = custom(lambda ctx, x: x, double).apply(leaf(1.0) * 1)
    assert "custom Function" in error_of(lambda: y.add_(1), RuntimeError)


def test_view_of_input_in_place_is_refused():
    y = custom(lambda ctx, x: x.view(1, 1), lambda ctx, g: g.view(1)).apply(leaf(1.0) * 1)
    assert y._is_view() and "custom Function" in error_of(lambda: y.add_(1), RuntimeError)


def test_several_views_in_place_are_refused():
    y, z = custom(lambda ctx, x: (x[:1], x[1:]), lambda ctx, g, h: torch.cat([g, h])).apply(leaf(1.0, 2.0) * 1)
    assert "multiple views" in error_of(lambda: y.add_(1), RuntimeError)


def test_fresh_output_in_place_is_fine():
    x = leaf(1.0)
    y = custom(mul2, double).apply(x)
    y.mul_(3)
    y.backward()
    assert x.grad.item() == 6


# --- in place ---


def add_one(ctx, x):
    x.add_(1)
    ctx.mark_dirty(x)
    return x


def test_dirty_returns_the_same_object():
    x = leaf(1.0) * 1
    y = custom(add_one, lambda ctx, g: g).apply(x)
    assert y is x and x.item() == 2 and x.grad_fn.name() == "CustomBackward"


def test_dirty_leaf_is_refused():
    assert "a leaf Variable that requires grad" in error_of(
        lambda: custom(add_one, double).apply(leaf(1.0)), RuntimeError
    )


def test_dirty_without_recording():
    x = torch.ones(1)
    assert custom(add_one, double).apply(x) is x and x.item() == 2 and not x.requires_grad


def test_dirty_tensor_that_takes_history():
    def forward(ctx, x, w):
        x.mul_(w)
        ctx.mark_dirty(x)
        ctx.save_for_backward(w)
        return x

    x, w = torch.ones(1), leaf(3.0)
    y = custom(forward, lambda ctx, g: (g * ctx.saved_tensors[0], g)).apply(x, w)
    assert y is x and x.requires_grad
    y.backward()
    assert w.grad.item() == 1


def test_dirty_view_rebases_its_base():
    x = leaf(1.0, 2.0)
    b = x * 1
    v = b[:1]
    custom(add_one, lambda ctx, g: g * 5).apply(v)
    assert b.grad_fn.name().endswith("CopySlices") and v.tolist() == [2.0]
    b.sum().backward()
    assert x.grad.tolist() == [5.0, 1.0]


def test_dirty_must_be_returned():
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x * 1

    assert "marked as dirty" in error_of(lambda: custom(forward, double).apply(leaf(1.0) * 1), RuntimeError)


def test_dirty_view_with_several_outputs():
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x, x * 2

    b = leaf(1.0, 2.0) * 1
    assert "more than one Tensor" in error_of(lambda: custom(forward, lambda ctx, g, h: g).apply(b[:1]), RuntimeError)
    y, z = custom(forward, lambda ctx, g, h: g).apply(b)
    assert y is b


def test_dirty_multi_output_view():
    v = (leaf(1.0, 2.0) * 1).unbind()[0]
    assert "multiple views" in error_of(lambda: custom(add_one, double).apply(v), RuntimeError)


def test_dirty_breaks_saved_tensors():
    x = leaf(2.0) * 1
    z = x * x
    custom(add_one, lambda ctx, g: g).apply(x)
    assert "modified by an inplace operation" in error_of(z.backward, RuntimeError)


# --- backward's results ---


@pytest.mark.parametrize("bad,words", [(lambda g: (g, g), "incorrect number of gradients (expected 1, got 2)"), (lambda g: (), "incorrect number of gradients (expected 1, got 0)"), (lambda g: "s", "expected Variable or None"), (lambda g: 3.0, "expected Variable or None"), (lambda g: torch.ones(3), "invalid gradient at index 0")])  # fmt: skip
def test_bad_results(bad, words):
    x = leaf(1.0, 2.0)
    y = custom(mul2, lambda ctx, g: bad(g)).apply(x)
    assert words in error_of(lambda: y.sum().backward(), RuntimeError)


def test_extra_nones_are_cut():
    x = leaf(1.0)
    custom(mul2, lambda ctx, g: (g, None, None)).apply(x).backward()
    assert x.grad.item() == 1


def test_gradient_for_non_tensor():
    y = custom(lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(leaf(1.0), 3)
    assert "different than None at position 2" in error_of(y.backward, RuntimeError)


def test_gradient_for_tensor_that_needs_none():
    x = leaf(1.0)
    custom(lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(x, torch.ones(1)).backward()
    assert x.grad.item() == 1


def test_none_gradient():
    x = leaf(1.0)
    y = custom(mul2, lambda ctx, g: None).apply(x)
    y.backward()
    assert x.grad is None
    assert torch.autograd.grad(custom(mul2, lambda ctx, g: None).apply(x), x, allow_unused=True) == (None,)


def test_none_stops_the_flow_but_others_go_on():
    x = leaf(1.0)
    m = x * 2
    (custom(mul2, lambda ctx, g: None).apply(m) + m).backward()
    assert x.grad.item() == 2


def test_gradient_is_reduced_to_the_inputs_shape():
    x = leaf(1.0, 2.0)
    custom(mul2, lambda ctx, g: torch.ones(4, 2)).apply(x).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_gradient_is_cast_to_the_inputs_dtype():
    x = leaf(1.0)
    custom(mul2, lambda ctx, g: g.double() * 2).apply(x).backward()
    assert x.grad.dtype == torch.float32 and x.grad.item() == 2


def test_wrong_number_of_arguments():
    with pytest.raises(TypeError):
        custom(mul2, double).apply()
    with pytest.raises(TypeError):
        custom(mul2, double).apply(leaf(1.0), 2, 3)


# --- setup_context ---


def test_setup_context():
    log = []

    def setup(ctx, inputs, output):
        log.append((len(inputs), output.requires_grad, torch.is_grad_enabled()))
        ctx.save_for_backward(inputs[0])
        ctx.k = inputs[1]

    f = custom(lambda x, k=2: x * k, lambda ctx, g: (g * ctx.k, None), setup_context=setup)
    x = leaf(3.0)
    f.apply(x, 5).backward()
    f.apply(x).backward()
    assert x.grad.item() == 7 and log == [(2, False, False)] * 2


def test_setup_context_keyword():
    f = custom(
        lambda x, k=2: x * k, lambda ctx, g: (g * ctx.k, None), setup_context=lambda ctx, i, o: setattr(ctx, "k", i[1])
    )
    x = leaf(3.0)
    f.apply(x, k=4).backward()
    assert x.grad.item() == 4


def test_setup_context_sees_outputs_tuple():
    seen = []
    f = custom(
        lambda x: (x * 1, x * 2), lambda ctx, g, h: g, setup_context=lambda ctx, i, o: seen.append((type(o), len(o)))
    )
    f.apply(leaf(1.0))
    assert seen == [(tuple, 2)]


# --- which methods ---


def test_missing_forward():
    with pytest.raises(NotImplementedError, match="forward"):
        type("No", (Function,), {}).apply(leaf(1.0))


def test_missing_backward():
    y = type("No", (Function,), {"forward": staticmethod(mul2)}).apply(leaf(1.0))
    with pytest.raises(NotImplementedError, match="backward"):
        y.backward()


def test_vjp_in_place_of_backward():
    x = leaf(1.0)
    type("V", (Function,), {"forward": staticmethod(mul2), "vjp": staticmethod(double)}).apply(x).backward()
    assert x.grad.item() == 2


def test_backward_and_vjp():
    y = custom(mul2, double, vjp=double).apply(leaf(1.0))
    assert "both 'backward' and 'vjp'" in error_of(y.backward, RuntimeError)


def test_inheritance():
    class A(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    class B(A):
        @staticmethod
        def backward(ctx, g):
            return g * 20

    x = leaf(1.0)
    y = B.apply(x)
    y.backward()
    assert y.grad_fn.name() == "BBackward" and x.grad.item() == 20


def test_apply_by_hand():
    def forward(ctx, x):
        ctx.k = 3
        return x * 3

    y = custom(forward, lambda ctx, g: g * ctx.k).apply(leaf(1.0))
    assert y.grad_fn.apply(torch.ones(1)).item() == 3


# --- second derivatives ---


def test_double_backward():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, (x,)) and torch.autograd.gradgradcheck(Cube.apply, (x,))


def test_double_backward_through_output():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return ctx.saved_tensors[0] * g

    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(Exp.apply, (x,))


def test_custom_function_in_backward():
    inner = custom(lambda ctx, g: g * 3, lambda ctx, g: g * 3)
    x = leaf(2.0)
    (g,) = torch.autograd.grad(
        custom(lambda ctx, x: x * 3, lambda ctx, g: inner.apply(g)).apply(x) ** 2, x, create_graph=True
    )
    assert g.item() == 36 and torch.autograd.grad(g, x)[0].item() == 18


def once(backward):
    return custom(
        lambda ctx, x: (ctx.save_for_backward(x), x**2)[1], torch.autograd.function.once_differentiable(backward)
    )


def test_once_differentiable():
    x = leaf(3.0)
    f = once(lambda ctx, g: 2 * ctx.saved_tensors[0] * g)
    assert torch.autograd.grad(f.apply(x), x)[0].item() == 6
    (g,) = torch.autograd.grad(f.apply(x) ** 2, x, create_graph=True)
    assert g.requires_grad and g.item() == 108
    assert "once_differentiable" in error_of(lambda: g.sum().backward(), RuntimeError)


def test_once_differentiable_runs_without_recording():
    seen = []
    f = once(lambda ctx, g: (seen.append(torch.is_grad_enabled()), g)[1])
    x = leaf(3.0)
    torch.autograd.grad(f.apply(x), x, create_graph=True)
    assert seen == [False]


# --- hooks on its node, metadata ---


def test_hooks_on_custom_nodes():
    log = []
    x = leaf(1.0)
    y = custom(mul2, double).apply(x)
    y.grad_fn.register_prehook(lambda go: log.append(("pre", go[0].item())))
    y.grad_fn.register_hook(lambda gi, go: log.append(("post", gi[0].item(), go[0].item())))
    y.backward()
    assert log == [("pre", 1.0), ("post", 2.0, 1.0)]


def test_prehook_changes_gradient():
    x = leaf(1.0)
    y = custom(mul2, double).apply(x)
    y.grad_fn.register_prehook(lambda go: (go[0] * 10,))
    y.backward()
    assert x.grad.item() == 20


def test_exception_in_forward_leaves_nothing():
    def forward(ctx, x):
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        custom(forward, double).apply(leaf(1.0))
    assert torch.is_grad_enabled()


def test_nested_apply_in_forward():
    f = custom(mul2, double)
    x = leaf(1.0)
    y = custom(lambda ctx, x: f.apply(x) * 2, lambda ctx, g: g * 4).apply(x)
    y.backward()
    assert x.grad.item() == 4


def test_same_tensor_twice():
    x = leaf(3.0)
    custom(lambda ctx, a, b: a * b, lambda ctx, g: (g * 1, g * 10)).apply(x, x).backward()
    assert x.grad.item() == 11


def test_many_inputs_and_outputs():
    n = 100
    xs = [leaf(float(i)) for i in range(n)]
    ys = custom(lambda ctx, *a: tuple(t * 2 for t in a), lambda ctx, *g: tuple(t * 2 for t in g)).apply(*xs)
    sum(y * i for i, y in enumerate(ys)).backward()
    assert [x.grad.item() for x in xs] == [2.0 * i for i in range(n)]


def test_complex_function():
    x = torch.tensor([1 + 2j], dtype=torch.complex128, requires_grad=True)
    f = custom(lambda ctx, z: (ctx.save_for_backward(z), z * z)[1], lambda ctx, g: g * 2 * ctx.saved_tensors[0].conj())
    assert torch.autograd.gradcheck(f.apply, (x,))


def test_instantiation_and_legacy_call():
    with pytest.warns(DeprecationWarning):
        f = custom(mul2, double)()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        f(leaf(1.0))
