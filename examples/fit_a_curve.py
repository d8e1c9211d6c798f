"""A small network on plain tensors learns sin(x): forward, backward, and a step without recording."""

import math

import adjoint as torch

torch.manual_seed(0)
x = torch.linspace(-math.pi, math.pi, 128).reshape(-1, 1)
y = torch.sin(x)

w1 = (torch.randn(1, 32) * 0.7).requires_grad_()
b1 = torch.zeros(32, requires_grad=True)
w2 = (torch.randn(32, 1) * 0.2).requires_grad_()
b2 = torch.zeros(1, requires_grad=True)
parameters = [w1, b1, w2, b2]

for step in range(2001):
    hidden = torch.tanh(x @ w1 + b1)
    loss = ((hidden @ w2 + b2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in parameters:
            p -= 0.02 * p.grad
            p.grad = None
    if step % 500 == 0:
        print(f"step {step:4d}  loss {loss.item():.5f}")

assert loss.item() < 0.02
