"""state_dict and load_state_dict. What is PyTorch's runs on PyTorch, too, with ADJOINT_STANDIN=torch."""

import copy
import pickle
import warnings
from collections import OrderedDict

import pytest
from support import IS_TORCH, torch

nn = torch.nn
ours = pytest.mark.skipif(IS_TORCH, reason="better than PyTorch")


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)))


def values(module):
    return {k: v.clone() for k, v in module.state_dict().items()}


def same(a, b):
    assert list(a) == list(b) and all(torch.equal(a[k], b[k]) for k in a)


def renamed(module, change):
    return {change(k): v for k, v in module.state_dict().items()}


# --- out ---


def test_out():
    m = net()
    state = m.state_dict()
    assert type(state) is OrderedDict and not any(v.requires_grad for v in state.values())
    assert state["0.weight"].data_ptr() == m[0].weight.data_ptr()
    assert m.state_dict(keep_vars=True)["0.weight"] is m[0].weight
    assert next(iter(m[1].state_dict(prefix="p."))) == "p.0.weight"
    assert dict(state._metadata) == {k: {"version": 1} for k in ("", "0", "1", "1.0", "1.1")}
    into = OrderedDict(old=1)
    assert m.state_dict(destination=into) is into and "old" in into
    with pytest.warns(FutureWarning, match="Positional args are being deprecated"):
        m.state_dict(OrderedDict(), "q.")
    assert pickle.loads(pickle.dumps(state))._metadata == state._metadata


def test_hooks_of_state_dict():
    m, log = nn.Linear(1, 1), []
    m.register_state_dict_pre_hook(lambda m, prefix, keep: log.append(prefix))
    m._register_state_dict_hook(lambda m, state, prefix, meta: OrderedDict(state, extra=1))
    m.register_state_dict_post_hook(lambda m, state, prefix, meta: log.append(sorted(state)))
    assert list(m.state_dict(prefix="a.")) == ["a.weight", "a.bias", "extra"] and log[0] == "a."

    def public(m, state, prefix, meta):
        return 3

    m.register_state_dict_post_hook(public)
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        m.state_dict()
    with pytest.raises(RuntimeError, match="Cannot register the same function"):
        m._register_state_dict_hook(public)


class Extra(nn.Module):
    def __init__(self, value=0):
        super().__init__()
        self.value = value

    def get_extra_state(self):
        return {"value": self.value}

    def set_extra_state(self, state):
        self.value = state["value"]


def test_extra_state():
    m = nn.Sequential(Extra(5))
    assert m.state_dict() == {"0._extra_state": {"value": 5}}
    other = nn.Sequential(Extra())
    other.load_state_dict(m.state_dict())
    assert other[0].value == 5
    with pytest.raises(RuntimeError, match='Missing key.s. in state_dict: "0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.s. in state_dict: "_extra_state"'):
        nn.Identity().load_state_dict({"_extra_state": 1})
    with pytest.raises(RuntimeError, match="should never be called"):
        nn.Identity().get_extra_state()


# --- in ---


def test_in():
    a, b = net(), net()
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    same(a.state_dict(), b.state_dict())
    assert a[0].weight.data_ptr() != b[0].weight.data_ptr()
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
        b.load_state_dict([])


def test_messages():
    m = net()
    state = m.state_dict()
    del state["0.bias"]
    state["0.wieght"] = torch.ones(1)
    state["1.0.weight"] = torch.ones(2, 4)
    with pytest.raises(RuntimeError) as e:
        m.load_state_dict(state)
    assert str(e.value) == (
        'Error(s) in loading state_dict for Sequential:\n\tMissing key(s) in state_dict: "0.bias". \n\t'
        'Unexpected key(s) in state_dict: "0.wieght". \n\tsize mismatch for 1.0.weight: copying a param with shape '
        "torch.Size([2, 4]) from checkpoint, the shape in current model is torch.Size([4, 4])."
    )
    with pytest.raises(RuntimeError, match="expected torch.Tensor or Tensor-like object from checkpoint but received"):
        m.load_state_dict(m.state_dict() | {"0.bias": 3})


def test_scalars_of_old():
    m = nn.Module()
    m.p = nn.Parameter(torch.tensor(1.0))
    m.load_state_dict({"p": torch.tensor([4.0])})
    assert m.p.item() == 4


def test_assign():
    m = net().requires_grad_(False)
    given = {k: v.double() for k, v in net().state_dict().items()}
    m.load_state_dict(given, assign=True)
    assert m[0].weight.dtype == torch.float64 and isinstance(m[0].weight, nn.Parameter)
    assert m[0].weight.data_ptr() == given["0.weight"].data_ptr() and not m[0].weight.requires_grad
    empty = net().to("meta")
    empty.load_state_dict(given, assign=True)
    assert not empty[0].weight.is_meta and empty[0].weight.requires_grad
    with pytest.warns(UserWarning, match="copying from a non-meta parameter"):
        net().to("meta").load_state_dict(given)


