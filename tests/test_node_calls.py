"""Nodes called and asked by hand: the engine's checks hold there, too, and nothing crashes."""

import itertools

import pytest
from support import custom, error_of, run, torch

from adjoint.autograd.graph import GradientEdge, get_gradient_edge

NONSENSE = [None, 5, "x", [], (), {}, object(), 2**70, lambda *a: 1, torch.Tensor, float("nan")]


def nodes():
    """One node of every kind that a handful of operations make, with an output's shape each."""
    w = torch.rand(3, 4, requires_grad=True)
    v = torch.rand(3, 4, requires_grad=True)
    yield from [
        w * 2,
        w * v,
        w.exp(),
        w + v.exp(),
        w.sum(),
        w.sum(0),
        w.max(1).values,
        w @ v.t(),
        w.t(),
        w[1],
        w[:, [0, 1]],
    ]
    yield from [
        w.softmax(1),
        w.std(),
        w.prod(1),
        w.cumsum(0),
        w.sort().values,
        w.reshape(12),
        w.expand(2, 3, 4),
        w.clone(),
    ]
    yield from [
        torch.cat([w, v]),
        torch.stack([w, v]),
        w.unbind(0)[1],
        w.split(2)[0],
        torch.where(w > 0.5, w, v),
        w.norm(),
    ]
    yield from [
        w.gather(1, torch.zeros(3, 4, dtype=torch.long)),
        w.masked_fill(w > 0.5, 0),
        w.roll(1, 0),
        w.flip(0),
        w.tril(),
    ]
    base = torch.rand(3, 4, requires_grad=True) * 1
    base[1].mul_(2)
    yield base
    yield custom(lambda ctx, x: x * 2, lambda ctx, g: g * 2).apply(w)


def reachable(y):
    seen, todo = set(), [y.grad_fn]
    while todo:
        n = todo.pop()
        if n is None or n in seen:
            continue
        seen.add(n)
        yield n
        todo += [m for m, _ in n.next_functions]


def gradients(n):
    """Right and wrong ones for a node's outputs."""
    count = n._num_outputs if hasattr(n, "_num_outputs") else 1
    values = [
        None,
        torch.tensor(1.0),
        torch.ones(7),
        torch.ones(3, 4, dtype=torch.complex64),
        torch.ones(3, 4, device="meta"),
    ]
    values += [
        torch.ones(0),
        torch.ones(3, 4, dtype=torch.int64),
        torch.ones(1000, 1000),
        torch.ones(3, 4).double(),
        5,
        "x",
        [torch.ones(3)],
    ]
    for value in values:
        yield (value,) * count
    yield (None,) * (count + 1)
    yield ()


def test_no_call_of_a_node_crashes():
    for y in nodes():
        for release in (False, True):  # before and after its saved tensors are freed
            if release:
                y.sum().backward()
            for n in reachable(y):
                for args in gradients(n):
                    try:
                        n(*args)
                    except (RuntimeError, TypeError, NotImplementedError):
                        pass


def test_none_gives_none():
    w = torch.ones(3, requires_grad=True)
    assert w.exp().grad_fn(None) is None
    assert (w * w).grad_fn(None) == (None, None)
    accumulate = (w * 2).grad_fn.next_functions[0][0]
    accumulate(None)
    assert w.grad is None


def test_a_gradient_has_its_output_s_shape_and_type():
    w = torch.ones(3, requires_grad=True)
    n = (-w).grad_fn
    assert n(torch.ones(3)).tolist() == [-1, -1, -1]
    assert n(torch.tensor(1.0)).tolist() == [-1, -1, -1]  # one number stands for all
    assert n(torch.ones(3, dtype=torch.float64)).dtype == torch.float32
    assert "expected shape compatible with [3]" in error_of(lambda: n(torch.ones(4)), RuntimeError)
    assert "meta" in error_of(lambda: n(torch.ones(3, device="meta")), RuntimeError)
    assert "complex" in error_of(lambda: n(torch.ones(3, dtype=torch.complex64)), RuntimeError)
    assert "1 gradient" in error_of(lambda: n(torch.ones(3), torch.ones(3)), TypeError)
    accumulate = n.next_functions[0][0]
    assert "expected shape compatible with [3]" in error_of(lambda: accumulate(torch.ones(4)), RuntimeError)
    accumulate(torch.ones(3))
    assert w.grad.tolist() == [1, 1, 1]


