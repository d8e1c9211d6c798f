"""Schedules: their rates step by step, resuming, several at once, and the warning on the order of steps."""

import copy
import itertools
import math
import pickle
import warnings

import pytest
from support import IS_TORCH, error_of, torch

lr_scheduler = torch.optim.lr_scheduler
better = pytest.mark.skipif(IS_TORCH, reason="PyTorch does not")


class Halves:
    def __init__(self):
        self.base = 0.5

    def __call__(self, t):
        return self.base**t


# name → (arguments, the rate in step t from a base of 0.1)
CLOSED = {
    "StepLR": ({"step_size": 3, "gamma": 0.5}, lambda t: 0.1 * 0.5 ** (t // 3)),
    "MultiStepLR": ({"milestones": [2, 5, 5]}, lambda t: 0.1 * 0.1 ** ((t >= 2) + 2 * (t >= 5))),
    "ConstantLR": ({"factor": 0.25, "total_iters": 4}, lambda t: 0.1 * (0.25 if t < 4 else 1)),
    "LinearLR": ({"start_factor": 0.5, "total_iters": 4}, lambda t: 0.1 * (0.5 + 0.5 * min(t, 4) / 4)),
    "ExponentialLR": ({"gamma": 0.9}, lambda t: 0.1 * 0.9**t),
    "PolynomialLR": ({"total_iters": 6, "power": 2.0}, lambda t: 0.1 * (1 - min(t, 6) / 6) ** 2),
    "CosineAnnealingLR": (
        {"T_max": 5, "eta_min": 0.02},
        lambda t: 0.02 + 0.08 * (1 + math.cos(math.pi * t / 5)) / 2,
    ),
    "LambdaLR": ({"lr_lambda": Halves()}, lambda t: 0.1 * 0.5**t),
    "MultiplicativeLR": ({"lr_lambda": lambda t: 0.9}, lambda t: 0.1 * 0.9**t),
    "CosineAnnealingWarmRestarts": (
        {"T_0": 2, "T_mult": 2, "eta_min": 0.02},
        lambda t: 0.02 + 0.08 * (1 + math.cos(math.pi * [0, 1 / 2, 0, 1 / 4, 2 / 4, 3 / 4, *(i / 8 for i in range(8))][t])) / 2,
    ),
    "CyclicLR": (
        {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 2, "mode": "triangular2"},
        lambda t: 0.1 + 0.4 * [0, 0.5, 1, 0.5][t % 4] / 2 ** (t // 4),
    ),
    "OneCycleLR": (
        {"max_lr": 0.5, "total_steps": 14, "pct_start": 0.5, "anneal_strategy": "linear", "div_factor": 5.0},
        lambda t: 0.1 + 0.4 * t / 6 if t <= 6 else 0.5 + (1e-5 - 0.5) * (t - 6) / 7,
    ),
}  # fmt: skip
STEPS = 12


def made(tensor=False, name="SGD", **options):
    params = [torch.ones(1, requires_grad=True)]
    if name == "SGD":
        options["momentum"] = 0.9
    return getattr(torch.optim, name)(params, lr=torch.tensor(0.1) if tensor else 0.1, **options)


def take(optimizer, scheduler, n=1):
    rates = []
    for _ in range(n):
        optimizer.step()
        scheduler.step()
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


def test_every_schedule_has_a_row():
    rest = {"SequentialLR", "ChainedScheduler", "ReduceLROnPlateau", "LRScheduler"}
    assert set(lr_scheduler.__all__) == set(CLOSED) | rest
    assert all(getattr(lr_scheduler, n).__module__ == lr_scheduler.__name__ for n in lr_scheduler.__all__)


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("name", list(CLOSED))
def test_rates(name, tensor):
    arguments, expected = CLOSED[name]
    optimizer = made(tensor)
    scheduler = getattr(lr_scheduler, name)(optimizer, **arguments)
    rates = [float(optimizer.param_groups[0]["lr"]), *take(optimizer, scheduler, STEPS)]
    assert rates == pytest.approx([expected(t) for t in range(STEPS + 1)], rel=1e-5 if tensor else 1e-12)
    assert [float(r) for r in scheduler.get_last_lr()] == [rates[-1]] and scheduler.last_epoch == STEPS
    assert isinstance(optimizer.param_groups[0]["lr"], torch.Tensor) == tensor


@pytest.mark.parametrize("name", [n for n in CLOSED if n not in ("CyclicLR", "OneCycleLR")])
def test_a_rate_that_was_changed_by_hand_keeps_its_way(name):
    """What somebody multiplies stays multiplied, as every schedule without a floor multiplies, too."""
    arguments, expected = CLOSED[name]
    arguments = arguments | ({"eta_min": 0.0} if "eta_min" in arguments else {})
    plain, changed = made(), made()
    schedulers = [getattr(lr_scheduler, name)(o, **arguments) for o in (plain, changed)]
    take(plain, schedulers[0]), take(changed, schedulers[1])
    changed.param_groups[0]["lr"] *= 10
    own = name in ("LambdaLR", "CosineAnnealingWarmRestarts")  # these always set their own
    for a, b in zip(take(plain, schedulers[0], 3), take(changed, schedulers[1], 3), strict=True):
        assert b == pytest.approx(a if own else 10 * a)


def sequence(o):
    parts = [
        lr_scheduler.ConstantLR(o, 0.1, 2),
        lr_scheduler.ExponentialLR(o, 0.9),
        lr_scheduler.CosineAnnealingLR(o, 4),
    ]
    return lr_scheduler.SequentialLR(o, parts, [3, 6])


def chain(o):
    return lr_scheduler.ChainedScheduler(
        [lr_scheduler.LinearLR(o, 0.1, total_iters=3), lr_scheduler.ExponentialLR(o, 0.9)]
    )


def test_one_after_the_other():
    optimizer = made()
    scheduler = sequence(optimizer)
    rates = [optimizer.param_groups[0]["lr"], *take(optimizer, scheduler, 8)]
    cosine = [0.05 * (1 + math.cos(math.pi * t / 4)) for t in range(3)]
    assert rates == pytest.approx([0.01, 0.01, 0.1, 0.1, 0.09, 0.081, *cosine])


def test_all_together():
    optimizer = made()
    scheduler = chain(optimizer)
    rates = [optimizer.param_groups[0]["lr"], *take(optimizer, scheduler, 5)]
    assert rates == pytest.approx([0.1 * (0.1 + 0.9 * min(t, 3) / 3) * 0.9**t for t in range(6)])


MAKERS = {
    name: (lambda o, n=name, a=a: getattr(lr_scheduler, n)(o, **copy.deepcopy(a))) for name, (a, _) in CLOSED.items()
}
MAKERS |= {"SequentialLR": sequence, "ChainedScheduler": chain}
MAKERS["SWALR"] = lambda o: torch.optim.swa_utils.SWALR(o, 0.02, anneal_epochs=5)


def options(optimizer):
    return {k: v for k, v in optimizer.param_groups[0].items() if k in ("lr", "momentum", "betas")}


# What is made and loaded, in every order in which a thing is loaded after it is made, and the schedule made after its optimizer.
ORDERS = [
    o
    for o in itertools.permutations(["make", "load optimizer", "load schedule"])
    if o.index("make") < o.index("load schedule")
]


@better
@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.parametrize("order", ORDERS, ids=lambda o: ", ".join(o))
def test_resuming_in_any_order_gives_the_same_rates(name, order):
    for k, kind in itertools.product((0, 1, 3, 7), ("SGD", "Adam")):
        optimizer = made(name=kind)
        scheduler = MAKERS[name](optimizer)
        take(optimizer, scheduler, k)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        expected = [options(optimizer)] + [(take(optimizer, scheduler), options(optimizer)) for _ in range(4)]
        optimizer = made(name=kind)
        resumed = None
        for what in order:
            if what == "make":
                resumed = MAKERS[name](optimizer)
            elif what == "load optimizer":
                optimizer.load_state_dict(copy.deepcopy(saved[0]))
            else:
                resumed.load_state_dict(copy.deepcopy(saved[1]))
        assert [options(optimizer)] + [(take(optimizer, resumed), options(optimizer)) for _ in range(4)] == expected


@better
@pytest.mark.parametrize("name", [n for n in CLOSED if n not in ("MultiplicativeLR", "OneCycleLR")])
def test_resuming_by_last_epoch(name):
    arguments, expected = CLOSED[name]
    optimizer = made()
    optimizer.param_groups[0]["initial_lr"] = 0.1
    scheduler = getattr(lr_scheduler, name)(optimizer, **arguments, last_epoch=4)
    if name in (
        "StepLR",
        "MultiStepLR",
        "ExponentialLR",
        "PolynomialLR",
        "LinearLR",
        "CosineAnnealingLR",
        "ConstantLR",
    ):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected(5))
    assert take(optimizer, scheduler, 3) == pytest.approx([expected(t) for t in (6, 7, 8)])


def test_resuming_needs_the_first_rate():
    assert "param 'initial_lr' is not specified in param_groups[0]" in error_of(
        lambda: lr_scheduler.StepLR(made(), 2, last_epoch=3), KeyError
    )


@pytest.mark.parametrize("name", list(CLOSED))
def test_a_state_is_data(name):
    if name in ("LambdaLR", "MultiplicativeLR"):
        pytest.skip("functions are not saved")
    optimizer = made()
    scheduler = MAKERS[name](optimizer)
    take(optimizer, scheduler, 2)
    state = scheduler.state_dict()
    assert "optimizer" not in state and state["last_epoch"] == 2
    again = pickle.loads(pickle.dumps(state))
    assert again["last_epoch"] == 2 and again["_last_lr"] == state["_last_lr"]


def test_callable_objects_keep_their_attributes():
    optimizer = made()
    function = Halves()
    scheduler = lr_scheduler.LambdaLR(optimizer, function)
    function.base = 0.25
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"base": 0.25}]
    other = lr_scheduler.LambdaLR(made(), Halves())
    other.load_state_dict(state)
    assert other.lr_lambdas[0].base == 0.25 and "lr_lambdas" in state


