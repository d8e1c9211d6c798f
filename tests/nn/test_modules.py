"""What every layer keeps to, by enumeration: a class of adjoint.nn.modules without a row fails.

A row stands in `tests/nn/catalogue_<family>.py`, in ROWS, a dict from the name of a class to a list:

    from rows import row

    ROWS = {
        "Linear": [
            row(3, 4).on(lambda make: [make(2, 3)]),               # nn.Linear(3, 4)(x), x of shape (2, 3)
            row(3, 4, bias=False).on(lambda make: [make(3)]),
        ],
        "Embedding": [row(10, 3).on(lambda make: [make.ints(10, 2, 4)])],
    }

`make(*shape, low=-2, high=2)` gives numbers of the dtype under test, `make.ints(high, *shape, low=0)` whole numbers below
`high`, both the same every time. `built(lambda nn: nn.Sequential(...))` in the place of `row(...)` makes the module by hand.
`.on(inputs, keywords, ...)` takes forward's keyword arguments second, and these options:

    random=True       forward draws random numbers (the seed is set before each call)
    gradient=False    no derivatives are checked; second=False: no second ones
    meta=False        the module cannot be made or called on the device "meta"
    wrong=function    inputs of a wrong shape, as `inputs`, which the line `shape` need not know; False: there are none
                      that fail. By itself: inputs with one size changed so that the line does not fit
    says="..."        repr, word for word

Each row is checked for: shapes by the class's line `shape` (src/adjoint/nn/modules/shapes.py says what may stand there),
two derivatives of inputs and parameters in float64, initial values by the seed, state_dict and loading, printing, copies,
pickles, train and eval, the meta device, and the note with the module's path where a shape is wrong.
"""

import copy
import importlib
import inspect
import pickle
from pathlib import Path

import pytest
from rows import make_of, tensors_in
from support import torch

from adjoint.nn.modules.shapes import fits, sides

nn = torch.nn
CATALOGUE = {}
for path in sorted(Path(__file__).parent.glob("catalogue_*.py")):
    for name, rows in importlib.import_module(path.stem).ROWS.items():
        CATALOGUE.setdefault(name, []).extend(rows)

# Bases and settings, which are no layers.
ABSTRACT = {"Module", "Container", "LinearCrossEntropyOptions"}
# What they take and give is their children's.
CONTAINERS = {"Sequential"}
CASES = [pytest.param(name, row, id=f"{name}-{i}") for name, rows in CATALOGUE.items() for i, row in enumerate(rows)]
CALLED = [case for case in CASES if case.values[1].inputs is not None]


def cls(name):
    return getattr(nn.modules, name)


def run(module, row, arguments):
    if row.option("random", False):
        torch.manual_seed(0)
    return module(*arguments, **row.keywords)


def state(module):
    return {k: v.detach().clone() for k, v in module.state_dict().items() if isinstance(v, torch.Tensor)}


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert torch.equal(a[key].nan_to_num(), b[key].nan_to_num()), key


def equal_results(a, b):
    a, b = tensors_in(a), tensors_in(b)
    assert len(a) == len(b)
    for x, y in zip(a, b):
        assert torch.equal(x.nan_to_num(), y.nan_to_num())


def test_every_layer_has_a_row():
    layers = {n for n in nn.modules.__all__ if n not in ABSTRACT}
    assert layers - set(CATALOGUE) == set()
    assert set(CATALOGUE) - layers == set()


def test_every_layer_is_in_nn():
    assert [n for n in nn.modules.__all__ if getattr(nn, n, None) is not cls(n)] == []


@pytest.mark.parametrize("name, row", CALLED)
def test_shapes(name, row):
    line = getattr(cls(name), "shape", None)
    if name in CONTAINERS:
        assert line is None
        return
    assert isinstance(line, str), f"{name} has no line `shape`"
    for mode in (True, False):
        module = row.module(cls(name), torch.float64).train(mode)
        arguments = row.arguments()
        result = run(module, row, arguments)
        taken, given = tensors_in([*arguments, row.keywords]), tensors_in(result)
        assert any(
            fits(module, left, taken, bound) and fits(module, right, given, bound)
            for left in sides(line)[0]
            for right in sides(line)[1]
            for bound in [{}]
        ), (line, [t.shape for t in taken], [t.shape for t in given])


@pytest.mark.parametrize("name, row", [c for c in CALLED if c.values[1].option("gradient")])
def test_derivatives(name, row):
    module = row.module(cls(name), torch.float64)
    arguments = row.arguments()
    run(module, row, arguments)  # lazy ones take their shapes
    inputs = [t for t in tensors_in(arguments) if t.requires_grad]
    parameters = [p for p in module.parameters() if p.requires_grad]

    def f(*_):
        found = [t for t in tensors_in(run(module, row, arguments)) if t.requires_grad]
        return tuple(found)

    assert torch.autograd.gradcheck(f, (*inputs, *parameters))
    if row.option("second"):
        assert torch.autograd.gradgradcheck(f, (*inputs, *parameters))


@pytest.mark.parametrize("name, row", CASES)
def test_the_seed_gives_the_values(name, row):
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        found.append(state_of_row(name, row))
    same(*found)


