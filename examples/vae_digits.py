"""A variational autoencoder of handwritten digits (D. Kingma and M. Welling, 2013), which draws new ones.

adjoint run examples/vae_digits.py --out digits.png     on Adjoint
python examples/vae_digits.py --out digits.png          on PyTorch, unchanged
"""

import argparse
import struct
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DATA = Path(__file__).parent / "data" / "digits.pt"


class VAE(nn.Module):
    def __init__(self, latent=6, hidden=128):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 64))

    def forward(self, x):
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decoder(z), mean, log_variance


def loss_of(logits, x, mean, log_variance):
    """Cross entropy of the pixels, and the distance of the code from a normal distribution."""
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    distance = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (pixels + distance) / len(x)


def write_png(path, image):
    """A grey picture of values from 0 to 1, [height, width]."""
    height, width = image.shape
    rows = (image.clamp(0, 1) * 255).to(torch.uint8)
    data = b"".join(b"\0" + bytes(row.tolist()) for row in rows)

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    picture = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + picture)


def sheet(images, columns):
    """Images of 8×8 side by side with a margin, each pixel four wide."""
    framed = F.pad(images.view(-1, columns, 8, 8), (1, 1, 1, 1))
    rows = framed.permute(0, 2, 1, 3).reshape(-1, columns * 10)
    return rows.repeat_interleave(4, 0).repeat_interleave(4, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--out", metavar="FILE", help="a picture: digits, what comes back of them, new ones")
    options = parser.parse_args()

    torch.manual_seed(0)
    x = torch.load(DATA)["images"].float().flatten(1) / 16
    net = VAE()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for epoch in range(options.epochs):
        total = 0.0
        for (batch,) in DataLoader(TensorDataset(x), batch_size=64, shuffle=True):
            logits, mean, log_variance = net(batch)
            loss = loss_of(logits, batch, mean, log_variance)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        if epoch % 10 == 0 or epoch == options.epochs - 1:
            print(f"epoch {epoch:2}  loss {total / len(x):.3f}")
    with torch.no_grad():
        back = net(x[:20])[0].sigmoid()
        new = net.decoder(torch.randn(20, 6)).sigmoid()
    print(f"what comes back is off by {(back - x[:20]).abs().mean().item():.3f} a pixel")
    if options.out:
        write_png(options.out, sheet(torch.cat([x[:20], back, new]), 20))
        print(f"above: digits, what comes back of them, new ones: {options.out}")


if __name__ == "__main__":
    main()
