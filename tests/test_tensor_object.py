"""The Python object of a tensor: identity, attributes, subclasses, the collector, weak references."""

import copy
import gc
import pickle
import weakref

import pytest

import adjoint as torch


def test_identity_of_a_tensor_held_by_the_graph():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    node_input = y.grad_fn.next_functions[0][0].variable
    assert node_input is x


def test_attributes_survive_while_only_the_graph_holds_the_tensor():
    x = torch.ones(2, requires_grad=True)
    x.note = "kept"
    ident = id(x)
    y = x * x
    del x
    gc.collect()
    back = y.grad_fn.next_functions[0][0].variable
    assert back.note == "kept" and id(back) == ident
    del back
    gc.collect()
    assert y.grad_fn.next_functions[0][0].variable.note == "kept"


def test_subclass_survives_while_only_the_graph_holds_it():
    class Mine(torch.Tensor):
        pass

    x = torch.ones(2).as_subclass(Mine)
    x.requires_grad_()
    y = torch.Tensor.sum(x.as_subclass(torch.Tensor) * 1)
    leaf = weakref.ref(x)
    assert leaf() is x and y.dim() == 0


def test_dormant_wrappers_are_freed_with_their_tensor():
    class Thing:
        pass

    x = torch.ones(2, requires_grad=True)
    x.thing = Thing()
    alive = weakref.ref(x.thing)
    y = x * x
    del x
    gc.collect()
    assert alive() is not None
    del y
    gc.collect()
    assert alive() is None


def test_cycle_through_attribute_is_collected():
    x = torch.ones(1)
    x.me = x
    gone = weakref.ref(x)
    del x
    gc.collect()
    assert gone() is None


def test_plain_tensors_are_not_tracked_by_the_collector():
    x = torch.ones(1)
    assert not gc.is_tracked(x)
    x.a = 1
    assert gc.is_tracked(x)


def test_weak_reference_dies_with_the_tensor():
    x = torch.ones(1)
    calls = []
    r = weakref.ref(x, calls.append)
    del x
    assert r() is None and calls == [r]


def test_hash_and_equality():
    x = torch.ones(1)
    assert hash(x) == id(x) and x in {x: 1}
    assert (x == None) is False
    assert (x != "a") is True


class Wrapped(torch.Tensor):
    pass


def test_results_of_a_subclass_are_of_the_subclass():
    x = torch.ones(2).as_subclass(Wrapped)
    for y in (x + 1, 1 + x, x.exp(), torch.exp(x), x[0], torch.add(torch.ones(2), x), x.T, x.max(0).values):
        assert type(y) is Wrapped
    assert type(x.tolist()) is list


def test_own_torch_function_sees_every_call():
    seen = []

    class Logging(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    x = torch.ones(2).as_subclass(Logging)
    x + 1, torch.exp(x), x.sum(), x.shape, x[0]
    assert seen[:3] == ["add", "exp", "sum"] and len(seen) == 5


def test_torch_function_of_any_class():
    class Scalarish:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return func.__name__, len(args)

    assert torch.add(torch.ones(1), Scalarish()) == ("add", 2)
    assert torch.ones(1) + Scalarish() == ("add", 2)
    assert torch.exp(Scalarish()) == ("exp", 1)


def test_make_subclass_and_parameter():
    from adjoint.nn import Parameter

    data = torch.ones(2)
    p = Parameter(data)
    assert p.requires_grad and p.is_leaf and isinstance(p, Parameter) and p.data_ptr() == data.data_ptr()
    assert type(p + 1) is torch.Tensor
    assert repr(p).startswith("Parameter containing:\ntensor([1., 1.], requires_grad=True)")
    q = pickle.loads(pickle.dumps(p))
    assert type(q) is Parameter and torch.equal(q, p)
    assert type(copy.deepcopy(p)) is Parameter


def test_class_assignment():
    x = torch.ones(2)
    x.__class__ = Wrapped
    assert type(x * 2) is Wrapped
    del x
    y = torch.ones(2).as_subclass(Wrapped)
    y.__class__ = torch.Tensor
    assert type(y * 2) is torch.Tensor
    del y
    gc.collect()


def test_many_wrappers_come_and_go():
    for _ in range(3):
        xs = [torch.ones(1) for _ in range(10_000)]
        del xs


def test_types_print_as_pytorchs():
    assert repr(torch.ones(2, 3).shape) == "torch.Size([2, 3])"
    assert repr(torch.float32) == "torch.float32" and str(torch.ones(1).dtype) == "torch.float32"
    assert repr(torch.device("cpu")) == "device(type='cpu')" and str(torch.device("cuda:1")) == "cuda:1"
    assert repr(torch.strided) == "torch.strided"
    assert repr(torch.ones(2, 2).max(0)).startswith("torch.return_types.max(\nvalues=tensor([1., 1.]),\nindices=")


def test_small_types_pickle():
    for o in (torch.float32, torch.bool, torch.device("cpu"), torch.Size([2, 3]), torch.strided, torch.preserve_format):
        assert pickle.loads(pickle.dumps(o)) == o
    assert copy.deepcopy(torch.int64) is torch.int64
    assert pickle.loads(pickle.dumps(torch.exp)) is torch.exp


def test_functions_are_not_bound_as_methods():
    class Net:
        act = torch.exp

    assert Net().act(torch.zeros(1)).item() == 1


def test_cuda_says_what_is_missing():
    assert not torch.cuda.is_available()
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        torch.ones(1, device="cuda")
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = torch.no_such_thing


def test_transposes_of_a_number():
    z = torch.tensor(1 + 2j)
    for name, expected in {"T": z, "mT": z, "H": z.conj(), "mH": z.conj()}.items():
        with pytest.warns(UserWarning, match=rf"Tensor\.{name} is deprecated on 0-D tensors"):
            assert getattr(z, name).item() == expected.item()
    with pytest.warns(UserWarning, match=r"adjoint\(\) is deprecated on 0-D tensors"):
        assert z.adjoint().item() == z.conj().item()
    for name in ("mT", "mH"):
        with pytest.raises(RuntimeError, match="only supported on matrices or batches of matrices. Got 1-D"):
            getattr(torch.ones(3), name)


def test_a_copy_needs_no_view():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    for y in (torch.view_copy(x.t(), (6,)), torch.view_copy(x.t(), (2, 3)).flatten()):
        assert y.tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
        (g,) = torch.autograd.grad((y * torch.arange(6.0)).sum(), x)
        assert g.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    assert (
        torch.view_copy(x.t(), (6,)).grad_fn.name() == torch.view_copy(x, (6,)).grad_fn.name() == "ViewBackward0_copy"
    )
    same = torch.view_copy(x, (2, 3))
    assert same.data_ptr() != x.data_ptr()
