"""The digits again, as programs are written: a convolutional network of layers, an optimizer, a DataLoader."""

from __future__ import annotations

import adjoint as torch
import adjoint.nn.functional as F
from adjoint import Tensor, nn
from adjoint.cli.digits import split
from adjoint.cli.screen import mark, progress
from adjoint.utils.data import DataLoader, TensorDataset

EPOCHS, BATCH, RATE = 12, 64, 6e-3
TARGET = 0.98

losses: list[float] = []  # of each step, for the curve


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 48, 3, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classes = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(48 * 4 * 4, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classes(self.features(x))


def run(plain: bool = False) -> bool:
    """the same images, with nn, optim and DataLoader: a convolutional network"""
    losses.clear()
    x, y, x_test, y_test = split()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Net()
        data = TensorDataset(x.view(-1, 1, 8, 8), y)
        loader: DataLoader[tuple[Tensor, ...]] = DataLoader(data, batch_size=BATCH, shuffle=True)
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=EPOCHS, steps_per_epoch=len(loader))
        with progress("training", EPOCHS, plain) as advance:
            for _ in range(EPOCHS):
                for images, labels in loader:
                    loss = F.cross_entropy(net(images), labels, label_smoothing=0.1)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    schedule.step()
                    losses.append(loss.item())
                hits = _hits(net, x_test, y_test)
                advance(f"loss {losses[-1]:.4f}  held-out {hits / len(y_test):6.2%}")
    right = hits >= TARGET * len(y_test)
    share = f"{hits / len(y_test):.2%} (at least {TARGET:.0%} asked)"
    print(f"{hits} of {len(y_test)} held-out images recognised: {share}  {mark(right)}")
    return right


def _hits(net: Net, x: Tensor, y: Tensor) -> int:
    net.eval()
    with torch.no_grad():
        found = int((net(x.view(-1, 1, 8, 8)).argmax(1) == y).sum())
    net.train()
    return found
