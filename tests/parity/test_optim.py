"""Optimizers and schedulers beside PyTorch: its own database of options, states both ways, rates over grids."""

import copy
import importlib
import io
import re
import warnings

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from torch.testing._internal.common_optimizers import optim_db

import adjoint

pytestmark = pytest.mark.parity
LIBRARIES = (torch, adjoint)


def converted(value, seen):
    """PyTorch's tensors in nested tuples, lists and dicts as ours, the same one for the same one."""
    if isinstance(value, torch.Tensor):
        if id(value) not in seen:
            new = adjoint.tensor(value.detach().tolist(), dtype=getattr(adjoint, str(value.dtype)[6:]))
            seen[id(value)] = new.requires_grad_(value.requires_grad)
            if value.grad is not None:
                new.grad = converted(value.grad, seen)
        return seen[id(value)]
    if isinstance(value, dict):
        return {k: converted(v, seen) for k, v in value.items()}
    return type(value)(converted(v, seen) for v in value) if isinstance(value, (tuple, list)) else value


def cases():
    for info in optim_db:
        for i, given in enumerate(info.optim_inputs_func("cpu", torch.float32)):
            for dtype in ("float32", "float64", "complex64"):
                if dtype == "float32" or info.optim_cls.__name__ not in ("Adafactor", "Muon", "SparseAdam"):
                    yield pytest.param(info, given, dtype, id=f"{info.optim_cls.__name__}-{i}-{dtype}")


def numbers(dtype, matrix):
    generator = np.random.default_rng(0)
    sizes = [(3, 4), (5, 2)] if matrix else [(3, 4), (4,), (2, 3, 2), ()]

    def draw():
        made = [np.asarray(generator.standard_normal(s)) for s in sizes]
        return [a + 1j * a[::-1] if a.ndim else a + 1j for a in made] if dtype == "complex64" else made

    return draw


def trained(library, name, options, dtype, steps=20):
    """The parameters after some steps, or the exception."""
    draw = numbers(dtype, name == "Muon")
    dtype = getattr(library, dtype)
    try:
        params = [library.tensor(a, dtype=dtype).requires_grad_() for a in draw()]
        if options.get("differentiable"):
            params, steps = [p.clone() for p in params], 1
            for p in params:
                p.retain_grad()
        optimizer = getattr(library.optim, name)(params, **options)
        for _ in range(steps):
            if name != "SparseAdam":
                for p, g in zip(params, draw(), strict=True):
                    p.grad = library.tensor(g, dtype=dtype)
            optimizer.step(*[lambda: library.tensor(1.0)] * (name == "LBFGS"))
        return [p.detach().numpy() for p in params]
    except Exception as error:
        return error


@pytest.mark.parametrize(("info", "given", "dtype"), list(cases()))
def test_pytorchs_database(info, given, dtype):
    name = info.optim_cls.__name__
    options = copy.deepcopy(given.kwargs)
    a = trained(torch, name, options, dtype)
    b = trained(adjoint, name, converted(copy.deepcopy(given.kwargs), {}), dtype)
    if isinstance(a, Exception) or isinstance(b, Exception):
        assert type(a) is type(b) and str(a) == str(b)
        return
    tolerance = {"float32": 5e-6, "complex64": 5e-6, "float64": 1e-7}[dtype]  # a tensor lr is a float32 in PyTorch
    if name == "Muon":
        tolerance = 3e-4  # products of bfloat16
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(y, x, rtol=tolerance, atol=tolerance)


def errors():
    for info in optim_db:
        for i, case in enumerate(info.optim_error_inputs_func("cpu", torch.float32)):
            if not any(
                getattr(p, "is_sparse", False) for p in case.optimizer_error_input.params or () if torch.is_tensor(p)
            ):
                yield pytest.param(info, case, id=f"{info.optim_cls.__name__}-{i}")


