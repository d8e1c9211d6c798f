"""Samples of view operations and copies (core/ops/view/, core/ops/copy.cpp, core/ops/to.cpp)."""


def _transposed(make):
    return make(4, 3).t()


def _parts(make):
    return [((make(6, 4), 2), {}), ((make(5, 4), 2), {"dim": 0}), ((make(3, 4), 3, 1), {}), ((make(0, 4), 2), {})]


def _scatter_pairs(make):
    return [
        ((make(4, 4), make(4)), {}),
        ((make(3, 4), make(3)), {"offset": 1}),
        ((make(2, 3, 4), make(2, 3)), {"dim1": 1, "dim2": 2}),
    ]


def _complex(make, *shape):
    t = make(*shape)
    part = t.dtype if t.dtype == make.torch.float64 else make.torch.float32
    return t if t.is_complex() else make.torch.complex(make(*shape, dtype=part), make(*shape, dtype=part))


def _swap(make):
    return [((make(2, 3, 4), 0, 2), {}), ((make(3, 4), -1, 0), {}), ((make(3, 4), 1, 1), {}), ((make(), 0, -1), {})]


def _moves(make):
    return [((make(2, 3, 4), 0, 2), {}), ((make(2, 3, 4), (0, 1), (2, 0)), {}), ((make(2, 3, 4), -1, 0), {})]


def _casts(make):
    return [((make(2, 3),), {}), ((_transposed(make),), {})]


def _sections(dims):
    def samples(make):
        shape = (2, 4, 6)[:dims] if dims < 3 else (2, 4, 6)
        return [((make(*shape), 2), {}), ((make(*shape), (1,)), {}), ((make(*shape), [1, 2]), {})]

    return samples


_sizes = [((2, 6), (3, 4)), ((12,), (3, -1)), ((), (1, 1)), ((2, 3, 4), (6, 4)), ((0, 3), (3, 0))]

_CASTS = [f"Tensor.{t}" for t in "bool byte char short int long half bfloat16 float double cfloat cdouble".split()]

