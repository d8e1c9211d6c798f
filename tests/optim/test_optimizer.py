"""Optimizer: parameter groups, state_dict both ways, hooks, copies, errors."""

import copy
import importlib
import pickle

import catalogue_optim as catalogue
import pytest
from support import IS_TORCH, error_of, torch

optim = torch.optim
base = importlib.import_module(torch.__name__ + ".optim.optimizer")
better = pytest.mark.skipif(IS_TORCH, reason="PyTorch does not")


def leaf(*size, value=1.0):
    return torch.full(size, value, requires_grad=True)


def stepped(name="Adam", params=None, steps=2, **options):
    params = [leaf(2), leaf(3, 2)] if params is None else params
    tensors = [p[1] if isinstance(p, tuple) else p for p in params]
    optimizer = getattr(optim, name)(params, **options)
    for _ in range(steps):
        for i, p in enumerate(tensors):
            p.grad = torch.full(p.shape, float(i + 1))
        if name == "LBFGS":
            optimizer.step(lambda: torch.tensor(1.0))
        else:
            optimizer.step()
    return optimizer, tensors


def test_groups():
    p, q, r = leaf(1), leaf(2), leaf(3)
    optimizer = optim.SGD([{"params": p, "lr": 0.5}, {"params": [q]}], lr=0.1, momentum=0.9)
    optimizer.add_param_group({"params": iter([r]), "momentum": 0.3})
    assert [(g["lr"], g["momentum"], len(g["params"])) for g in optimizer.param_groups] == [
        (0.5, 0.9, 1),
        (0.1, 0.9, 1),
        (0.1, 0.3, 1),
    ]
    for x in (p, q, r):
        x.grad = torch.ones(x.shape)
    optimizer.step()
    assert [x[0].item() for x in (p, q, r)] == pytest.approx([0.5, 0.9, 0.9])


def test_names():
    p, q = leaf(1), leaf(2)
    optimizer = optim.SGD([("a", p), ("b", q)], lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["a", "b"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    text = error_of(lambda: optimizer.add_param_group({"params": [leaf(3)]}), ValueError)
    assert "with/without names. cannot add param group without names" in text
    assert "Some param names are missing" in error_of(lambda: optim.SGD([("a", leaf(1)), leaf(1)], lr=0.1), ValueError)


def test_printed():
    optimizer = optim.SGD([leaf(1)], lr=0.1)
    assert repr(optimizer).splitlines()[:3] == ["SGD (", "Parameter Group 0", "    dampening: 0"]
    assert repr(optimizer).splitlines()[-3:] == ["    nesterov: False", "    weight_decay: 0", ")"]


def test_refused_parameters():
    p = leaf(2)
    assert "should be an iterable of Tensors or dicts, but got torch.FloatTensor" in error_of(
        lambda: optim.SGD(p, lr=0.1), TypeError
    )
    assert error_of(lambda: optim.SGD([], lr=0.1), ValueError) == "optimizer got an empty parameter list"
    assert "one of the params is int" in error_of(lambda: optim.SGD([1], lr=0.1), TypeError)
    assert error_of(lambda: optim.SGD([p * 2], lr=0.1), ValueError) == "can't optimize a non-leaf Tensor"
    assert "sets will change between runs" in error_of(lambda: optim.SGD([{"params": {p}}], lr=0.1), TypeError)
    assert "more than one parameter group" in error_of(
        lambda: optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1), ValueError
    )
    with pytest.warns(UserWarning, match="duplicate parameters") as caught:
        optim.SGD([p, p], lr=0.1)
    assert IS_TORCH or caught[0].filename == __file__
    assert "param_group must be a dict" in error_of(lambda: optim.SGD([p], lr=0.1).add_param_group([p]), TypeError)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("SGD", {"lr": -1}, "Invalid learning rate: -1"),
        ("SGD", {"momentum": -0.5}, "Invalid momentum value: -0.5"),
        ("SGD", {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
        ("SGD", {"fused": True, "foreach": True}, "`fused` and `foreach` cannot be `True` together."),
        ("SGD", {"fused": True, "differentiable": True}, "`fused` does not support `differentiable`"),
        ("Adam", {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        ("Adam", {"betas": (0.9, 1)}, "Invalid beta parameter at index 1: 1"),
        ("Adam", {"lr": torch.ones(2)}, "Tensor lr must be 1-element"),
        ("AdamW", {"eps": -1}, "Invalid epsilon value: -1"),
        ("NAdam", {"momentum_decay": -0.2}, "Invalid momentum_decay value: -0.2"),
        ("Adagrad", {"lr_decay": -0.5}, "Invalid lr_decay value: -0.5"),
        ("Adadelta", {"rho": 1.1}, "Invalid rho value: 1.1"),
        ("RMSprop", {"alpha": -1}, "Invalid alpha value: -1"),
        ("Rprop", {"etas": (1.0, 0.5)}, "Invalid eta values: 1.0, 0.5"),
        ("ASGD", {"weight_decay": -0.5}, "Invalid weight_decay value: -0.5"),
        ("Adafactor", {"d": 0.0}, "Clipping threshold d should be >= 1 but is: 0.0"),
        ("Muon", {"adjust_lr_fn": "x"}, "Adjust learning rate function x is not supported"),
        ("SparseAdam", {"lr": 0.0}, "Invalid learning rate: 0.0"),
    ],
)
def test_refused_options(name, options, text):
    assert error_of(lambda: getattr(optim, name)([leaf(2, 2)], **options), ValueError, RuntimeError) == text


def test_sparse_adam_says_why():
    p = leaf(2)
    optimizer = optim.SparseAdam([p])
    optimizer.step()
    p.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match="does not support dense gradients, please consider Adam instead") as caught:
        optimizer.step()
    assert IS_TORCH or "no sparse tensors" in caught.value.__notes__[0]


def test_capturable_is_for_other_devices():
    p = leaf(1)
    p.grad = torch.ones(1)
    assert "If capturable=True" in error_of(optim.Adam([p], capturable=True).step, AssertionError)


def test_matrices_only():
    assert "Muon only supports 2D parameters" in error_of(lambda: optim.Muon([leaf(2)]), ValueError)


# --- an empty list ---


class Plain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)]


