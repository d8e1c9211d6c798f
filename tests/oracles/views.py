"""Oracles of views and copies (core/ops/view/, core/ops/copy.cpp, core/ops/to.cpp)."""

from __future__ import annotations

import itertools

import numpy as np

from .rules import CLONG, FIRST, LONG, REAL, Oracle, always, is_tensor
from .types import letter, name


def _reshape(x, *size):
    return x.reshape(size[0] if isinstance(size[0], tuple) else size)


def _flatten(x, start_dim=0, end_dim=-1):
    x = np.atleast_1d(x)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(*x.shape[:start], int(np.prod(x.shape[start : end + 1])), *x.shape[end + 1 :])


def _unflatten(x, dim, sizes):
    dim %= x.ndim
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


def _at_least(f):
    return lambda x: tuple(map(f, x)) if isinstance(x, (list, tuple)) else f(x)


def _transpose(x, a, b):
    return np.swapaxes(x, a, b) if x.ndim else x


def _expand(x, size):
    lead = len(size) - x.ndim
    return np.broadcast_to(x, tuple(x.shape[i - lead] if s == -1 else s for i, s in enumerate(size)))


def _squeeze(x, dim=None):
    dims = range(x.ndim) if dim is None else np.atleast_1d(dim)
    return x.squeeze(tuple(d for d in dims if x.ndim and x.shape[d] == 1))


def _unfold(x, dim, size, step):
    if x.ndim == 0:
        return x.reshape(1)
    windows = np.lib.stride_tricks.sliding_window_view(x, size, dim)
    return windows[(slice(None),) * (dim % x.ndim) + (slice(None, None, step),)]


def _narrow(x, dim, start, length):
    start += x.shape[dim] if start < 0 else 0
    return np.take(x, range(start, start + length), dim)


def _split(x, size, dim=0):
    """Pieces of one size, or of the sizes that are given."""
    n = x.shape[dim]
    ends = np.cumsum(size)[:-1] if isinstance(size, (list, tuple)) else range(size, n, size)
    return tuple(np.split(x, list(ends), dim))


