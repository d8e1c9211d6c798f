"""One sample of the catalogue in PyTorch and in Adjoint: values, types, shapes, nodes, gradients, errors."""

import gc
import re
import warnings

import pytest

torch = pytest.importorskip("torch")

import catalogue

import adjoint

# PyTorch brings a million objects: the leak check need not walk them after every test.
gc.collect()
gc.freeze()

TOLERANCE = {
    "float16": 4e-3,
    "bfloat16": 3e-2,
    "float32": 3e-5,
    "complex64": 1e-4,
    "float64": 1e-9,
    "complex128": 1e-9,
}


def flat(value, kind):
    if isinstance(value, kind.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in flat(v, kind)]
    return []


def to_torch(x):
    return torch.tensor(x.detach().tolist(), dtype=getattr(torch, str(x.dtype).split(".")[-1])).reshape(tuple(x.shape))


def compare(ours, theirs, where, factor=1.0):
    assert len(ours) == len(theirs), f"{where}: {len(ours)} results, PyTorch {len(theirs)}"
    for x, y in zip(ours, theirs, strict=True):
        if x is None or y is None:
            assert x is None and y is None, f"{where}: {x}, PyTorch {y}"
            continue
        assert str(x.dtype) == str(y.dtype), f"{where}: {x.dtype}, PyTorch {y.dtype}"
        assert tuple(x.shape) == tuple(y.shape), f"{where}: {tuple(x.shape)}, PyTorch {tuple(y.shape)}"
        tol = TOLERANCE.get(str(y.dtype).split(".")[-1], 0) * factor
        got, want = to_torch(x), y.detach().resolve_conj().resolve_neg()
        assert torch.allclose(got, want, rtol=tol, atol=tol, equal_nan=True), f"{where}: {got}\nPyTorch {want}"


def seeds(module, outs):
    made = []
    for o in outs:
        values = [((i * 7 + 3) % 11 - 5) / 4 for i in range(o.numel())]
        made.append(module.tensor(values, dtype=o.dtype).reshape(tuple(o.shape)))
    return made


def run(module, name, dtype_name, index, gradients):
    """Outputs, names of nodes, gradients and second gradients of one sample."""
    dtype = getattr(module, dtype_name)
    args, kwargs = catalogue.samples(module, name, dtype, edges=True)[index]
    inputs = []
    if gradients:
        for t in flat(args, module):
            if t.is_floating_point() or t.is_complex():
                inputs.append(t.detach().requires_grad_())
        fresh = iter(inputs)

        def swap(v):
            if isinstance(v, module.Tensor):
                return next(fresh) if v.is_floating_point() or v.is_complex() else v
            return type(v)(map(swap, v)) if isinstance(v, (list, tuple)) else v

        args = swap(args)
    out = flat(catalogue.resolve(module, name)(*args, **kwargs), module)
    roots = [o for o in out if o.requires_grad]
    names = [o.grad_fn.name() if o.grad_fn else None for o in out]
    first, second = [], []
    if roots:
        first = module.autograd.grad(roots, inputs, seeds(module, roots), allow_unused=True, create_graph=True)
        again = [g for g in first if g is not None and g.requires_grad]
        if again:
            second = module.autograd.grad(again, inputs, seeds(module, again), allow_unused=True)
    return out, names, first, second


def check_sample(name, dtype, index, gradients, node_names=True, generous=False):
    where = f"{name} {dtype} #{index}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            want = run(torch, name, dtype, index, gradients)
        except Exception as error:
            if generous:
                return
            with pytest.raises(RuntimeError if isinstance(error, NotImplementedError) else type(error)):
                run(adjoint, name, dtype, index, gradients)
            return
        got = run(adjoint, name, dtype, index, gradients)
    compare(got[0], want[0], where)
    if gradients:
        if node_names:
            assert got[1] == want[1], f"{where}: nodes {got[1]}, PyTorch {want[1]}"
        compare(got[2], want[2], where + " gradient", 10)
        pairs = [(x, y) for x, y in zip(got[3], want[3], strict=False) if y is not None and x is not None]
        compare([x for x, _ in pairs], [y for _, y in pairs], where + " second gradient", 100)


def check_error(text, make_locals):
    """Runs one expression in both and compares the class and the words of what is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(text, {"torch": torch, **make_locals(torch)})
        except Exception as error:
            want = error
        else:
            want = None
        if want is None:
            eval(text, {"torch": adjoint, **make_locals(adjoint)})
            return
        with pytest.raises(Exception) as caught:
            eval(text, {"torch": adjoint, **make_locals(adjoint)})
    assert isinstance(caught.value, type(want)) or isinstance(want, type(caught.value)), (
        f"{text}: {caught.value!r}, PyTorch {want!r}"
    )

    def words(e):
        return set(re.findall(r"[a-zA-Z]{4,}", str(e).split("\n")[0].lower()))

    missing = words(want) - set(re.findall(r"[a-zA-Z]{4,}", str(caught.value).lower()))
    assert len(missing) <= 2, f"{text}: {caught.value}\nPyTorch: {want}"
