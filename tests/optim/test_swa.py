"""Averages of weights."""

import pytest
from support import IS_TORCH, error_of, run, torch

swa = torch.optim.swa_utils


def model():
    return torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 1))


def with_weights(m, value):
    with torch.no_grad():
        for p in m.parameters():
            p.fill_(value)
    return m


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 7 / 3),
        ({"avg_fn": swa.get_swa_avg_fn()}, 7 / 3),
        ({"multi_avg_fn": swa.get_swa_multi_avg_fn()}, 7 / 3),
        ({"avg_fn": swa.get_ema_avg_fn(0.5)}, 0.25 * 1 + 0.25 * 2 + 0.5 * 4),
        ({"multi_avg_fn": swa.get_ema_multi_avg_fn(0.5)}, 0.25 * 1 + 0.25 * 2 + 0.5 * 4),
        ({"multi_avg_fn": lambda averages, now, n: [a.add_(p) for a, p in zip(averages, now, strict=True)]}, 7.0),
    ],
)
def test_averages(options, expected):
    m = model()
    averaged = swa.AveragedModel(m, **options)
    for value in (1.0, 2.0, 4.0):
        averaged.update_parameters(with_weights(m, value))
    assert averaged.n_averaged.item() == 3
    for p in averaged.parameters():
        assert torch.allclose(p, torch.full_like(p, expected))
    assert averaged(torch.ones(1, 2)).shape == (1, 1)
    assert sorted(averaged.state_dict())[:2] == ["module.0.weight", "module.1.bias"]


def test_buffers():
    m = model()
    m.register_buffer("seen", torch.tensor(0.0))
    copied, averaged = swa.AveragedModel(m), swa.AveragedModel(m, use_buffers=True)
    for value in (1.0, 3.0):
        m.seen.fill_(value)
        copied.update_parameters(m)
        averaged.update_parameters(m)
    assert copied.module.seen.item() == 3.0 and averaged.module.seen.item() == 2.0


def test_refused():
    assert "Invalid decay value 2" in error_of(lambda: swa.get_ema_avg_fn(2), ValueError)
    both = {"avg_fn": swa.get_swa_avg_fn(), "multi_avg_fn": swa.get_swa_multi_avg_fn()}
    assert "Only one of avg_fn and multi_avg_fn" in error_of(lambda: swa.AveragedModel(model(), **both), AssertionError)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_the_schedule_ends_at_its_rate(strategy):
    optimizer = torch.optim.SGD(model().parameters(), lr=0.1)
    scheduler = swa.SWALR(optimizer, swa_lr=0.02, anneal_epochs=4, anneal_strategy=strategy)
    rates = []
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[1] == pytest.approx(0.06) and rates[3:] == pytest.approx([0.02] * 3)


def test_batch_norms_get_the_statistics_of_the_average():
    torch.manual_seed(0)
    m = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Identity())
    averaged = swa.AveragedModel(m).eval()
    averaged.update_parameters(m)
    data = [torch.randn(8, 2) for _ in range(3)]
    swa.update_bn([(x, None) for x in data], averaged)
    norm = averaged.module[1]
    expected = torch.stack([m[0](x).mean(0) for x in data]).mean(0)
    assert torch.allclose(norm.running_mean, expected, atol=1e-6)
    assert norm.momentum == 0.1 and not averaged.training and norm.num_batches_tracked.item() == 3
    swa.update_bn(data, model())  # nothing to do


@pytest.mark.skipif(IS_TORCH, reason="PyTorch imports all")
def test_optimizers_alone_do_not_import_layers():
    code = "import sys\ntorch.optim.SGD([torch.ones(1, requires_grad=True)]).step()\n"
    code += "print('adjoint.nn.modules' in sys.modules)\nprint(torch.optim.swa_utils.SWALR.__name__)"
    assert run(code) == ["False", "SWALR"]
