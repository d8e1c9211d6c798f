"""Where Adjoint and PyTorch differ on purpose: the kind of difference, the function, the text, and the reason."""

import re

# (kind, pattern of the function, pattern of the text, reason); no pattern fits all.
KNOWN = [
    ("only PyTorch raises", "", r"not implemented for '|not supported for|NotImplementedError|(does )?not support|unsupported|only supported for", "PyTorch has no kernel for this type"),
    ("only PyTorch raises", "", r"is not implemented", "PyTorch has no derivative"),
    ("only PyTorch raises", "", r"missing \d+ required positional|unexpected keyword argument|received an invalid combination|positional arguments but", "a keyword or a form of arguments that PyTorch's parser does not take"),
    ("only PyTorch raises", "", r"memory_format' must be|Unsupported memory format", "None is a memory format"),
    ("only PyTorch raises", "", r"Negative strides are not supported|IntArrayRef contains an int", "PyTorch's slices overflow"),
    ("only PyTorch raises", "", r"without overflow", "a number beyond the type becomes infinite"),
    ("only PyTorch raises", "fmod|remainder|floor_divide", r"ZeroDivisionError", "a number beyond the tensor's type does not wrap to 0"),
    ("only PyTorch raises", "", r"xpected (the )?out|expected out tensor|dtype of out|Found dtype|the output given to|output indices must be|only supports bool tensor for result|output tensor's dtype|the dtype for input and out|result must have the same scalar type", "out= of another type is filled, with a cast"),
    ("only PyTorch raises", "", r"view size is not compatible", "PyTorch's own view of a strided operand fails"),
    ("only PyTorch raises", "full", r"must be Number, not Tensor", "full takes a tensor of one element"),
    ("only PyTorch raises", "logsumexp", r"doesn't match the broadcast shape", "out= is given the result's shape"),
    ("only PyTorch raises", "unflatten", r"unexpected error", "PyTorch's text for sizes it cannot use"),
    ("only Adjoint raises", "", r"more than one element of the written-to tensor|refer to a single memory location", "writes into memory that overlaps itself are refused in every layout"),
    ("only Adjoint raises", "matrix_power", "needs the inverse", "no inverse yet"),
    ("only Adjoint raises", "norm", "needs singular values", "no singular values yet"),
    ("only Adjoint raises", "", "numpy.complex", "a complex number is no float"),
    ("only Adjoint raises", "", "int too big to convert", "an integer beyond 64 bits with a sign is refused"),
    ("only Adjoint raises", "", "out=... arguments don't support automatic", "asked before the operation's derivative is known to be none"),
    ("only Adjoint raises", "hardtanh_", "min_val cannot be greater", "hardtanh_ asks as hardtanh does"),
    ("only Adjoint raises", "item|take_along_dim|gather|index_put", r"index -?\d+ is out of bounds", "indices are looked at where nothing is read, too"),
    ("value", "get_rng_state|initial_seed|data_ptr|seed", "", "a state of the process"),
    ("value", "special.(chebyshev|shifted|hermite|laguerre|legendre)", "nan, PyTorch", "a polynomial of NaN order is NaN"),
    ("value", "bessel", r"-?0.0, PyTorch nan", "Bessel functions vanish at infinity"),
    ("value", "bessel_[jy]", "float64|float32", "PyTorch's Bessel functions are right to 1e-8 only, and not far out"),
    ("value", "special.(chebyshev|shifted|hermite|laguerre|legendre)", "inf, PyTorch nan", "a polynomial that overflows is infinite"),
    ("only Adjoint raises", "_out=", "Expected reduction dim", "out= does not change what an empty tensor may be asked"),
    ("dtype", "normal", "int64", "normal numbers are floating numbers"),
    ("value", "median", "", "PyTorch's median of an expanded tensor reads what it has moved"),
    ("value", "trapezoid|trapz", "", "x of more dimensions than y: PyTorch counts dim in y"),
    ("shape", "trapezoid|trapz", "", "x of more dimensions than y: PyTorch counts dim in y"),
    ("only Adjoint raises", "", "needs an argument", "self= is no keyword of a method"),
    ("only Adjoint raises", "", "not implemented for", "a type without the operation is refused in empty tensors, too"),
    ("only Adjoint raises", "div", "ZeroDivisionError", "division by 0 is refused in empty tensors, too"),
    ("only Adjoint raises", "_out=", "can't be cast", "out= takes what the result's type can be cast to"),
    ("only Adjoint raises", "addbmm_", "broadcast shape", "an in-place operation keeps its shape"),
    ("value", "_out=", "", "computed in the type of out="),
    ("shape", "_out=", "", "out= is given the result's shape"),
    ("dtype", "complex", "complex64, PyTorch torch.complex32", "no complex numbers of halves"),
]  # fmt: skip
_COMPILED = [(kind, re.compile(where), re.compile(what), why) for kind, where, what, why in KNOWN]


def reason(kind, call, text):
    """Why this difference is wanted, or None."""
    function = call.text + ("_out=" if "out" in call.kwargs else "")
    for known, where, what, why in _COMPILED:
        if kind == known and where.search(function) and what.search(text):
            return why
    return None
