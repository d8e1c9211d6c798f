"""Products beside PyTorch: every sample of the catalogue, every type, derivatives, bad arguments."""

import pytest

pytest.importorskip("torch")

import catalogue
from catalogue import matmul

import adjoint
from parity.side_by_side import check_error, check_sample

NAMES = sorted(matmul.SAMPLES)
# Composed another way here: the result is the same, the node's name is not.
OTHER_NODES = {
    "matrix_power",
    "linalg.matrix_power",
    "matmul",
    "linalg.matmul",
    "bilinear",
    "nn.functional.bilinear",
}
# What PyTorch refuses on some inputs (second derivatives, NaN in integers) is answered here.
GENEROUS = {"bilinear", "nn.functional.bilinear", "cdist", "pdist", "nn.functional.pdist"}
BAD = """torch.mm(a,a)
torch.mm(a,a[0])
torch.mm(a[0],a)
torch.mm(a,a.T.double())
torch.mm(i.bool(),i.T.bool())
torch.bmm(a,a)
torch.bmm(a[None],a)
torch.bmm(a[None],a[None])
torch.bmm(a[None],a.T[None].double())
torch.mv(a,a)
torch.mv(a,a[:,0])
torch.mv(a,a[0].double())
torch.dot(a,a)
torch.dot(a[0],a[:,0])
torch.dot(a[0],a[0].double())
torch.vdot(a[0],a[0].double())
a@torch.tensor(1.)
a@a
a[0]@a[:,0]
torch.matmul(torch.randn(2,3,4),torch.randn(3,4,5))
torch.matmul(torch.randn(2,3,4),torch.randn(2,3,5))
torch.addmm(torch.randn(7),a,a.T)
torch.addmm(a,a,a)
torch.addmm(torch.randn(3,3,dtype=torch.double),a,a.T)
torch.addmm(torch.ones(3,3).long(),i,i.T,alpha=1.5)
torch.addmm(torch.ones(3,3).long(),i,i.T,beta=1.5)
torch.addmv(torch.randn(7),a,a[0])
torch.addmv(a,a,a[0])
torch.addr(a,a,a)
torch.addr(a,a[0],a[0])
torch.outer(a,a)
torch.inner(a,a[:,:2])
torch.tensordot(a,a,1)
torch.tensordot(a,a,([0],[1]))
torch.chain_matmul(a,a)
torch.linalg.multi_dot([a])
torch.linalg.multi_dot([a,a])
torch.matrix_power(a,2)
torch.matrix_power(a,-1)
torch.einsum('ij,jk',a,a)
torch.einsum('ij',a,a)
torch.einsum('ij,jk->iz',a,a.T)
torch.einsum('ijk',a)
torch.einsum('i',a)
torch.einsum('i1',a)
torch.einsum('ij->ii',a)
torch.einsum('...->',a)
torch.einsum('i...j...',a)
torch.einsum('i.j',a)
torch.einsum('ij->i->j',a)
torch.einsum('ij,',a)
torch.einsum('')
torch.einsum('ii',a)
torch.cross(a,a)
torch.cross(a,a,dim=1)
torch.linalg.cross(a,a)
torch.cdist(a,a[:,:2])
torch.trace(a[0])
torch.nn.functional.linear(a,a.T)
torch.nn.functional.linear(a,a,a[0])
torch.ger(a,a)
torch.vdot(a,a)
torch.pdist(a[0])
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
    for i in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        check_sample(name, dtype, i, False, generous=name in GENEROUS)


def names(torch):
    a, i = torch.arange(12.0).reshape(3, 4).sin(), torch.ones(3, 4, dtype=torch.long)
    return {"a": a, "i": i, "c": a.to(torch.complex64), "bo": i.bool(), "e": torch.empty(0, 3)}


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names)