@better
def test_an_empty_list_says_what_was_found():
    with pytest.raises(ValueError) as caught:
        optim.SGD(Plain().parameters(), lr=0.1)
    assert str(caught.value) == "optimizer got an empty parameter list"
    [note] = caught.value.__notes__
    assert note.startswith("Plain holds 2 Linear in the plain list `layers` (test_optimizer.py:")
    assert note.endswith("; use nn.ModuleList")

    class Misspelt(torch.nn.Module):
        def _init_(self):
            self.fc = torch.nn.Linear(1, 1)

    with pytest.raises(ValueError) as caught:
        optim.SGD(Misspelt().named_parameters(), lr=0.1)
    assert caught.value.__notes__ == ["Misspelt has a method `_init_`; `__init__` is meant"]


# --- state ---

NAMES = [n for n in catalogue.OPTIONS if n not in ("SparseAdam", "LBFGS")]


def built(name, options, steps=3, params=None):
    sizes = [(3, 2), (2, 2)] if name == "Muon" else [(3, 2), (4,), ()]
    params = [torch.ones(s, requires_grad=True) for s in sizes] if params is None else params
    optimizer = getattr(optim, name)(params, **options)
    go_on(optimizer, params, steps)
    return optimizer, params


def go_on(optimizer, params, steps):
    generator = torch.Generator().manual_seed(5)
    for _ in range(steps):
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator)
        optimizer.step()


@better
@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_optimizer_goes_on_as_the_saved_one(name):
    for options in catalogue.OPTIONS[name]:
        first, params = built(name, options)
        copies = [p.detach().clone().requires_grad_() for p in params]
        second = getattr(optim, name)(copies, lr=123.0)
        second.load_state_dict(first.state_dict())
        assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]
        go_on(first, params, 3)
        go_on(second, copies, 3)
        assert all(torch.equal(p, q) for p, q in zip(params, copies, strict=True))


