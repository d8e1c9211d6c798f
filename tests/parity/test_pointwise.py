"""Pointwise operations beside PyTorch: every sample of the catalogue, every type, two derivatives, bad arguments."""

import pytest

pytest.importorskip("torch")

import adjoint
from tests import catalogue
from tests.catalogue import pointwise
from tests.parity.side_by_side import check_error, check_sample

NAMES = sorted(pointwise.SAMPLES)
FLOATS = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
OTHERS = ["bool", "uint8", "int8", "int16", "int32", "int64"]
# Composed another way here: the result is the same, the node's name is not.
OTHER_NODES = {"mvlgamma", "special.multigammaln", "conj"}
# More is defined here: PyTorch refuses complex gradients of the first two, a second derivative of the third.
MORE = {"nn.functional.silu", "nan_to_num", "nn.functional.hardsigmoid"}
BAD = """-t(True)
t(True)-t(False)
t(True)-1
1-t(True)
torch.rsub(t(True),1)
torch.add(i,i,alpha=2.5)
torch.add(a,b,alpha=1j)
torch.add(i,1,alpha=True)
torch.div(a,b,rounding_mode='x')
i//0
i%0
torch.fmod(i,0)
torch.div(i,t(0),rounding_mode='trunc')
torch.div(i,t([0,1]),rounding_mode='floor')
t(True)//True
c//a
c%a
i**-1
t(True)**t(True)
torch.clamp(a)
torch.clamp(c,0,1)
torch.where(i,a,b)
torch.where(a,a,b)
torch.lerp(a,b.double(),.3)
torch.lerp(i,i,.3)
torch.lerp(a,b,a.double())
torch.addcmul(t(True),t(True),t(True))
torch.addcdiv(i,i,i)
torch.masked_fill(a,i,0)
torch.masked_fill(a,a>0,1j)
torch.masked_fill(a,a>0,b)
torch.isclose(a,a.double())
torch.isclose(a,b,rtol=-1)
torch.isclose(a,b,atol=-1)
torch.allclose(a,a.double())
torch.round(i,decimals=1)
torch.heaviside(a,i)
torch.heaviside(c,c)
i&1.5
~a
a<<1
a>>1
a^b
torch.prelu(a,t([.25]).double())
torch.prelu(torch.ones(2,3),t([.25,.5]))
torch.prelu(i,t([2,2]))
torch.nn.functional.gelu(a,approximate='x')
torch.nn.functional.celu(a,0)
torch.nn.functional.hardtanh(a,.4,.1)
torch.nn.functional.softshrink(a,-1)
torch.polygamma(-1,a)
torch.sin(a,out=i)
i.add_(1.5)
i.mul_(a)
i.div_(2)
i.sin_()
t(True).add_(1)
i.float_power_(2)
a.float_power_(2)
torch.maximum(c,c)
torch.sign(c)
torch.relu(c)
torch.relu(t(True))
torch.ceil(c)
torch.deg2rad(c)
torch.signbit(c)
torch.isposinf(c)
torch.hypot(i,i)
torch.gcd(a,a)
torch.add(a,torch.ones(3))
a.add_(torch.ones(3,2))
torch.exp('x')
a.mul('x')
torch.exp(a,b)
torch.floor_divide(a.requires_grad_(),b).sum().backward()
torch.heaviside(a.requires_grad_(),b).sum().backward()
a.requires_grad_().add_(1)
torch.add(a.requires_grad_(),b,out=torch.empty(2))
torch.copysign(c,a)
torch.atan2(c,c)
torch.bitwise_not(a)
torch.nn.functional.relu6(t([1]).byte())
torch.nn.functional.hardtanh(t([1]).byte())
torch.exp(a.expand(3,2),out=torch.empty(1,2).expand(3,2))
torch.empty(1,2).expand(3,2).add_(1)
a[1:].add_(a[:-1])
torch.logaddexp(i,i)
torch.frac(i)
torch.lgamma(c)
""".strip().split("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(name, dtype):
    for i in range(len(catalogue.samples(adjoint, name, getattr(adjoint, dtype), edges=True))):
        gradients = dtype not in ("float16", "bfloat16") and catalogue.differentiable(name) and name not in MORE
        check_sample(name, dtype, i, gradients, name not in OTHER_NODES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", OTHERS)
def test_integers(name, dtype):
    for i in range(len(catalogue.samples(adjoint, name, getattr(adjoint, dtype), edges=True))):
        check_sample(name, dtype, i, False)


def names_in(module):
    t = module.tensor
    return {
        "t": t,
        "a": t([0.5, 0.3]),
        "b": t([1.0, 2.0]),
        "i": t([1, 2]),
        "c": t([1 + 2j, 2.0]),
    }


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names_in)