@pytest.mark.parametrize(("info", "case"), list(errors()))
def test_pytorchs_errors(info, case):
    given = case.optimizer_error_input
    if "Sparse" in case.error_regex:
        pytest.skip("there are no sparse tensors")
    cls = getattr(adjoint.optim, info.optim_cls.__name__)

    def fail():
        seen = {}
        optimizer = cls(
            converted(given.params, seen) or [adjoint.ones(2, 2, requires_grad=True)], **converted(given.kwargs, seen)
        )
        if "STEP" in str(case.error_on):
            optimizer.step()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if issubclass(case.error_type, Warning):
            with pytest.raises(case.error_type, match=case.error_regex):
                fail()
            return
        with pytest.raises(case.error_type, match=case.error_regex):
            fail()


STATES = [("SGD", {"momentum": 0.9}), ("Adam", {"amsgrad": True}), ("AdamW", {}), ("NAdam", {}), ("RAdam", {}), ("Adamax", {}), ("Adagrad", {}), ("Adadelta", {}), ("RMSprop", {"centered": True, "momentum": 0.5}), ("Rprop", {}), ("ASGD", {}), ("Adafactor", {})]  # fmt: skip


def moved(value, library):
    """State with the other library's tensors."""
    if isinstance(value, LIBRARIES[1 - LIBRARIES.index(library)].Tensor):
        dtype = getattr(library, str(value.dtype).removeprefix("torch."))
        return library.tensor(value.detach().numpy().tolist(), dtype=dtype)
    if isinstance(value, dict):
        return {k: moved(v, library) for k, v in value.items()}
    return [moved(v, library) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("first", "second"), [LIBRARIES, LIBRARIES[::-1]])
@pytest.mark.parametrize(("name", "options"), STATES)
def test_states_go_both_ways(name, options, first, second):
    def built(library):
        params = [
            library.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True),
            library.tensor([0.5], requires_grad=True),
        ]
        return getattr(library.optim, name)(params, **options), params

    def go(library, optimizer, params, start):
        for i in range(start, start + 4):
            for p in params:
                p.grad = library.full(p.shape, float(i % 3) - 0.7)
            optimizer.step()

    a, mine = built(first)
    go(first, a, mine, 0)
    b, theirs = built(second)
    with second.no_grad():
        for p, q in zip(theirs, mine, strict=True):
            p.copy_(second.tensor(q.tolist()))
    state = moved(a.state_dict(), second)
    expected = b.state_dict()["param_groups"][0]
    assert state["param_groups"][0].keys() == expected.keys()
    b.load_state_dict(state)
    go(first, a, mine, 4)
    go(second, b, theirs, 4)
    for p, q in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize(("first", "second"), [LIBRARIES, LIBRARIES[::-1]])
def test_files_go_both_ways(first, second):
    """Optimizer, schedule and scaler, saved by one library and loaded by the other."""

    def built(library):
        p = library.tensor([1.0, 2.0], requires_grad=True)
        optimizer = library.optim.NAdam([p], lr=0.1)
        scheduler = library.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
        return p, optimizer, scheduler, library.amp.GradScaler("cpu")

    def go(p, optimizer, scheduler, scaler):
        optimizer.zero_grad()
        scaler.scale((p * p).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        return [*p.tolist(), optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0], scaler.get_scale()]

    a, b = built(first), built(second)
    for _ in range(3):
        go(*a)
    file = io.BytesIO()
    first.save([a[0].detach(), *(x.state_dict() for x in a[1:])], file)
    file.seek(0)
    values, *states = second.load(file)
    with second.no_grad():
        b[0].copy_(values)
    for x, state in zip(b[1:], states, strict=True):
        x.load_state_dict(state)
    for _ in range(4):
        np.testing.assert_allclose(go(*b), go(*a), rtol=1e-6)


