"""Optimizers and schedulers: every update rule over some options, states, errors."""


def descend(torch, make, steps=5, dtype=None):
    """Some steps on a small problem, whose parameters and last loss are printed."""
    torch.manual_seed(3)
    w = torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=dtype))
    b = torch.nn.Parameter(torch.tensor([0.1, -0.1], dtype=dtype))
    unused = torch.nn.Parameter(torch.ones(2))
    optimizer = make([w, b, unused])
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], dtype=dtype)

    def closure():
        optimizer.zero_grad()
        loss = ((x @ w + b).tanh() - 0.3).pow(2).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
    print(w.data, b.data, f"{loss.item():.5f}", unused.data)
    return optimizer


def prog_rules(torch):
    o = torch.optim
    for name, make in {
        "SGD": lambda p: o.SGD(p, 0.1),
        "SGD momentum": lambda p: o.SGD(p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
        "SGD nesterov": lambda p: o.SGD(p, 0.1, momentum=0.9, nesterov=True, maximize=True),
        "Adam": lambda p: o.Adam(p, 0.1),
        "Adam amsgrad": lambda p: o.Adam(p, 0.1, amsgrad=True, weight_decay=0.1, betas=(0.8, 0.9)),
        "AdamW": lambda p: o.AdamW(p, 0.1, weight_decay=0.1),
        "AdamW maximize": lambda p: o.AdamW(p, 0.1, maximize=True),
        "Adamax": lambda p: o.Adamax(p, 0.1, weight_decay=0.1),
        "NAdam": lambda p: o.NAdam(p, 0.1),
        "NAdam decoupled": lambda p: o.NAdam(p, 0.1, weight_decay=0.1, decoupled_weight_decay=True),
        "RAdam": lambda p: o.RAdam(p, 0.1),
        "Adagrad": lambda p: o.Adagrad(p, 0.1, lr_decay=0.1, initial_accumulator_value=0.2),
        "Adadelta": lambda p: o.Adadelta(p, 1.0, rho=0.8),
        "RMSprop": lambda p: o.RMSprop(p, 0.1),
        "RMSprop centered": lambda p: o.RMSprop(p, 0.1, centered=True, momentum=0.5, weight_decay=0.1),
        "Rprop": lambda p: o.Rprop(p, 0.1),
        "ASGD": lambda p: o.ASGD(p, 0.1, t0=2),
        "Adafactor": lambda p: o.Adafactor(p, 0.1),
        "foreach": lambda p: o.Adam(p, 0.1, foreach=True),
        "tensor lr": lambda p: o.SGD(p, torch.tensor(0.1)),
        "LBFGS": lambda p: o.LBFGS(p[:2], 0.5, max_iter=3),
    }.items():
        print(name)
        descend(torch, make, dtype=torch.float64 if name == "LBFGS" else None)
    w = torch.nn.Parameter(torch.eye(3) + 0.1)
    muon = torch.optim.Muon([w], lr=0.1)
    for _ in range(3):
        muon.zero_grad()
        (w @ w.T).sum().backward()
        muon.step()
    print(w.data)


def prog_state(torch):
    optimizer = descend(torch, lambda p: torch.optim.Adam(p, 0.1))
    state = optimizer.state_dict()
    print(sorted(state), state["state"][0]["step"], sorted(state["state"]), sorted(state["state"][0]))
    print({k: v for k, v in state["param_groups"][0].items()})
    print(optimizer)
    for make in (lambda p: torch.optim.SGD(p, 0.1, momentum=0.5), lambda p: torch.optim.RMSprop(p), lambda p: torch.optim.Adagrad(p),
                 lambda p: torch.optim.ASGD(p), lambda p: torch.optim.NAdam(p), lambda p: torch.optim.Rprop(p)):  # fmt: skip
        optimizer = descend(torch, make, steps=2)
        state = optimizer.state_dict()
        print(type(optimizer).__name__, state["param_groups"][0], sorted(state["state"].get(0, {})))


def prog_groups_and_errors(torch):
    def err(f):
        try:
            f()
            print("ok")
        except Exception as e:
            print(type(e).__name__, str(e).splitlines()[0][:80])

    o = torch.optim
    p = torch.nn.Parameter(torch.ones(2))
    q = torch.nn.Parameter(torch.ones(3))
    optimizer = o.SGD([{"params": [p], "lr": 0.5}, {"params": q}], lr=0.1)
    print([g["lr"] for g in optimizer.param_groups])
    optimizer.add_param_group({"params": torch.nn.Parameter(torch.ones(1)), "momentum": 0.3})
    print([(g["lr"], g["momentum"]) for g in optimizer.param_groups])
    err(lambda: o.SGD([], 0.1))
    err(lambda: o.SGD([p], -1))
    err(lambda: o.SGD([p]).step() and None)
    err(lambda: o.SGD(p, 0.1))
    err(lambda: o.SGD([p * 2], 0.1))
    err(lambda: o.SGD([1], 0.1))
    err(lambda: o.Adam([p], betas=(1.0, 0.9)))
    err(lambda: o.Adam([p], eps=-1))
    err(lambda: o.SGD([p], 0.1, nesterov=True))
    err(lambda: o.SGD([p, p], 0.1))
    err(lambda: o.SGD([{"params": [p]}, {"params": [p]}], 0.1))
    err(lambda: optimizer.add_param_group({"params": [p]}))
    err(lambda: o.SGD([{"params": [p], "lr": 0.1}, {"params": [q]}]))
    err(lambda: optimizer.load_state_dict(o.SGD([p], 0.1).state_dict()))
    err(lambda: o.SparseAdam([p]).step())


def prog_optimizer_hooks(torch):
    p = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([p], 0.1)
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: print("before", p.item()))
    optimizer.register_step_post_hook(lambda opt, args, kwargs: print("after", round(p.item(), 4)))
    optimizer.register_state_dict_post_hook(lambda opt, state: state.update(extra=1))
    p.grad = torch.ones(1)
    optimizer.step()
    print(sorted(optimizer.state_dict()))