SAMPLES = {
    "view": lambda make: [((make(*old), new), {}) for old, new in _sizes],
    "reshape": lambda make: (
        [((make(*old), new), {}) for old, new in _sizes]
        + [((_transposed(make), (12,)), {}), ((make(2, 3, 4).transpose(0, 1), (6, 4)), {})]
    ),
    "view_as": lambda make: [((make(2, 6), make(3, 4)), {})],
    "reshape_as": lambda make: [((make(2, 6), make(3, 4)), {}), ((_transposed(make), make(2, 6)), {})],
    "flatten": lambda make: [
        ((make(2, 3, 4),), {}),
        ((make(2, 3, 4), 1), {}),
        ((make(2, 3, 4), 0, 1), {}),
        ((make(),), {}),
        ((make(3),), {}),
    ],
    "unflatten": lambda make: [
        ((make(2, 6), 1, (2, 3)), {}),
        ((make(2, 6), -1, (-1, 2)), {}),
        ((make(4), 0, (2, 2)), {}),
    ],
    "ravel": lambda make: [((make(2, 3),), {}), ((_transposed(make),), {}), ((make(),), {})],
    "atleast_1d": lambda make: [((make(),), {}), ((make(2),), {}), (([make(), make(2, 3)],), {})],
    "atleast_2d": lambda make: [((make(),), {}), ((make(2),), {}), ((make(2, 3),), {}), (([make(), make(2)],), {})],
    "atleast_3d": lambda make: [
        ((make(),), {}),
        ((make(2),), {}),
        ((make(2, 3),), {}),
        ((make(2, 3, 4),), {}),
        (([make(), make(2)],), {}),
    ],
    "transpose": _swap,
    "swapaxes": _swap,
    "swapdims": _swap,
    "t": lambda make: [((make(2, 3),), {}), ((make(3),), {}), ((make(),), {})],
    "permute": lambda make: [((make(2, 3, 4), (2, 0, 1)), {}), ((make(2, 3), (-1, -2)), {}), ((make(), ()), {})],
    "movedim": _moves,
    "moveaxis": _moves,
    "adjoint": lambda make: [((make(2, 3),), {}), ((make(2, 3, 4),), {})],
    "expand": lambda make: [
        ((make(3, 1), (3, 4)), {}),
        ((make(3), (2, 3)), {}),
        ((make(1, 3), (-1, 3)), {}),
        ((make(), (2, 2)), {}),
    ],
    "expand_as": lambda make: [((make(3, 1), make(3, 4)), {})],
    "broadcast_to": lambda make: [((make(3, 1), (3, 4)), {}), ((make(3), (2, 3)), {})],
    "broadcast_tensors": lambda make: [((make(3, 1), make(1, 4)), {}), ((make(3), make()), {})],
    "squeeze": lambda make: [
        ((make(1, 3, 1),), {}),
        ((make(1, 3, 1), 0), {}),
        ((make(1, 3, 1), 1), {}),
        ((make(1, 3, 1), (0, 2)), {}),
        ((make(),), {}),
    ],
    "unsqueeze": lambda make: [((make(2, 3), 0), {}), ((make(2, 3), -1), {}), ((make(2, 3), 1), {}), ((make(), 0), {})],
    "unfold": lambda make: [
        ((make(6), 0, 3, 1), {}),
        ((make(2, 7), 1, 3, 2), {}),
        ((make(5, 2), 0, 2, 3), {}),
        ((make(), 0, 1, 1), {}),
    ],
    "narrow": lambda make: [((make(4, 3), 0, 1, 2), {}), ((make(4, 3), 1, -2, 2), {}), ((make(4, 3), 0, 4, 0), {})],
    "select": lambda make: [((make(4, 3), 0, 1), {}), ((make(4, 3), -1, -1), {}), ((make(3), 0, 2), {})],
    "split": lambda make: [*_parts(make), ((make(5, 4), [1, 4]), {}), ((make(5, 4), (1, 3)), {"dim": 1})],
    "split_with_sizes": lambda make: [((make(5, 4), [1, 4]), {}), ((make(5, 4), (1, 0, 3), 1), {})],
    "chunk": _parts,
    "unsafe_split": _parts,
    "unsafe_split_with_sizes": lambda make: [((make(5, 4), [1, 4]), {}), ((make(5, 4), (1, 0, 3), 1), {})],
    "unsafe_chunk": _parts,
    "tensor_split": lambda make: [
        ((make(7, 3), 3), {}),
        ((make(7, 3), (1, 4)), {}),
        ((make(2, 7), [2], 1), {}),
        ((make(2, 7), [5, 2], 1), {}),
    ],
    "hsplit": _sections(2),
    "vsplit": _sections(2),
    "dsplit": _sections(3),
    "unbind": lambda make: [((make(3, 4),), {}), ((make(3, 4), 1), {}), ((make(3),), {}), ((make(2, 0), 1), {})],
    "diagonal": lambda make: [
        ((make(4, 4),), {}),
        ((make(3, 5), 1), {}),
        ((make(5, 3), -2), {}),
        ((make(2, 3, 4), 0, 1, 2), {}),
        ((make(3, 3), 5), {}),
    ],
    "diag": lambda make: [((make(4),), {}), ((make(4, 3),), {}), ((make(4, 3), 1), {}), ((make(3), -1), {})],
    "diag_embed": lambda make: [((make(3),), {}), ((make(2, 3), 1), {}), ((make(2, 3), -1, 0, 2), {})],
    "diagflat": lambda make: [((make(3),), {}), ((make(2, 2), 1), {})],
    "as_strided": lambda make: [
        ((make(4, 4), (2, 2), (1, 4)), {}),
        ((make(6), (4, 3), (1, 1)), {}),
        ((make(6), (2,), (2,), 1), {}),
    ],
    "select_scatter": lambda make: [((make(4, 3), make(3), 0, 1), {}), ((make(4, 3), make(4), 1, -1), {})],
    "slice_scatter": lambda make: [
        ((make(4, 3), make(2, 3), 0, 1, 3), {}),
        ((make(4, 3), make(4, 2), 1), {"step": 2}),
        ((make(4, 3), make(4, 3)), {}),
    ],
    "diagonal_scatter": _scatter_pairs,
    "as_strided_scatter": lambda make: [
        ((make(4, 4), make(2, 2), (2, 2), (1, 4)), {}),
        ((make(6), make(2), (2,), (2,), 1), {}),
    ],
    "view_as_real": lambda make: [((_complex(make, 2, 3),), {})],
    "view_as_complex": lambda make: (
        [((make(3, 2),), {})] if not make(1).is_complex() else [((make(3, 2).real.contiguous(),), {})]
    ),
    "real": lambda make: [((_complex(make, 2, 3),), {}), ((make(3),), {})],
    "imag": lambda make: [((_complex(make, 2, 3),), {})],
    "meshgrid": lambda make: [
        ((make(3), make(2)), {"indexing": "ij"}),
        ((make(3), make(2), make(4)), {"indexing": "xy"}),
        ((make(), make(2)), {"indexing": "ij"}),
    ],
    "cartesian_prod": lambda make: [((make(3), make(2)), {}), ((make(3),), {})],
    "combinations": lambda make: [((make(4),), {}), ((make(4), 3), {}), ((make(3), 2, True), {})],
    "detach": lambda make: [((make(2, 3),), {})],
    # copies
    "clone": lambda make: [
        ((make(2, 3),), {}),
        ((_transposed(make),), {}),
        ((_transposed(make),), {"memory_format": make.torch.contiguous_format}),
        ((make(1, 3).expand(2, 3),), {}),
    ],
    "contiguous": lambda make: [
        ((make(2, 3),), {}),
        ((_transposed(make),), {}),
        ((make(1, 2, 3, 4),), {"memory_format": make.torch.channels_last}),
    ],
    "is_contiguous": lambda make: [((make(2, 3),), {}), ((_transposed(make),), {})],
    "fill": lambda make: [((make(2, 3), 1.5), {}), ((make(2, 3), make()), {})],
    "alias_copy": lambda make: [((_transposed(make),), {})],
    "as_strided_copy": lambda make: [((make(2, 3), (2, 2), (1, 2)), {})],
    "diagonal_copy": lambda make: [((make(2, 3, 4), 1, 0, 2), {})],
    "expand_copy": lambda make: [((make(1, 3), (2, 3)), {})],
    "narrow_copy": lambda make: [((make(2, 3), 1, 1, 2), {})],
    "permute_copy": lambda make: [((make(2, 3, 4), (2, 0, 1)), {})],
    "transpose_copy": lambda make: [((make(2, 3, 4), 0, 2), {})],
    "t_copy": lambda make: [((make(2, 3),), {})],
    "squeeze_copy": lambda make: [((make(1, 3, 1),), {}), ((make(1, 3, 1), 0), {}), ((make(1, 3, 1), (0, 2)), {})],
    "unsqueeze_copy": lambda make: [((make(2, 3), 1), {})],
    "unfold_copy": lambda make: [((make(5), 0, 2, 2), {})],
    "view_copy": lambda make: [((make(2, 3), (3, 2)), {})],
    "unbind_copy": lambda make: [((make(2, 3), 1), {})],
    "split_with_sizes_copy": lambda make: [((make(3, 4), (1, 2), 0), {}), ((make(3, 4), (1, 3), 1), {})],
    "Tensor.fill_diagonal_": lambda make: [((make(3, 3).clone(), 2), {}), ((make(6, 2).clone(), 2, True), {})],
    "resolve_conj": lambda make: [((make(2, 3),), {})],
    "resolve_neg": lambda make: [((make(2, 3),), {})],
    "is_conj": lambda make: [((make(2, 3),), {})],
    "is_neg": lambda make: [((make(2, 3),), {})],
    "to": lambda make: [
        ((make(2, 3), make.torch.complex128), {}),
        ((make(2, 3),), {"copy": True}),
        ((make(2, 3), make(1)), {}),
        ((_transposed(make), "cpu", make.torch.complex128), {}),
    ],
    "type_as": lambda make: [((make(2, 3), make(1)), {}), ((make(2, 3), make(1).to(make.torch.complex128)), {})],
    "Tensor.cpu": _casts,
    **dict.fromkeys(_CASTS, _casts),
}
# Integers carry no gradient; small floats are too coarse for numerical derivatives.
NO_GRADIENT = {"detach", "Tensor.fill_diagonal_", "is_contiguous", "is_conj", "is_neg", *_CASTS} - {
    "Tensor.double",
    "Tensor.cdouble",
}
LAYOUT_BOUND = {
    "view",
    "view_as",
    "as_strided",
    "as_strided_scatter",
    "as_strided_copy",
    "is_contiguous",
    "view_as_complex",
}
