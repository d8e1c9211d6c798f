"""Cycles through tensors, nodes and Python objects are freed by garbage collection."""

import gc
import weakref
from typing import ClassVar

import pytest

import adjoint as torch
from adjoint import _core

pytestmark = pytest.mark.filterwarnings("ignore:Using backward")  # with create_graph=True: once a process


@pytest.fixture
def counts():
    """Live tensors and nodes since the test began."""
    gc.collect()
    tensors, nodes = _core._live_tensors(), _core._live_nodes()

    def since():
        gc.collect()
        return _core._live_tensors() - tensors, _core._live_nodes() - nodes

    return since


class Witness:
    """Something whose death can be watched."""


def test_chain_is_freed_at_once(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2 + 1
    del x, y
    gc.disable()
    try:
        assert _core._live_nodes() == _core._live_nodes()
    finally:
        gc.enable()
    assert counts() == (0, 0)


def test_hook_closes_over_its_tensor(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: y * g)
    del x, y
    assert counts() == (0, 0)


def test_leaf_hook_closes_over_the_leaf(counts):
    x = torch.ones(3, requires_grad=True)
    x.register_hook(lambda g: x * g)
    x.register_post_accumulate_grad_hook(lambda p: print(x))
    del x
    assert counts() == (0, 0)


def test_hook_closes_over_a_later_result(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    held = []
    y.register_hook(lambda g: held[0] * g)
    held.append((y * y + y).sum())
    del x, y, held
    assert counts() == (0, 0)


def test_node_hooks(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.grad_fn.register_hook(lambda gi, go: print(y))
    y.grad_fn.register_prehook(lambda go: print(y))
    del x, y
    assert counts() == (0, 0)


def test_hooks_hold_the_nodes_of_several_tensors(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    z = y * 3
    nodes = [y.grad_fn, z.grad_fn]
    for t in (x, y, z):
        t.register_hook(lambda g: print(nodes))
    del x, y, z, t, nodes
    assert counts() == (0, 0)


def test_hook_of_an_object_that_holds_the_tensor(counts):
    class Module:
        def __init__(self):
            self.weight = torch.ones(3, requires_grad=True)
            self.out = self.weight * 2
            self.weight.register_hook(self.see)
            self.out.register_hook(self.see)

        def see(self, g):
            pass

    Module()
    assert counts() == (0, 0)


def test_hooks_in_use_are_kept():
    seen = []
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    held = [x, y]
    y.register_hook(lambda g: seen.append(held))
    loss = (y * y).sum()
    del y
    for _ in range(3):
        gc.collect()
    loss.backward(retain_graph=True)
    gc.collect()
    loss.backward()
    assert len(seen) == 2


def test_metadata(counts):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    w = Witness()
    y.grad_fn.metadata["tensor"] = y
    y.grad_fn.metadata["witness"] = w
    ref = weakref.ref(w)
    del x, y, w
    gc.collect()
    assert ref() is None
    assert counts() == (0, 0)


def test_metadata_lives_as_long_as_the_node():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.grad_fn.metadata["k"] = 1
    gc.collect()
    assert y.grad_fn.metadata == {"k": 1}
    assert y.grad_fn.metadata == {"k": 1}


def test_gradient_with_graph(counts):
    x = torch.ones(3, requires_grad=True)
    (x * x * x).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    del x
    assert counts() == (0, 0)


def test_gradient_with_graph_between_two_leaves(counts):
    x = torch.ones(3, requires_grad=True)
    y = torch.ones(3, requires_grad=True)
    (x * y * x).sum().backward(create_graph=True)
    kept = x.grad
    del x, y
    gc.collect()
    assert kept.requires_grad
    kept.sum().backward()
    del kept
    assert counts() == (0, 0)


def test_gradient_cycle_that_is_still_in_use():
    x = torch.ones(3, requires_grad=True)
    (x * x * x).sum().backward(create_graph=True)
    y = x * 2
    del x
    gc.collect()
    leaf = y.grad_fn.next_functions[0][0].variable
    assert leaf.grad is not None and leaf.grad.grad_fn is not None


def test_many_gradient_cycles_do_not_pile_up():
    gc.collect()
    before = _core._live_tensors()
    gc.disable()
    try:
        for _ in range(1000):
            x = torch.ones(3, requires_grad=True)
            (x * x).sum().backward(create_graph=True)
        assert _core._live_tensors() - before < 1500
    finally:
        gc.enable()


def test_context_holds_its_output(counts):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.out = x.clone()
            return ctx.out

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(3, requires_grad=True)
    y = F.apply(x)
    del x, y
    assert counts() == (0, 0)


def test_context_holds_a_later_result(counts):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(3, requires_grad=True)
    y = F.apply(x)
    y.grad_fn.later = (y * y).exp()
    del x, y
    assert counts() == (0, 0)


class Kept(torch.autograd.Function):
    """Notes its context, as programs that look at it later do."""

    seen: ClassVar[list] = []

    @staticmethod
    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x, y)
        Kept.seen.append(ctx)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * 2 + 0 * x * y


def a_hook_closes_over_it(ctx, x, y):
    y.register_hook(lambda g: (ctx, g)[1])


def a_leaf_hook_closes_over_it(ctx, x, y):
    x.register_hook(lambda g: (ctx, g)[1])


def its_own_hooks_close_over_it(ctx, x, y):
    ctx.register_hook(lambda gi, go: (ctx, y, None)[2])
    ctx.register_prehook(lambda go: (ctx, y, None)[2])


def it_holds_itself(ctx, x, y):
    ctx.me = ctx


def it_holds_its_output_in_containers(ctx, x, y):
    ctx.__dict__.update(held={"out": [(y,)]}, function=lambda: y)


def it_holds_an_object_that_holds_it(ctx, x, y):
    w = Witness()
    w.__dict__.update(ctx=ctx, y=y)
    ctx.witness = w


def its_metadata_holds_it(ctx, x, y):
    ctx.metadata["ctx"] = [ctx, y]


def another_graph_holds_it(ctx, x, y):
    z = Kept.apply(y)
    Kept.seen.pop().first = (ctx, z)
    ctx.second = z


@pytest.mark.parametrize("pass_first", [False, True])
@pytest.mark.parametrize(
    "tie",
    [
        a_hook_closes_over_it,
        a_leaf_hook_closes_over_it,
        its_own_hooks_close_over_it,
        it_holds_itself,
        it_holds_its_output_in_containers,
        it_holds_an_object_that_holds_it,
        its_metadata_holds_it,
        another_graph_holds_it,
    ],
)
def test_cycles_through_a_context(counts, tie, pass_first):
    x = torch.ones(3, requires_grad=True)
    y = Kept.apply(x)
    ctx = Kept.seen.pop()
    w = Witness()
    ctx.mark = w
    ref = weakref.ref(w)
    tie(ctx, x, y)
    del w
    if pass_first:
        y.sum().backward(retain_graph=True)
        assert x.grad.tolist() == [2, 2, 2]
    gc.collect()
    assert ref() is ctx.mark
    del x, y, ctx
    assert counts() == (0, 0)
    assert ref() is None


def test_a_class_that_holds_its_context(counts):
    """A Function made inside a function is freed with the context it keeps."""

    class Local(Kept):
        @staticmethod
        def forward(ctx, x):
            Local.last, ctx.mark = ctx, Witness()
            Local.ref = weakref.ref(ctx.mark)
            return x * 2

    y = Local.apply(torch.ones(3, requires_grad=True))
    ref = Local.ref
    gc.collect()
    assert ref() is Local.last.mark
    del Local, y
    assert counts() == (0, 0)
    assert ref() is None


def test_context_saves_its_output_without_a_cycle():
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            ctx.witness = Witness()
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    gc.collect()
    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        y = Exp.apply(x)
        ref = weakref.ref(y.grad_fn.witness)
        y.sum().backward()
        del y
        assert ref() is None
    finally:
        gc.enable()


def test_grad_fn_outlives_its_tensor():
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(3, requires_grad=True)
    y = F.apply(x)
    fn = y.grad_fn
    del y
    gc.collect()
    assert fn.next_functions[0][0].variable is x
    assert fn.saved_tensors[0] is x
    z = (x * 2).grad_fn
    assert z.next_functions[0][0].variable is x


def test_collector_during_backward():
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(50):
        y = y * 1.5
        y.register_hook(lambda g: (gc.collect(), None)[1])
    y.sum().backward()
    assert x.grad is not None


def test_million_nodes(counts):
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 1
    y.sum().backward()
    assert x.grad.item() == 1
    z = x
    for _ in range(1_000_000):
        z = z * 1.0
    gc.collect()
    del x, y, z
    assert counts() == (0, 0)


@pytest.mark.parametrize("operation", [lambda x: x * x, lambda x: x.exp(), lambda x: x @ x, lambda x: torch.cat([x, x]).prod(), lambda x: x.softmax(0)])  # fmt: skip
def test_failing_pack_hook_leaves_nothing_behind(counts, operation):
    def pack(t):
        raise KeyError

    x = torch.ones(2, 2, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), pytest.raises(KeyError):
        operation(x)
    del x
    assert counts() == (0, 0)


def test_a_view_of_a_tensor_is_no_gradient_of_it():
    x = torch.zeros(1)
    for g in (x, x[:1], x.view(1)):
        with pytest.raises(RuntimeError, match="its own grad"):
            x.grad = g
    x.grad = torch.ones(2)[:1]
    assert x.grad.tolist() == [1.0]