def test_momentum_goes_the_other_way():
    for name, key in (("SGD", "momentum"), ("Adam", "betas")):
        optimizer = made(name=name)
        scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10, pct_start=0.5)
        seen = []
        for _ in range(9):
            take(optimizer, scheduler)
            value = optimizer.param_groups[0][key]
            seen.append(value[0] if key == "betas" else value)
        assert seen[3] == pytest.approx(0.85) and seen[-1] == pytest.approx(0.95)
    assert "must support momentum or beta1" in error_of(
        lambda: lr_scheduler.CyclicLR(torch.optim.Adagrad([torch.ones(1, requires_grad=True)]), 0.1, 0.2), ValueError
    )


def test_too_many_steps_of_one_cycle():
    optimizer = made()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    take(optimizer, scheduler, 3)
    assert "Tried to step 4 times. The specified number of total steps is 3" in error_of(
        lambda: take(optimizer, scheduler), ValueError
    )


def test_plateaus():
    optimizer = made()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.02)
    rates = []
    for metric in (5, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3):
        optimizer.step()
        scheduler.step(torch.tensor(float(metric)))
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [0.1] * 3 + [0.05] * 3 + [0.025] * 4 + [0.02] * 6
    state = scheduler.state_dict()
    fresh = made()
    other = lr_scheduler.ReduceLROnPlateau(fresh)
    other.load_state_dict(state)
    assert other.best == 3 and other.patience == 1 and (IS_TORCH or fresh.param_groups[0]["lr"] == 0.02)
    assert "mode x is unknown!" in error_of(lambda: lr_scheduler.ReduceLROnPlateau(made(), "x"), ValueError)


