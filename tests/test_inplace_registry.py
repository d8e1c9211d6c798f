"""Every in-place operation of the registry, on a result and on a view: its value and its gradients are those of the form
out of place, finite differences agree, and nothing of the graph stays behind."""

import gc

import catalogue
import pytest

import adjoint as torch

SAMPLERS = {
    "bernoulli_": (0.5,),
    "cauchy_": (),
    "exponential_": (),
    "geometric_": (0.5,),
    "log_normal_": (),
    "normal_": (),
    "random_": (3,),
    "uniform_": (),
}
# What these write has no out-of-place form in the registry, or they write no values at all.
OTHER = {
    "as_strided_",  # below, with the views
    "copy_",
    "detach_",
    "fill_",
    "fill_diagonal_",
    "requires_grad_",
    "resize_",
    "resize_as_",
    "set_",
    "share_memory_",
    "zero_",
}
INTEGER = {"bitwise_and_", "bitwise_left_shift_", "bitwise_not_", "bitwise_or_", "bitwise_right_shift_", "bitwise_xor_"}
INTEGER |= {"gcd_", "lcm_"}
RESHAPING = {"squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_", "swapdims_"}
NAMES = sorted(n for n in dir(torch.Tensor) if n.endswith("_") and not n.startswith("_"))
TWINS = [n for n in NAMES if n not in OTHER | INTEGER and n not in SAMPLERS]


def samples(name):
    base = name[:-1]
    known = next((k for k in (base, "Tensor." + base, "Tensor." + name) if k in catalogue._samples), None)
    assert known, f"{name}: no samples of its out-of-place form"
    own = []
    if name.startswith("igamma"):  # the catalogue's all broadcast
        own = [(tuple(torch.tensor(v, dtype=torch.float64) for v in ([0.5, 2.5], [1.0, 2.0])), {})]
    for args, kwargs in own + catalogue.samples(torch, known, torch.float64):
        if name == "polygamma_":
            args = args[::-1]
        if isinstance(args[0], torch.Tensor) and args[0].dtype == torch.float64:
            yield args, kwargs


def with_leaves(args):
    """The arguments with leaves for the floating-point tensors, and the leaves."""
    leaves = []

    def swap(v):
        if isinstance(v, torch.Tensor) and v.dtype == torch.float64:
            leaves.append(v.detach().clone().requires_grad_())
            return leaves[-1]
        return type(v)(map(swap, v)) if isinstance(v, (list, tuple)) else v

    return tuple(map(swap, args)), leaves


def weighted(y):
    return (y * torch.linspace(0.5, 1.5, y.numel(), dtype=torch.float64).reshape(y.shape)).sum()


def gradients(loss, leaves):
    """None for a leaf without influence; for all where the operation has no rule, in place and out."""
    try:
        return torch.autograd.grad(loss, leaves, allow_unused=True) if loss.requires_grad else [None] * len(leaves)
    except RuntimeError as error:
        assert "is not implemented" in str(error)
        return ["no rule"] * len(leaves)


def same(a, b, what):
    if isinstance(a, str) or isinstance(b, str):
        assert a == b, what
        return
    if a is None or b is None:
        a, b = (torch.zeros(()) if t is None else t for t in (a, b))
        assert not a.any() and not b.any(), what
        return
    assert a.shape == b.shape and torch.allclose(a, b, rtol=1e-10, atol=1e-12, equal_nan=True), f"{what}: {a} {b}"


def applies(name, args, kwargs):
    """Is the operation possible in place: has its result the target's shape, or is the shape itself what changes?"""
    twin = getattr(torch.Tensor, name[:-1])(*args, **kwargs)
    return twin.shape == args[0].shape or name in RESHAPING


@pytest.mark.parametrize("name", TWINS)
def test_like_its_twin(name):
    tried = 0
    for args, kwargs in samples(name):
        if not applies(name, args, kwargs):
            continue
        tried += 1
        outside, leaves = with_leaves(args)
        twin = getattr(outside[0] * 1, name[:-1])(*outside[1:], **kwargs)
        expected = gradients(weighted(twin.double()), leaves)

        inside, own = with_leaves(args)
        y = inside[0] * 1
        assert getattr(y, name)(*inside[1:], **kwargs) is y
        twin = twin.detach().double()  # what a comparison writes into a float target
        same(y.detach(), twin, f"{name} value")
        assert y._version == 1
        for g, e in zip(gradients(weighted(y), own), expected, strict=True):
            same(g, e, f"{name} gradient")

        if name in RESHAPING or args[0].dim() == 0:
            continue
        inside, own = with_leaves(args)
        base = torch.stack([inside[0], inside[0].detach() + 1])
        getattr(base[0], name)(*inside[1:], **kwargs)
        same(base[0].detach(), twin, f"{name} on a view")
        for g, e in zip(gradients(weighted(base[0]), own), expected, strict=True):
            same(g, e, f"{name} on a view, gradient")
    assert tried, f"{name}: no sample can be written in place"


@pytest.mark.parametrize("name", TWINS)
def test_without_a_backward_pass_all_is_freed(name):
    """The leak check of conftest looks at what is left."""
    for args, kwargs in samples(name):
        if not applies(name, args, kwargs):
            continue
        inside, _ = with_leaves(args)
        y = inside[0] * 1
        getattr(y, name)(*inside[1:], **kwargs)
        base = torch.stack([inside[0], inside[0]])
        view = base[0]
        getattr(view, name)(*inside[1:], **kwargs)
        view.sin()
    gc.collect()


@pytest.mark.parametrize("name", TWINS)
def test_finite_differences(name):
    def act(x, *rest):
        return getattr(x * 1, name)(*rest, **kwargs)

    for args, kwargs in samples(name):
        if not applies(name, args, kwargs) or any(isinstance(a, (list, tuple)) for a in args):
            continue
        inside, leaves = with_leaves(args)
        y = act(*inside)
        if "no rule" not in gradients(y.sum(), leaves):
            assert torch.autograd.gradcheck(act, inside, fast_mode=True)
        break


@pytest.mark.parametrize("name", TWINS)
def test_target_as_operand(name):
    """x.op_(x, x): the rule reads what x was."""
    for args, kwargs in samples(name):
        at = [i for i, a in enumerate(args) if i and isinstance(a, torch.Tensor) and a.dtype == torch.float64]
        if not at or any(args[i].shape != args[0].shape for i in at) or not applies(name, args, kwargs):
            continue
        results = []
        for method in (name[:-1], name):
            x = args[0].detach().clone().requires_grad_()
            y = x * 1
            z = getattr(y, method)(*(y if i in at else a for i, a in enumerate(args) if i), **kwargs)
            results.append((z.detach().double(), gradients(weighted(z.double()), [x])[0]))
        same(results[1][0], results[0][0], f"{name} of itself")
        same(results[1][1], results[0][1], f"{name} of itself, gradient")


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_samplers_let_no_gradient_through(name):
    x = torch.ones(4, dtype=torch.float64, requires_grad=True)
    y = x * 2
    getattr(y, name)(*SAMPLERS[name])
    assert gradients(y.sum(), [x])[0].tolist() == [0.0] * 4
    base = x * 2
    getattr(base[:2], name)(*SAMPLERS[name])
    assert gradients(base.sum(), [x])[0].tolist() == [0.0, 0.0, 2.0, 2.0]


def test_every_other_exists():
    assert OTHER | set(SAMPLERS) <= set(NAMES)
