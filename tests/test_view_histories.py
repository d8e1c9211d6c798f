"""Views that change, and whose bases change: every view operation of the catalogue, beside in-place operations of each
kind, real and complex, against finite differences."""

import contextlib
import itertools
import warnings

import catalogue
import pytest
from test_catalogue import call, replace, tensors

import adjoint as torch

REAL, COMPLEX = torch.float64, torch.complex128


def plain(make):
    return lambda x: [make(x)]


# Views that are no operations of the catalogue: attributes and indices; (shape, the view or views of it).
OTHER = {
    "T": ((2, 3), plain(lambda x: x.T)),
    "mT": ((2, 2, 3), plain(lambda x: x.mT)),
    "x[1]": ((3, 2), plain(lambda x: x[1])),
    "x[1:, ::2]": ((3, 4), plain(lambda x: x[1:, ::2])),
    "x[..., None, 1]": ((2, 3), plain(lambda x: x[..., None, 1])),
    "iter(x)": ((3, 2), list),
    "overlapping twice": ((4,), plain(lambda x: x.unfold(0, 3, 1).expand(2, 2, 3))),
    "strided": ((6,), plain(lambda x: x[1:].as_strided((2, 2), (1, 2), 2))),
}
OTHER_COMPLEX = {
    "x.real": ((3,), plain(lambda x: x.real)),
    "x.imag": ((3,), plain(lambda x: x.imag)),
    "part of x.real": ((2, 3), plain(lambda x: x.real[:, 1:].t())),
    "x.mT.imag": ((2, 3), plain(lambda x: x.mT.imag[..., 0])),
    "back again": ((2, 2), plain(lambda x: torch.view_as_complex(torch.view_as_real(x)[1:]))),
    "pairs apart": ((4,), plain(lambda x: torch.view_as_real(x).view(2, 4)[:, 1:3])),
}
OTHER_REAL = {
    "complex part": ((2, 2, 2), plain(lambda x: torch.view_as_complex(x)[1])),
    "complex of a part": ((2, 4), plain(lambda x: torch.view_as_complex(x[:, 2:].view(2, 1, 2)))),
    "real of complex": ((3, 2), plain(lambda x: torch.view_as_complex(x).imag)),
    "offset pairs": ((6,), plain(lambda x: torch.view_as_complex(x[2:].view(2, 2)).real)),
}


def fresh(shape, dtype, seed=0):
    return catalogue.maker(torch, dtype)(*shape) + seed


def views_of_samples(name, dtype):
    """(inputs, views of the first): what the operation makes of each sample, where that is a view."""
    for args, kwargs in catalogue.samples(torch, name, dtype):
        inputs = [t.detach() for t in tensors(args)]
        args = replace(args, iter(inputs))
        if not inputs or not any(y._base is inputs[0] for y in tensors(call(name)(*args, **kwargs))):
            continue

        def look(x, args=args, kwargs=kwargs, rest=inputs[1:]):
            ys = tensors(call(name)(*replace(args, iter([x, *rest])), **kwargs))
            return [y for y in ys if y._base is x or (x._base is not None and y._base is x._base)]

        yield inputs[0].clone(), look


def view_operations(dtype):
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in (n for n in catalogue.names() if n != "meshgrid"):  # one of several operands: expand
            with contextlib.suppress(RuntimeError, TypeError, ValueError, NotImplementedError):  # none on such numbers
                if views := list(views_of_samples(name, dtype))[:2]:
                    found[name] = views
    return found


def all_views():
    """{name: [(base, function to its views)]}"""
    found = {name: [] for name in OTHER | OTHER_REAL | OTHER_COMPLEX}
    for dtype, others in ((REAL, OTHER | OTHER_REAL), (COMPLEX, OTHER | OTHER_COMPLEX)):
        for name, (shape, look) in others.items():
            found[name].append((fresh(shape, dtype), look))
        for name, views in view_operations(dtype).items():
            found.setdefault(name, []).extend(views)
    return found


VIEWS = all_views()

# In place on v; w has v's shape and type.
CHANGES = {
    "mul_": lambda v, w: v.mul_(w),
    "copy_": lambda v, w: v.copy_(w),
    "fill_": lambda v, w: v.fill_(w.sum()),
    "zero_": lambda v, w: v.zero_(),
    "add_": lambda v, w: v.add_(w, alpha=3),
    "sin_": lambda v, w: v.sin_(),
    "x[...] =": lambda v, w: v.__setitem__((..., slice(0, 1)) if v.ndim else (), w[..., :1] if v.ndim else w),
    "x[mask] =": lambda v, w: v.__setitem__(w.real > 0, w.sum()),
    "index_fill_": lambda v, w: v.index_fill_(0, torch.tensor([0]), w.sum()) if v.shape[:1] != (0,) else v,
}


def second(v, k):
    """A view of a view: of all, of a part, of the parts of its numbers."""
    if k == 0:
        return v.unsqueeze(0).movedim(0, -1)
    if k == 1:
        return v[..., 1:] if v.ndim else v.view(1)
    return torch.view_as_real(v)[..., 1] if v.is_complex() else v.reshape_as(v).view(v.shape)