@pytest.mark.parametrize("name", [info.optim_cls.__name__ for info in optim_db if info.optim_cls.__name__ not in ("SparseAdam", "Muon", "LBFGS")])  # fmt: skip
def test_a_training_curve(name):
    """Losses of twenty steps from the same seed, with a schedule, decay and clipped gradients."""
    curves = []
    for library in LIBRARIES:
        library.manual_seed(0)
        nn = library.nn
        model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
        x, y = library.randn(32, 8), library.randint(0, 3, (32,))
        groups = [{"params": [p for p in model.parameters() if p.ndim > 1]}]
        groups.append({"params": [p for p in model.parameters() if p.ndim < 2], "lr": 0.02})
        optimizer = getattr(library.optim, name)(groups, lr=0.05)
        scheduler = library.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            losses.append(float(nn.utils.clip_grad_norm_(model.parameters(), 0.5)))
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        curves.append(losses)
    np.testing.assert_allclose(curves[1], curves[0], rtol=2e-4)


# --- schedules ---

GRID = {
    "StepLR": [{"step_size": 3}, {"step_size": 2, "gamma": 0.5}],
    "MultiStepLR": [{"milestones": [2, 5, 5, 9]}],
    "ConstantLR": [{}, {"factor": 0.5, "total_iters": 3}],
    "LinearLR": [
        {},
        {"start_factor": 0.1, "end_factor": 0.4, "total_iters": 7},
        {"start_factor": 1.0, "end_factor": 0.0},
    ],
    "ExponentialLR": [{"gamma": 0.9}],
    "PolynomialLR": [{}, {"total_iters": 7, "power": 2.0}],
    "CosineAnnealingLR": [{"T_max": 5}, {"T_max": 7, "eta_min": 0.01}],
    "CosineAnnealingWarmRestarts": [{"T_0": 3}, {"T_0": 2, "T_mult": 2, "eta_min": 0.01}],
    "LambdaLR": [{"lr_lambda": lambda t: 0.95**t}, {"lr_lambda": [lambda t: 0.5**t, lambda t: t + 1]}],
    "MultiplicativeLR": [{"lr_lambda": lambda t: 0.9 + 0.01 * t}],
    "CyclicLR": [
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "step_size_down": 4, "mode": "triangular2"},
        {"base_lr": [0.01, 0.02], "max_lr": 0.1, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "scale_fn": lambda x: 0.5, "scale_mode": "iterations"},
    ],
    "OneCycleLR": [
        {"max_lr": 0.1, "total_steps": 25},
        {"max_lr": [0.1, 0.2], "epochs": 5, "steps_per_epoch": 6, "three_phase": True, "anneal_strategy": "linear"},
    ],
}


def composed(lr):
    return {
        "sequence": lambda o: lr.SequentialLR(o, [lr.ConstantLR(o, 0.1, 3), lr.ExponentialLR(o, 0.9), lr.CosineAnnealingWarmRestarts(o, 3)], [4, 9]),
        "warm-up": lambda o: lr.SequentialLR(o, [lr.LinearLR(o, 0.1, total_iters=5), lr.CosineAnnealingLR(o, 10)], [5]),
        "chain": lambda o: lr.ChainedScheduler([lr.ConstantLR(o, 0.1, 3), lr.ExponentialLR(o, 0.9)]),
        "long chain": lambda o: lr.ChainedScheduler([lr.LinearLR(o, 0.1, total_iters=3), lr.CosineAnnealingLR(o, 8, 0.001), lr.StepLR(o, 4), lr.MultiplicativeLR(o, lambda t: 0.98)]),
    }  # fmt: skip


def optimizer_of(library, kind, tensor):
    params = [library.ones(n, requires_grad=True) for n in (1, 2)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.1}]
    lr = library.tensor(0.05) if tensor else 0.05
    return getattr(library.optim, kind)(groups, lr, **({"momentum": 0.9} if kind == "SGD" else {}))


def walk(library, make, kind="SGD", tensor=False, by_hand=None, steps=20):
    """The rates and momenta of each step, and the names in the schedule's state."""
    optimizer = optimizer_of(library, kind, tensor)
    scheduler = make(optimizer)
    rows = []
    for step in range(steps):
        momenta = [g["momentum"] if kind == "SGD" else g["betas"][0] for g in optimizer.param_groups]
        rates = [float(g["lr"]) for g in optimizer.param_groups]
        rows.append([*rates, *momenta, *map(float, scheduler.get_last_lr())])
        optimizer.step()
        if step == by_hand:
            for group in optimizer.param_groups:
                group["lr"] *= 2
        scheduler.step()
    return rows, set(scheduler.state_dict())


