"""Module: attributes, walks, conversions, copies. With ADJOINT_STANDIN=torch most of it runs on PyTorch, too."""

import copy
import gc
import pickle
import weakref

import pytest
from support import IS_TORCH, run, torch

nn = torch.nn


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2, bias=False)
        self.scale = nn.Parameter(torch.ones(2))
        self.register_buffer("count", torch.zeros(1))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x):
        return self.fc(x) * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])

    def forward(self, x):
        return self.layers[1](self.layers[0](self.inner(x)))


NAMES = ["inner.scale", "inner.fc.weight", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]


# --- attributes ---


def test_names():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == NAMES
    assert [n for n, _ in net.named_buffers()] == ["inner.count", "inner.cache"]
    assert list(net.state_dict()) == ["inner.scale", "inner.count", "inner.fc.weight", *NAMES[2:]]
    assert [n for n, _ in net.named_modules()] == ["", "inner", "inner.fc", "layers", "layers.0", "layers.1"]
    assert [n for n, _ in net.inner.named_parameters(prefix="p", recurse=False)] == ["p.scale"]


def test_shared_ones_are_found_once():
    layer = nn.Linear(1, 1)
    twice = nn.Sequential(layer, layer)
    assert [n for n, _ in twice.named_parameters()] == ["0.weight", "0.bias"]
    assert len(list(twice.named_parameters(remove_duplicate=False))) == 4
    assert [n for n, _ in twice.named_modules()] == ["", "0"]
    assert list(twice.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_before_init():
    class Early(nn.Module):
        def __init__(self, value):
            self.value = value
            super().__init__()

    for value, what in ((nn.Linear(1, 1), "module"), (nn.Parameter(torch.ones(1)), "parameters")):
        with pytest.raises(AttributeError, match=rf"cannot assign {what} before Module.__init__\(\) call"):
            Early(value)
    assert not hasattr(Early(3), "value") or Early(3).value == 3


def test_kinds_take_each_others_place():
    m = nn.Module()
    m.x = 1
    m.x = nn.Parameter(torch.ones(1))
    assert list(m._parameters) == ["x"] and ("x" in vars(m)) == (not IS_TORCH)
    del m.x
    m.x = nn.Linear(1, 1)
    assert not m._parameters and list(m._modules) == ["x"]
    m.x = None
    assert m.x is None and list(m._modules) == ["x"]
    del m.x
    assert not hasattr(m, "x")
    m.register_buffer("b", torch.ones(1))
    m.b = torch.zeros(2)
    assert list(m._buffers) == ["b"] and m.b.shape == (2,)
    m.b = nn.Parameter(torch.ones(1))
    assert not m._buffers and list(m._parameters) == ["b"]


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda m: setattr(m, "p", torch.ones(1)), TypeError, "as parameter 'p' .torch.nn.Parameter or None expected"),
        (lambda m: setattr(m, "c", 3), TypeError, "cannot assign 'int' as child module 'c'"),
        (lambda m: setattr(m, "b", 3), TypeError, "cannot assign 'int' as buffer 'b'"),
        (lambda m: m.register_parameter("a.b", None), KeyError, "parameter name can"),
        (lambda m: m.register_parameter("", None), KeyError, "empty string"),
        (lambda m: m.register_parameter("training", None), KeyError, "attribute 'training' already exists"),
        (lambda m: m.register_parameter("q", torch.ones(1)), TypeError, "torch.nn.Parameter or None required"),
        (lambda m: m.register_buffer(3, None), TypeError, "buffer name should be a string"),
        (lambda m: m.register_buffer("q", 3), TypeError, "torch Tensor or None required"),
        (lambda m: m.add_module("q", 3), TypeError, "is not a Module subclass"),
        (lambda m: m.add_module("a.b", None), KeyError, "got: a.b"),
        (lambda m: m.nothing, AttributeError, "'Module' object has no attribute 'nothing'"),
        (lambda m: delattr(m, "nothing"), AttributeError, "nothing"),
        (lambda m: m.get_submodule("c.d"), AttributeError, "Linear has no attribute `d`"),
        (lambda m: m.get_submodule("p"), AttributeError, "`p` is not an nn.Module"),
        (lambda m: m.get_parameter("b"), AttributeError, "`b` is not an nn.Parameter"),
        (lambda m: m.get_buffer("p"), AttributeError, "`p` is not a buffer"),
        (lambda m: m.set_submodule("", m), ValueError, "without a target name"),
        (lambda m: m.set_submodule("c.x", m, strict=True), AttributeError, "Linear has no attribute `x`"),
        (lambda m: m(1), NotImplementedError, 'Module .Module. is missing the required "forward" function'),
        (lambda m: m.train(1), ValueError, "training mode is expected to be boolean"),
        (lambda m: m.to(torch.int64), TypeError, "only accepts floating point or complex dtypes"),
        (lambda m: nn.Module(3), TypeError, "takes 1 positional argument but 2 were given"),
        (lambda m: nn.Module(a=3), TypeError, "got an unexpected keyword argument 'a'"),
    ],
)
def test_refused(act, error, words):
    m = nn.Module()
    m.p, m.c = nn.Parameter(torch.ones(1)), nn.Linear(1, 1)
    m.register_buffer("b", torch.ones(1))
    with pytest.raises(error, match=words):
        act(m)