@pytest.mark.parametrize("how", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adafactor"])
def test_copies(name, how):
    first, params = built(name, catalogue.OPTIONS[name][-1])
    second = how(first)
    copies = second.param_groups[0]["params"]
    assert copies[0] is not params[0] and type(second) is type(first)
    go_on(first, params, 2)
    go_on(second, copies, 2)
    assert all(torch.equal(p, q) for p, q in zip(params, copies, strict=True))


def test_the_form_of_a_state():
    optimizer, _ = stepped("Adam", lr=0.1)
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"] and list(state["state"]) == [0, 1]
    assert list(state["state"][0]) == ["step", "exp_avg", "exp_avg_sq"]
    assert state["state"][0]["step"].item() == 2 and state["state"][0]["step"].dtype == torch.float32
    assert state["param_groups"][0]["params"] == [0, 1] and state["param_groups"][0]["lr"] == 0.1


def test_old_states_have_numbers_for_steps():
    optimizer, params = stepped("Adam")
    state = copy.deepcopy(optimizer.state_dict())
    for s in state["state"].values():
        s["step"] = 2
    for option in ("maximize", "foreach", "capturable", "differentiable", "fused"):
        del state["param_groups"][0][option]
    optimizer.load_state_dict(state)
    go_on(optimizer, params, 1)
    assert optimizer.state[params[0]]["step"].item() == 3


def test_a_loaded_state_has_the_parameters_type():
    optimizer, _ = stepped("Adam")
    wide = optim.Adam([torch.ones(2, dtype=torch.float64, requires_grad=True), leaf(3, 2)])
    wide.load_state_dict(optimizer.state_dict())
    state = wide.state[wide.param_groups[0]["params"][0]]
    assert state["exp_avg"].dtype == torch.float64 and state["step"].dtype == torch.float32


@better
def test_a_loaded_state_shares_nothing():
    first, _ = stepped("Adam")
    second = optim.Adam([leaf(2), leaf(3, 2)])
    second.load_state_dict(first.state_dict())
    go_on(second, second.param_groups[0]["params"], 1)
    assert all(s["step"].item() == 2 for s in first.state.values())


@better
def test_state_goes_by_name():
    a, b = leaf(2), leaf(2)
    first, _ = stepped("SGD", [("a", a), ("b", b)], momentum=0.5)
    c, d = leaf(2), leaf(2)
    second = optim.SGD([("b", d), ("a", c)], momentum=0.5)
    second.load_state_dict(first.state_dict())
    assert torch.equal(second.state[c]["momentum_buffer"], first.state[a]["momentum_buffer"])
    assert torch.equal(second.state[d]["momentum_buffer"], first.state[b]["momentum_buffer"])
    assert not torch.equal(first.state[a]["momentum_buffer"], first.state[b]["momentum_buffer"])
    assert second.param_groups[0]["param_names"] == ["b", "a"]

    third = optim.SGD([("a", leaf(2)), ("z", leaf(2))], momentum=0.5)
    text = error_of(lambda: third.load_state_dict(first.state_dict()), ValueError)
    assert "no state for ['z']" in text and "state for ['b']" in text
    renamed = optim.SGD([("x", c), ("y", d)], momentum=0.5)
    renamed.load_state_dict(first.state_dict())  # none in common: by position, as PyTorch
    assert torch.equal(renamed.state[c]["momentum_buffer"], first.state[a]["momentum_buffer"])


def everything(optimizer):
    return copy.deepcopy(optimizer.state_dict())


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    return all(equal(x, y) for x, y in zip(a, b, strict=True)) if isinstance(a, list) else a == b


@better
@pytest.mark.parametrize("name", NAMES)
def test_a_load_that_fails_changes_nothing(name):
    optimizer, _ = built(name, catalogue.OPTIONS[name][-1])
    state = everything(optimizer)
    before = everything(optimizer)
    key = next(k for k, v in state["state"][1].items() if v.dim())
    state["state"][1][key] = torch.zeros(7, 7)
    state["state"][0]["step"] = torch.tensor(99.0)
    state["param_groups"][0]["lr"] = 99.0
    text = error_of(lambda: optimizer.load_state_dict(state), ValueError)
    assert f"'{key}' of shape (7, 7) for parameter 1" in text
    assert equal(everything(optimizer), before)


def test_a_state_of_another_number():
    optimizer, _ = stepped("SGD", momentum=0.9)
    assert (
        error_of(lambda: optimizer.load_state_dict({"state": {}, "param_groups": []}), ValueError)
        == "loaded state dict has a different number of parameter groups"
    )
    other = optim.SGD([leaf(1)], momentum=0.9)
    assert "doesn't match the size of optimizer's group" in error_of(
        lambda: other.load_state_dict(optimizer.state_dict()), ValueError
    )


# --- hooks ---


def test_step_hooks():
    p, seen = leaf(1), []
    optimizer = optim.SGD([p], lr=1.0)
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", p.item(), args[0] is o))),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", p.item(), len(args)))),
        base.register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all before")),
        base.register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("all after")),
    ]
    try:
        p.grad = torch.ones(1)
        optimizer.step()
        assert seen == ["all before", ("before", 1.0, True), ("after", 0.0, 1), "all after"]
    finally:
        for handle in handles:
            handle.remove()
    optimizer.step()
    assert len(seen) == 4