WAYS = [{}, {"kind": "Adam"}, {"by_hand": 4}, {"tensor": True}]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize(("name", "i"), [(name, i) for name, rows in GRID.items() for i in range(len(rows))])
def test_rates(name, i, way):
    results = []
    for library in LIBRARIES:
        make = getattr(library.optim.lr_scheduler, name)
        results.append(walk(library, lambda o, make=make: make(o, **copy.deepcopy(GRID[name][i])), **way))
    (expected, names), (rows, ours) = results
    np.testing.assert_allclose(rows, expected, rtol=1e-5 if way.get("tensor") else 1e-12, atol=1e-9)
    assert ours == names


@pytest.mark.parametrize("name", list(composed(None)))
def test_several_schedules(name):
    results = [walk(library, composed(library.optim.lr_scheduler)[name]) for library in LIBRARIES]
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-12, atol=1e-15)
    assert results[0][1] == results[1][1]


def all_schedules(library):
    lr = library.optim.lr_scheduler
    made = {
        f"{name}-{i}": lambda o, name=name, row=row: getattr(lr, name)(o, **copy.deepcopy(row))
        for name, rows in GRID.items()
        for i, row in enumerate(rows)
    }
    made |= composed(lr) | {"SWALR": lambda o: library.optim.swa_utils.SWALR(o, 0.02, 5)}
    return made | {"ReduceLROnPlateau": lambda o: lr.ReduceLROnPlateau(o, patience=1)}


@pytest.mark.parametrize(("first", "second"), [LIBRARIES, LIBRARIES[::-1]])
@pytest.mark.parametrize("name", list(all_schedules(torch)))
def test_schedules_states_go_both_ways(name, first, second):
    def go(optimizer, scheduler):
        optimizer.step()
        scheduler.step(*[1.0] * (name == "ReduceLROnPlateau"))
        return [g[key] for g in optimizer.param_groups for key in ("lr", "momentum")]

    made = []
    for library in (first, second):
        optimizer = optimizer_of(library, "SGD", False)
        made.append((optimizer, all_schedules(library)[name](optimizer)))
    for _ in range(5):
        go(*made[0])
    for mine, theirs in zip(*made, strict=True):
        theirs.load_state_dict(copy.deepcopy(mine.state_dict()))
    for _ in range(6):
        np.testing.assert_allclose(go(*made[1]), go(*made[0]), rtol=1e-12)


@pytest.mark.parametrize("options", [{"patience": 1}, {"mode": "max", "patience": 0, "cooldown": 2, "factor": 0.5}, {"patience": 2, "threshold_mode": "abs", "threshold": 0.5, "min_lr": [0.01, 0.02]}], ids=str)  # fmt: skip
def test_plateaus(options):
    results = []
    for library in LIBRARIES:
        optimizer = optimizer_of(library, "SGD", False)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rows = []
        for metric in (5, 4, 4, 4, 4, 3.9, 3.9999, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1):
            optimizer.step()
            scheduler.step(metric)
            rates = [g["lr"] for g in optimizer.param_groups]
            rows.append([*rates, scheduler.num_bad_epochs, scheduler.best, scheduler.cooldown_counter])
        results.append(rows)
    assert results[0] == results[1]


def test_names():
    """Every public name of torch.optim and its modules is here."""
    lacking = []
    for module in (
        "optim",
        "optim.lr_scheduler",
        "optim.swa_utils",
        "optim.optimizer",
        "optim.adam",
        "optim._functional",
    ):
        theirs = importlib.import_module(f"torch.{module}")
        ours = importlib.import_module(f"adjoint.{module}")
        names = getattr(theirs, "__all__", [n for n in vars(theirs) if not n.startswith("_")])
        lacking += [f"{module}.{n}" for n in names if not hasattr(ours, n) and re.match(r"[A-Za-z]", n)]
    assert sorted(lacking) == ["optim._functional.Tensor", "optim._functional.math", "optim._functional.sparse_adam"]  # fmt: skip