def test_hooks_of_loading():
    m, log = nn.Linear(1, 1), []

    def rename(m, state, prefix, meta, strict, missing, unexpected, errors):
        state[prefix + "bias"] = state.pop(prefix + "b")

    m.register_load_state_dict_pre_hook(rename)
    m._register_load_state_dict_pre_hook(lambda state, prefix, *rest: log.append(prefix))
    m.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    m.register_load_state_dict_post_hook(lambda m, keys: log.append(m.bias.item()))
    given = {"0.b": torch.tensor([3.0])}
    nn.Sequential(m).load_state_dict(given)
    assert log == ["0.", 3.0] and list(given) == ["0.b"]
    m.register_load_state_dict_post_hook(lambda m, keys: 1)
    with pytest.raises(AssertionError, match="are not expected to return new values"):
        nn.Sequential(m).load_state_dict(given)


def test_a_hook_of_a_dead_module():
    m = nn.Linear(1, 1)
    handle = m.register_load_state_dict_pre_hook(lambda m, *rest: None)
    hook = m._load_state_dict_pre_hooks[handle.id]
    del m
    with pytest.raises(RuntimeError, match="hook of a dead Module"):
        hook({}, "", {}, True, [], [], [])


def test_own_loading():
    class Old(nn.Linear):
        _version = 2

        def _load_from_state_dict(self, state, prefix, meta, *rest):
            if meta.get("version", 1) < 2:
                state[prefix + "bias"] = state.pop(prefix + "b")
            super()._load_from_state_dict(state, prefix, meta, *rest)

    m = Old(1, 1)
    assert m.state_dict()._metadata[""] == {"version": 2}
    m.load_state_dict({"weight": torch.ones(1, 1), "b": torch.ones(1)})
    assert m.bias.item() == 1
    m.load_state_dict(Old(1, 1).state_dict())


# --- all or nothing ---


@ours
class TestAllOrNothing:
    def unchanged(self, module, state, error=RuntimeError, **options):
        before, held = values(module), dict(module.named_parameters())
        with pytest.raises(error):
            module.load_state_dict(state, **options)
        same(values(module), before)
        assert all(p is held[n] for n, p in module.named_parameters())

    def test_shapes_and_keys(self):
        m = net()
        for change in ({"1.1.weight": torch.ones(1)}, {"more": torch.ones(1)}, {"1.1.bias": 3}):
            self.unchanged(m, net().state_dict() | change)
            self.unchanged(m, net().state_dict() | change, assign=True)
        state = net().state_dict()
        del state["1.1.bias"]
        self.unchanged(m, state)

    def test_a_copy_that_fails(self):
        m = net()
        self.unchanged(m, net().state_dict() | {"1.0.weight": torch.empty(4, 4, device="meta")})
        m[1][0].weight.data = torch.ones(4, 1).expand(4, 4)
        self.unchanged(m, net().state_dict())

    def test_a_hook_that_fails(self):
        m = net()
        m[0].register_load_state_dict_post_hook(lambda m, keys: 1 / 0)
        self.unchanged(m, net().state_dict(), ZeroDivisionError)

    def test_an_extra_state_that_fails(self):
        m = nn.Sequential(nn.Linear(1, 1), Extra())
        state = nn.Sequential(nn.Linear(1, 1), Extra()).state_dict()
        state["1._extra_state"] = {}
        before = values(m[0])
        with pytest.raises(KeyError):
            m.load_state_dict(state)
        same(values(m[0]), before)

    def test_own_loading_that_writes(self):
        class Own(nn.Linear):
            def _load_from_state_dict(self, state, prefix, *rest):
                self.weight.data.fill_(7)
                self.bias = nn.Parameter(torch.zeros(1))

        self.unchanged(nn.Sequential(Own(1, 1), nn.Linear(1, 1)), {"1.weight": torch.ones(1, 1)})

    def test_lazy_ones(self):
        m = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 1))
        with pytest.raises(RuntimeError, match="size mismatch"):
            m.load_state_dict({**nn.Sequential(nn.Linear(5, 2), nn.Linear(3, 1)).state_dict()})
        assert nn.parameter.is_lazy(m[0].weight)
        m.load_state_dict(nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 1)).state_dict())
        assert m[0].weight.shape == (2, 5) and m(torch.ones(5)).shape == (1,)


# --- what is told ---


def notes(module, state, **options):
    with pytest.raises(RuntimeError) as e:
        module.load_state_dict(state, **options)
    return e.value.__notes__


