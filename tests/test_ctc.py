"""Connectionist temporal classification: the gradient is the value's, whatever the input; forms of targets; bounds."""

import math

import pytest

import adjoint as torch

F = torch.nn.functional


def problem(steps=30, samples=5, classes=8, most=9, dtype=torch.float64):
    torch.manual_seed(0)
    x = torch.randn(steps, samples, classes, dtype=dtype)
    targets = torch.randint(1, classes, (samples, most))
    lengths = [9, 4, 1, 0, 7][:samples]
    return x, targets, [steps, steps - 3, 12, 5, 20][:samples], lengths


def test_the_gradient_is_that_of_the_value():
    """PyTorch's is that of log_softmax before it, for any input."""
    x, targets, inputs, lengths = problem()
    x.requires_grad_()
    F.ctc_loss(x, targets, inputs, lengths, reduction="sum").backward()
    h, direction = 1e-6, torch.randn(x.shape, dtype=x.dtype)
    f = lambda s: F.ctc_loss(x.detach() + s * direction, targets, inputs, lengths, reduction="sum")
    assert torch.allclose((f(h) - f(-h)) / (2 * h), (x.grad * direction).sum(), rtol=1e-6)
    # All alignments have one label at each step, up to a sample's length.
    steps = torch.tensor(inputs, dtype=x.dtype)
    assert torch.allclose(x.grad.sum((0, 2)), -steps) and (x.grad[13:, 2] == 0).all()


def test_through_log_softmax():
    x, targets, inputs, lengths = problem(dtype=torch.float32)
    wide = x.double().requires_grad_()
    x.requires_grad_()
    for z in (x, wide):
        F.ctc_loss(z.log_softmax(2), targets, inputs, lengths).backward()
    assert torch.allclose(x.grad.double(), wide.grad, atol=1e-6)


def test_forms_of_targets_and_lengths():
    x, targets, inputs, lengths = problem()
    flat = torch.cat([t[:n] for t, n in zip(targets, lengths)])
    want = F.ctc_loss(x, targets, inputs, lengths, reduction="none")
    tensors = [torch.tensor(v) for v in (inputs, lengths)]
    for got in (
        F.ctc_loss(x, flat, inputs, lengths, reduction="none"),
        F.ctc_loss(x, targets.int(), *(t.int() for t in tensors), reduction="none"),
        torch.ctc_loss(x, flat, *tensors, 0, 0),
        torch.stack(
            [
                F.ctc_loss(x[:, i], targets[i], (inputs[i],), (lengths[i],)) * max(lengths[i], 1)
                if lengths[i] == 9
                else want[i]
                for i in range(5)
            ]
        ),
    ):
        assert torch.allclose(got, want)
    assert torch.allclose(F.ctc_loss(x, targets, inputs, lengths), (want / torch.tensor(lengths).clamp(1)).mean())


def test_no_alignment():
    """Three labels, two of them alike, need four steps."""
    x = torch.randn(3, 1, 4, dtype=torch.float64).log_softmax(2).requires_grad_()
    target = torch.tensor([[1, 1, 2]])
    assert F.ctc_loss(x, target, (3,), (3,)).item() == math.inf
    y = F.ctc_loss(x, target, (3,), (3,), zero_infinity=True)
    assert y.item() == 0 and (torch.autograd.grad(y, x)[0] == 0).all()
    assert F.ctc_loss(x, target, (0,), (0,)).item() == 0 and F.ctc_loss(x, target, (0,), (1,)).item() == math.inf


def test_long_inputs_keep_their_digits():
    x, targets, inputs, lengths = problem(steps=400, samples=2, dtype=torch.float32)
    single = F.ctc_loss(x * 10, targets, [400, 399], lengths, reduction="none")
    double = F.ctc_loss(x.double() * 10, targets, [400, 399], lengths, reduction="none")
    assert torch.allclose(single.double(), double, rtol=1e-6)


def test_the_same_bits_at_any_number_of_threads():
    x, targets, inputs, lengths = problem(steps=200, dtype=torch.float32)
    x.requires_grad_()
    before, found = torch.get_num_threads(), []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        y = F.ctc_loss(x, targets, inputs, lengths)
        found.append((y, *torch.autograd.grad(y, x)))
    torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other))


def test_what_is_refused():
    x, targets, inputs, lengths = problem()
    for change, text in (
        ({"blank": 8}, "blank must be in label range"),
        ({"inputs": [31, 1, 1, 1, 1]}, "Expected input_lengths to have value at most 30, but got value 31"),
        ({"inputs": [-1, 1, 1, 1, 1]}, "Expected input_lengths to have value at least 0"),
        ({"inputs": [1]}, "input_lengths must be of size batch_size"),
        ({"lengths": [10, 1, 1, 1, 1]}, "Expected target_lengths to have value at most 9"),
        ({"targets": torch.full((5, 9), 8)}, "targets must be in label range"),
        ({"targets": torch.ones(3, dtype=torch.int64)}, "Expected target_lengths to have value at most 3"),
        ({"targets": torch.ones(30, dtype=torch.int64)}, "Expected tensor to have size 21 at dimension 0"),
    ):
        args = {"targets": targets, "inputs": inputs, "lengths": lengths, "blank": 0} | change
        with pytest.raises(RuntimeError, match=text):
            F.ctc_loss(x, args["targets"], args["inputs"], args["lengths"], args["blank"])
    with pytest.raises(NotImplementedError, match="\"ctc_loss_cpu\" not implemented for 'Half'"):
        F.ctc_loss(x.half(), targets, inputs, lengths)
    with pytest.raises(ValueError, match="best is not a valid value"):
        F.ctc_loss(x, targets, inputs, lengths, reduction="best")