def test_a_result_is_no_parameter():
    m = nn.Module()
    made = nn.Parameter(torch.ones(1)) * 2
    with pytest.raises(TypeError):
        m.register_parameter("p", made)


def test_members_are_dicts():
    m = nn.Linear(2, 1)
    old = m.weight
    m._parameters["weight"] = new = nn.Parameter(torch.zeros(1, 2))
    assert m.weight is new
    del m._parameters["weight"]
    assert not hasattr(m, "weight")
    m._parameters.update(weight=old)
    assert m.weight is old
    assert m._parameters.pop("weight") is old and not hasattr(m, "weight")
    assert m._parameters.pop("weight", 5) == 5
    with pytest.raises(KeyError):
        m._parameters.pop("weight")
    assert m._parameters.setdefault("weight", old) is old and m.weight is old
    m._parameters |= {"more": None}
    assert m.more is None and m._parameters.popitem() == ("more", None) and not hasattr(m, "more")
    m._parameters = {"weight": new}
    assert m.weight is new and not hasattr(m, "bias")
    m._parameters.clear()
    assert not hasattr(m, "weight")


def test_a_copied_dict():
    m = nn.Linear(2, 1)
    other = nn.Linear.__new__(nn.Linear)
    other.__dict__ = m.__dict__.copy()
    other._parameters = other._parameters.copy()
    other._parameters["weight"] = nn.Parameter(torch.zeros(1, 2))
    assert other.weight.sum() == 0 and m.weight is m._parameters["weight"] and m.weight is not other.weight


def test_plain_attributes_of_the_name():
    m = nn.Linear(2, 1)
    w = m.weight
    del m._parameters["weight"]
    m.weight = w * 2  # as weight_norm does
    assert torch.equal(m.weight, w * 2) and list(m._parameters) == ["bias"]
    m.weight = w * 3
    assert torch.equal(m(torch.ones(2)), torch.nn.functional.linear(torch.ones(2), w * 3, m.bias))


def test_modules_die_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        net = Net()
        seen = weakref.ref(net), weakref.ref(net.inner.fc)
        del net
        assert [r() for r in seen] == [None, None]
    finally:
        gc.enable()


def test_own_getattr():
    class Wrapper(nn.Module):
        def __init__(self, inside):
            super().__init__()
            self.inside = inside

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inside, name)

    w = Wrapper(nn.Linear(2, 3))
    assert w.out_features == 3 and w.weight is w.inside.weight


def test_dir():
    names = dir(Net())
    assert {"inner", "forward", "training", "layers"} <= set(names) and names == sorted(names)
    assert "0" not in dir(nn.Sequential(nn.Identity()))


def test_call_super_init():
    class Base:
        def __init__(self, size):
            self.size = size

    class Both(nn.Module, Base):
        call_super_init = True

    assert Both(4).size == 4 and Both(size=5).size == 5