@ours
class TestTold:
    def test_prefix(self):
        m = net()
        state = renamed(m, lambda k: "module." + k)
        assert notes(m, state) == [
            "6 keys differ only by the prefix `module.`: "
            "load_state_dict({k.removeprefix('module.'): v for k, v in state.items()})"
        ]
        m.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})

    def test_prefix_that_lacks(self):
        m = nn.ModuleDict({"net": net()})
        state = m["net"].state_dict()
        assert notes(m, state) == [
            "6 keys lack only the prefix `net.`: load_state_dict({'net.' + k: v for k, v in state.items()})"
        ]
        m.load_state_dict({"net." + k: v for k, v in state.items()})

    def test_parts(self):
        m = net()
        state = renamed(m, lambda k: k.replace("weight", "gamma"))
        assert notes(m, state) == [
            "3 keys say `gamma` where the module says `weight`: "
            "load_state_dict({k.replace('gamma', 'weight'): v for k, v in state.items()})"
        ]

    def test_numbers_are_no_names(self):
        m = nn.Sequential(*[nn.Linear(1, 1) for _ in range(2)])
        state = renamed(m, lambda k: k.replace("1.", "11."))
        assert not any("replace" in note for note in notes(m, state))

    def test_a_line_that_would_not_mend_is_not_given(self):
        m = nn.ModuleDict({"aa": nn.Linear(1, 1)})
        given = {"a." + k.removeprefix("aa."): v for k, v in m.state_dict().items()}
        assert notes(m, given)[0] == "2 keys say `a` where the module says `aa`"

    def test_one_level_down(self):
        m = net()
        assert notes(m, {"epoch": 3, "model": m.state_dict()}) == [
            'the tensors are one level down: load_state_dict(state["model"])'
        ]

    def test_near_names(self):
        m = nn.ModuleDict({"attention": nn.Linear(1, 1, bias=False)})
        state = {"atention.weight": torch.ones(1, 1)}
        assert notes(m, state)[0] == '"atention.weight" looks like "attention.weight"'

    def test_many(self):
        m = nn.ModuleDict({"a": nn.Sequential(*[nn.Linear(1, 1) for _ in range(30)]), "b": nn.Linear(1, 1)})
        state = m["b"].state_dict(prefix="b.")
        assert notes(m, state)[0] == "missing: 2 keys of `a.0`"
        assert notes(m, state)[-1] == "missing: 22 modules more"

    def test_sizes(self):
        given = nn.Sequential(nn.Linear(3, 10), nn.Linear(10, 2)).state_dict()
        m = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))
        assert notes(m, given) == ["the state has 10 where the module has 5: 0.weight, 0.bias, 1.weight"]
        assert notes(nn.Linear(2, 3, bias=False), {"weight": torch.ones(2, 3)}) == ["the state is transposed: weight"]

    def test_not_strict(self):
        m = net()
        result = m.load_state_dict(m.state_dict() | {"more": torch.ones(1)}, strict=False)
        assert (
            result == ([], ["more"]) and repr(result) == "_IncompatibleKeys(missing_keys=[], unexpected_keys=['more'])"
        )
        assert str(result) == '6 of 6 keys were loaded; 1 were not expected\n  unexpected: "more"'
        with pytest.warns(UserWarning, match="under half of the keys matched: 0 of 6 keys were loaded") as told:
            m.load_state_dict(renamed(m, lambda k: "module." + k), strict=False)
        assert "prefix `module.`" in str(told[0].message) and told[0].filename == __file__

    def test_casts(self):
        m = nn.Linear(2, 2)
        state = {"weight": torch.full((2, 2), 0.1, dtype=torch.float64), "bias": torch.tensor([1, 2])}
        with pytest.warns(UserWarning) as told:
            m.load_state_dict(state)
        assert [str(w.message) for w in told] == [
            "load_state_dict: values changed in the cast from float64 to float32: weight"
        ]
        assert told[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            m.load_state_dict({k: v.float() for k, v in state.items()})
            m.double().load_state_dict({k: v.float() for k, v in state.items()})
            m.float().load_state_dict(
                {"weight": torch.full((2, 2), float("nan"), dtype=torch.float64), "bias": torch.ones(2)}
            )
        with pytest.warns(UserWarning, match="int64 to float32"):
            m.load_state_dict({"weight": torch.ones(2, 2), "bias": torch.tensor([2**24 + 1, 0])})


# --- tied weights ---


def tied():
    m = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    m[1].weight = m[0].weight
    return m


@ours
class TestTied:
    def test_assigned(self):
        m = tied()
        m.load_state_dict(tied().state_dict(), assign=True)
        assert m[0].weight is m[1].weight
        m.load_state_dict({k: torch.ones(2, 2) for k in m.state_dict()}, assign=True)
        assert m[0].weight is m[1].weight and m[0].weight.sum() == 4

    def test_one_name_in_the_state(self):
        m = tied()
        m.load_state_dict({"0.weight": torch.ones(2, 2)}, assign=True, strict=False)
        assert m[0].weight is m[1].weight and m[1].weight.sum() == 4

    def test_two_values(self):
        m = tied()
        with pytest.warns(UserWarning, match="0.weight and 1.weight are one parameter"):
            m.load_state_dict({"0.weight": torch.ones(2, 2), "1.weight": torch.zeros(2, 2)}, assign=True)
        assert m[0].weight is m[1].weight and m[0].weight.sum() == 0

    def test_the_states_parameters_stay_theirs(self):
        source = nn.Linear(2, 2)
        m = nn.Linear(2, 2).requires_grad_(False)
        m.load_state_dict(source.state_dict(keep_vars=True), assign=True)
        assert source.weight.requires_grad and not m.weight.requires_grad
        assert copy.deepcopy(m).weight.requires_grad is False
