"""nn.init: what each function promises, and what it refuses."""

import math

import pytest
from support import torch

init = torch.nn.init


def filled(name, *shape, **options):
    t = torch.empty(*shape, dtype=torch.float64, requires_grad=True)
    result = getattr(init, name)(t, **options)
    assert result is t and t.is_leaf and t.requires_grad
    return t.detach()


@pytest.mark.parametrize(
    "name, std",
    [
        ("xavier_uniform_", math.sqrt(2 / 700)),
        ("xavier_normal_", math.sqrt(2 / 700)),
        ("kaiming_uniform_", math.sqrt(2 / 400)),
        ("kaiming_normal_", math.sqrt(2 / 400)),
    ],
)
def test_deviations(name, std):
    torch.manual_seed(0)
    t = filled(name, 300, 400)
    assert abs(t.mean().item()) < 0.01 * std * 3 and abs(t.std().item() / std - 1) < 0.01


def test_fans_count_the_field():
    assert init._calculate_fan_in_and_fan_out(torch.empty(4, 3, 5, 2)) == (30, 40)
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_normal_(torch.empty(3))
    with pytest.raises(ValueError, match="Mode fan_up not supported"):
        init.kaiming_normal_(torch.empty(2, 2), mode="fan_up")


@pytest.mark.parametrize("a, b, mean, std", [(-2.0, 2.0, 0.0, 1.0), (-0.1, 0.3, 0.0, 1.0), (2.5, 3.0, 1.0, 1.0)])
def test_trunc_normal_stays_inside(a, b, mean, std):
    torch.manual_seed(0)
    t = filled("trunc_normal_", 2000, mean=mean, std=std, a=a, b=b)
    assert t.min() >= a and t.max() <= b and len(set(t.tolist())) == 2000


def test_trunc_normal_warns_far_out():
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(torch.empty(3), mean=9.0)


@pytest.mark.parametrize("shape", [(3, 3), (70, 40), (40, 70), (5, 2, 3), (100, 100)])
def test_orthogonal(shape):
    t = filled("orthogonal_", *shape, gain=2.0).reshape(shape[0], -1)
    t = t if t.shape[0] >= t.shape[1] else t.T
    assert torch.allclose(t.T @ t, 4 * torch.eye(t.shape[1], dtype=t.dtype), atol=1e-12)


def test_orthogonal_of_dependent_rows():
    from adjoint.nn._factors import orthonormal

    q = orthonormal(torch.ones(4, 3, dtype=torch.float64))
    assert torch.isfinite(q).all()


def test_plain_values():
    assert filled("eye_", 2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert filled("constant_", 2, val=0.5).tolist() == [0.5, 0.5]
    assert filled("ones_", 2).tolist() == [1, 1] and filled("zeros_", 2).tolist() == [0, 0]
    t = filled("dirac_", 4, 2, 3, groups=2)
    assert t[:, :, 1].tolist() == [[1, 0], [0, 1]] * 2 and t.sum() == 4
    assert ((filled("sparse_", 10, 4, sparsity=0.25) == 0).sum(0) == 3).all()


def test_a_generator_of_ones_own():
    first = init.normal_(torch.empty(5), generator=torch.Generator().manual_seed(3))
    torch.manual_seed(9)
    second = init.normal_(torch.empty(5), generator=torch.Generator().manual_seed(3))
    assert torch.equal(first, second)


def test_gains():
    assert init.calculate_gain("conv2d") == 1 and init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("leaky_relu", 1) == 1 and init.calculate_gain("selu") == 0.75
    with pytest.raises(ValueError, match="Unsupported nonlinearity gelu"):
        init.calculate_gain("gelu")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", True)


def test_names_of_old():
    with pytest.warns(FutureWarning, match="`nn.init.uniform` is now deprecated in favor of `nn.init.uniform_`"):
        init.uniform(torch.empty(2))


def test_nothing_to_fill():
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_uniform_(torch.empty(0, 3))
    assert init.orthogonal_(torch.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("name", ["trunc_normal_", "orthogonal_", "dirac_", "kaiming_uniform_", "normal_"])
def test_meta(name):
    t = torch.empty(4, 4, 4, device="meta")
    assert getattr(init, name)(t) is t