def test_own_equality():
    """As torchmetrics has it: what a module is equal to may depend on attributes that are not there yet."""

    class Metric(nn.Module):
        def __init__(self):
            super().__init__()
            self.states = []
            self.more = {}
            self.fc = nn.Linear(1, 1)

        def __hash__(self):
            return hash(tuple(self.states))

        def __eq__(self, other):
            return hash(self) == hash(other)

        def forward(self, x):
            return self.fc(x)

    m = nn.Sequential(Metric())
    m.load_state_dict(m.state_dict(), assign=True)
    assert m(torch.ones(1)).shape == (1,) and copy.deepcopy(m)(torch.ones(1)).shape == (1,)


# --- conversions ---


def test_to():
    net = Net()
    before = {n: id(p) for n, p in net.named_parameters()}
    net(torch.ones(2)).sum().backward()
    assert net.to(torch.float64) is net
    assert {n: id(p) for n, p in net.named_parameters()} == before
    assert all(p.dtype == p.grad.dtype == torch.float64 for p in net.parameters())
    assert net.inner.count.dtype == torch.float64
    net.register_buffer("n", torch.zeros(1, dtype=torch.int64))
    assert net.half().n.dtype == torch.int64 and net.inner.scale.dtype == torch.float16
    assert net.bfloat16().inner.scale.dtype == torch.bfloat16
    assert net.float().to(torch.ones(1, dtype=torch.float64)).inner.scale.dtype == torch.float64
    assert net.type(torch.float32).n.dtype == torch.float32
    assert net.to("cpu", torch.float64).inner.scale.dtype == torch.float64
    assert net.to(device="cpu", dtype=torch.float32, non_blocking=True).inner.scale.dtype == torch.float32
    with pytest.raises(TypeError):
        net.to("cpu", 3, 4, 5, 6)
    with pytest.raises(TypeError):
        net.to(nothing=3)


def test_meta_and_back():
    net = Net().to("meta")
    assert all(t.is_meta for t in [*net.parameters(), *net.buffers()])
    with pytest.raises(NotImplementedError, match=r"Please use torch.nn.Module.to_empty\(\)"):
        net.to("cpu")
    net.to_empty(device="cpu")
    assert not any(t.is_meta for t in net.parameters()) and isinstance(net.inner.scale, nn.Parameter)


def test_tied_parameters_stay_tied():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert net.double()[1].weight is net[0].weight


def test_train_apply_grad():
    net = Net()
    net.inner.eval()
    assert net.training and not net.inner.fc.training
    seen = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "Inner", "Linear", "Linear", "ModuleList", "Net"]
    assert net.requires_grad_(False) is net and not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    net(torch.ones(2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_set_submodule():
    net = Net()
    net.set_submodule("inner.fc", nn.Identity())
    assert isinstance(net.get_submodule("inner.fc"), nn.Identity)
    net.set_submodule("inner.extra", nn.Identity())
    assert net.inner.extra is net.get_submodule("inner.extra")


# --- copies ---


def same(a, b):
    assert list(a) == list(b) and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), copy.copy])
def test_copies(how):
    net = Net()
    other = how(net)
    same(net.state_dict(), other.state_dict())
    assert torch.equal(other(torch.ones(2)), net(torch.ones(2)))
    other.layers[0].weight = nn.Parameter(torch.zeros(2, 2))
    assert other.layers[0].weight.sum() == 0
    if how is not copy.copy:
        assert net.layers[0].weight.abs().sum() > 0 and other.inner is not net.inner


def test_pickles_hold_what_pytorchs_hold():
    state = nn.Linear(2, 1).__getstate__()
    assert "weight" not in state and list(state["_parameters"]) == ["weight", "bias"] and "_hooked" not in state
    assert type(state["_parameters"]) is dict and state["in_features"] == 2


def test_own_getstate():
    """A class with both of its own, neither of which knows of Module's."""
    global Own

    class Own(nn.Linear):
        def __getstate__(self):
            return self.__dict__.copy()

        def __setstate__(self, state):
            self.__dict__.update(state)

    m = Own(2, 1)
    other = pickle.loads(pickle.dumps(m))
    assert torch.equal(other(torch.ones(2)), m(torch.ones(2)))
    other.weight = nn.Parameter(torch.zeros(1, 2))
    assert other.weight.sum() == 0 and list(other._parameters) == ["weight", "bias"]
    same({n: p for n, p in other.named_parameters()}, {"weight": other.weight, "bias": other.bias})


