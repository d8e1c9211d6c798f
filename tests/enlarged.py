"""The catalogue's samples made so large that their work is cut for threads."""

import catalogue
from test_catalogue import call, replace, tensors

import adjoint as torch

FROM = 1 << 15  # elements that an input must have
MOST = 1 << 20


def _scaled(factor):
    """Every size of a made tensor that is not one, so many times."""
    return lambda shape: tuple(s * factor if s > 1 else s for s in shape)


def _leading(factor):
    return lambda shape: (shape[0] * factor, *shape[1:]) if shape else shape


def _trailing(factor):
    return lambda shape: (*shape[:-1], shape[-1] * factor) if shape else shape


# From the smallest on: what makes all pairs grows faster than its inputs.
_CHANGES = [_scaled(8), _scaled(24), _scaled(64), _leading(512), _trailing(512), _leading(8192), _trailing(8192)]
_CHANGES += [_scaled(20000)]


def _makers():
    """Ways to ask for more: the samples' functions call `make` with the sizes that they want."""
    for change in _CHANGES:
        inner = catalogue.maker(torch, torch.float32)

        def make(*shape, change=change, inner=inner, **options):
            sizes = change(shape)
            n = 1
            for s in sizes:
                n *= s
            if n > MOST:
                raise OverflowError(n)
            return _tiled(inner, shape, sizes, options)

        make.torch = torch
        yield make


def _tiled(inner, shape, sizes, options):
    """Values of the small tensor, again and again, each time a little larger."""
    small = inner(*shape, **options)
    if tuple(sizes) == tuple(shape) or small.numel() == 0:
        return small
    n = 1
    for s in sizes:
        n *= s
    whole = small.reshape(-1).repeat(-(-n // small.numel()))[:n]
    if whole.is_floating_point():
        whole = whole * (1 - 1e-3 * torch.arange(n, dtype=whole.dtype) / n)
    return whole.reshape(sizes)


def _repeated(args):
    """Every tensor of a sample, integers too, so many times along one of its dimensions; or as many, stacked."""
    given = tensors(args)
    for dim in (0, -1):
        copies = [t.repeat(*_factors(t, dim)) if t.ndim else t for t in given]
        yield replace(args, iter(copies))
    yield replace(args, iter([t.expand(4096, *t.shape).contiguous() for t in given]))


def _factors(t, dim):
    factors = [1] * t.ndim
    factors[dim] = max(1, FROM * 2 // max(1, t.numel()))
    return factors


def _candidates(name):
    if catalogue.family(name).startswith("linalg") or name.startswith(
        "linalg."
    ):  # work that grows as the cube: many small
        for args, kwargs in catalogue.samples(torch, name, torch.float32):
            given = tensors(args)
            yield replace(args, iter([t.expand(4096, *t.shape).contiguous() for t in given])), kwargs
    for make in _makers():
        try:
            yield from catalogue.samples_with(name, make)
        except Exception:  # sizes that do not go together
            continue
    for args, kwargs in catalogue.samples(torch, name, torch.float32):
        for larger in _repeated(args):
            yield larger, kwargs


def enlarged(name, most=1):
    """Samples that the operation takes, each with at least FROM elements in its inputs or results."""
    found = 0
    for args, kwargs in _candidates(name):
        if found == most:
            return
        size = max((t.numel() for t in tensors(args)), default=0)
        if size > MOST:
            continue
        try:
            torch.manual_seed(0)
            out = tensors(call(name)(*(replace(args, iter([t.clone() for t in tensors(args)]))), **kwargs))
        except Exception:  # not every operation takes every size
            continue
        if max([size, *(t.numel() for t in out)]) >= FROM and sum(t.numel() for t in out) <= 4 * MOST:
            found += 1
            yield args, kwargs