def programs(look, change):
    """Functions of a base and an operand; what they return shows the histories of base and view."""

    def changed(v, w):
        shaped = torch.view_as_real(w) if w.is_complex() and not v.is_complex() else w
        change(v, shaped.reshape(-1)[: v.numel()].reshape(v.shape).to(v.dtype))

    def through(x, w):  # the view changes
        y = x * 1
        for v in look(y):
            changed(v, w)
        return y * y

    def constant(x, w):  # the base has no history before
        return through(fresh(x.shape, x.dtype, 0.6), w)

    def inside(x, w):  # the base is a part of its storage
        y = torch.zeros(x.numel() + 4, dtype=x.dtype)[2 : x.numel() + 2].view(x.shape).detach()
        y.copy_(x)
        v = look(y)[0]
        changed(v, w)
        return y * y, v * 2

    def behind(x, w):  # the base changes, then the view is read
        y = x * 1
        vs = look(y)
        changed(y, w)
        return tuple(v * v for v in vs)

    def both(x, w):
        y = x * 1
        vs = look(y)
        changed(y, w)
        changed(vs[0], w)
        return (y * y, *(v * 2 for v in vs))

    def nested(k):
        def run(x, w):  # a view of the view changes, then all three are read
            y = x * 1
            v = look(y)[0]
            u = second(v, k)
            changed(u, w)
            return y * y, v * v, u * u

        return run

    return {f.__name__: f for f in (through, constant, inside, behind, both)} | {k: nested(k) for k in range(3)}


def leaves_for(x):
    w = fresh((max(x.numel(), 1) * 6,), x.dtype, 0.25)
    return x.detach().clone().requires_grad_(), w.requires_grad_()


# --- checks ---


def dot(x, y):
    """The real inner product of two numbers of one kind, element by element."""
    p = x.conj() * y
    return (p.real if p.is_complex() else p).sum()


def loss_of(f):
    """f's results against fixed weights."""

    def loss(*inputs):
        ys = [y for y in as_tuple(f(*inputs)) if y.requires_grad]
        return sum((dot(fresh(y.shape, y.dtype, 0.1), y) for y in ys), torch.zeros(()))

    return loss


def slope_of(loss):
    """The loss's derivative along a fixed direction, as a function with a graph."""

    def slope(*inputs):
        gs = torch.autograd.grad(loss(*inputs), inputs, create_graph=True, materialize_grads=True)
        return sum(dot(fresh(g.shape, g.dtype, -0.2), g) for g in gs)

    return slope


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def agrees(loss, inputs, h=1e-4):
    """Is the gradient, along a direction, what the loss does there?"""
    y = loss(*inputs)
    if not y.requires_grad:
        return True
    gs = torch.autograd.grad(y, inputs, materialize_grads=True)
    assert all(g.shape == x.shape and g.dtype == x.dtype for g, x in zip(gs, inputs))
    ds = [fresh(x.shape, x.dtype, -0.3) for x in inputs]
    expected = sum(dot(g, d) for g, d in zip(gs, ds)).item()
    there = [loss(*((x.detach() + k * h * d).requires_grad_() for x, d in zip(inputs, ds))).item() for k in (1, -1)]
    found = (there[0] - there[1]) / (2 * h)
    return abs(found - expected) <= 1e-5 * (1 + abs(expected))


def overlaps(v):
    places = [sum(i * s for i, s in zip(at, v.stride())) for at in itertools.product(*map(range, v.shape))]
    return len(set(places)) < len(places)


def refused(v):
    """Words of the error where v may not change: it is one of several views, or its places overlap."""
    if v.grad_fn.name().startswith(("Split", "Unbind")):
        return "is the output of a function that returns multiple views"
    return "more than one element of the written-to tensor" if overlaps(v) else None


@pytest.mark.parametrize("name", VIEWS)
def test_views_and_changes(name):
    for x, look in VIEWS[name]:
        inputs = leaves_for(x)
        words = next(filter(None, map(refused, look(inputs[0] * 1))), None)
        for change, order, program in itertools.chain.from_iterable(
            ((c, o, p) for o, p in programs(look, f).items()) for c, f in CHANGES.items()
        ):
            try:
                assert agrees(loss_of(program), inputs), (change, order, x.dtype)
            except RuntimeError as e:
                assert words and words in str(e), (change, order, x.dtype)


@pytest.mark.parametrize("name", VIEWS)
def test_second_derivatives(name):
    x, look = VIEWS[name][-1]
    inputs = leaves_for(x)
    if any(map(refused, look(inputs[0] * 1))):
        return
    for change in ("mul_", "fill_"):
        for order, program in programs(look, CHANGES[change]).items():
            assert agrees(slope_of(loss_of(program)), inputs), (change, order)


# --- what the enumeration does not show ---