def state_of_row(name, row):
    module = row.module(cls(name))
    if any(nn.parameter.is_lazy(t) for t in [*module.parameters(), *module.buffers()]):
        run(module, row, row.arguments(torch.float32))
    return state(module)


@pytest.mark.parametrize("name, row", CASES)
def test_state_dict(name, row):
    torch.manual_seed(1)
    module = row.module(cls(name))
    if row.inputs is not None:
        module = row.module(cls(name), torch.float64)
        run(module, row, row.arguments())
    stateful = {n for n, _ in module.named_parameters(remove_duplicate=False)}
    for path, m in module.named_modules():
        stateful |= {
            f"{path}.{b}".lstrip(".")
            for b in m._buffers
            if b not in m._non_persistent_buffers_set and m._buffers[b] is not None
        }
        if type(m).get_extra_state is not nn.Module.get_extra_state:
            stateful.add(f"{path}._extra_state".lstrip("."))
    assert set(module.state_dict()) == stateful
    torch.manual_seed(2)
    other = row.module(cls(name), torch.float64 if row.inputs is not None else None)
    assert str(other.load_state_dict(module.state_dict())) == "<All keys matched successfully>"
    same(state(other), state(module))
    if row.inputs is not None:
        equal_results(run(other.eval(), row, row.arguments()), run(module.eval(), row, row.arguments()))


@pytest.mark.parametrize("name, row", CASES)
def test_prints(name, row):
    module = row.module(cls(name))
    text = repr(module)
    assert text.startswith(f"{name}(") and text.endswith(")")
    says = row.option("says", None)
    if says is not None:
        assert text == says


@pytest.mark.parametrize("name, row", CASES)
@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
def test_copies(name, row, how):
    module = row.module(cls(name), torch.float64 if row.inputs is not None else None)
    module.note = "kept"
    other = copy.deepcopy(module) if how == "deepcopy" else pickle.loads(pickle.dumps(module))
    assert type(other) is type(module) and other.note == "kept" and repr(other) == repr(module)
    assert {id(p) for p in other.parameters()}.isdisjoint({id(p) for p in module.parameters()})
    if row.inputs is None:
        same(state(other), state(module))
    else:
        torch.manual_seed(5)
        first = run(module, row, row.arguments())
        torch.manual_seed(5)
        equal_results(run(other, row, row.arguments()), first)


@pytest.mark.parametrize("name, row", CASES)
def test_train_and_eval(name, row):
    module = row.module(cls(name))
    assert all(m.training for m in module.modules())
    assert module.eval() is module and not any(m.training for m in module.modules())
    assert module.train() is module and all(m.training for m in module.modules())


@pytest.mark.parametrize("name, row", [c for c in CASES if c.values[1].option("meta")])
def test_meta_device(name, row):
    takes = "device" in inspect.signature(cls(name)).parameters
    module = row.module(cls(name), device="meta" if takes and row.build is None else None).to("meta").to(torch.float64)
    assert all(t.is_meta for t in [*module.parameters(), *module.buffers()])
    if row.inputs is not None:
        with torch.no_grad():
            result = run(module, row, to_meta(row.arguments()))
        real = run(row.module(cls(name), torch.float64), row, row.arguments())
        assert all(t.is_meta for t in tensors_in(result))
        assert [t.shape for t in tensors_in(result)] == [t.shape for t in tensors_in(real)]


def to_meta(value):
    if isinstance(value, torch.Tensor):
        return value.detach().to("meta")
    return type(value)(to_meta(v) for v in value) if isinstance(value, (list, tuple)) else value


def wrong_arguments(name, row, module):
    """Inputs of a wrong shape; None where no change makes one."""
    wrong = row.option("wrong", None)
    if wrong is False:
        return None
    if wrong is not None:
        return wrong(make_of(torch.float64))
    if name in CONTAINERS:
        return None
    arguments = row.arguments()
    for i, t in enumerate(arguments):
        if not isinstance(t, torch.Tensor):
            continue
        for dim in reversed(range(t.ndim)):
            changed = [*arguments]
            changed[i] = torch.cat([t.detach(), t.detach().narrow(dim, 0, 1)], dim) if t.shape[dim] else t
            taken = tensors_in([*changed, row.keywords])
            if not any(fits(module, left, taken, {}) for left in sides(cls(name).shape)[0]):
                return changed
    return None


@pytest.mark.parametrize("name, row", CALLED)
def test_a_wrong_shape_names_the_path(name, row):
    module = row.module(cls(name), torch.float64)
    run(module, row, row.arguments())
    wrong = wrong_arguments(name, row, module)
    if wrong is None:
        return
    outer = nn.ModuleDict({"block": nn.ModuleList([nn.Identity(), module])})
    outer.forward = lambda *args, **kwargs: outer["block"][1](*args, **kwargs)
    with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)) as e:
        run(outer, row, wrong)
    del outer.forward
    notes = "\n".join(getattr(e.value, "__notes__", ()))
    assert f"block.1 ({type(module).__name__})" in notes or "block.1." in notes, notes
    assert "came " in notes, notes
    assert row.option("wrong", None) is not None or "expected (" in notes, notes
