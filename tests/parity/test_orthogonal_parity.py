"""Orthogonal factors, least squares, pseudo-inverses and exponentials beside PyTorch: samples, derivatives, bad arguments."""

import pytest

pytest.importorskip("torch")

import catalogue
from catalogue import orthogonal

import adjoint
from parity.side_by_side import check_error, check_sample

NAMES = sorted(orthogonal.SAMPLES.keys() - {"orgqr", "matrix_exp"})  # other names of what is there
# PyTorch composes these of other operations.
OTHER_NODES = {"linalg.vander", "linalg.cond", "nuclear_norm", "pinverse", "linalg.pinv"}
NO_GRADIENTS = {"geqrf"}
GENEROUS = {"linalg.cond"}  # PyTorch's gradients by the inverse raise: it fills the inverse in place
BAD = """torch.linalg.qr(a,mode='x')
torch.linalg.qr(a[0])
torch.linalg.qr(i)
torch.linalg.qr(a.half())
torch.qr(a[0])
torch.geqrf(a[0])
torch.geqrf(i)
torch.linalg.householder_product(a,a[0])
torch.linalg.householder_product(a.T,a)
torch.linalg.householder_product(a.T,a[0])
torch.linalg.householder_product(a.T,a[0,:2].double())
torch.orgqr(a[0],a[0])
torch.ormqr(a.T,a[0,:3],a)
torch.ormqr(a.T,a[0,:2],a.T)
torch.ormqr(a.T,a[0,:3],a.T.double())
torch.ormqr(a.T,a[0,:3].double(),a.T)
torch.ormqr(a.T,a[0,:3],a.T,left=False)
torch.ormqr(a.T,a[0,:3],a[0])
torch.linalg.lstsq(a,a.T)
torch.linalg.lstsq(a,a.double())
torch.linalg.lstsq(a,a,driver='x')
torch.linalg.lstsq(a[0],a)
torch.linalg.lstsq(a,torch.tensor(1.))
torch.linalg.lstsq(a.half(),a.half())
torch.linalg.lstsq(a,torch.ones(2,3,4))
torch.linalg.pinv(a[0])
torch.linalg.pinv(i)
torch.linalg.pinv(a,hermitian=True)
torch.linalg.pinv(a,atol=c[0,0])
torch.linalg.matrix_rank(a[0])
torch.linalg.matrix_rank(i)
torch.linalg.matrix_rank(a,c[0,0])
torch.linalg.cond(a,1)
torch.linalg.cond(a,3)
torch.linalg.cond(a,'x')
torch.linalg.cond(a[0])
torch.linalg.matrix_exp(a)
torch.linalg.matrix_exp(i[:,:3])
torch.linalg.matrix_exp(a[0])
torch.linalg.matrix_norm(a,3)
torch.linalg.matrix_norm(a,'x')
torch.linalg.matrix_norm(a,'nuc',dim=(0,0))
torch.linalg.matrix_norm(a.half(),2)
torch.linalg.norm(a[0],'nuc')
torch.norm(a,'nuc',dim=0)
torch.linalg.vander(a,N=1)
torch.linalg.vander(i.bool())
torch.pca_lowrank(a,9)
torch.lobpcg(a)
torch.lobpcg(a[:,:3],2)
""".strip().split("\n")


@pytest.mark.parametrize("name", NAMES)
def test_samples(name):
    for index in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        check_sample(name, "float64", index, name not in NO_GRADIENTS, name not in OTHER_NODES, name in GENEROUS)


def names(torch):
    a, i = torch.arange(12.0).reshape(3, 4).sin(), torch.ones(3, 4, dtype=torch.long)
    return {"a": a, "i": i, "c": a.to(torch.complex64)}


@pytest.mark.parametrize("text", BAD)
def test_bad_arguments(text):
    check_error(text, names)