def names(y):
    """The nodes from y to a leaf, along first inputs."""
    node, found = y.grad_fn, []
    while node is not None:
        found.append(node.name().replace("torch::autograd::", "").replace("Backward0", ""))
        node = node.next_functions[0][0] if node.next_functions else None
    return found


def test_names_of_remade_views():
    z = torch.ones(2, 2, dtype=COMPLEX, requires_grad=True) * 1
    x = torch.ones(2, 2, dtype=REAL, requires_grad=True) * 1
    of_z, of_x = (z[1], torch.view_as_real(z), z.imag), (x.t(), torch.view_as_complex(x))
    z.mul_(2), x.mul_(2)
    rest = ["Mul", "Mul", "AccumulateGrad"]
    assert [names(v) for v in of_z] == [
        ["AsStrided", *rest],
        ["ViewAsReal", *rest],
        ["AsStrided", "ViewAsReal", *rest],
    ]
    assert [names(v) for v in of_x] == [["AsStrided", *rest], ["ViewAsComplex", *rest]]


def test_parts_assigned():
    z0, w = torch.ones(3, dtype=COMPLEX, requires_grad=True), torch.ones(2, dtype=REAL, requires_grad=True)
    z = 2 * z0
    z.real[:2].copy_(w)
    z.imag = torch.zeros(3, dtype=REAL)
    assert names(z)[:2] == ["CopySlices", "CopySlices"]
    (z.real * torch.tensor([1.0, 10.0, 100.0], dtype=REAL)).sum().backward()
    assert w.grad.tolist() == [1, 10] and z0.grad.tolist() == [0, 0, 200]


def test_one_value_into_shared_places_counts_each_place_once():
    w, x = torch.tensor(3.0, requires_grad=True), torch.ones(5, requires_grad=True)
    y = x * 1
    y[1:].unfold(0, 3, 1).fill_(w)
    (y * torch.tensor([1.0, 10.0, 100.0, 1000.0, 10000.0])).sum().backward()
    assert w.grad.item() == 11110 and x.grad.tolist() == [1, 0, 0, 0, 0]


def test_siblings_of_a_base_without_history_change_in_turn():
    w, b = torch.tensor(3.0, requires_grad=True), torch.ones(4)
    u, v = b[:2], b[2:]
    u.mul_(w)
    assert not v.is_leaf and v.requires_grad
    with pytest.raises(RuntimeError, match="leaf variables"):
        v.requires_grad_(False)
    v.mul_(w * 2)
    b.sum().backward()
    assert w.grad.item() == 6


def test_views_of_a_tensor_that_was_given_other_data_change_for_themselves():
    x, w = torch.ones(3, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    y = x * 1
    v = y[1:]
    y.data = torch.zeros(3)
    v.mul_(w)
    assert y.tolist() == [0, 0, 0] and v.tolist() == [2, 2]
    (y.sum() + 10 * v.sum()).backward()
    assert w.grad.item() == 20 and x.grad.tolist() == [1, 21, 21]


def test_as_strided_shows_the_base_of_a_view():
    x = torch.arange(6.0, requires_grad=True)
    (x[4:].as_strided((6,), (1,), 0) * torch.arange(6.0)).sum().backward()
    assert x.grad.tolist() == [0, 1, 2, 3, 4, 5]
    y = x * 1
    part = y[::2]  # with gaps
    part.retain_grad()
    part.as_strided((2,), (4,), 0).sum().backward(retain_graph=True)
    assert part.grad.tolist() == [1, 0, 1]
    x.grad = None
    part.as_strided((6,), (1,), 0).sum().backward()
    assert x.grad.tolist() == [1] * 6
    own = torch.zeros(4)[1:3].requires_grad_()  # a leaf, whatever its base is
    own.as_strided((3,), (0,), 1).sum().backward()
    assert own.grad.tolist() == [3, 0]
    b = torch.zeros(6)[2:].detach()
    with pytest.raises(RuntimeError, match="outside of its base"):
        b.as_strided((6,), (1,), 0).copy_(x)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_histories_are_remade_where_recording_is_off(mode):
    z = torch.ones(2, dtype=COMPLEX, requires_grad=True) * 1
    views = z[1:], z.real
    z.mul_(2)
    with mode():
        assert [names(v)[0] for v in views] == ["AsStrided", "AsStrided"]


def test_views_of_a_base_that_was_detached_and_changed_have_its_history():
    x = torch.ones(3, requires_grad=True)
    y, z = x * 1, torch.ones(3, dtype=COMPLEX, requires_grad=True) * 1
    v, u = y[1:], z.real
    before = v * 1
    y.detach_(), z.detach_()
    y.mul_(5), z.mul_(5)
    (v.sum() + u.sum() + before.sum()).backward()
    assert v.tolist() == [5, 5] and x.grad.tolist() == [0, 1, 1]


def test_views_made_without_recording_stay_cut():
    y = torch.ones(2, 3, requires_grad=True) * 1
    with torch.no_grad():
        v = y[1]
    assert not v.as_strided((2, 3), (3, 1), 0).grad_fn.next_functions[0][0].name().startswith("Mul")
