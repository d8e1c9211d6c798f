"""A small GPT that learns Shakespeare's sonnets letter by letter, and writes some lines of its own at the end.

adjoint run examples/char_gpt.py            on Adjoint
python examples/char_gpt.py                 on PyTorch, unchanged
"""

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

TEXT = (Path(__file__).parent / "data" / "sonnets.txt").read_text()
LETTERS = sorted(set(TEXT))
CONTEXT = 64


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*qkv, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, letters, width=96, heads=4, layers=3):
        super().__init__()
        self.token = nn.Embedding(letters, width)
        self.place = nn.Embedding(CONTEXT, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)
        self.head.weight = self.token.weight
        self.apply(self.begin)

    @staticmethod
    def begin(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.05)

    def forward(self, index):
        x = self.token(index) + self.place(torch.arange(index.shape[1]))
        return self.head(self.norm(self.blocks(x)))

    @torch.no_grad()
    def write(self, index, count, temperature=0.7):
        for _ in range(count):
            logits = self(index[:, -CONTEXT:])[:, -1] / temperature
            index = torch.cat([index, torch.multinomial(logits.softmax(-1), 1)], 1)
        return index


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--letters", type=int, default=300, help="how much to write at the end")
    options = parser.parse_args()

    torch.manual_seed(0)
    data = torch.tensor([LETTERS.index(c) for c in TEXT])
    net = GPT(len(LETTERS))
    print(f"{len(data)} letters, {sum(p.numel() for p in net.parameters())} parameters")
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, step / 20) * (0.55 + 0.45 * math.cos(math.pi * step / options.steps))
        start = torch.randint(len(data) - CONTEXT - 1, (24,))
        batch = torch.stack([data[i : i + CONTEXT + 1] for i in start])
        logits = net(batch[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step == options.steps - 1:
            print(f"step {step:4}  loss {loss.item():.3f}")
    net.eval()
    begin = torch.tensor([[LETTERS.index(c) for c in "\nShall I "]])
    print("".join(LETTERS[i] for i in net.write(begin, options.letters)[0].tolist()))


if __name__ == "__main__":
    main()