def test_outputs_of_different_shapes_are_told_apart():
    w = torch.ones(5, 2, requires_grad=True)
    n = w.split([2, 2, 1])[2].grad_fn
    assert [list(m.shape) for m in n._input_metadata] == [[2, 2], [2, 2], [1, 2]]
    error_of(lambda: n(None, None, torch.ones(2, 3)), RuntimeError)
    assert n(None, None, torch.ones(1, 2)).sum() == 2
    deep = torch.ones(1, 2, 1, 2, 1, 2, requires_grad=True) * 2
    assert list(deep.grad_fn._input_metadata[0].shape) == [1, 2, 1, 2, 1, 2]
    error_of(lambda: deep.grad_fn(torch.ones(3)), RuntimeError)


def test_a_gradient_edge_is_checked_like_a_call():
    w = torch.ones(3, requires_grad=True)
    edge = get_gradient_edge(w * 2)
    torch.autograd.backward(edge, torch.ones(3))
    assert w.grad.tolist() == [2, 2, 2]
    error_of(lambda: torch.autograd.backward(get_gradient_edge(w * 2), torch.ones(4)), RuntimeError)
    for nr in (1, 7, 2**31, 2**70, -1):
        wrong = (
            GradientEdge(edge.node, nr, None)
            if "ownership_token" in GradientEdge._fields
            else GradientEdge(edge.node, nr)
        )
        error_of(lambda wrong=wrong: torch.autograd.backward(wrong, torch.ones(3)), RuntimeError)
        error_of(lambda wrong=wrong: torch.autograd.grad((w * 2).sum(), wrong), RuntimeError)


def test_data_of_another_shape_is_found_in_the_backward_pass():
    """`z.data = ...` puts other numbers behind a node that was made for those before."""
    for data in (torch.ones(1_000_000), torch.ones(2, 2)):
        y = torch.ones(4, requires_grad=True)
        z = y.exp()
        z.data = data
        assert "expected shape compatible with [4]" in error_of(lambda z=z: z.sum().backward(), RuntimeError)
    y = torch.ones(4, requires_grad=True)
    z = y.exp()
    y.data = torch.ones(9)
    assert "expected shape compatible with [9]" in error_of(lambda: z.sum().backward(), RuntimeError)


def test_operands_resized_after_they_were_saved():
    for make in (lambda w, a: w @ a, lambda w, a: w * a, lambda w, a: (w * a).softmax(0)):
        for shape in ((1, 1), (900, 900), (0,)):
            a, w = torch.ones(30, 30), torch.ones(30, 30, requires_grad=True)
            y = make(w, a)
            a.resize_(shape)
            try:
                y.sum().backward()
                assert w.grad.shape == w.shape
            except RuntimeError:
                pass


def test_hooks_of_accumulate_grad_may_drop_the_gradient():
    w = torch.ones(3, requires_grad=True)
    accumulate = (w * 2).grad_fn.next_functions[0][0]
    accumulate.register_prehook(lambda grads: (None,))
    (w * 2).sum().backward()
    assert w.grad is None


@pytest.mark.parametrize("release", [False, True])
def test_attributes_and_methods_of_nodes_take_nonsense(release):
    for y in nodes():
        found = list(reachable(y))
        if release:
            try:
                y.sum().backward()
            except TypeError:  # hooks that were nonsense, on nodes that several of these share
                pass
        for n in found:
            names = [a for a in dir(n) if a not in ("__class__", "__reduce__", "__reduce_ex__")]
            for name in names + ["_saved_nothing", "_raw_saved_", "_saved_", "variable", "x\0y"]:
                try:
                    value = getattr(n, name)
                except Exception:
                    continue
                if not callable(value) or name in ("__subclasshook__", "__init_subclass__", "__class__"):
                    continue
                for args in itertools.chain([()], ((v,) for v in NONSENSE), ((v, v) for v in NONSENSE)):
                    try:
                        value(*args)
                    except Exception:
                        pass