def test_a_pre_hook_may_change_the_arguments():
    p = leaf(1)
    optimizer = optim.SGD([p], lr=1.0)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: (args, {**kwargs, "closure": lambda: 5}))
    assert optimizer.step() == 5
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    assert "must return None or a tuple of (new_args, new_kwargs), but got 3" in error_of(optimizer.step, RuntimeError)


@better
def test_hooks_of_a_subclass_run_once():
    class Mine(optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    seen = []
    optimizer = Mine([leaf(1)], lr=0.1)
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(1))
    optimizer.step()
    assert seen == [1]


def test_state_hooks():
    optimizer, _ = stepped("SGD", momentum=0.9)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("save"))
    optimizer.register_state_dict_post_hook(lambda o, s: {**s, "more": 1})
    optimizer.register_state_dict_post_hook(lambda o, s: seen.append(sorted(s)), prepend=True)
    state = optimizer.state_dict()
    assert seen == ["save", ["param_groups", "state"]] and state["more"] == 1
    optimizer.register_load_state_dict_pre_hook(lambda o, s: s["param_groups"][0].update(lr=7.0))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 7.0 and seen[-1] == "loaded"


# --- optimizers of one's own ---


def test_an_optimizer_by_hand():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr=base.required):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p].setdefault("seen", []).append(p.grad.clone())
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    assert "required optimization parameter lr" in error_of(lambda: Sign([leaf(1)]), ValueError)
    p = leaf(2)
    optimizer = Sign([p], lr=0.5)
    p.grad = torch.tensor([3.0, -1.0])
    optimizer.step()
    assert p.tolist() == [0.5, 1.5]
    other = Sign([leaf(2)], lr=0.1)
    other.load_state_dict(optimizer.state_dict())
    [kept] = other.state[other.param_groups[0]["params"][0]]["seen"]
    assert kept.tolist() == [3.0, -1.0]


def test_the_base_has_no_step():
    with pytest.raises(NotImplementedError):
        optim.Optimizer([leaf(1)], {}).step()


def test_zero_grad():
    p = leaf(2)
    optimizer = optim.SGD([p])
    p.grad = torch.ones(2)
    kept = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is kept and kept.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None
    y = (p * 2).sum()
    [p.grad] = torch.autograd.grad(y, p, create_graph=True)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.grad_fn is None and p.grad.tolist() == [0.0, 0.0]


def test_other_parameters_for_a_while():
    optimizer, params = stepped("Adam", lr=0.5)
    state, kept = everything(optimizer), everything(optimizer)
    state["param_groups"][0]["lr"] = 0.25
    others = {"a": leaf(2, value=5.0), "b": leaf(3, 2, value=7.0)}
    for p in others.values():
        p.grad = torch.ones(p.shape)
    group, before = optimizer.param_groups[0], [p.tolist() for p in params]
    with optim.swap_in_optimizer_params_and_state(optimizer, others, state):
        assert group["lr"] == 0.25 and group["params"][0] is others["a"]
        optimizer.step()
    assert group["lr"] == 0.5 and all(p is q for p, q in zip(group["params"], params, strict=True))
    assert [p.tolist() for p in params] == before and equal(everything(optimizer), kept)
    assert others["a"].tolist() == pytest.approx([4.75] * 2, abs=1e-3) and state["state"][0]["step"].item() == 3

    def inside(parameters, state):
        with optim.swap_in_optimizer_params_and_state(optimizer, parameters, state):
            pass

    error_of(lambda: inside({"a": others["a"]}, state), RuntimeError)
    error_of(lambda: inside(others, {"state": {9: {}}, "param_groups": state["param_groups"]}), RuntimeError)
    error_of(lambda: inside(others, {"state": {}, "param_groups": []}), RuntimeError)


def test_private_names_that_optimizers_elsewhere_import():
    class Descent(optim.Optimizer):
        def __init__(self, params: base.ParamsT, lr=0.5):
            super().__init__(params, {"lr": lr, "differentiable": False})

        @base._use_grad_for_differentiable
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    assert not torch.is_grad_enabled()
                    p.add_(p.grad, alpha=-base._get_value(group["lr"]))

    p = leaf(1)
    p.grad = torch.ones(1)
    Descent([p]).step()
    assert p.item() == 0.5 and torch.is_grad_enabled()
    assert base._get_scalar_dtype() == torch.float32 and isinstance(base._maximize_doc, str)
