"""Normalisations and losses of classes beside PyTorch: samples of the catalogue, bad arguments, running statistics."""

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import nn_classes, nn_norm

import adjoint
from parity.side_by_side import check_sample

NAMES = sorted(nn_norm.SAMPLES.keys() | nn_classes.SAMPLES.keys())
# One node here, several there (docs/pytorch.md).
OTHER_NODES = {
    *("nn.functional.cross_entropy", "nn.functional.nll_loss", "nn.functional.rms_norm", "rms_norm"),
    *("nn.functional.instance_norm", "instance_norm", "nn.functional.batch_norm", "native_batch_norm"),
    *("nn.functional.local_response_norm", "native_group_norm", "nn.functional.normalize"),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_samples(name, dtype):
    for i in range(len(catalogue.samples(adjoint, name, getattr(adjoint, dtype)))):
        check_sample(name, dtype, i, dtype == "float64", node_names=name not in OTHER_NODES)