def test_nonsense_hooks_fail_when_they_run():
    w = torch.ones(3, requires_grad=True)
    for result in (5, (), (torch.ones(3),) * 5, ("x",), (torch.ones(4),), torch.ones(3)):
        y = w * 2
        y.grad_fn.register_hook(lambda gi, go, result=result: result)
        error_of(lambda y=y: y.sum().backward(), RuntimeError, TypeError)
        y = w * 2
        y.grad_fn.register_prehook(lambda go, result=result: result)
        if not (isinstance(result, tuple) and len(result) == 1 and result == (None,)):
            error_of(lambda y=y: y.sum().backward(), RuntimeError, TypeError)
    for hook in (5, None, "x"):
        y = w * 2
        y.grad_fn.register_hook(hook)
        error_of(lambda y=y: y.sum().backward(), TypeError)


def test_contexts_used_at_odd_times():
    ctxs = []

    def forward(ctx, x):
        ctxs.append(ctx)
        assert ctx.saved_tensors == ()
        ctx.save_for_backward(x, None)
        assert isinstance(ctx.saved_tensors, tuple)
        for odd in NONSENSE:
            try:
                ctx.mark_non_differentiable(odd)
            except Exception:
                pass
        ctx.non_differentiable = None
        return x * 2

    f = custom(forward, lambda ctx, g: g * 2)
    w = torch.ones(3, requires_grad=True)
    y = f.apply(w)
    ctx = ctxs[0]
    error_of(lambda: ctx(torch.ones(3)), TypeError)
    ctx.save_for_backward(torch.ones(2))
    ctx.mark_dirty(5)
    ctx.needs_input_grad = 7
    ctx.saved_for_forward = "x"
    y.sum().backward()
    error_of(lambda: ctx.saved_tensors, RuntimeError)
    for name in ("to_save", "dirty_tensors", "non_differentiable"):
        for odd in (5, [1], (5,), ("x",)):

            def bad(ctx, x, name=name, odd=odd):
                setattr(ctx, name, odd)
                return x * 2

            try:
                custom(bad, lambda ctx, g: g).apply(w)
            except (RuntimeError, TypeError):
                pass
    lone = type(ctx)()
    for name in (
        "name",
        "next_functions",
        "_sequence_nr",
        "saved_tensors",
        "metadata",
        "_input_metadata",
        "register_hook",
    ):
        try:
            value = getattr(lone, name)
            value(1) if callable(value) else None
        except (RuntimeError, TypeError):
            pass


# --- more than 65,535 inputs and outputs ---


@pytest.mark.parametrize("rows", [65_535, 65_536, 70_000])
def test_nodes_of_many_outputs_and_inputs(rows):
    code = f"""
w = torch.ones({rows}, 1, requires_grad=True)
parts = w.unbind(0)
print(parts[0].grad_fn._num_outputs)
torch.stack(parts).sum().backward()
print(int(w.grad.sum()))
w.grad = None
w.unbind(0)[-1].backward()
print(int(w.grad.sum()), int(w.grad[-1]))
leaves = [torch.ones(1, requires_grad=True) for _ in range({rows})]
y = torch.cat(leaves)
print(len(y.grad_fn.next_functions))
y.sum().backward()
print(int(sum(x.grad.item() for x in leaves)))
class Many(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *xs):
        return xs[0] + 1, *[None] * {rows}
    @staticmethod
    def backward(ctx, *gs):
        return (gs[0],) * {rows}
Many.apply(*leaves)[0].backward()
print(int(sum(x.grad.item() for x in leaves)))
"""
    n = str(rows)
    assert run(code) == [n, n, "1 1", n, n, str(2 * rows)]
