"""torch.masked: identities where nothing counts, broadcasting of masks, types, gradients of what does not count, errors."""

import pytest

import adjoint as torch
from adjoint import masked

X = torch.tensor([[1.0, 5.0, 2.0], [4.0, 3.0, 6.0]])
NONE = torch.tensor([[True, False, True], [False, False, False]])
INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("name", "first", "nothing"),
    [
        ("sum", 3.0, 0.0),
        ("prod", 2.0, 1.0),
        ("amax", 2.0, -INF),
        ("amin", 1.0, INF),
        ("mean", 1.5, NAN),
        ("median", 1.0, NAN),
        ("norm", 5**0.5, 0.0),
        ("var", 0.5, NAN),
        ("std", 0.5**0.5, NAN),
        ("logsumexp", 2.3132617473602295, -INF),
    ],
)
def test_what_nothing_gives(name, first, nothing):
    got = getattr(masked, name)(X, dim=1, mask=NONE)
    assert torch.allclose(got, torch.tensor([first, nothing]), equal_nan=True)


def test_the_norm_of_order_minus_infinity_of_nothing():
    assert masked.norm(X, -INF, 1, mask=NONE).tolist() == [1, INF]


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64"])
def test_integers_have_the_ends_of_their_type(kind):
    dtype = getattr(torch, kind)
    x, info = X.to(dtype), torch.iinfo(dtype)
    assert masked.amax(x, 1, mask=NONE).tolist() == [2, info.min]
    assert masked.amin(x, 1, mask=NONE).tolist() == [1, info.max]
    assert masked.sum(x, 1, mask=NONE).dtype == masked.prod(x, 1, mask=NONE).dtype == torch.int64
    assert masked.argmax(x, 1, mask=NONE).dtype == dtype


def test_dtype_is_the_results():
    assert masked.sum(X, dtype=torch.float64, mask=NONE).dtype == torch.float64
    assert masked.mean(X.int(), dtype=torch.float32, mask=NONE).item() == 1.5
    assert masked.var(X.int(), 1, mask=NONE).dtype == torch.float32
    assert masked.softmax(X.int(), 1, dtype=torch.float64).dtype == torch.float64


def test_a_mask_is_broadcast_and_any_type():
    row = torch.tensor([1, 0, 2])
    assert masked.sum(X, 1, mask=row).tolist() == [3, 10]
    assert masked.sum(X, mask=torch.tensor(True)).item() == 21
    with pytest.raises(IndexError, match="broadcastable mask"):
        masked.sum(X, mask=torch.ones(1, 2, 3, dtype=torch.bool))
    with pytest.raises(RuntimeError):
        masked.sum(X, mask=torch.ones(2, dtype=torch.bool))


def test_what_does_not_count_has_no_gradient_and_may_be_anything():
    mask = torch.tensor([True, False, True])
    for name in ("sum", "prod", "amax", "mean", "norm", "var", "std", "logsumexp", "median"):
        x = torch.tensor([1.0, NAN, 3.0], requires_grad=True)
        getattr(masked, name)(x, dim=0, mask=mask).backward()
        grad = x.grad.tolist()
        if name not in ("var", "std"):  # which subtract the mean from all, as PyTorch's
            assert grad[1] == 0 and grad == grad, name


def test_log_softmax_has_softmaxs_gradient():
    x = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([True, False, True])
    masked.log_softmax(x, 0, mask=mask)[0].backward()
    p = masked.softmax(x.detach(), 0, mask=mask)
    assert torch.allclose(x.grad, torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64) - p)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: masked.sum(X, (0, 0)), RuntimeError),
        (lambda: masked.sum(X, 2), IndexError),
        (lambda: masked.mean(X.int()), ValueError),
        (lambda: masked.median(X.int(), 1, mask=NONE), ValueError),
        (lambda: masked.amax(X + 0j, 1, mask=NONE), NotImplementedError),
        (lambda: masked.var(X, 1, True, correction=1), AssertionError),
        (lambda: masked.norm(X.int(), -INF, 1, mask=NONE), AssertionError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error):
        call()


def test_output_masks():
    assert masked._output_mask(masked.sum, X, 1, mask=NONE).tolist() == [True, False]
    assert masked._output_mask(masked.norm, X, 2.0, 0, mask=NONE, keepdim=True).tolist() == [[True, False, True]]
    assert masked._output_mask(masked.softmax, X, 0, mask=NONE[:1]).equal(NONE[:1].expand(2, 3))


def test_there_is_no_masked_tensor():
    with pytest.raises(AttributeError):
        masked.MaskedTensor
