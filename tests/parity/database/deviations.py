"""Where Adjoint and PyTorch differ on purpose: each with its reason, which docs/pytorch.md tells users, too."""

from __future__ import annotations

import re
from typing import NamedTuple


class Deviation(NamedTuple):
    operators: str  # a regular expression over names, whole
    failures: str  # a regular expression over the text of a failure
    reason: str


# What the database names and Adjoint does not have, and why.
ABSENT = {
    r"jiterator_.*": "compiles CUDA code",
    r"sparse\..*|to_sparse": "sparse tensors",
    r"chalf": "complex32",
    r"torch\._scaled_mm.*": "float8",
    r"bmm\.triton_optimized|torch\.ops\.aten\..*": "kernels of PyTorch's own compiler and dispatcher",
}

TYPE_ERRORS = (
    r"(dtype|scalar[ _]type|same type|non-boolean|supports? bool|expects? (bool|Long|T) tensor|different dtypes"
    r"|complex tensors|integral|data ?type)"
)
KNOWN = [
    Deviation(
        ".*",
        rf"out \S+ .*accepted, PyTorch raises \w+: .*({TYPE_ERRORS}|not implemented for|output values must be|Expected out type)",
        "out= of any type that can hold the result is taken by every operation",
    ),
    Deviation(
        ".*",
        r"errors .*accepted, PyTorch raises RuntimeError: (Expected out tensor to have dtype|multinomial expects Long"
        r"|Expected object of scalar type \w+ but got scalar type \w+ for argument 'out')",
        "out= of any type that can hold the result is taken by every operation",
    ),
    Deviation(
        ".*",
        r"out \S+ .*raises \w+: result type \w+ can't be cast to the desired output type",
        "out= never loses what a result has: a real number is not rounded into an integer",
    ),
    Deviation(
        "gather|take|cat|masked_select|kthvalue",
        r"(accepted|not resizable), PyTorch .*unsupported operation: some elements of the input tensor and the written-to",
        "out= may be one of the operands",
    ),
    Deviation(
        ".*",
        r"dtypes .*accepted, PyTorch raises \w+: .*(not implemented for|Unsupported input type|must be a floating point"
        r"|can't be cast to the desired output type)",
        "more types are taken",
    ),
    Deviation(
        "mode|softmax|log_softmax|nn.functional.softmin|bernoulli|logspace|nn.functional.pdist|tensordot"
        "|nn.functional.(linear|embedding|adaptive_avg_pool1d)",
        r"dtypes .*: raises NotImplementedError: .*not implemented for",
        "a type that an operation does not take is refused where there are no elements, too",
    ),
    Deviation(".*", "tensors of more than 64 dimensions", "tensors have at most 64 dimensions"),
    Deviation(
        "complex|view_as_complex|polar",
        r"complex32|ComplexHalf|view_as_complex is only supported",
        "there is no complex32",
    ),
    Deviation("special[.](bessel_[jy][01]|airy_ai)", r".*differs", "PyTorch has fewer digits: docs/accuracy.md"),
    Deviation("(special[.])?polygamma.*", r"u?int\d+ .*differs", "polygamma at a pole is infinite, not a large number"),
    Deviation(
        "trapezoid|trapz|cumulative_trapezoid",
        r"u?int\d+ .*differs",
        "values at the ends of small integers do not wrap",
    ),
    Deviation(
        "special[.].*|histc",
        r"out recorded .*raises RuntimeError: \w+\(\): functions with out=",
        "functions that PyTorch does not derive have derivatives, so out= asks for no_grad, as everywhere",
    ),
    Deviation("as_strided_scatter", "gradient", "what src overwrites has no gradient"),
    Deviation("nn.functional.ctc_loss", "gradient", "the gradient is the loss's derivative, whatever the input"),
    Deviation("nn.functional.linear_cross_entropy.chunked", "second", "the second derivative is the function's, not 0"),
    Deviation("nn.functional.soft_margin_loss", "float16 .*PyTorch inf", "soft_margin_loss is finite far out"),
    Deviation(
        "nn.functional.soft_margin_loss", "raises NotImplementedError.*Complex", "losses of complex numbers: not there"
    ),
    Deviation(
        ".*",
        r"(noncontiguous|transposed|layout): .*(strides|view size is not compatible|memory_format.*to be true)",
        "results of operands with unusual strides may have another layout, with the same values",
    ),
    Deviation(
        ".*",
        r"raises (RuntimeError|TypeError): .*PyTorch NotImplementedError: .*(not implemented for|complex types)",
        "a refused type may be a RuntimeError, whose subclass NotImplementedError is",
    ),
    Deviation(
        ".*",
        r"out \S+ .*: (warns|does not warn) that out was resized",
        "whenever an out= that has elements is resized there is a warning, save for what is newly made",
    ),
    Deviation(
        "matmul|nn.functional.linear|tensordot|inner",
        r"out spread .*strides",
        "an out= of the right size keeps its strides",
    ),
    Deviation(
        "narrow_copy|nn.functional.avg_pool3d", r"out spread .*differs", "an out= with gaps is written at its places"
    ),
    Deviation(
        "amax|amin|mean|masked_select|cumsum|cumprod",
        r"out meta .*raises RuntimeError: Expected all tensors to be on the same device",
        "an out= on another device is always refused",
    ),
    Deviation(
        "split_with_sizes_copy|unbind_copy",
        r"out recorded .*raises RuntimeError",
        "out= that requires grad is always refused",
    ),
    Deviation("nn.functional.triplet_margin_loss", r"errors .*got -1, PyTorch", "a number is shown without .0"),
    Deviation(
        "multinomial|amax|amin",
        r"errors .*text",
        "out= of another type than the result's: the sentence is the same for all operations",
    ),
    Deviation("native_group_norm", "accepted, PyTorch .*is_contiguous", "any layout is taken"),
    Deviation(
        "linspace.*|logspace.*|narrow_copy|nn.functional.(adaptive_max_pool[23]d|max_pool1d)",
        "errors .*(text|Dimension out of range)",
        "the sentence says what is wrong, where PyTorch's is about its own code",
    ),
]


def reason_absent(name):
    return next((why for pattern, why in ABSENT.items() if re.fullmatch(pattern, name)), None)


def reason_known(name, failure):
    for known in KNOWN:
        if re.fullmatch(known.operators, name) and re.search(known.failures, failure):
            return known.reason
    return None
