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

    x = leaf(3.0)
    y = custom(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(x)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 6.0


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
