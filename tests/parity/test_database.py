"""A slice of PyTorch's operator database: one sample of two types, in every form. `tests/parity/opinfo.py` runs all."""

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

OPERATORS = {label_of(op): op for op in op_db if re.match(r"[a-z_A-Z]", op.name)}


@pytest.mark.parametrize("label", list(OPERATORS))
@pytest.mark.filterwarnings("ignore")
def test_operator(label):
    op = OPERATORS[label]
    try:
        Bridge(torch, adjoint).function(op.name, op.variant_test_name)
    except Missing:
        pytest.skip("not in Adjoint")
    forms = [form for form in FORMS if form != "dtypes"]
    counts = Forms(torch, adjoint, op, forms, ["int64", "float64"], limit=1).run()
    failures = [f for count in counts.values() for f in count.failures if reason_known(label, f) is None]
    assert not failures, "\n".join(failures[:8])
