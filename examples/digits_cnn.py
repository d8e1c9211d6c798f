"""A convolutional network that reads handwritten digits, with layers, an optimizer and a DataLoader.

adjoint run examples/digits_cnn.py          on Adjoint
python examples/digits_cnn.py               on PyTorch, unchanged
... --plot curve.png                        the losses as a picture (needs matplotlib)
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

DATA = Path(__file__).parent / "data" / "digits.pt"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, 3, padding=1)
        self.conv2 = nn.Conv2d(24, 48, 3, padding=1)
        self.norm = nn.BatchNorm2d(48)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(48 * 4 * 4, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.norm(self.conv2(x))), 2)
        return self.fc(self.dropout(x.flatten(1)))


def bar(done, total, text, width=30):
    filled = width * done // total
    print(f"\r[{'#' * filled}{'.' * (width - filled)}] {text}", end="\n" if done == total else "", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    torch.manual_seed(0)
    data = torch.load(DATA)
    images = data["images"].float().unsqueeze(1) / 8 - 1
    train, test = random_split(TensorDataset(images, data["labels"].long()), [1437, 360])
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=6e-3, epochs=options.epochs, steps_per_epoch=-(-len(train) // 64)
    )
    losses = []
    for epoch in range(options.epochs):
        net.train()
        for x, y in DataLoader(train, batch_size=64, shuffle=True):
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        net.eval()
        with torch.no_grad():
            hits = sum((net(x).argmax(1) == y).sum().item() for x, y in DataLoader(test, batch_size=360))
        bar(epoch + 1, options.epochs, f"loss {losses[-1]:.4f}  held-out {hits / len(test):.2%}")
    if options.plot:
        import matplotlib.pyplot as plt

        plt.semilogy(losses)
        plt.xlabel("step")
        plt.ylabel("cross entropy")
        plt.savefig(options.plot)


if __name__ == "__main__":
    main()
