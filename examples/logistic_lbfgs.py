"""Logistic regression by L-BFGS: which of two handwritten digits is it? A convex problem, solved in a few dozen evaluations.

adjoint run examples/logistic_lbfgs.py      on Adjoint
python examples/logistic_lbfgs.py           on PyTorch, unchanged
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F

DATA = Path(__file__).parent / "data" / "digits.pt"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, nargs=2, default=(1, 7))
    parser.add_argument("--penalty", type=float, default=1e-3)
    options = parser.parse_args()

    data = torch.load(DATA)
    first, second = options.digits
    chosen = (data["labels"] == first) | (data["labels"] == second)
    x = data["images"][chosen].double().flatten(1) / 16
    y = (data["labels"][chosen] == second).double()
    x, x_test, y, y_test = x[:-100], x[-100:], y[:-100], y[-100:]

    weight = torch.zeros(64, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe", tolerance_grad=1e-9)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(x @ weight + bias, y) + options.penalty * weight.square().sum()
        loss.backward()
        losses.append(loss.item())
        return loss

    optimizer.step(closure)
    print(f"{first} or {second}: {len(y)} images, {len(losses)} evaluations, loss {losses[0]:.4f} -> {losses[-1]:.6f}")
    slope = max(p.grad.abs().max().item() for p in (weight, bias) if p.grad is not None)
    print(f"the largest slope that is left: {slope:.1e}")
    hits = ((x_test @ weight + bias > 0) == (y_test > 0.5)).double().mean()
    print(f"held-out: {hits.item():.1%} right")


if __name__ == "__main__":
    main()
