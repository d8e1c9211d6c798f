"""PyTorch's database of modules (torch.testing._internal.common_modules) on Adjoint's layers: initial values from one seed,
printing, state_dict, forward, gradient, second order, in training and in evaluation, after a pickle.

Classes that Adjoint has not are counted at the end of the run, not hidden.
"""

import copy
import dataclasses
import os
import pickle
import warnings

import pytest

torch = pytest.importorskip("torch")

from torch.testing._internal.common_modules import module_db

import adjoint
from parity.opinfo import Bridge, Missing
from parity.side_by_side import flat

BRIDGE = Bridge(torch, adjoint)
# Some modules have hundreds of rows: by itself, this many of each are run, evenly chosen; all with ADJOINT_ALL_ROWS=1.
MOST = 12
ALL = "ADJOINT_ALL_ROWS" in os.environ
COUNTS = {"rows": 0, "of": 0}

TOLERANCE = {"float64": 1e-8, "float32": 3e-5}
# Where Adjoint's gradient is another on purpose.
OTHER_GRADIENTS = {"CTCLoss": "the derivative of its value, not of its value after log_softmax"}


def ours_of(info):
    name = info.module_cls.__name__
    cls = getattr(adjoint.nn, name, None)
    if cls is None:
        pytest.skip(f"Adjoint has no nn.{name}")
    return cls


def numbers(t):
    return [complex(v) for v in t.detach().flatten().tolist()]


def close(ours, theirs, what, tolerance):
    ours, theirs = flat(ours, adjoint), flat(theirs, torch)
    assert len(ours) == len(theirs), what
    for x, y in zip(ours, theirs):
        assert tuple(x.shape) == tuple(y.shape) and str(x.dtype) == str(y.dtype), (what, x.shape, y.shape)
        for a, b in zip(numbers(x), numbers(y)):
            assert a == b or (a != a and b != b) or abs(a - b) <= tolerance * max(1.0, abs(b)), (what, a, b)


def carried(value):
    """What PyTorch's database gives, as Adjoint takes it: tensors, functions, layers and options, too."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(carried(v) for v in value)
    if isinstance(value, dict):
        return {k: carried(v) for k, v in value.items()}
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        return encoder_layer(value)
    if dataclasses.is_dataclass(value):
        return getattr(adjoint.nn, type(value).__name__)(**carried(dataclasses.asdict(value)))
    if callable(value) and getattr(torch.nn.functional, getattr(value, "__name__", ""), None) is value:
        return getattr(adjoint.nn.functional, value.__name__)
    return BRIDGE.value(value)


def encoder_layer(t):
    """Ours of the same sizes and weights."""
    a = adjoint.nn.TransformerEncoderLayer(
        t.self_attn.embed_dim,
        t.self_attn.num_heads,
        t.linear1.out_features,
        t.dropout.p,
        carried(t.activation),
        t.norm1.eps,
        t.self_attn.batch_first,
        t.norm_first,
        t.linear1.bias is not None,
        dtype=BRIDGE.value(t.linear1.weight.dtype),
    )
    a.load_state_dict(carried(dict(t.state_dict())))
    return a


def given(function_input):
    try:
        return carried(list(function_input.args)), carried(dict(function_input.kwargs))
    except Missing as e:
        pytest.skip(str(e))


def leaves(value):
    """PyTorch's inputs without their histories, which some share."""
    if isinstance(value, torch.Tensor):
        return value.detach().requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {k: leaves(v) for k, v in value.items()}
    return type(value)(leaves(v) for v in value) if type(value) in (list, tuple) else value


def inputs(info, dtype, training):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training))


def pair(info, row, training, dtype):
    """(our module, PyTorch's), made from the same seed."""
    args, kwargs = given(row.constructor_input)
    adjoint.manual_seed(3)
    a = ours_of(info)(*args, **kwargs).to(getattr(adjoint, dtype)).train(training)
    torch.manual_seed(3)
    t = info.module_cls(*row.constructor_input.args, **row.constructor_input.kwargs)
    return a, t.to(getattr(torch, dtype)).train(training)


def seeded(f):
    adjoint.manual_seed(7)
    torch.manual_seed(7)
    return f()


def differentiable(values, kind):
    return [v for v in flat(values, kind) if v.requires_grad]


