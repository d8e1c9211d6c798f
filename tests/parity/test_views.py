"""Views, copies and shape operations beside PyTorch: values, strides, sharing, nodes, derivatives, errors."""

import warnings

import pytest

torch = pytest.importorskip("torch")

import catalogue
from catalogue import shape, views

import adjoint
from parity.side_by_side import check_error, check_sample, flat

NAMES = sorted([*views.SAMPLES, *shape.SAMPLES])
DTYPES = ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
# Composed another way here: the result is the same, the node's name is not.
OTHER_NODES = {"nn.functional.pad", "vander"}
# PyTorch has no complex derivative of the first two; its derivative of the third keeps the part
# that was overwritten, and the fourth fails (it writes into what it saved).
OWN_DERIVATIVE = {"select_scatter", "slice_scatter", "as_strided_scatter", "vander"}


def cases():
    return [(n, i) for n in NAMES for i in range(len(catalogue.samples(adjoint, n, adjoint.float64)))]


@pytest.mark.parametrize("name,index", cases())
def test_derivatives(name, index):
    for dtype in ("float64", "complex128"):
        tracked = name not in OWN_DERIVATIVE
        check_sample(name, dtype, index, tracked, name not in OTHER_NODES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_values(name, dtype):
    if dtype == "float16" and name in {"real", "imag", "view_as_real", "view_as_complex"}:
        pytest.skip("complex32 does not exist here")
    for index in range(len(catalogue.samples(adjoint, name, adjoint.float64))):
        check_sample(name, dtype, index, False)


def layout(module, name, index):
    args, kwargs = catalogue.samples(module, name, module.float32)[index]
    inputs = flat(args, module)
    out = flat(catalogue.resolve(module, name)(*args, **kwargs), module)
    shared = [
        [o.untyped_storage().data_ptr() == i.untyped_storage().data_ptr() for i in inputs if o.numel() * i.numel()]
        for o in out
    ]
    return [
        (o.stride(), o.storage_offset(), o.is_contiguous(), o._is_view(), [o is i for i in inputs], s)
        for o, s in zip(out, shared, strict=True)
    ]


@pytest.mark.parametrize("name,index", cases())
def test_layout_and_sharing(name, index):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert layout(adjoint, name, index) == layout(torch, name, index)


@pytest.mark.parametrize("name", NAMES)
def test_meta(name):
    """Shapes, types and strides without memory."""
    if name in {"view_as_complex", "repeat_interleave", "combinations", "Tensor.cpu", "tensor_split"}:
        pytest.skip("reads values, or leaves the meta device")
    for args, kwargs in catalogue.samples(adjoint, name, adjoint.float32):

        def move(v):
            if isinstance(v, adjoint.Tensor):
                return v.to("meta")
            return type(v)(map(move, v)) if isinstance(v, (list, tuple)) else v

        if "cpu" in args:
            continue
        want = flat(catalogue.resolve(adjoint, name)(*args, **kwargs), adjoint)
        got = flat(catalogue.resolve(adjoint, name)(*move(args), **kwargs), adjoint)
        assert [(g.shape, g.dtype) for g in got] == [(w.shape, w.dtype) for w in want]
        assert all(g.is_meta for g in got)


# Programs that end in a value which is printed by both.
PROGRAMS = """
x = torch.arange(12.).reshape(3, 4).requires_grad_(); y = x.clone(); y[0].mul_(2); y.sum().backward(); x.grad
x = torch.ones(3, 4, requires_grad=True); y = x * 1; y.t_(); y
x = torch.ones(3, 4, requires_grad=True); y = x * 1; y.unsqueeze_(0); (y * 2).sum().backward(); x.grad
x = torch.ones(3, 1, requires_grad=True); y = x * 1; y.squeeze_(); y
x = torch.ones(3, requires_grad=True); y = torch.zeros(2, 3); y.copy_(x * 2); y.sum().backward(); x.grad
x = torch.ones(3, requires_grad=True); y = torch.zeros(2, 3); y[1].copy_(x); y
x = torch.ones(3, requires_grad=True); y = (x * 2).zero_(); y
x = torch.ones(3, requires_grad=True); y = (x * 2).fill_(3.); y
x = torch.ones(3, requires_grad=True); s = torch.ones((), requires_grad=True); y = (x * 2).fill_(s); y.sum().backward(); (x.grad, s.grad)
x = torch.ones(3, 3, requires_grad=True); y = (x * 2).tril_(); y
x = torch.ones(3, requires_grad=True); x.double()
x = torch.ones(3, requires_grad=True); x.to(torch.float16).sum().backward(); x.grad
x = torch.ones(3, requires_grad=True); x.to(torch.complex64).sum().abs().backward(); x.grad
x = torch.ones(3, dtype=torch.complex64, requires_grad=True); x.real.sum().backward(); x.grad
x = torch.ones(3, dtype=torch.complex64, requires_grad=True); x.imag.sum().backward(); x.grad
x = torch.ones(4, requires_grad=True); a, b = x.split(2); (a * 3).sum().backward(); x.grad
x = torch.ones(4, 2, requires_grad=True); a = x.unbind(1); (a[1] * 3).sum().backward(); x.grad
x = torch.ones(4, requires_grad=True); y = x.expand(3, 4); y.sum().backward(); x.grad
x = torch.ones(4, requires_grad=True); y = x.as_strided((3, 2), (1, 1)); y.sum().backward(); x.grad
x = torch.ones(2, 3, requires_grad=True); (x.T @ x).sum().backward(); x.grad
x = torch.ones(3, requires_grad=True); torch.cat([x, x * 2, torch.zeros(2)]).sum().backward(); x.grad
x = torch.ones(3, requires_grad=True); torch.cat([x, torch.ones(2, dtype=torch.float64)])
x = torch.ones(3); y = x.view(3); y += 1; x
x = torch.arange(6.); y = x.view(2, 3).t(); y.zero_(); x
x = torch.arange(6); x.view(2, 3).T.contiguous().stride()
x = torch.arange(24.).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last); (x.stride(), x.is_contiguous(memory_format=torch.channels_last), (x * 2).stride(), x.clone().stride())
x = torch.zeros(2, 3, 4, 5, memory_format=torch.contiguous_format) if False else torch.empty(2, 3, 4, 5, memory_format=torch.channels_last); x.stride()
x = torch.zeros(3).resize_(2, 2); x.shape
x = torch.zeros(2, 3); x.set_(torch.ones(4)); x
x = torch.ones(2, 2); x.transpose_(0, 1).stride()
x = torch.tensor([1, 2, 3]); x.view(torch.int32)
x = torch.tensor([1., 2.]); x.view(torch.int32)
x = torch.ones(2, requires_grad=True); x.detach().requires_grad
x = torch.ones(2, requires_grad=True); y = x.clone(memory_format=torch.preserve_format); y
x = torch.ones(2, 3); torch.stack([x, x], out=torch.empty(0)).shape
o = torch.empty(0); torch.cat([torch.ones(2), torch.zeros(1)], out=o); o
x = torch.ones(2, 3, requires_grad=True); x.reshape(-1)
x = torch.ones(2, 3, requires_grad=True); x.t().reshape(-1)
x = torch.ones(2, 3, requires_grad=True); x.view(3, 2)[0]
x = torch.ones(2, 3, requires_grad=True); x.flip(0)
x = torch.ones(2, 3, requires_grad=True); x[None].squeeze(0)
x = torch.ones(2, 3, requires_grad=True); x.narrow(1, 0, 2)
x = torch.ones(2, 3, requires_grad=True); torch.nn.functional.pad(x, (1, 1))
x = torch.ones(2, 3, requires_grad=True); x.permute(1, 0)
x = torch.ones(2, 3, requires_grad=True); x.diagonal()
x = torch.ones(2, 3); x.type_as(torch.zeros(1).double())
x = torch.ones(2, 3); (x.type(), x.double().type(), x.type(torch.int64).type(), x.type('torch.HalfTensor').dtype)
x = torch.ones(2, 3, device='meta'); (x.t(), x.sum(0), torch.cat([x, x]))
x = torch.ones(2, 2); (x.H.shape, x.mT.shape, x.mH.shape, x.T.shape)
""".strip().split("\n")


@pytest.mark.parametrize("text", PROGRAMS)
def test_programs(text):
    *lines, last = text.split("; ")

    def run(module):
        space = {"torch": module}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec("\n".join(lines), space)
            return repr(eval(last, space))

    assert run(adjoint).replace("adjoint", "torch") == run(torch)


REFUSED = """
a.split(2)[0].add_(1)
a.unbind()[0].mul_(2)
a.chunk(2)[1].zero_()
leaf.t_()
leaf.zero_()
leaf.fill_(1)
leaf.copy_(torch.zeros(3, 4))
leaf[0].zero_()
leaf.view(12).zero_()
leaf.resize_(2)
m.view(5)
m.view(-1,-1)
m.view(-2)
m.t().view(-1)
torch.zeros(0,2).view(0,-1)
m.expand(2)
m.expand(3,5)
m.expand(-1,3,4)
m.expand(-2,4)
m.permute(0)
m.permute(0,0)
m.permute(0,3)
m.transpose(0,3)
m.unsqueeze(3)
m.squeeze(3)
m.squeeze((0,0))
m.flatten(1,0)
m.unflatten(0,(2,2))
m.unflatten(0,())
m.unfold(0,5,1)
m.unfold(0,1,0)
m.unfold(0,-1,1)
m.as_strided((2,),(1,2))
m.as_strided((20,),(1,))
m.as_strided((2,),(-1,))
m.as_strided((2,),(1,),-1)
m.select(0,5)
m.select(5,0)
torch.tensor(1).select(0,0)
m.narrow(0,5,1)
m.narrow(0,1,5)
m.narrow(0,1,-1)
torch.tensor(1).narrow(0,0,1)
m.split(0)
m.split(-1)
m.split([1,1])
m.split([-1,4])
m.split(2,3)
m.chunk(0)
m.unbind(3)
torch.tensor(1).unbind()
torch.tensor(1).split(1)
torch.tensor(1).chunk(1)
m.tensor_split(0)
m.hsplit(3)
m.vsplit(2)
m.dsplit(2)
torch.tensor(1).hsplit(1)
m.diagonal(0,0,0)
torch.zeros(2).diagonal()
torch.zeros(2,2,2).diag()
torch.diag_embed(torch.tensor(1))
torch.zeros(2,2,2).H
torch.zeros(2).mT
torch.zeros(2).mH
torch.zeros(2).adjoint()
m.movedim((0,0),(0,1))
m.movedim((0,1),0)
m.imag
torch.view_as_complex(m)
torch.view_as_real(m)
m.t().view(torch.float64)
torch.tensor(1.).view(torch.float64)
m[:,:3].view(torch.float64)
m.copy_(torch.zeros(3))
m.expand(2,3,4).copy_(torch.zeros(4))
m.fill_(torch.zeros(2))
m.fill_(1j)
m.select_scatter(torch.zeros(3),0,0)
m.slice_scatter(torch.zeros(3),0,0,2)
m.diagonal_scatter(torch.zeros(2))
m.as_strided_scatter(torch.zeros(2),(3,),(1,))
torch.meshgrid(torch.zeros(2),torch.zeros(3),indexing='a')
torch.cartesian_prod(m)
torch.combinations(m)
torch.combinations(torch.zeros(3),-1)
torch.block_diag(torch.zeros(2,2,2))
m.contiguous(memory_format=torch.channels_last)
m.t().contiguous(memory_format=torch.preserve_format)
m.to('cuda')
m.cuda()
m.to('meta').to('cpu')
m.type('x')
torch.broadcast_tensors(torch.zeros(2),torch.zeros(3))
torch.cat([])
torch.cat([m,torch.zeros(2,5)])
torch.cat([m,torch.zeros(2)])
torch.cat([torch.tensor(1.)])
torch.cat([m,m],5)
torch.cat([m,m],out=torch.empty(0,dtype=torch.int64))
torch.stack([])
torch.stack([m,torch.zeros(2)])
torch.stack([m,m],4)
torch.hstack([])
torch.hstack([m,torch.zeros(2,2)])
torch.roll(m,(1,2),0)
torch.roll(m,())
torch.flip(m,(0,0))
torch.flip(m,(3,))
torch.fliplr(torch.zeros(2))
torch.flipud(torch.tensor(1))
torch.rot90(m,1,(0,0))
torch.rot90(m,1,(0,))
torch.rot90(torch.zeros(2))
m.repeat(2)
m.repeat(2,-1)
m.repeat_interleave(-1)
m.repeat_interleave(torch.tensor([1,2]),0)
m.repeat_interleave(torch.tensor([1.,2,3]),0)
torch.tril(torch.zeros(2))
torch.nn.functional.pad(m,(1,))
torch.nn.functional.pad(m,(1,1,1,1,1,1))
torch.nn.functional.pad(m,(-3,-3))
torch.nn.functional.pad(m,(5,5),'reflect')
torch.nn.functional.pad(m,(5,5),'circular')
torch.nn.functional.pad(m,(1,1),'bogus')
torch.nn.functional.pad(m,(1,1,1,1),'reflect')
torch.vander(m)
torch.cat(m, m, m)
m.view()
m.expand()
m.permute('a')
m.transpose(0)
torch.stack(3)
m.reshape(1.5)
""".strip().split("\n")


def names(module):
    leaf = module.ones(3, 4, requires_grad=True)
    return {"m": module.ones(3, 4), "leaf": leaf, "a": leaf * 1}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text):
    check_error(text, names)
