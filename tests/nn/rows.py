"""What a row of tests/nn/catalogue_*.py is made of; test_modules.py says how to write one."""

from dataclasses import dataclass, field

from catalogue import maker
from support import torch


@dataclass
class Row:
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    build: object = None
    inputs: object = None
    keywords: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)

    def on(self, inputs, keywords=None, **options):
        """The forward's positional arguments, by a function of `make`, its keywords, and the row's options."""
        unknown = set(options) - {"gradient", "second", "random", "wrong", "meta", "says"}
        assert not unknown, unknown
        self.inputs, self.keywords, self.options = inputs, keywords or {}, options
        return self

    def option(self, name, default=True):
        return self.options.get(name, default)

    def module(self, cls, dtype=None, device=None):
        """A new module of the row; its parameters and buffers of the dtype, if it has some."""
        if self.build is not None:
            module = self.build(torch.nn)
        else:
            module = cls(*self.args, **self.kwargs, **({} if device is None else {"device": device}))
        return module if dtype is None else module.to(dtype)

    def arguments(self, dtype=None):
        """The same arguments every time; floating point ones require a gradient."""
        found = self.inputs(make_of(dtype or torch.float64))
        assert isinstance(found, (list, tuple)), "inputs gives a list of the forward's arguments"
        for t in tensors_in(found):
            if t.is_floating_point() or t.is_complex():
                t.requires_grad_()
        return found


def row(*args, **kwargs):
    """A row by the arguments of the class."""
    return Row(args, kwargs)


def built(build):
    """A row by a function of `nn` that gives the module."""
    return Row(build=build)


def make_of(dtype):
    make = maker(torch, dtype)

    def ints(high, *shape, low=0):
        """Whole numbers in [low, high), spread."""
        n = 1
        for size in shape:
            n *= size
        return torch.tensor([low + (7 * i + 3) % (high - low) for i in range(n)], dtype=torch.int64).reshape(shape)

    make.ints = ints
    return make


def tensors_in(value):
    """The tensors in nested tuples, lists and dicts, and what has `data` as they have (packed sequences)."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors_in(v)]
    return []
