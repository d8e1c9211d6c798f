"""Embeddings: what padding, frequencies and norms do to gradients and rows, bits, and bad indices."""

import pytest

import adjoint as torch

F = torch.nn.functional


def table(rows=6, width=3):
    return (torch.arange(rows * width, dtype=torch.float64).reshape(rows, width) / 7 - 1).requires_grad_()


def uses(index, rows, cotangents):
    """Each row's sum of cotangents."""
    total = torch.zeros(rows, cotangents.shape[-1], dtype=cotangents.dtype)
    for i, g in zip(index.reshape(-1).tolist(), cotangents.reshape(-1, cotangents.shape[-1])):
        total[i] += g
    return total


INDEX = torch.tensor([[0, 1, 1], [5, 1, 2]])


@pytest.mark.parametrize("padding", [None, 1, -1])
@pytest.mark.parametrize("by_frequency", [False, True])
def test_gradient(padding, by_frequency):
    weight = table()
    y = F.embedding(INDEX, weight, padding_idx=padding, scale_grad_by_freq=by_frequency)
    assert torch.equal(y, weight[INDEX])
    g = torch.rand(y.shape, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(y, weight, g, create_graph=True)
    scaled = g / torch.tensor([[1, 3, 3], [1, 3, 1]]).unsqueeze(-1) if by_frequency else g
    want = uses(INDEX, 6, scaled.detach())
    if padding is not None:
        want[padding] = 0
    assert torch.allclose(grad, want)
    # The gradient is linear in the cotangents: what they get is the transposed map.
    v = torch.rand(6, 3, dtype=torch.float64)
    (back,) = torch.autograd.grad(grad, g, v)
    assert torch.allclose((back * g).sum(), (grad * v).sum())
    assert torch.autograd.gradcheck(
        lambda g: torch.autograd.grad(
            F.embedding(INDEX, weight, padding_idx=padding, scale_grad_by_freq=by_frequency),
            weight,
            g,
            create_graph=True,
        )[0],
        g,
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64])
def test_gradients_of_other_types(dtype):
    weight = torch.ones(4, 2, dtype=dtype).requires_grad_()
    index = torch.tensor([1] * 3000 + [3])
    F.embedding(index, weight).backward(torch.ones(3001, 2, dtype=dtype))
    assert weight.grad.dtype == dtype
    assert (weight.grad == torch.tensor([0, 3000, 0, 1]).to(dtype).unsqueeze(1)).all()


@pytest.mark.parametrize("rows, width", [(500, 130), (3000, 40)])
def test_the_same_bits_at_any_number_of_threads(rows, width):
    """Threads share columns where there are few rows, else rows."""
    torch.manual_seed(0)
    index = torch.randint(0, rows, (40, 100))
    starts = torch.arange(0, 4000, 7)
    found = {}
    before = torch.get_num_threads()
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        weight = torch.randn(rows, width, requires_grad=True)
        scale = torch.rand(4000, requires_grad=True)
        F.embedding(index, weight).square().sum().backward()
        F.embedding_bag(
            index.reshape(-1), weight, starts, mode="sum", per_sample_weights=scale
        ).square().sum().backward()
        for mode in ("mean", "max"):
            F.embedding_bag(index, weight, mode=mode).square().sum().backward()
        found[threads] = (weight.grad, scale.grad)
    torch.set_num_threads(before)
    for a, b in zip(found[1], found[2], strict=True):
        assert torch.equal(a, b)
    for a, b in zip(found[1], found[4], strict=True):
        assert torch.equal(a, b)


def test_max_norm_shortens_the_rows_that_are_used():
    for norm_type in (2.0, 1.0, float("inf")):
        weight = table()
        with torch.no_grad():
            weight[3] = 5
        before = weight.detach().clone()
        y = F.embedding(torch.tensor([3, 3, 1]), weight, max_norm=1.5, norm_type=norm_type)
        norms = torch.linalg.vector_norm(before, norm_type, dim=1)
        assert norms[3] > 1.5 and torch.allclose(
            torch.linalg.vector_norm(weight[3].detach(), norm_type), torch.tensor(1.5, dtype=torch.float64)
        )
        assert torch.equal(y[0], weight[3]) and torch.equal(y[1], weight[3])
        others = [0, 2, 4, 5] + ([1] if norms[1] <= 1.5 else [])
        assert torch.equal(weight[others].detach(), before[others])


