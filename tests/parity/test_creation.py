"""Creation functions beside PyTorch: bits, types, strides, keywords, errors."""

import warnings

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import creation

import adjoint
from parity.side_by_side import check_error, check_sample

FRESH = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"}
NAMES = sorted(set(creation.SAMPLES) - FRESH - creation.RANDOM - {"get_rng_state", "set_rng_state"})


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    for index in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        for dtype in ("float64", "float32", "int64", "complex64"):
            check_sample(name, dtype, index, False)


@pytest.mark.parametrize("name", ["complex", "polar"])
def test_derivatives(name):
    check_sample(name, "float64", 0, True)


@pytest.mark.parametrize("name", sorted(set(creation.SAMPLES) - {"get_rng_state", "set_rng_state"}))
def test_layout(name):
    def run(module):
        results = []
        for args, kwargs in catalogue.samples(module, name, module.float32):
            y = catalogue.resolve(module, name)(*args, **kwargs)
            results.append((str(y.dtype)[-8:], tuple(y.shape), y.stride(), y.requires_grad))
        return results

    assert run(adjoint) == run(torch)


BITS = """torch.arange(0, 100, 0.1)
torch.arange(1.3, 700, 0.7, dtype=torch.float64)
torch.arange(5, -20, -0.3)
torch.arange(0, 5, 0.25, dtype=torch.float16)
torch.arange(0, 50, 3, dtype=torch.uint8)
torch.linspace(0, 1, 1000)
torch.linspace(-3, 7.7, 333, dtype=torch.float64)
torch.linspace(0, 10, 7, dtype=torch.int32)
torch.linspace(3, -3, 50)
torch.eye(3, 5, dtype=torch.int8)
torch.full((2, 2), 0.1)
torch.full((2,), True)
torch.full((2,), torch.tensor(1))
torch.ones(3, dtype=torch.bfloat16)
torch.zeros(2, 3, requires_grad=True)
torch.zeros(2, layout=torch.strided, pin_memory=False)
torch.zeros([2, 3], dtype=torch.complex64)
torch.zeros(size=(2, 3))
torch.zeros(2, device='meta')
torch.zeros(2, device='cpu')
torch.zeros(2, 3, device=torch.device('meta')).new_ones(4)
torch.ones(2, dtype=torch.float64).new_full((2,), 3)
torch.zeros(2, out=torch.empty(3, dtype=torch.int64))
torch.tensor([1, 2]).new_tensor([1.5])
torch.arange(torch.tensor(5))
torch.arange(True)
torch.arange(start=1, end=4)
torch.arange(1, step=2, end=7)
torch.scalar_tensor(3)
torch.ones_like(torch.zeros(2, dtype=torch.int64), requires_grad=False)
torch.ones_like(torch.zeros(2), dtype=torch.float64, requires_grad=True)
torch.zeros_like(torch.zeros(4, 3).t(), memory_format=torch.contiguous_format).stride()
torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).stride()
torch.vander(torch.tensor([1., 2, 3]))
torch.complex(torch.ones(2), torch.zeros(2))
torch.tril_indices(3, 4, -1)
torch.triu_indices(3, 4, 1)
torch.range(0, 3, 0.5)
torch.empty(0).shape
torch.Tensor(2, 3).shape
torch.linspace(torch.tensor(0.), 1, 3)
torch.linspace(0, 1j, 3)""".split("\n")


@pytest.mark.parametrize("text", BITS)
def test_bits(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, want = (eval(text, {"torch": m}) for m in (adjoint, torch))
    assert repr(got).replace("adjoint", "torch") == repr(want)
    if isinstance(want, torch.Tensor) and not want.is_meta:
        assert got.tolist() == want.tolist()
        assert got.stride() == want.stride()


REFUSED = """torch.zeros(-1)
torch.zeros(2,-1)
torch.ones(-1)
torch.full((-1,),1)
torch.zeros(1<<40,1<<40)
torch.zeros(1<<45)
torch.empty((1<<62,4))
torch.empty_strided((2,),(1,2))
torch.empty_strided((2,),(-1,))
torch.eye(-1)
torch.eye(3,-2)
torch.arange(1,5,0)
torch.arange(5,1)
torch.arange(1,5,-1)
torch.arange(0,float('inf'))
torch.arange(0,float('nan'))
torch.arange(1j)
torch.arange(5,dtype=torch.bool)
torch.arange(5,dtype=torch.complex64)
torch.range(0,3,-1)
torch.range(0,3,0)
torch.linspace(0,1,-1)
torch.full((2,),1j,dtype=torch.float32)
torch.full_like(torch.zeros(2),1j)
torch.scalar_tensor(3j)
torch.zeros(2,requires_grad=True,dtype=torch.int64)
torch.zeros(2,device='cuda')
torch.zeros(2,pin_memory=True)
torch.zeros(2,out=torch.empty(2),dtype=torch.int64)
torch.complex(torch.zeros(2),torch.zeros(2).double())
torch.complex(torch.zeros(2).long(),torch.zeros(2).long())
torch.polar(torch.zeros(2),torch.zeros(2).double())
torch.tril_indices(-1,3)
torch.zeros()
torch.ones(2.)
torch.zeros('a')
torch.full(2)
torch.arange()
torch.arange('a')
torch.eye()
torch.zeros(2, dtype=float, device=3.5)
torch.zeros(2).new_zeros(-1)
torch.empty(2, memory_format=torch.preserve_format)
torch.zeros(2, bogus=1)""".split("\n")


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text):
    check_error(text, lambda module: {})