def rates(torch, make, steps=8, lr=1.0):
    p = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([{"params": [p]}, {"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr / 2}], lr)
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append([round(g["lr"], 6) for g in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    print(seen, [round(x, 6) for x in scheduler.get_last_lr()])
    return scheduler


def prog_schedulers(torch):
    s = torch.optim.lr_scheduler
    for name, make in {
        "lambda": lambda o: s.LambdaLR(o, lambda e: 0.9**e),
        "lambdas": lambda o: s.LambdaLR(o, [lambda e: 1 / (e + 1), lambda e: 0.5]),
        "multiplicative": lambda o: s.MultiplicativeLR(o, lambda e: 0.8),
        "step": lambda o: s.StepLR(o, 3, 0.5),
        "multistep": lambda o: s.MultiStepLR(o, [2, 2, 5], 0.1),
        "constant": lambda o: s.ConstantLR(o, 0.5, 3),
        "linear": lambda o: s.LinearLR(o, 0.25, 1.0, 4),
        "exponential": lambda o: s.ExponentialLR(o, 0.7),
        "cosine": lambda o: s.CosineAnnealingLR(o, 5, 0.1),
        "polynomial": lambda o: s.PolynomialLR(o, 5, 2.0),
        "restarts": lambda o: s.CosineAnnealingWarmRestarts(o, 2, 2, 0.01),
        "cyclic": lambda o: s.CyclicLR(o, 0.1, 1.0, 2, cycle_momentum=False),
        "triangular2": lambda o: s.CyclicLR(o, 0.1, 1.0, 2, 3, "triangular2", cycle_momentum=False),
        "exp_range": lambda o: s.CyclicLR(o, 0.1, 1.0, 2, mode="exp_range", gamma=0.9, cycle_momentum=False),
        "onecycle": lambda o: s.OneCycleLR(o, 1.0, 8, cycle_momentum=False),
        "onecycle linear": lambda o: s.OneCycleLR(
            o, [1.0, 2.0], epochs=2, steps_per_epoch=5, anneal_strategy="linear", three_phase=True, cycle_momentum=False
        ),
        "sequential": lambda o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)], [2]),
        "chained": lambda o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)]),
    }.items():
        print(name)
        rates(torch, make)


def prog_plateau(torch):
    p = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([p], 1.0)
    s = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=1, cooldown=1, threshold=1e-2)
    for loss in (1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5):
        s.step(loss)
        print(optimizer.param_groups[0]["lr"], s.num_bad_epochs)
    print({k: v for k, v in s.state_dict().items() if k in ("best", "factor", "last_epoch", "patience")})


def prog_scheduler_state(torch):
    s = torch.optim.lr_scheduler
    first = rates(torch, lambda o: s.CosineAnnealingLR(o, 5), 3)
    print(first.state_dict())
    second = rates(torch, lambda o: s.CosineAnnealingLR(o, 5), 0)
    second.load_state_dict(first.state_dict())
    print(second.last_epoch, second.get_last_lr())
    print(rates(torch, lambda o: s.MultiStepLR(o, [1, 3]), 4).state_dict())


def prog_momentum_cycling(torch):
    p = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([p], 0.1, momentum=0.9)
    s = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=5)
    for _ in range(4):
        optimizer.step()
        s.step()
        print(round(optimizer.param_groups[0]["lr"], 5), round(optimizer.param_groups[0]["momentum"], 5))
    adam = torch.optim.Adam([p], 0.1)
    s = torch.optim.lr_scheduler.CyclicLR(adam, 0.01, 0.1, 3, base_momentum=0.7)
    for _ in range(4):
        adam.step()
        s.step()
        print(round(adam.param_groups[0]["lr"], 5), [round(b, 5) for b in adam.param_groups[0]["betas"]])


def prog_swa(torch):
    nn = torch.nn
    swa = torch.optim.swa_utils
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    averaged = swa.AveragedModel(model)
    scheduler = swa.SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
    data = [torch.randn(4, 2) for _ in range(3)]
    for x in data:
        optimizer.zero_grad()
        model(x).pow(2).sum().backward()
        optimizer.step()
        averaged.update_parameters(model)
        scheduler.step()
        print(optimizer.param_groups[0]["lr"])
    swa.update_bn(data, averaged)
    print(averaged.module[0].weight, averaged.module[1].running_mean, averaged.n_averaged)
