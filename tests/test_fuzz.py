"""No input may crash the process: random arguments to every operation give a result or an ordinary exception."""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adjoint as torch
from adjoint import _core

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.complex128,
]
SHAPES = [(), (0,), (1,), (3,), (2, 3), (3, 2), (0, 4), (2, 0), (1, 1), (2, 1, 3), (2, 2, 2), (1, 2, 3, 2)]
# Between "small" and "more than the machine has" lie sizes that would only make the test slow.
INTS = [-(2**63), -(2**40), -5, -2, -1, 0, 1, 2, 3, 7, 2**40, 2**62, 2**63 - 1, 2**70]
OTHERS = [
    None,
    True,
    False,
    "sum",
    "mean",
    "",
    "ij,jk->ik",
    0.5,
    -1.0,
    math.nan,
    math.inf,
    1e300,
    1j,
    object(),
    [],
    (),
    [1, 2],
    [0, -1],
    (2, 3),
    [[1], [2]],
    {},
    torch.float32,
    torch.int64,
    torch.bool,
    slice(None),
    ...,
]
NAMES = sorted({schema.split("(")[0] for schema, _, _ in _core._records()})
# Operations whose work grows with a number, not with a size that the machine refuses.
UNBOUNDED = {"matrix_power", "combinations", "tensor_split"}


def tensor(rng):
    shape, dtype = rng.choice(SHAPES), rng.choice(DTYPES)
    t = torch.zeros(shape, dtype=dtype)
    if t.numel():
        t = (torch.arange(t.numel()).reshape(shape) - 2).to(dtype)
    kind = rng.randrange(6)
    if kind == 0 and t.dim() >= 2:
        t = t.transpose(0, 1)
    elif kind == 1 and t.dim() >= 1 and t.shape[0]:
        t = t[:1].expand(3, *t.shape[1:])
    elif kind == 2 and (dtype.is_floating_point or dtype.is_complex):
        t = t.requires_grad_()
    elif kind == 3:
        t = t.to("meta")
    return t


def argument(rng):
    kind = rng.random()
    if kind < 0.55:
        return tensor(rng)
    if kind < 0.75:
        return rng.choice(INTS[2:9]) if rng.random() < 0.7 else rng.choice(INTS)
    if kind < 0.8:
        return [tensor(rng) for _ in range(rng.randrange(4))]
    return rng.choice(OTHERS)


def functions(name):
    found = [getattr(torch, name, None), getattr(torch.Tensor, name, None), getattr(torch.Tensor, name + "_", None)]
    return [f for f in found if callable(f)]


def use(result):
    """Touches what came back, and runs its gradient."""
    for r in result if isinstance(result, (list, tuple)) else [result]:
        if isinstance(r, torch.Tensor):
            repr(r)
            if r.requires_grad and r.grad_fn is not None and r.device.type == "cpu":
                r.backward(torch.ones_like(r))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_random_arguments(name):
    rng = random.Random(name)
    for f in functions(name):
        for _ in range(25):
            args = [argument(rng) for _ in range(rng.randrange(1, 5))]
            if name in UNBOUNDED:
                args = [a for a in args if not isinstance(a, int)]
            kwargs = {
                k: argument(rng)
                for k in rng.sample(
                    ["dim", "keepdim", "out", "dtype", "other", "index", "nonsense"], rng.choice([0, 0, 0, 1, 2])
                )
            }
            try:
                use(f(*args, **kwargs))
            except Exception as error:
                assert not isinstance(error, SystemError), (name, args, kwargs)


index_values = st.one_of(
    st.integers(-4, 4),
    st.none(),
    st.just(...),
    st.booleans(),
    st.floats(),
    st.text(max_size=2),
    st.slices(4),
    st.lists(st.integers(-3, 3), max_size=3),
    st.sampled_from([0, 1, 2]).map(lambda k: [torch.tensor([0, 1]), torch.tensor([True, False]), torch.tensor(1)][k]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    shape=st.sampled_from(SHAPES),
    index=st.one_of(
        index_values, st.tuples(index_values, index_values), st.tuples(index_values, index_values, index_values)
    ),
)
def test_random_indices(shape, index):
    x = torch.zeros(shape)
    for act in (lambda: x[index], lambda: x.__setitem__(index, 1.0), lambda: x.__setitem__(index, torch.ones(2))):
        try:
            use(act())
        except (IndexError, TypeError, RuntimeError, ValueError):
            pass


nested = st.recursive(
    st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=2), st.complex_numbers()),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=nested, dtype=st.sampled_from([None, *DTYPES]))
def test_tensor_of_anything(data, dtype):
    try:
        use(torch.tensor(data, dtype=dtype))
    except (TypeError, ValueError, RuntimeError, OverflowError):
        pass


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sizes=st.lists(st.sampled_from(INTS), max_size=4),
    strides=st.lists(st.sampled_from(INTS), max_size=4),
    offset=st.sampled_from(INTS),
)
def test_as_strided_stays_inside(sizes, strides, offset):
    try:
        use(torch.zeros(6).as_strided(sizes, strides, offset))
    except (TypeError, RuntimeError, OverflowError):
        pass
