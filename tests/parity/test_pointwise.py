"""Pointwise operations beside PyTorch: every sample of the catalogue, every type, two derivatives, bad arguments."""

import math

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import pointwise, special

import adjoint
from parity.side_by_side import check_error, check_sample, compare

NAMES = sorted(pointwise.SAMPLES | special.SAMPLES)
FLOATS = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
OTHERS = ["bool", "uint8", "int8", "int16", "int32", "int64"]
# Composed another way here: the result is the same, the node's name is not.
OTHER_NODES = {"mvlgamma", "special.multigammaln", "conj", "special.ndtr"}
# PyTorch has no loop of these for 16-bit floats; here every function of floats has one.
ALSO_HALF = {f"special.{name}" for name in ("erfcx", "log_ndtr", "ndtri", "zeta")} | {
    f"special.{name}" for name in (*special.BESSEL, *special.BESSEL_POSITIVE, *special.POLYNOMIALS)
}
# PyTorch's have seven digits in double, too, or lose some far out: tests/test_accuracy.py checks ours.
LOOSE = {f"special.{name}" for name in ("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "airy_ai")}
# More is defined here: PyTorch refuses complex gradients of the first two, a second derivative of the third.
MORE = {"nn.functional.silu", "nan_to_num", "nn.functional.hardsigmoid"}
# PyTorch's gradients are NaN or 0 at limit points where ours are right: tests/test_formula_corners.py, test_accuracy.py.
BETTER_AT_EDGES = {"atan2", "sinc", "special.erfcx", "erf", "erfc"}
# PyTorch's leave the range of small integers or floats on the way: 1 + |x| in uint8, 0 * 2**255.
NARROW = {"nn.functional.softsign", "ldexp"}
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
torch.add(t([1]).byte(),t([1]).byte(),alpha=300)
torch.sub(t([1]).byte(),t([1]).byte(),alpha=300)
torch.add(a,1,alpha=1e300)
torch.addcmul(t([1]).byte(),t([1]).byte(),t([1]).byte(),value=300)
torch.nn.functional.threshold(t([1]).byte(),300,2)
torch.nn.functional.threshold(t([1]).byte(),1,300)
t([1]).byte()**300
torch.special.entr(c)
torch.special.ndtr(c)
torch.special.zeta(2,3)
torch.special.zeta(a.requires_grad_(),b).sum().backward()
torch.igamma(i,i)
torch.igamma(a,2)
torch.igamma(a.requires_grad_(),b).sum().backward()
torch.special.bessel_j0(a.requires_grad_()).sum().backward()
torch.special.chebyshev_polynomial_t(1.5,2)
torch.frexp(i)
torch.tensor([-0.5],dtype=torch.uint8)
torch.tensor([127.5],dtype=torch.int8)
""".strip().split("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(name, dtype):
    if name in ALSO_HALF and dtype in ("float16", "bfloat16"):
        assert catalogue.resolve(adjoint, name)(
            *catalogue.samples(adjoint, name, getattr(adjoint, dtype))[0][0]
        ).numel()
        return
    if name in LOOSE and dtype == "float64":
        dtype = "float32"
    plain = len(catalogue.samples(adjoint, name, getattr(adjoint, dtype)))
    for i in range(len(catalogue.samples(adjoint, name, getattr(adjoint, dtype), edges=True))):
        gradients = dtype not in ("float16", "bfloat16") and catalogue.differentiable(name) and name not in MORE
        gradients = gradients and not (name in BETTER_AT_EDGES and i >= plain)
        check_sample(name, dtype, i, gradients, name not in OTHER_NODES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", OTHERS)
def test_integers(name, dtype):
    if name in NARROW and dtype == "uint8":
        return
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


@pytest.mark.parametrize("name", ["igamma", "igammac"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_incomplete_gamma(name, dtype):
    """Over the border of every series, with the exceptional values."""
    shape = [0.0, 1e-6, 0.2, 1.0, 3.7, 9.9, 10.1, 150.5, 1e4, 1.1e5, 1e7, -1.0]
    ratio = [0.0, 1e-8, 0.3, 0.9, 0.99, 0.9999, 1.0, 1.0001, 1.01, 1.1, 3.0, math.inf, -1.0]
    results = []
    for module in (adjoint, torch):
        a = module.tensor(shape, dtype=getattr(module, dtype)).unsqueeze(1)
        x = a * module.tensor(ratio, dtype=getattr(module, dtype))
        small = module.tensor(ratio, dtype=getattr(module, dtype))
        results.append([getattr(module, name)(a, x), getattr(module, name)(a, small)])
    compare(*results, name)
    # PyTorch forgets NaN beside infinity.
    for a, x in ((math.inf, math.nan), (math.nan, math.inf), (math.nan, 0.0), (0.0, math.nan), (math.inf, math.inf)):
        assert getattr(adjoint, name)(adjoint.tensor(a), adjoint.tensor(x)).isnan()


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names_in)