def gradients(kind, module, args, kwargs, result, second):
    """The gradients of a weighted sum of the results, and those of a sum of their squares."""
    leaves = differentiable([args, list(kwargs.values())], kind) + [p for p in module.parameters() if p.requires_grad]
    results = differentiable(result if isinstance(result, (list, tuple)) else [result], kind)
    if not leaves or not results:
        return [], []
    weighted = sum((r * (0.5 + 0.01 * i) * r.abs()).sum() for i, r in enumerate(results, 1))
    weighted = weighted.real if weighted.is_complex() else weighted

    def gradient(of, create_graph=False):
        found = kind.autograd.grad(of, leaves, create_graph=create_graph, allow_unused=True)
        return [kind.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves)]

    first = gradient(weighted, create_graph=second)
    again = [g for g in first if g.requires_grad]
    if not second or not again:
        return first, [kind.zeros_like(leaf) for leaf in leaves] if second else []
    whole = sum((g * g.conj()).real.sum() if g.is_complex() else (g * g).sum() for g in again)
    try:
        return first, gradient(whole)
    except RuntimeError as e:
        if kind is not torch or "is not implemented" not in str(e):
            raise
        return first, None  # PyTorch has no second order here


def keys(state):
    return [(k, tuple(v.shape) if hasattr(v, "shape") else None) for k, v in state.items()]


CASES = [
    pytest.param(info, training, id=f"{info.name}-{'train' if training else 'eval'}")
    for info in module_db
    for training in ((True, False) if info.train_and_eval_differ else (True,))
]


@pytest.mark.parametrize("info, training", CASES)
@pytest.mark.filterwarnings("ignore")
def test_module(info, training):
    ours_of(info)
    dtype = "float64" if torch.float64 in info.dtypes else "float32"
    tolerance = TOLERANCE[dtype]
    rows = inputs(info, getattr(torch, dtype), training)
    assert rows
    step = 1 if ALL else -(-len(rows) // MOST)
    COUNTS["rows"] += len(rows[::step])
    COUNTS["of"] += len(rows)
    for row in rows[::step]:
        a, t = pair(info, row, training, dtype)
        assert repr(a) == repr(t), row.desc
        lazy = info.is_lazy
        if not lazy:
            assert keys(a.state_dict()) == keys(t.state_dict())
            close(list(a.state_dict().values()), list(t.state_dict().values()), "initial values", 1e-6)
            a.load_state_dict({k: BRIDGE.value(v) for k, v in t.state_dict().items()})
        if row.forward_input is None:
            continue
        args, kwargs = given(row.forward_input)
        targs, tkwargs = leaves(list(row.forward_input.args)), leaves(dict(row.forward_input.kwargs))
        theirs = seeded(lambda: t(*targs, **tkwargs))
        if lazy:
            seeded(lambda: a(*args, **kwargs))
            a.load_state_dict({k: BRIDGE.value(v) for k, v in t.state_dict().items()})
            theirs = seeded(lambda: t(*targs, **tkwargs))
        ours = seeded(lambda: a(*args, **kwargs))
        where = f"{info.name} {row.desc}"
        close(ours, theirs, f"{where}: forward", tolerance)
        close(list(a.state_dict().values()), list(t.state_dict().values()), f"{where}: state after forward", tolerance)
        # PyTorch's linear_cross_entropy in chunks keeps first derivatives as numbers: their derivatives are not its own.
        chunks = row.constructor_input.kwargs.get("options") is not None
        second = info.supports_gradgrad and dtype == "float64" and not chunks
        mine = gradients(adjoint, a, args, kwargs, ours, second)
        want = gradients(torch, t, targs, tkwargs, theirs, second)
        if info.module_cls.__name__ not in OTHER_GRADIENTS:
            close(mine[0], want[0], f"{where}: gradient", 10 * tolerance)
        if want[1] is not None:
            close(mine[1], want[1], f"{where}: second order", 1000 * tolerance)
        for other in (copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
            assert repr(other) == repr(a) and other.training == training
            close(
                seeded(lambda other=other: other(*args, **kwargs)),
                seeded(lambda: t(*targs, **tkwargs)),
                f"{where}: copy",
                tolerance,
            )


def test_the_database_is_covered():
    """How many of the database's classes are here, and how many rows were compared."""
    names = sorted({info.module_cls.__name__ for info in module_db})
    missing = [name for name in names if not hasattr(adjoint.nn, name)]
    print(
        f"\nmodules of the database: {len(names) - len(missing)} of {len(names)}; rows: {COUNTS['rows']} of {COUNTS['of']}"
    )
    assert not missing