def test_bags_scale_by_frequency():
    """The sum over uses, each divided by how often its row occurs."""
    weight = table()
    index, starts = torch.tensor([0, 1, 1, 5, 1, 2]), torch.tensor([0, 2])
    g = torch.rand(2, 3, dtype=torch.float64)
    F.embedding_bag(index, weight, starts, mode="sum", scale_grad_by_freq=True).backward(g)
    each = g[torch.tensor([0, 0, 1, 1, 1, 1])] / torch.tensor([[1], [3], [3], [1], [3], [1]])
    assert torch.allclose(weight.grad, uses(index, 6, each))


def test_bad_indices():
    weight = table()
    with pytest.raises(IndexError, match="index out of range in self") as e:
        F.embedding(torch.tensor([[0, 1], [6, 2]]), weight)
    assert "index 6 at [1, 0] is outside of a table of 6 rows" in str(e.value.__notes__)
    with pytest.raises(IndexError) as e:
        F.embedding(torch.tensor([-1]), weight)
    assert "negative" in str(e.value.__notes__)
    with pytest.raises(RuntimeError, match=r"Index 1 of input takes value 9 which is not in the valid range \[0, 6\)"):
        F.embedding_bag(torch.tensor([1, 9]), weight, torch.tensor([0]))
    with pytest.raises(RuntimeError, match="Long, Int; but got torch.FloatTensor"):
        F.embedding(torch.tensor([1.0]), weight)
    with pytest.raises(RuntimeError, match="must be 2-D"):
        F.embedding(torch.tensor([1]), weight[0])
    with pytest.raises(NotImplementedError, match="sparse=True"):
        F.embedding(torch.tensor([1]), weight, sparse=True)
    assert torch.equal(F.embedding(torch.tensor([1]), weight.detach(), sparse=True), weight[1:2])  # without a gradient
    for bad in (6, -7):
        with pytest.raises(ValueError, match="Padding_idx must be within num_embeddings"):
            F.embedding(torch.tensor([1]), weight, padding_idx=bad)


def test_bad_bags():
    weight, index = table(), torch.tensor([0, 1, 2])
    for starts, text in (([1, 2], "has to be 0"), ([0, 4], "can not be greater"), ([0, 2, 1], "have to ascend")):
        with pytest.raises(RuntimeError, match=text):
            F.embedding_bag(index, weight, torch.tensor(starts))
    with pytest.raises(ValueError, match="offsets has to be a 1D Tensor but got None"):
        F.embedding_bag(index, weight)
    with pytest.raises(ValueError, match="offsets has to be None"):
        F.embedding_bag(index.unsqueeze(0), weight, torch.tensor([0]))
    with pytest.raises(NotImplementedError, match="per_sample_weights"):
        F.embedding_bag(index.unsqueeze(0), weight, per_sample_weights=torch.ones(1, 3), mode="max")
    with pytest.raises(RuntimeError, match="padding_idx must be within"):
        F.embedding_bag(index, weight, torch.tensor([0]), padding_idx=6)
    assert F.embedding_bag(index[:0], weight, torch.tensor([0, 0])).tolist() == [[0.0] * 3] * 2


def test_one_hot_names_the_class_that_is_none():
    for values, classes, text in (([0, 3], 3, "smaller than num_classes"), ([0, -2], 3, "non-negative")):
        with pytest.raises(RuntimeError, match=text) as e:
            F.one_hot(torch.tensor(values), classes)
        assert f"class {values[1]} at [1]" in str(e.value.__notes__)
    with pytest.raises(RuntimeError, match="Can not infer"):
        F.one_hot(torch.zeros(0, dtype=torch.int64))
