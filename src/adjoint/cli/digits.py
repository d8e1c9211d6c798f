"""A classifier of handwritten digits, written with plain tensors and autograd: no layers, no optimiser."""

from __future__ import annotations

import math
import random

import adjoint as torch
from adjoint import Tensor
from adjoint.cli.screen import mark, progress
from adjoint.data import digits

HELD_OUT, HIDDEN, EPOCHS, BATCH, RATE, MOMENTUM = 360, 96, 30, 48, 0.1, 0.9
TARGET = 0.96

Weights = list[Tensor]


def run(plain: bool = False) -> bool:
    """a two-layer network trained on 1,437 real images, tested on 360 others"""
    x, y, x_test, y_test = split()
    weights = initial_weights(x.shape[1])
    speeds = [torch.zeros_like(w) for w in weights]
    order = random.Random(1)
    accuracy = 0.0
    with progress("training", EPOCHS, plain) as advance:
        for epoch in range(EPOCHS):
            rate = RATE * 0.5 * (1 + math.cos(math.pi * epoch / EPOCHS))
            total = train_epoch(weights, speeds, x, y, rate, order)
            accuracy = test(weights, x_test, y_test)
            advance(f"loss {total:.4f}  held-out {accuracy:6.2%}")
    right = accuracy >= TARGET
    wrong = round((1 - accuracy) * HELD_OUT)
    hits = f"{HELD_OUT - wrong} of {HELD_OUT} held-out images recognised"
    print(f"{hits}: {accuracy:.2%} (at least {TARGET:.0%} asked)  {mark(right)}")
    return right


def split() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images as float32 [n, 64] from -1 to 1 and their labels: to train on, and held out."""
    images, labels = digits()
    x = images.reshape(-1, 64).to(torch.float32) / 8 - 1
    order = list(range(len(labels)))
    random.Random(0).shuffle(order)
    train, held_out = torch.tensor(order[HELD_OUT:]), torch.tensor(order[:HELD_OUT])
    return x[train], labels[train], x[held_out], labels[held_out]


def initial_weights(inputs: int, classes: int = 10) -> Weights:
    source = random.Random(0)

    def normal(rows: int, columns: int) -> Tensor:
        scale = math.sqrt(2 / rows)
        values = [[scale * source.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]
        return torch.tensor(values, requires_grad=True)

    zeros = [torch.zeros(n, requires_grad=True) for n in (HIDDEN, classes)]
    return [normal(inputs, HIDDEN), zeros[0], normal(HIDDEN, classes), zeros[1]]


def forward(weights: Weights, x: Tensor) -> Tensor:
    """The scores of each class: relu(x W1 + b1) W2 + b2."""
    w1, b1, w2, b2 = weights
    return (x @ w1 + b1).relu() @ w2 + b2


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """The mean of -log softmax(scores)[label]."""
    chosen = scores.gather(1, labels.unsqueeze(1)).squeeze(1)
    return (scores.logsumexp(1) - chosen).mean()


def train_epoch(
    weights: Weights, speeds: list[Tensor], x: Tensor, y: Tensor, rate: float, order: random.Random
) -> float:
    """Once through the images in a new order, by gradient descent with momentum; the mean loss."""
    indices = list(range(len(y)))
    order.shuffle(indices)
    losses = []
    for start in range(0, len(indices), BATCH):
        batch = torch.tensor(indices[start : start + BATCH])
        loss = cross_entropy(forward(weights, x[batch]), y[batch])
        loss.backward()
        with torch.no_grad():
            for w, speed in zip(weights, speeds, strict=True):
                speed.mul_(MOMENTUM).add_(w.grad)
                w.sub_(rate * speed)
                w.grad = None
        losses.append(loss.item())
    return sum(losses) / len(losses)


def test(weights: Weights, x: Tensor, y: Tensor) -> float:
    """The share of images whose highest score is their label's."""
    with torch.no_grad():
        hits = forward(weights, x).argmax(1) == y
    return float(hits.to(torch.float32).mean())
