"""REINFORCE (R. Williams, 1992) balances a pole on a cart; the physics are written out (A. Barto, R. Sutton, C. Anderson, 1983).

adjoint run examples/cartpole_reinforce.py  on Adjoint
python examples/cartpole_reinforce.py       on PyTorch, unchanged
"""

import argparse
import math

import torch
from torch import nn

CARTS, LIMIT, DISCOUNT = 16, 200, 0.99
GRAVITY, CART, POLE, HALF_LENGTH, FORCE, TICK = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02


def push(state, right):
    """The next state of each cart: place, speed, angle, angular speed: [carts, 4]."""
    place, speed, angle, turn = state.unbind(1)
    force = torch.where(right, FORCE, -FORCE)
    sine, cosine, mass = angle.sin(), angle.cos(), CART + POLE
    pull = (force + POLE * HALF_LENGTH * turn**2 * sine) / mass
    spin = (GRAVITY * sine - cosine * pull) / (HALF_LENGTH * (4 / 3 - POLE * cosine**2 / mass))
    drive = pull - POLE * HALF_LENGTH * spin * cosine / mass
    return torch.stack([place + TICK * speed, speed + TICK * drive, angle + TICK * turn, turn + TICK * spin], 1)


def play(net):
    """One run of all carts together: log-probabilities of what was done [time, carts], and which were still up."""
    state = torch.rand(CARTS, 4) * 0.1 - 0.05
    alive = torch.ones(CARTS, dtype=torch.bool)
    chosen, up = [], []
    for _ in range(LIMIT):
        logs = net(state).log_softmax(1)
        action = torch.multinomial(logs.detach().exp(), 1)
        chosen.append(logs.gather(1, action).squeeze(1))
        up.append(alive)
        state = push(state, action.squeeze(1) == 1)
        alive = alive & (state[:, 0].abs() < 2.4) & (state[:, 2].abs() < 12 * math.pi / 180)
        if not alive.any():
            break
    return torch.stack(chosen), torch.stack(up).float()


def returns_of(up):
    """What each moment still earns: 1 a tick, discounted."""
    total, found = torch.zeros(CARTS), []
    for now in up.flip(0):
        total = now * (1 + DISCOUNT * total)
        found.append(total)
    return torch.stack(found).flip(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2)
    for round_ in range(options.rounds):
        chosen, up = play(net)
        returns = returns_of(up)
        mean = (returns * up).sum(1, keepdim=True) / up.sum(1, keepdim=True).clamp(
            min=1
        )  # of those that stand, as baseline
        advantage = (returns - mean) * up
        advantage = advantage / (advantage.square().sum() / up.sum()).sqrt().clamp(min=1e-6)
        loss = -(chosen * advantage).sum() / up.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if round_ % 10 == 0 or round_ == options.rounds - 1:
            print(f"round {round_:2}  the pole stands for {up.sum(0).mean().item():5.1f} of {LIMIT} ticks")


if __name__ == "__main__":
    main()
