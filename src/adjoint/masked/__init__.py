"""Reductions and normalisations that count only the elements where a mask is true. There is no MaskedTensor."""

from __future__ import annotations

from adjoint.masked._ops import (
    _input_mask as _input_mask,
)
from adjoint.masked._ops import (
    _output_mask as _output_mask,
)
from adjoint.masked._ops import (
    amax,
    amin,
    argmax,
    argmin,
    cumprod,
    cumsum,
    log_softmax,
    logaddexp,
    logsumexp,
    mean,
    median,
    norm,
    normalize,
    prod,
    softmax,
    softmin,
    std,
    sum,
    var,
)

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "mean",
    "median",
    "norm",
    "normalize",
    "prod",
    "softmax",
    "softmin",
    "std",
    "sum",
    "var",
]