def test_a_step_to_an_epoch_is_deprecated():
    optimizer = made()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step\\(\\)` was not necessary"):
        scheduler.step(3)
    assert scheduler.last_epoch == 3 and optimizer.param_groups[0]["lr"] == 0.1 * 0.125
    with pytest.warns(UserWarning, match="please use `get_last_lr\\(\\)`"):
        scheduler.get_lr()
    restarts = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4)
    restarts.step(1.5)
    assert restarts.get_last_lr() == [0.1 * (1 + math.cos(math.pi * 1.5 / 4)) / 2]


# --- the order of steps ---


def no_warning(f):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f()


def test_the_wrong_order_is_told_of():
    optimizer = made()
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(
        UserWarning, match="Detected call of `lr_scheduler.step\\(\\)` before `optimizer.step\\(\\)`"
    ) as caught:
        scheduler.step()
    assert caught[0].filename == __file__


def test_the_right_order_is_not():
    optimizer = made()
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    no_warning(lambda: take(optimizer, scheduler, 3))


@better
def test_the_wrong_order_after_a_backward_pass_is_told_of_at_the_optimizers_step():
    optimizer = made()
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    p = optimizer.param_groups[0]["params"][0]
    p.sum().backward()
    no_warning(scheduler.step)
    with pytest.warns(
        UserWarning, match=r"Detected call.*\(lr_scheduler.step\(\) was at test_schedulers.py:\d+\)"
    ) as caught:
        optimizer.step()
    assert caught[0].filename == __file__
    no_warning(optimizer.step)


@better
@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_step_that_a_scaler_skipped_is_no_alarm(set_to_none):
    optimizer = made()
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    p = optimizer.param_groups[0]["params"][0]

    def train():
        for i in range(3):
            optimizer.zero_grad(set_to_none)
            p.sum().backward()
            if i > 0:
                optimizer.step()
            scheduler.step()

    no_warning(train)


@better
def test_a_wrapped_step_is_no_alarm():
    optimizer = made()
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    step = optimizer.step
    optimizer.step = lambda: step()
    no_warning(lambda: take(optimizer, scheduler, 2))
    second = lr_scheduler.StepLR(optimizer, 2)
    no_warning(second.step)


def test_steps_of_other_optimizers_count():
    class Mine(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

        def step(self, closure=None):
            pass

    optimizer = Mine([torch.ones(1, requires_grad=True)])
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    no_warning(lambda: take(optimizer, scheduler, 2))


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("ConstantLR", {"factor": 1.5}, "Constant multiplicative factor expected to be between 0 and 1."),
        ("LinearLR", {"start_factor": 0.0}, "Starting multiplicative factor expected to be greater than 0"),
        ("LambdaLR", {"lr_lambda": [abs, abs]}, "Expected 1 lr_lambdas, but got 2"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": [0.1, 0.2]}, "max_lr must have the same length as optimizer.param_groups."),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "mode": "x"}, "mode is invalid and scale_fn is None"),
        ("OneCycleLR", {"max_lr": 0.1}, "You must define either total_steps OR (epochs AND steps_per_epoch)"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 0}, "Expected positive integer total_steps, but got 0"),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "pct_start": 2}, "Expected float between 0 and 1 pct_start, but got 2"),
        ("CosineAnnealingWarmRestarts", {"T_0": 0}, "Expected positive integer T_0, but got 0"),
        ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 0}, "Expected integer T_mult >= 1, but got 0"),
        ("ReduceLROnPlateau", {"factor": 1.0}, "Factor should be < 1.0."),
    ],
)  # fmt: skip
def test_refused(name, arguments, error):
    assert error_of(lambda: getattr(lr_scheduler, name)(made(), **arguments), ValueError).startswith(error)


def test_only_optimizers_have_schedules():
    assert error_of(lambda: lr_scheduler.StepLR(3, 2), TypeError) == "int is not an Optimizer"
    optimizer, other = made(), made()
    parts = [lr_scheduler.StepLR(optimizer, 2), lr_scheduler.StepLR(other, 2)]
    assert "expects all schedulers to belong to the same optimizer" in error_of(
        lambda: lr_scheduler.SequentialLR(optimizer, parts, [2]), ValueError
    )
    assert "does not support `ReduceLROnPlateau`" in error_of(
        lambda: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(optimizer)]), ValueError
    )
