"""An LSTM that learns to continue waves: it sees the beginning of one, and goes on by itself.

adjoint run examples/lstm_waves.py          on Adjoint
python examples/lstm_waves.py               on PyTorch, unchanged
... --plot waves.png                        the continued waves as a picture (needs matplotlib)
"""

import argparse
import math

import torch
from torch import nn

SEEN, AHEAD = 60, 40


def waves(count, length):
    """Sums of two sines of different frequencies and phases: [count, length, 1]."""
    time = torch.arange(length).float()
    low = torch.rand(count, 1) * 0.1 + 0.15
    phase = torch.rand(count, 2) * 2 * math.pi
    return (torch.sin(low * time + phase[:, :1]) + 0.4 * torch.sin(2 * low * time + phase[:, 1:])).unsqueeze(-1)


class Continuer(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, num_layers=2, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        y, state = self.lstm(x, state)
        return x + self.out(y), state

    @torch.no_grad()
    def go_on(self, x, steps):
        y, state = self(x)
        found = [y[:, -1:]]
        for _ in range(steps - 1):
            y, state = self(found[-1], state)
            found.append(y)
        return torch.cat(found, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    torch.manual_seed(0)
    net = Continuer()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
    for step in range(options.steps):
        x = waves(32, SEEN + 1)
        y, _ = net(x[:, :-1] + 0.1 * torch.randn_like(x[:, :-1]))  # so that it corrects what it gets wrong later
        loss = nn.functional.mse_loss(y, x[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == options.steps - 1:
            print(f"step {step:3}  error of the next value {loss.item():.6f}")
    x = waves(64, SEEN + AHEAD)
    found = net.go_on(x[:, :SEEN], AHEAD)
    error = (found - x[:, SEEN:]).square().mean().sqrt()
    print(f"{AHEAD} values ahead, by itself: off by {error.item():.3f} on average")
    if options.plot:
        import matplotlib.pyplot as plt

        for i in range(3):
            plt.plot(x[i, :, 0].numpy() + 3 * i, "C7--")
            plt.plot(range(SEEN, SEEN + AHEAD), found[i, :, 0].numpy() + 3 * i, f"C{i}")
        plt.axvline(SEEN, color="k", linewidth=0.5)
        plt.savefig(options.plot)


if __name__ == "__main__":
    main()