def test_tied_in_copies():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other[1].weight is other[0].weight
        assert IS_TORCH or "weight" in vars(other[0])


@pytest.mark.skipif(IS_TORCH, reason="what PyTorch does not say")
def test_the_error_of_a_copy_names_the_attribute():
    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            self.states = {"last": [self.fc(x)]}
            return x

    net = nn.ModuleDict({"policy": Policy()})
    net["policy"](torch.ones(2))
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user") as e:
        copy.deepcopy(net)
    notes = "\n".join(e.value.__notes__)
    assert "policy.states['last'][0] of ModuleDict" in notes and "test_module.py" in notes


# --- printing ---


def test_prints():
    text = repr(nn.ModuleDict({"a": nn.ModuleList([nn.Identity()] * 3 + [nn.Linear(1, 1)]), "b": nn.Sequential()}))
    assert text == (
        "ModuleDict(\n  (a): ModuleList(\n    (0-2): 3 x Identity()\n"
        "    (3): Linear(in_features=1, out_features=1, bias=True)\n  )\n  (b): Sequential()\n)"
    )

    class Two(nn.Module):
        def extra_repr(self):
            return "one\ntwo"

    assert repr(Two()) == "Two(\n  one\n  two\n)"


# --- failures ---


@pytest.mark.skipif(IS_TORCH, reason="what PyTorch does not say")
class TestPlace:
    def test_path_and_shapes(self):
        net = nn.ModuleDict({"encoder": nn.Sequential(nn.Identity(), nn.Sequential(nn.Linear(3, 4)))})
        net.forward = lambda x: net["encoder"](x)
        with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied") as e:
            net(torch.ones(2, 5))
        assert "encoder.1.0 (Linear): expected (*, 3), came float32[2, 5]" in e.value.__notes__
        del net.forward

    def test_of_code_that_is_no_layer(self):
        class Bad(nn.Module):
            def forward(self, x):
                raise KeyError("gone")

        with pytest.raises(KeyError) as e:
            nn.Sequential(nn.Identity(), Bad())(torch.ones(2))
        assert e.value.__notes__ == ["1 (Bad): came float32[2]"]
        with pytest.raises(KeyError) as e:
            Bad()(torch.ones(2))
        assert not hasattr(e.value, "__notes__")

    def test_the_same_exception_twice(self):
        error = ValueError("one")

        class Bad(nn.Module):
            def forward(self, x):
                raise error

        net = nn.Sequential(Bad())
        for _ in range(2):
            with pytest.raises(ValueError):
                net(1)
        assert len(error.__notes__) <= 2
        error.__traceback__ = None


# --- plain lists ---


@pytest.mark.skipif(IS_TORCH, reason="what PyTorch does not say")
class TestPlainLists:
    def test_told_once_with_the_line(self):
        code = """
import warnings
nn = torch.nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = []
        self.layers += [nn.Linear(1, 1), nn.Linear(1, 1)]
        self.parts = (nn.Parameter(torch.ones(1)),)
        self.sizes = [1, 2]
    def forward(self, x):
        return x
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for _ in range(2):
        net = Net()
        net(torch.ones(1))
        net(torch.ones(1))
for w in told:
    print(w.lineno, w.message)
print(net._hooked)
"""
        assert run(code) == [
            "9 Net holds 2 Linear in the plain list `layers`: parameters(), state_dict() and to() do not find them, so "
            "they are not trained; use nn.ModuleList",
            "10 Net holds 1 Parameter in the plain tuple `parts`: parameters(), state_dict() and to() do not find them, so "
            "they are not trained; use nn.ParameterList",
            "[]",
        ]

    def test_not_of_what_is_known(self):
        class Child(nn.Module):
            def __init__(self, *others):
                super().__init__()
                self.others = list(others)

            def forward(self, x):
                return x

        class Root(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1, 1)
                self.child = Child(self, self.fc)
                self.teacher = [nn.Linear(1, 1).requires_grad_(False)]

            def forward(self, x):
                return self.child(x)

        Root()(torch.ones(1))  # warnings are errors
        gc.collect()
