"""Tensors of two devices in one call: an error that names both, and never memory that is not there."""

import catalogue
import pytest
from test_catalogue import call, replace, tensors

import adjoint as torch

# Shapes, types and positions may come from another device; a copy goes from one to another.
ACROSS = {"view_as", "reshape_as", "expand_as", "type_as", "resize_as_", "copy_", "to"}
BOTH = r"same device, but found at least two devices, (cpu and meta|meta and cpu)!"


@pytest.mark.parametrize("name", catalogue.names())
def test_tensors_of_two_devices_are_refused_by_name(name):
    for args, kwargs in catalogue.samples(torch, name, torch.float32):
        given = tensors(args)
        if sum(t.ndim > 0 for t in given) < 2:
            continue
        for moved in range(len(given)):
            if not given[moved].ndim:
                continue
            mixed = [t.to("meta") if i == moved else t for i, t in enumerate(given)]
            if name in ACROSS:
                continue
            with pytest.raises(RuntimeError, match=BOTH + "|indices should be either on cpu"):
                call(name)(*replace(args, iter(mixed)), **kwargs)


def test_a_product_of_two_devices_names_both():
    with pytest.raises(RuntimeError, match="found at least two devices, cpu and meta!"):
        torch.ones(3, 3) @ torch.ones(3, 3, device="meta")


def test_a_number_of_the_cpu_goes_with_every_device():
    y = torch.ones(3, device="meta") * torch.tensor(2.0)
    assert y.device.type == "meta" and y.shape == (3,)
    assert (torch.tensor(2.0) - torch.ones(3, device="meta")).device.type == "meta"


def test_indices_of_the_cpu_index_every_device():
    x = torch.ones(4, 3, device="meta")
    assert x[torch.tensor([0, 2])].shape == (2, 3)
    assert x[torch.tensor([0, 2]), torch.tensor([1, 1])].device.type == "meta"
    with pytest.raises(RuntimeError, match="indices should be either on cpu or on the same device"):
        torch.ones(4)[torch.ones(2, dtype=torch.int64, device="meta")]


def test_assignment_from_another_device_is_refused():
    x = torch.zeros(3)
    with pytest.raises(RuntimeError, match=BOTH):
        x[torch.tensor([0, 1])] = torch.ones(2, device="meta")
    with pytest.raises(NotImplementedError, match="no data"):
        x[:2] = torch.ones(2, device="meta")
    assert x.tolist() == [0, 0, 0]


def test_a_gradient_does_not_come_back_from_a_device_without_memory():
    w = torch.ones(3, requires_grad=True)
    y = torch.zeros(3, device="meta").copy_(w)
    with pytest.raises(NotImplementedError, match="no data"):
        y.sum().backward()
    assert w.grad is None


def test_meta_tensors_hand_out_no_memory():
    x = torch.ones(3, device="meta")
    for read in (x.item, x.tolist, lambda: x.storage().tolist(), lambda: float(x)):
        with pytest.raises((RuntimeError, ValueError)):
            read()
    with pytest.raises(NotImplementedError, match="no data"):
        torch.zeros(3).copy_(x)