def _chunk(x, chunks, dim=0):
    return _split(x, max(-(-x.shape[dim] // chunks), 1), dim) if x.shape[dim] else tuple(x for _ in range(chunks))


def _tensor_split(x, sections, dim=0):
    if isinstance(sections, int):
        return tuple(np.array_split(x, sections, dim))
    ends = [0, *sections, x.shape[dim]]
    return tuple(np.take(x, range(a, max(a, b)), dim) for a, b in itertools.pairwise(ends))


def _sectioned(axis):
    return lambda x, sections: _tensor_split(x, sections, axis if x.ndim > 1 else 0)


def _unbind(x, dim=0):
    return tuple(np.moveaxis(x, dim, 0))


def _diagonal(x, offset=0, dim1=0, dim2=1):
    return np.diagonal(x, offset, dim1, dim2)


def _diag_embed(x, offset=0, dim1=-2, dim2=-1):
    n = x.shape[-1] + abs(offset)
    found = np.zeros((*x.shape[:-1], n, n), x.dtype)
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    found[..., rows, rows + offset] = x
    return np.moveaxis(found, (-2, -1), (dim1, dim2))


def _strided(x, size, stride, offset=0):
    """Of a tensor whose elements lie in memory in order."""
    found, flat = np.empty(size, x.dtype), x.ravel()
    for at in np.ndindex(*size):
        found[at] = flat[offset + sum(i * s for i, s in zip(at, stride))]
    return found


def _scattering(place):
    """A copy of x with `part` written into what a view shows."""

    def f(x, part, *args, **options):
        found = x.copy()
        place(found, *args, **options)[...] = part
        return found

    return f


def _view_of(x, dim, index):
    return x[(slice(None),) * (dim % x.ndim) + (index, ...)]


def _sliced(x, dim=0, start=None, end=None, step=1):
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]


def _writable_diagonal(x, offset=0, dim1=0, dim2=1):
    view = np.moveaxis(x, (dim1, dim2), (-2, -1))
    rows, columns = view.shape[-2:]
    n = min(rows + min(offset, 0), columns - max(offset, 0))
    step = view.strides[-2] + view.strides[-1]
    start = view[..., max(-offset, 0) :, max(offset, 0) :]
    return np.lib.stride_tricks.as_strided(start, (*view.shape[:-2], n), (*view.strides[:-2], step), writeable=True)


def _writable_strided(x, size, stride, offset=0):
    flat = x.reshape(-1)[offset:]
    strides = tuple(s * x.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(flat, size, strides, writeable=True)


def _as_real(x):
    return np.stack([x.real, x.imag], -1)


def _meshgrid(*xs, indexing):
    return tuple(np.meshgrid(*xs, indexing=indexing))


def _product(*xs):
    return xs[0] if len(xs) == 1 else np.array(list(itertools.product(*xs))).astype(xs[0].dtype)


def _combinations(x, r=2, with_replacement=False):
    pick = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(pick(x, r))).astype(x.dtype)


def _fill_diagonal(x, value, wrap=False):
    found = x.copy()
    np.fill_diagonal(found, np.asarray(value).astype(x.dtype), wrap)
    return found


_casts = {
    **{"bool": "bool", "byte": "uint8", "char": "int8", "short": "int16", "int": "int32", "long": "int64"},
    **{"half": "float16", "bfloat16": "bfloat16", "float": "float32", "double": "float64"},
    **{"cfloat": "complex64", "cdouble": "complex128"},
}


def _cast(to):
    """To an integer without what follows the point, wrapped; to a real number without the imaginary part."""

    def f(x):
        if to == "bool":
            return x != 0
        if letter(to) == "c":
            return x.astype(CLONG)
        x = x.real
        return (
            x.astype(LONG)
            if letter(to) == "f"
            else (np.trunc(x) if x.dtype.kind == "f" else x).astype(np.int64).astype(to)
        )

    return Oracle(f, always(to))


class _To(Oracle):
    """The type is an argument: itself, or a tensor's."""

    def __init__(self):
        super().__init__(lambda x: x)

    def __call__(self, args, options):
        named = [
            name(a.dtype if is_tensor(a) else a)
            for a in args[1:]
            if a != "cpu" and (is_tensor(a) or "complex" in str(a))
        ]
        dtype = named[0] if named else name(args[0].dtype)
        yield from _cast(dtype)((args[0],), {})


_itself = Oracle(lambda x, *_, **__: x, FIRST)
_parts = Oracle(_split)
_moved, _swapped = Oracle(np.moveaxis), Oracle(_transpose)
_t = Oracle(lambda x: x.T)

ORACLE = {
    **dict.fromkeys(["view", "reshape", "view_copy"], Oracle(_reshape)),
    **dict.fromkeys(["view_as", "reshape_as"], Oracle(lambda x, other: x.reshape(other.shape))),
    "flatten": Oracle(_flatten),
    "unflatten": Oracle(_unflatten),
    "ravel": Oracle(np.ravel),
    **{f"atleast_{n}d": Oracle(_at_least(f)) for n, f in ((1, np.atleast_1d), (2, np.atleast_2d), (3, np.atleast_3d))},
    **dict.fromkeys(["transpose", "swapaxes", "swapdims", "transpose_copy"], _swapped),
    **dict.fromkeys(["t", "t_copy"], _t),
    **dict.fromkeys(["permute", "permute_copy"], Oracle(np.transpose)),
    **dict.fromkeys(["movedim", "moveaxis"], _moved),
    "adjoint": Oracle(lambda x: np.conj(np.swapaxes(x, -1, -2))),
    **dict.fromkeys(["expand", "expand_copy", "broadcast_to"], Oracle(_expand)),
    "expand_as": Oracle(lambda x, other: np.broadcast_to(x, other.shape)),
    "broadcast_tensors": Oracle(lambda *xs: tuple(np.broadcast_arrays(*xs))),
    **dict.fromkeys(["squeeze", "squeeze_copy"], Oracle(_squeeze)),
    **dict.fromkeys(["unsqueeze", "unsqueeze_copy"], Oracle(np.expand_dims)),
    **dict.fromkeys(["unfold", "unfold_copy"], Oracle(_unfold)),
    **dict.fromkeys(["narrow", "narrow_copy"], Oracle(_narrow)),
    "select": Oracle(_view_of),
    **dict.fromkeys(["split", "split_with_sizes", "split_with_sizes_copy"], _parts),
    **dict.fromkeys(["unsafe_split", "unsafe_split_with_sizes"], _parts),
    **dict.fromkeys(["chunk", "unsafe_chunk"], Oracle(_chunk)),
    "tensor_split": Oracle(_tensor_split),
    **{name: Oracle(_sectioned(axis)) for axis, name in enumerate(["vsplit", "hsplit", "dsplit"])},
    **dict.fromkeys(["unbind", "unbind_copy"], Oracle(_unbind)),
    **dict.fromkeys(["diagonal", "diagonal_copy"], Oracle(_diagonal)),
    "diag": Oracle(np.diag),
    "diag_embed": Oracle(_diag_embed),
    "diagflat": Oracle(np.diagflat),
    **dict.fromkeys(["as_strided", "as_strided_copy"], Oracle(_strided)),
    "select_scatter": Oracle(_scattering(_view_of)),
    "slice_scatter": Oracle(_scattering(_sliced)),
    "diagonal_scatter": Oracle(_scattering(_writable_diagonal)),
    "as_strided_scatter": Oracle(_scattering(_writable_strided)),
    "view_as_real": Oracle(_as_real, REAL),
    "view_as_complex": Oracle(
        lambda x: x[..., 0] + 1j * x[..., 1], lambda dtype, *_: {"float32": "complex64", "float64": "complex128"}[dtype]
    ),
    "real": Oracle(np.real, REAL),
    "imag": Oracle(np.imag, REAL),
    "meshgrid": Oracle(_meshgrid),
    "cartesian_prod": Oracle(_product),
    "combinations": Oracle(_combinations),
    **dict.fromkeys(["detach", "clone", "contiguous", "alias_copy", "Tensor.cpu"], _itself),
    "fill": Oracle(lambda x, value: np.broadcast_to(np.asarray(value).astype(x.dtype), x.shape), FIRST),
    "Tensor.fill_diagonal_": Oracle(_fill_diagonal),
    "to": _To(),
    "type_as": _To(),
    **{f"Tensor.{name}": _cast(to) for name, to in _casts.items()},
    **dict.fromkeys(["is_conj", "is_neg"], Oracle(lambda x: False)),
}
WITHOUT = {
    "is_contiguous": "tells of memory, which an array of values has not",
}
REFUSES = {
    "bih": "view_as_complex".split(),
}
