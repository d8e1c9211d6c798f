"""autograd.backward and autograd.grad: arguments and messages; Tensor.backward; functional."""

import pytest
from support import error_of, leaf, torch

ag = torch.autograd
SCALAR = "grad can be implicitly created only for scalar outputs"


def two():
    return leaf(1.0, 2.0)


@pytest.mark.parametrize(
    "f,cls,words",
    [
        (lambda: ag.backward(two() * 2), RuntimeError, SCALAR),
        (lambda: (two() * 2).backward(), RuntimeError, SCALAR),
        (lambda: ag.grad(two() * 2, two()), RuntimeError, SCALAR),
        (lambda: ag.backward(two() * 2, torch.ones(3)), RuntimeError, "Mismatch in shape: grad_output[0] has a shape of torch.Size([3]) and output[0] has a shape of torch.Size([2])."),
        (lambda: (two() * 2).backward(torch.ones(1, 2)), RuntimeError, "Mismatch in shape"),
        (lambda: ag.backward((two().sum(), two().sum()), (None,)), RuntimeError, "got 2 tensors and 1 gradients"),
        (lambda: ag.grad([two().sum(), two().sum()], two(), [None]), RuntimeError, "got 2 tensors and 1 gradients"),
        (lambda: ag.backward(two().sum(), "s"), TypeError, "gradients can be either Tensors or None, but got str"),
        (lambda: ag.backward(two() * 2, torch.ones(2, dtype=torch.complex64)), RuntimeError, "For complex Tensors, both grad_output and output are required to have the same dtype"),
        (lambda: ag.backward(two() * 2j, torch.ones(2)), RuntimeError, "For complex Tensors"),
        (lambda: (two() * 1j).sum().backward(), RuntimeError, "grad can be implicitly created only for real scalar outputs but got torch.complex64"),
        (lambda: torch.ones(2).sum().backward(), RuntimeError, "element 0 of tensors does not require grad and does not have a grad_fn"),
        (lambda: ag.backward([two().sum(), torch.ones(1)]), RuntimeError, "element 1 of tensors does not require grad"),
        (lambda: ag.grad(torch.ones(1), two()), RuntimeError, "element 0 of tensors does not require grad"),
        (lambda: ag.backward(3), TypeError, "iterable"),
        (lambda: ag.backward(two().sum(), inputs=[]), RuntimeError, "`inputs` argument to `backward()` cannot be empty."),
        (lambda: ag.grad(two().sum(), []), RuntimeError, "`inputs` argument to `grad()` cannot be empty."),
        (lambda: ag.grad(two().sum(), ()), RuntimeError, "cannot be empty"),
        (lambda: ag.grad(two().sum(), 3), TypeError, "iterable"),
        (lambda: ag.grad(two().sum(), torch.ones(1)), RuntimeError, "One of the differentiated Tensors does not require grad"),
        (lambda: ag.grad(two().sum(), two()), RuntimeError, "One of the differentiated Tensors appears to not have been used|The differentiated Tensor at index 0 appears to not have been used in the graph. Set allow_unused=True"),
        (lambda: ag.grad(two().sum(), two(), allow_unused=False, materialize_grads=True), ValueError, "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."),
        (lambda: ag.grad(two() * 2, two(), torch.ones(3), is_grads_batched=True), RuntimeError, "is_grads_batched=True"),
        (lambda: two().sum().backward(inputs=[torch.ones(1)]), RuntimeError, "requires_grad=False|does not require grad"),
        (lambda: ag.backward(two().sum(), torch.tensor(1.0), grad_variables=torch.tensor(1.0)), RuntimeError, "both passed to `backward()`"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_messages(f, cls, words):
    text = error_of(f, cls)
    assert any(w in text for w in words.split("|")), text


def test_unused_names_the_index():
    x = two()
    assert "index 1" in error_of(lambda: ag.grad(x.sum(), [x, two()]), RuntimeError)


def test_keyword_names():
    x = two()
    ag.backward(tensors=x * 2, grad_tensors=torch.ones(2), retain_graph=None, create_graph=False, inputs=None)
    ag.grad(
        outputs=x * 2,
        inputs=x,
        grad_outputs=torch.ones(2),
        retain_graph=False,
        create_graph=False,
        only_inputs=True,
        allow_unused=None,
        is_grads_batched=False,
        materialize_grads=False,
    )
    (x * 2).backward(gradient=torch.ones(2), retain_graph=True, create_graph=False, inputs=[x])
    assert x.grad.tolist() == [4.0, 4.0]


def test_single_tensor_or_sequences():
    x = two()
    for outs, ins in ((x.sum(), x), ([x.sum()], [x]), ((x.sum(),), (x,)), ((o for o in [x.sum()]), iter([x]))):
        assert ag.grad(outs, ins)[0].tolist() == [1.0, 1.0]


def test_grad_returns_a_tuple():
    x = two()
    assert isinstance(ag.grad(x.sum(), x), tuple) and isinstance(ag.grad(x.sum(), [x]), tuple)


def test_dict_of_inputs():
    a, b = leaf(2.0), leaf(3.0)
    grads = ag.grad(a * b, {"a": a, "b": b})
    assert {k: v.item() for k, v in grads.items()} == {"a": 3.0, "b": 2.0}


def test_grad_outputs_none_entries():
    x = two()
    (g,) = ag.grad([x.sum(), x * 2], x, [None, torch.tensor([1.0, 10.0])])
    assert g.tolist() == [3.0, 21.0]


def test_materialize_grads():
    x, u = two(), leaf(1.0)
    g, z = ag.grad(x.sum(), [x, u], materialize_grads=True)
    assert z.tolist() == [0.0]


def test_batched():
    x = two()
    (g,) = ag.grad(x**2, x, torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), is_grads_batched=True)
    assert g.tolist() == [[2.0, 0.0], [0.0, 4.0], [2.0, 4.0]]


def test_batched_scalar_and_unused():
    x, u = two(), leaf(1.0)
    g, n = ag.grad(x.sum(), [x, u], torch.tensor([1.0, 2.0]), is_grads_batched=True, allow_unused=True)
    assert g.tolist() == [[1.0, 1.0], [2.0, 2.0]] and n is None


def test_only_inputs_warns():
    x = two()
    with pytest.warns(FutureWarning):
        ag.grad(x.sum(), x, only_inputs=False)


def test_backward_attribute_of_result():
    x = two()
    y = x * 2
    ag.backward([y], [torch.ones(2)])
    assert x.grad.tolist() == [2.0, 2.0]


def test_variable():
    V = ag.Variable
    assert isinstance(torch.ones(1), V) and not isinstance(3, V)
    assert V(torch.ones(1), requires_grad=True).requires_grad


# --- nodes ---


def test_grad_fn_of_leaf_is_none():
    assert leaf(1.0).grad_fn is None and torch.ones(1).grad_fn is None


def test_name_and_repr():
    n = (leaf(1.0) * 2).grad_fn
    assert n.name() == "MulBackward0" and repr(n).startswith("<MulBackward0 object at 0x")


def test_next_functions_shape():
    x = leaf(1.0)
    n = (x * 2 + torch.ones(1)).grad_fn
    (a, i), (b, j) = n.next_functions
    assert a.name() == "MulBackward0" and b is None and i == j == 0


def test_next_functions_index_of_output():
    a, b = torch.arange(4.0).requires_grad_().split(2)
    ((node, index), *_) = (b * 2).grad_fn.next_functions
    assert index == 1 and node is a.grad_fn


def test_accumulate_grad_identity():
    x = leaf(1.0)
    y = x * x
    (a, _), (b, _) = y.grad_fn.next_functions
    assert a is b and a.variable is x and a.next_functions == ()


def test_sequence_numbers_grow():
    x = leaf(1.0)
    y = x * 2
    z = y * 2
    assert z.grad_fn._sequence_nr() > y.grad_fn._sequence_nr()


def test_attributes_are_read_only():
    x = leaf(1.0) * 2
    for name in ("grad_fn", "is_leaf"):
        with pytest.raises(AttributeError):
            setattr(x, name, None)


@pytest.mark.parametrize(
    "make,names",
    [
        (lambda x: x * x, ["self", "other"]), (lambda x: x.exp(), ["result"]), (lambda x: x**2, ["self", "exponent"]), (lambda x: x.sum(), ["self_sym_sizes"]), (lambda x: x.tanh(), ["result"]), (lambda x: x.sigmoid(), ["result"]),
        (lambda x: x / x, ["self", "other"]), (lambda x: x.log(), ["self"]), (lambda x: x.sum(0), ["dim", "keepdim"]), (lambda x: x.sin(), ["self"]),
    ],
)  # fmt: skip
def test_saved_values(make, names):
    n = make(leaf(1.0, 2.0)).grad_fn
    for name in names:
        assert hasattr(n, "_saved_" + name), name
        assert "_saved_" + name in dir(n)


def test_saved_dimensions():
    x = torch.ones(2, 1, 3, requires_grad=True)
    assert x.squeeze(1).grad_fn._saved_dim == 1
    assert x.squeeze((0, 1)).grad_fn._saved_dim == (0, 1)
    for y in (
        x.amax((0, 2)),
        x.logsumexp((0, 2)),
        x.nansum((0, 2)),
        x.std((0, 2)),
        torch.linalg.vector_norm(x, 2, (0, 2)),
    ):
        assert y.grad_fn._saved_dim == (0, 2)
    node = torch.std_mean(x, (0, 2))[0].grad_fn
    assert node._saved_result0.shape == (1,) and node._saved_dim == (0, 2)


def test_saved_after_backward_raises():
    x = two()
    y = (x * x).sum()
    n = y.grad_fn.next_functions[0][0]
    y.backward()
    assert "freed" in error_of(lambda: n._saved_self, RuntimeError)


# --- functional ---

F = torch.autograd.functional


def test_jacobian():
    x = torch.tensor([1.0, 2.0])
    assert F.jacobian(lambda x: x**2, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    a, b = F.jacobian(lambda x, y: (x * y).sum(), (x, x * 3))
    assert a.tolist() == [3.0, 6.0] and b.tolist() == [1.0, 2.0]


def test_jacobian_nesting():
    x = torch.tensor([1.0, 2.0])
    j = F.jacobian(lambda x, y: (x * 2, (x * y).sum()), (x, x))
    assert [[tuple(t.shape) for t in row] for row in j] == [[(2, 2), (2, 2)], [(2,), (2,)]]


def test_hessian():
    x = torch.tensor([1.0, 2.0])
    assert F.hessian(lambda x: (x**3).sum(), x).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    h = F.hessian(lambda x, y: (x * x * y).sum(), (x, x))
    assert h[0][1].tolist() == [[2.0, 0.0], [0.0, 4.0]] and h[1][1].tolist() == [[0.0, 0.0]] * 2


def test_products():
    x, v = torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0])
    assert F.vjp(lambda x: x**2, x, v)[1].tolist() == [1.0, -4.0]
    assert F.jvp(lambda x: x**2, x, v)[1].tolist() == [1.0, -4.0]
    assert F.vhp(lambda x: (x**3).sum(), x, v)[1].tolist() == [3.0, -12.0]
    assert F.hvp(lambda x: (x**3).sum(), x, v)[1].tolist() == [3.0, -12.0]


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"])
def test_functional_bad_arguments(name):
    f = getattr(F, name)
    assert "must be either a Tensor or a tuple of Tensors" in error_of(lambda: f(lambda x: x.sum(), 3), TypeError)
    assert "must be either a Tensor or a tuple of Tensors" in error_of(lambda: f(lambda x: 3, torch.ones(1)), TypeError)


def test_functional_strict():
    x = torch.ones(2)
    assert "independent of input 0" in error_of(
        lambda: F.jacobian(lambda x: torch.ones(2, requires_grad=True) * 2, x, strict=True), RuntimeError
    )
    assert "does not require gradients" in error_of(
        lambda: F.jacobian(lambda x: torch.ones(2), x, strict=True), RuntimeError
    )
    assert F.jacobian(lambda x: torch.ones(2), x).tolist() == [[0.0, 0.0]] * 2


def test_functional_create_graph():
    x = leaf(1.0, 2.0)
    j = F.jacobian(lambda x: x**2, x, create_graph=True)
    j.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert not F.jacobian(lambda x: x**2, x).requires_grad
