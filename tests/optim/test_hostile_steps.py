"""Steps after somebody put something else into groups, state or gradients: PyTorch's numbers or its class of error."""

import pytest
from support import torch


def made(name="Adam", steps=1, **options):
    params = [torch.ones(3, requires_grad=True) for _ in range(2)]
    for p in params:
        p.grad = torch.ones(3)
    optimizer = getattr(torch.optim, name)(params, **options)
    for _ in range(steps):
        optimizer.step()
    return optimizer, params


def in_group(**options):
    return lambda optimizer, params: optimizer.param_groups[0].update(options)


def in_state(key, value):
    return lambda optimizer, params: optimizer.state[params[0]].__setitem__(key, value)


REFUSED = [
    ("Adam", in_group(lr="x"), TypeError),
    ("Adam", in_group(lr=None), TypeError),
    ("Adam", in_group(betas=(0.9, 0.9, 0.9)), ValueError),
    ("Adam", in_group(betas=(0.9,)), ValueError),
    ("Adam", in_group(betas=0.9), TypeError),
    ("Adam", in_group(betas=0.9, eps=(1e-8, 0.0)), TypeError),
    ("Adam", in_group(params=[1]), AttributeError),
    ("Adam", lambda optimizer, params: optimizer.param_groups[0].pop("eps"), KeyError),
    ("Adam", lambda optimizer, params: optimizer.param_groups[0].pop("params"), KeyError),
    ("Adam", in_state("exp_avg", torch.zeros(5)), RuntimeError),
    ("Adam", in_state("exp_avg", torch.zeros(3, dtype=torch.float64)), RuntimeError),
    ("Adam", in_state("exp_avg", None), AttributeError),
    ("Adam", in_state("step", 1), RuntimeError),
    ("Adam", in_state("step", torch.ones(2)), RuntimeError),
    ("Adam", lambda optimizer, params: setattr(optimizer, "state", []), TypeError),
    ("Adam", lambda optimizer, params: optimizer.state.__setitem__(params[0], [1]), TypeError),
    ("SGD", in_group(lr=torch.ones(2)), (TypeError, RuntimeError)),
    ("SGD", in_group(lr=10**400), OverflowError),
]


@pytest.mark.parametrize(("name", "change", "error"), REFUSED)
def test_refused(name, change, error):
    optimizer, params = made(name)
    change(optimizer, params)
    with pytest.raises(error):
        optimizer.step()


def after(name, change, **options):
    optimizer, params = made(name, steps=0, lr=0.5, **options)
    change(optimizer, params)
    optimizer.step()
    return params[0].tolist()


def grad(value):
    return lambda optimizer, params: setattr(params[0], "grad", value)


TAKEN = [
    ("SGD", lambda optimizer, params: optimizer.param_groups[0].update(params=tuple(params)), [0.5, 0.5, 0.5]),
    ("SGD", grad(torch.ones(1).expand(3)), [0.5, 0.5, 0.5]),
    ("SGD", grad(torch.arange(6.0)[::2]), [1.0, 0.0, -1.0]),
    ("SGD", lambda optimizer, params: params[0].requires_grad_(False), [0.5, 0.5, 0.5]),
    ("SGD", in_group(lr=True), [0.0, 0.0, 0.0]),
    ("Adam", in_group(lr=torch.tensor([0.5])), [0.5, 0.5, 0.5]),
    ("Adam", grad(torch.tensor([1.0, float("nan"), -1.0])), [0.5, float("nan"), 1.5]),
    ("SGD", in_group(lr=float("inf")), [float("-inf")] * 3),
]


@pytest.mark.parametrize(("name", "change", "expected"), TAKEN)
def test_taken(name, change, expected):
    assert after(name, change) == pytest.approx(expected, nan_ok=True)


def test_state_that_is_gone_begins_anew():
    optimizer, params = made()
    optimizer.state.clear()
    optimizer.step()
    assert all(optimizer.state[p]["step"].item() == 1 for p in params)


def test_slots_that_share_memory_with_the_gradient():
    optimizer, params = made("Adam", lr=0.1)
    optimizer.state[params[0]]["exp_avg"] = params[0].grad
    optimizer.step()
    assert params[0].grad.tolist() == pytest.approx([1.0] * 3)  # the mean of itself and itself


def test_a_parameter_put_in_the_place_of_another():
    optimizer, _ = made()
    other = torch.ones(2, requires_grad=True)
    other.grad = torch.ones(2)
    optimizer.param_groups[0]["params"][0] = other
    optimizer.step()
    assert len(optimizer.state) == 3 and optimizer.state[other]["step"].item() == 1


def test_the_device_without_memory():
    p = torch.ones(3, device="meta", requires_grad=True)
    p.grad = torch.ones(3, device="meta")
    optimizer = torch.optim.Adam([p])
    optimizer.step()
    assert optimizer.state[p]["exp_avg"].device.type == "meta" and optimizer.state[p]["step"].item() == 1


def test_a_subclass_of_tensor_keeps_its_class():
    class Weight(torch.Tensor):
        pass

    p = torch.ones(3).as_subclass(Weight).requires_grad_()
    p.grad = torch.ones(3)
    torch.optim.SGD([p], lr=0.5).step()
    assert type(p) is Weight and p.tolist() == [0.5] * 3


def test_a_closure_that_fails_changes_nothing():
    optimizer, params = made("SGD", steps=0, lr=0.5)
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    assert params[0].tolist() == [1.0] * 3 and not optimizer.state and torch.is_grad_enabled()


def test_inference_mode():
    optimizer, params = made("SGD", steps=0, lr=0.5)
    with torch.inference_mode():
        optimizer.step()
        frozen = torch.ones(3)
    assert params[0].tolist() == [0.5] * 3
    frozen.grad = torch.ones(3)
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        torch.optim.SGD([frozen], lr=0.5).step()
