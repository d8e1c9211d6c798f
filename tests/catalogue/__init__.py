"""Sample inputs for every registered operation, one module per family.

A module holds SAMPLES: {name: function(make) -> list of (args, kwargs)}. `make(*shape, low=-2, high=2)` returns a tensor
of the dtype under test with fixed pseudo-random values. A module may also hold
    NO_GRADIENT   names whose results carry no gradient (comparisons, rounding to integers ...)
    FIRST_ONLY    names whose second derivative is not checked, with the reason beside each
    EDGES         {name: function(make) -> samples} at kinks, jumps and special values: only for comparing with PyTorch
    LAYOUT_BOUND  names whose result depends on strides or memory (as_strided, empty, data_ptr ...)
    DETERMINED    {name: function(call) -> call} of factorisations: what of their results is determined, as a function of
                  what of their input is read; derivatives are checked of that
Names are as users write them: "exp", "linalg.vector_norm", "nn.functional.gelu"; methods only: "Tensor.expand".
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
_samples = {name: f for m in _modules for name, f in getattr(m, "SAMPLES", {}).items()}
_determined = {name: f for m in _modules for name, f in getattr(m, "DETERMINED", {}).items()}
_edges = {name: f for m in _modules for name, f in getattr(m, "EDGES", {}).items()}


def _collect(attribute):
    return {name for m in _modules for name in getattr(m, attribute, ())}


_no_gradient, _first_only, _layout_bound = map(_collect, ("NO_GRADIENT", "FIRST_ONLY", "LAYOUT_BOUND"))


def names():
    return sorted(_samples)


def family(name):
    """The module that has its samples."""
    return next(m.__name__.split(".")[-1] for m in _modules if name in getattr(m, "SAMPLES", {}))


def differentiable(name):
    return name not in _no_gradient


def no_gradient(name):
    return name in _no_gradient


def twice_differentiable(name):
    return name not in _first_only


def determined(name, call):
    """The operation, or a function of it that has derivatives."""
    return _determined[name](call) if name in _determined else call


def layout_free(name):
    return name not in _layout_bound


def maker(torch, dtype):
    """make(*shape, low, high): the same values every time, spread over the interval without ties."""
    count = [0]

    def make(*shape, low=-2.0, high=2.0, dtype=dtype):
        n = 1
        for s in shape:
            n *= s
        count[0] += 1
        # Multiples of the golden ratio fill the interval evenly and never repeat.
        values = [low + (high - low) * ((0.618033988749895 * (i + 1) + 0.377 * count[0]) % 1.0) for i in range(n)]
        if dtype.is_complex:
            values = [complex(v, low + high - v * 0.7) for v in values]
        t = torch.tensor(values, dtype=torch.complex128 if dtype.is_complex else torch.float64).to(dtype)
        return t.reshape(shape)

    make.torch = torch
    return make


def samples(torch, name, dtype, edges=False):
    found = list(_samples[name](maker(torch, dtype)))
    return found + _edges[name](maker(torch, dtype)) if edges and name in _edges else found


def samples_with(name, make):
    """The samples that another maker gives."""
    return list(_samples[name](make))


def resolve(torch, name):
    obj = torch
    for part in name.split("."):
        if not hasattr(obj, part) and obj is torch:
            obj = torch.Tensor
        obj = getattr(obj, part)
    return obj
