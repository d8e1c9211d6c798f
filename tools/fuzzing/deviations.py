"""Where Adjoint and PyTorch differ on purpose: kinds of difference, patterns of functions and texts, and the reason."""

import re

# (kinds, pattern of the function, pattern of the difference, reason)
KNOWN = [
    (
        "only PyTorch raises",
        "",
        r"not implemented for '|not supported for|NotImplementedError|does not support|unsupported|not support",
        "PyTorch has no kernel for this type",
    ),
    ("only PyTorch raises", "", r"derivative .* not implemented|is not implemented", "PyTorch has no derivative"),
    (
        "only PyTorch raises",
        "",
        r"missing \d+ required positional|unexpected keyword argument '(input|self)'|received an invalid combination",
        "a keyword or a form of arguments that PyTorch's parser does not take",
    ),
    (
        "only PyTorch raises",
        "",
        r"must be torch.memory_format, not NoneType|Unsupported memory format",
        "None is a memory format",
    ),
    (
        "only PyTorch raises",
        "",
        r"Negative strides are not supported|IntArrayRef contains an int",
        "PyTorch's slices overflow",
    ),
    ("only PyTorch raises", "", r"without overflow", "a number beyond the type becomes infinite"),
    (
        "only Adjoint raises",
        "",
        r"more than one element of the written-to tensor|refer to a single memory location",
        "writes into memory that overlaps itself are refused in every layout",
    ),
    ("only Adjoint raises", "matrix_power", "needs the inverse", "no inverse yet"),
    ("only Adjoint raises", "", "not numpy.complex", "a complex number is no float"),
    ("value", "get_rng_state|initial_seed|data_ptr|seed", "", "a state of the process"),
]
_COMPILED = [(set(kinds.split("|")), re.compile(where), re.compile(what), why) for kinds, where, what, why in KNOWN]


def reason(kind, call, text):
    """Why this difference is wanted, or None."""
    for kinds, where, what, why in _COMPILED:
        if kind in kinds and where.search(call.text) and what.search(text):
            return why
    return None
