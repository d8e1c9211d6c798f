"""A slice of PyTorch's operator database: one sample of one type, in every form. `tests/parity/opinfo.py` runs all."""

from __future__ import annotations

import re
import warnings

import pytest

torch = pytest.importorskip("torch")

import adjoint

from .database.bridge import Bridge, Missing
from .database.deviations import reason_known
from .database.forms import FORMS, Forms
from .opinfo import label_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

# Families that are not held to all forms yet: `opinfo.py` tells how they stand.
LATER = (
    r"(linalg|fft|masked|signal|sparse)[.]|histogram|svd|lowrank|cholesky|_segment|index_reduce|gradient|unravel|.*nonzero_st"
    r"|_chunk|_?native|slice|lu($|_)|logdet|geqrf|ormqr|pinverse|matrix_exp|triangular|qr|hash|empty_perm|__rdiv"
    r"|.*norm|i?stft|special[.](bessel|airy)|_(batch|unsafe|upsample|softmax)|addbmm|max_pool2d_with|cdist|torch[.]"
)
OPERATORS = {label_of(op): op for op in op_db if not re.match(LATER, label_of(op))}


@pytest.mark.parametrize("label", list(OPERATORS))
@pytest.mark.filterwarnings("ignore")
def test_operator(label):
    op = OPERATORS[label]
    try:
        Bridge(torch, adjoint).function(op.name, op.variant_test_name)
    except Missing:
        pytest.skip("not in Adjoint")
    forms = [form for form in FORMS if form != "dtypes"]
    dtypes = ["float64" if torch.float64 in op.supported_dtypes("cpu") else "int64"]
    counts = Forms(torch, adjoint, op, forms, dtypes, limit=1).run()
    failures = [f for count in counts.values() for f in count.failures if reason_known(label, f) is None]
    assert not failures, "\n".join(failures[:8])
