"""GradScaler, which works on the CPU, too, and autocast, which is never on."""

import math
import pickle
import warnings

import pytest
from support import IS_TORCH, error_of, torch

ours = pytest.mark.skipif(IS_TORCH, reason="PyTorch has autocast on the CPU")


def made(lr=0.5, **options):
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2, **options)
    return p, torch.optim.SGD([p], lr=lr), scaler


def iteration(p, optimizer, scaler, factor=1.0):
    optimizer.zero_grad()
    scaler.scale((p * factor).sum()).backward()
    scaler.step(optimizer)
    scaler.update()


def test_steps_are_those_of_the_true_gradient():
    p, optimizer, scaler = made()
    optimizer.zero_grad()
    loss = p.sum()
    assert scaler.scale(loss).item() == 4 * loss.item()
    scaler.scale(loss).backward()
    assert p.grad.tolist() == [4.0, 4.0]
    scaler.unscale_(optimizer)
    assert p.grad.tolist() == [1.0, 1.0]
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0.5, 1.5]


def test_the_scale_grows_and_falls():
    p, optimizer, scaler = made()
    scales = []
    for factor in (1.0, 1.0, 1.0, math.inf, 1.0, 1.0):
        before = p.tolist()
        iteration(p, optimizer, scaler, factor)
        scales.append(scaler.get_scale())
        assert (p.tolist() == before) == (factor == math.inf)
    assert scales == [4.0, 8.0, 8.0, 4.0, 4.0, 8.0]
    iteration(p, optimizer, scaler)
    scaler.update(16.0)
    assert scaler.get_scale() == 16.0


def test_states_and_copies():
    p, optimizer, scaler = made()
    iteration(p, optimizer, scaler)
    state = scaler.state_dict()
    assert state == {
        "scale": 4.0,
        "growth_factor": 2.0,
        "backoff_factor": 0.5,
        "growth_interval": 2,
        "_growth_tracker": 1,
    }
    other = torch.amp.GradScaler("cpu")
    other.load_state_dict(state)
    copy = pickle.loads(pickle.dumps(scaler))
    for s in (other, copy):
        iteration(p, optimizer, s)
        assert s.get_scale() == 8.0
    assert "source state dict is empty" in error_of(lambda: other.load_state_dict({}), RuntimeError)


def test_lists_of_outputs():
    _, _, scaler = made()
    a, (b,) = scaler.scale([torch.ones(1), (torch.ones(2),)])
    assert a.item() == 4.0 and b.tolist() == [4.0, 4.0]
    assert "iterable of Tensors" in error_of(lambda: scaler.scale(3), ValueError)


def test_the_order_of_calls():
    p, optimizer, scaler = made()
    assert "Attempted step but _scale is None" in error_of(lambda: scaler.step(optimizer), AssertionError)
    scaler.scale(p.sum()).backward()
    scaler.unscale_(optimizer)
    assert "has already been called on this optimizer" in error_of(lambda: scaler.unscale_(optimizer), RuntimeError)
    scaler.step(optimizer)
    assert "step() has already been called since" in error_of(lambda: scaler.step(optimizer), RuntimeError)
    assert "called after step()" in error_of(lambda: scaler.unscale_(optimizer), RuntimeError)
    scaler.update()
    assert "No inf checks were recorded prior to update" in error_of(scaler.update, AssertionError)
    assert "Closure use is not currently supported" in error_of(
        lambda: scaler.step(optimizer, closure=lambda: 1), RuntimeError
    )
    assert "growth factor must be > 1.0" in error_of(
        lambda: torch.amp.GradScaler("cpu", growth_factor=1.0), AssertionError
    )


def test_a_scaler_that_is_off_passes_on():
    p, optimizer, _ = made()
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    loss = p.sum()
    assert scaler.scale(loss) is loss and not scaler.is_enabled() and scaler.get_scale() == 1.0
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0.5, 1.5] and scaler.state_dict() == {}


def test_what_is_for_cuda_warns_and_is_off():
    with pytest.warns(UserWarning, match="GradScaler is enabled, but CUDA is not available") as caught:
        assert not torch.amp.GradScaler().is_enabled()
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="CUDA is not available"):
        context = torch.autocast("cuda", dtype=torch.float16)
    with context:
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    with pytest.warns(FutureWarning, match="torch.cuda.amp.GradScaler"):
        assert not torch.cuda.amp.GradScaler(enabled=False).is_enabled()
    with pytest.warns(FutureWarning, match="torch.cuda.amp.autocast"), torch.cuda.amp.autocast(enabled=False):
        pass


def test_autocast_that_is_off():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with torch.autocast("cpu", enabled=False), torch.amp.autocast(device_type="cuda", enabled=False):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
            assert not torch.is_autocast_enabled("cpu")

        @torch.autocast("cpu", enabled=False)
        def f(x):
            return x + 1

        assert f(1) == 2
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        torch.autocast("cpu", dtype=torch.float32)
    error_of(lambda: torch.autocast("xyz"), RuntimeError)
    assert torch.get_autocast_dtype("cpu") == torch.bfloat16


@ours
def test_autocast_on_the_cpu_says_what_to_do():
    text = error_of(lambda: torch.autocast("cpu", dtype=torch.bfloat16), NotImplementedError)
    assert "enabled=False" in text and "torch.bfloat16" in text
    assert not torch.amp.is_autocast_available("cpu")


def test_functions_that_ask_for_autocast():
    class Double(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu")
        def forward(ctx, x):
            assert not ctx._fwd_used_autocast
            return 2 * x

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            return 2 * g

    x = torch.ones(1, requires_grad=True)
    Double.apply(x).backward()
    assert x.grad.item() == 2.0


@ours
def test_a_skipped_step_is_no_wrong_order():
    p, optimizer, scaler = made()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for factor in (math.inf, 1.0, 1.0):
            iteration(p, optimizer, scaler, factor)
            scheduler.step()
