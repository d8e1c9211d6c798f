"""Reductions beside PyTorch: every sample of the catalogue, every type, derivatives, bad arguments."""

import pytest

pytest.importorskip("torch")

import catalogue
from catalogue import reduce

import adjoint
from parity.side_by_side import check_error, check_sample

NAMES = sorted(reduce.SAMPLES)
# Composed another way here: the result is the same, the node's name is not.
OTHER_NODES = {
    "Tensor.sum_to_size",
    "corrcoef",
    "cumulative_trapezoid",
    "nanquantile",
    "nn.functional.pairwise_distance",
    "pairwise_distance",
    "quantile",
    "trapezoid",
    "trapz",
}
# What PyTorch refuses on some inputs (second derivatives, NaN in integers) is answered here.
GENEROUS = {"kthvalue", "cummax", "cummin", "nanmedian", "nansum"}
BAD = """torch.sum(a,5)
torch.sum(a,(0,0))
torch.mean(i)
torch.mean(i,dtype=torch.long)
torch.mean(bo)
torch.mean(a,dtype=torch.long)
torch.nanmean(i)
torch.nansum(c)
e.max()
e.max(0)
e.max(1)
e.amax()
e.amax(0)
e.aminmax()
e.argmax()
e.argmax(0)
c.max()
c.max(0)
c.amax()
c.argmax()
bo.argmax()
bo.max(0)
c.aminmax()
bo.aminmax()
c.sort()
c.median()
bo.median()
c.mode()
bo.mode()
bo.kthvalue(1)
a.kthvalue(9)
a.kthvalue(0)
a.topk(9)
a.topk(-1)
c.topk(1)
bo.topk(1)
e.median()
e.median(0)
e.mode(0)
e.kthvalue(1,0)
i.std()
i.var()
i.norm()
torch.linalg.vector_norm(i)
e.norm(float('inf'))
torch.linalg.vector_norm(e,float('inf'))
torch.linalg.vector_norm(e,float('inf'),dim=0)
torch.linalg.vector_norm(a,dtype=torch.long)
a.norm('foo')
a.norm('nuc',dim=(0,))
torch.randn(2,3,4).norm('fro')
torch.norm(a,p='fro',dim=(0,1))
a.renorm(-1,0,1)
a.renorm(2,5,1)
a.renorm(2,0,-1)
a[0].renorm(2,0,1)
a.cumsum(7)
c.cummax(0)
bo.cummax(0)
bo.cumsum(0)
bo.cumprod(0)
c.logcumsumexp(0)
i.logcumsumexp(0)
i.logsumexp(0)
c.logsumexp(0)
bo.logsumexp(0)
i.softmax(0)
c.softmax(0)
a.softmax(3)
a.quantile(2.)
a.quantile(torch.tensor([0.1,2.]))
i.quantile(0.5)
a.quantile(torch.tensor([0.1]).double())
a.quantile(torch.rand(2,2))
a.quantile(0.5,interpolation='foo')
e.quantile(0.5)
a.histc(bins=0)
i.histc()
a.histc(min=2,max=1)
torch.tensor([float('nan')]).histc()
a.bincount()
a[0].bincount()
torch.tensor([-1]).bincount()
torch.tensor([1]).bincount(minlength=-1)
torch.tensor([1]).bincount(weights=a[0])
a.unique(dim=4)
c.unique()
bo.unique()
torch.diff(a,n=-1)
torch.diff(torch.tensor(1.))
torch.diff(bo)
torch.trapezoid(a,a[0,:2])
torch.cov(torch.randn(2,2,2))
torch.cov(bo)
torch.cosine_similarity(i,i)
torch.dist(a,i)
torch.dist(i,i)
a.any(dim=(0,0))
c.any()
torch.prod(a,dim=5)
a.sum(dtype=torch.long)
a.sum_to_size(2,4)
a.argsort(dim=3)
a.msort()
torch.tensor(1.).msort()
torch.count_nonzero(a,dim=(0,1))
a.var(correction=100)
torch.tensor(1.).var()
torch.renorm(i,2,0,1)
torch.linalg.norm(i)
torch.linalg.norm(a,ord=3)
torch.linalg.norm(a[0],ord='fro')
torch.linalg.matrix_norm(a[0])
torch.std_mean(i)
torch.var_mean(i)
torch.nanmedian(e)
torch.logsumexp(torch.tensor(1.),())
torch.cumulative_trapezoid(torch.tensor(1.))
torch.nn.functional.softmax(a)
""".strip().split("\n")


def cases():
    return [(name, i) for name in NAMES for i in range(len(catalogue.samples(adjoint, name, adjoint.float64)))]


@pytest.mark.parametrize("name,index", cases())
def test_gradients(name, index):
    check_sample(name, "float64", index, True, name not in OTHER_NODES, name in GENEROUS)


@pytest.mark.parametrize("name,index", cases())
def test_complex(name, index):
    check_sample(name, "complex128", index, True, name not in OTHER_NODES, name in GENEROUS)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("name", NAMES)
def test_types(name, dtype):
    if "trap" in name and dtype == "uint8":  # PyTorch's sums and widths wrap
        return
    for i in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        check_sample(name, dtype, i, False, generous=name in GENEROUS)


def names(torch):
    a, i = torch.arange(12.0).reshape(3, 4).sin(), torch.ones(3, 4, dtype=torch.long)
    return {"a": a, "i": i, "c": a.to(torch.complex64), "bo": i.bool(), "e": torch.empty(0, 3)}


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names)
