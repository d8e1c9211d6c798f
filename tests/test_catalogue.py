"""Every registered operation against its samples: it runs, its derivatives are right, it does not care about layout.

The catalogue (tests/catalogue/) holds the samples; an operation without any fails `test_every_operation_has_samples`.
Values are checked against PyTorch in tests/parity, and against NumPy where the catalogue names an oracle.
"""

import contextlib

import catalogue
import pytest

import adjoint as torch
from adjoint import _core
from adjoint.autograd import gradcheck, gradgradcheck

NAMES = catalogue.names()


def call(name):
    return catalogue.resolve(torch, name)


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors(v)]
    return []


def replace(value, new):
    """`value` with its tensors taken from the iterator `new`."""
    if isinstance(value, torch.Tensor):
        return next(new)
    if isinstance(value, (list, tuple)):
        return type(value)(replace(v, new) for v in value)
    return value


def bits(t):
    return (t.float() if t.dtype == torch.bfloat16 else t).detach().numpy().tobytes()


def floating(sample):
    args, kwargs = sample
    inputs = [t.detach().clone() for t in tensors(args)]
    return args, kwargs, inputs


def test_every_operation_has_samples():
    registered = {r["name"] for r in _core._records()}
    public = {n for n in registered if not n.startswith("_") and not n.endswith("_")}
    known = {n.split(".")[-1] for n in NAMES} | {"range"}  # it warns: tests/parity/test_creation.py
    missing = sorted(n for n in public if n not in known)
    assert not missing, f"no samples in tests/catalogue for: {missing}"


def test_every_operation_has_a_docstring():
    """An operation's overloads share one text."""
    names = {r["name"] for r in _core._records() if not r["name"].startswith("_")}
    told = {r["name"] for r in _core._records() if r["doc"]}
    assert not names - told, f"no doc for: {sorted(names - told)}"


@pytest.mark.parametrize("name", NAMES)
def test_runs(name):
    for args, kwargs in catalogue.samples(torch, name, torch.float64):
        call(name)(*args, **kwargs)


@pytest.mark.parametrize("name", [n for n in NAMES if catalogue.layout_free(n)])
def test_layout_does_not_matter(name):
    for args, kwargs in catalogue.samples(torch, name, torch.float64):
        plain = tensors(call(name)(*args, **kwargs))
        strided = []
        for t in tensors(args):
            wide = torch.zeros(*t.shape, 2, dtype=t.dtype)
            wide[..., 0] = t.detach()
            strided.append(wide[..., 0])
        again = tensors(call(name)(*replace(args, iter(strided)), **kwargs))
        for a, b in zip(plain, again):
            assert a.shape == b.shape and a.dtype == b.dtype
            assert bits(a) == bits(b), name


def numbers(name):
    """The samples in both precisions that differences are exact enough for; of complex numbers those that are taken."""
    yield from catalogue.samples(torch, name, torch.float64)
    with contextlib.suppress(
        RuntimeError, TypeError, NotImplementedError, ValueError
    ):  # what prepares the samples may refuse
        for args, kwargs in catalogue.samples(torch, name, torch.complex128):
            with contextlib.suppress(RuntimeError, TypeError, NotImplementedError, ValueError):
                call(name)(*args, **kwargs)
                yield args, kwargs


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("name", [n for n in NAMES if catalogue.differentiable(n)])
def test_derivatives(name):
    checked = 0
    for args, kwargs, inputs in map(floating, numbers(name)):
        flags = [t.is_floating_point() or t.is_complex() for t in inputs]
        if not any(flags) or any(t.numel() > 64 for t in inputs):
            continue
        for t, f in zip(inputs, flags):
            if f:
                t.requires_grad_()

        def run(*xs, args=args, kwargs=kwargs):
            out = [
                t
                for t in tensors(catalogue.determined(name, call(name))(*replace(args, iter(xs)), **kwargs))
                if t.is_floating_point() or t.is_complex()
            ]
            return tuple(t for t in out if t.requires_grad)

        if not run(*inputs):
            continue
        assert gradcheck(run, inputs, atol=1e-4, nondet_tol=0)
        if catalogue.twice_differentiable(name):
            assert gradgradcheck(run, inputs, atol=1e-4)
        checked += 1
    assert checked or catalogue.no_gradient(name), f"no sample of {name} exercised its derivative"
