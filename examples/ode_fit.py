"""Foxes and hares: the four constants of the Lotka-Volterra equations, found from noisy counts by gradient descent through
a Runge-Kutta solver.

    adjoint run examples/ode_fit.py             on Adjoint
    python examples/ode_fit.py                  on PyTorch, unchanged
    ... --plot fit.png                          counts and curves as a picture (needs matplotlib)
"""

import argparse

import torch

TRUE = torch.tensor([1.1, 0.4, 0.1, 0.4])
STEP = 0.1


def change(state, constants):
    """d(hares, foxes)/dt: hares breed and are eaten, foxes eat and die."""
    hares, foxes = state
    birth, hunt, growth, death = constants
    return torch.stack([birth * hares - hunt * hares * foxes, growth * hares * foxes - death * foxes])


def solve(state, constants, steps):
    """The classical Runge-Kutta method: [steps + 1, 2]."""
    found = [state]
    for _ in range(steps):
        k1 = change(state, constants)
        k2 = change(state + STEP / 2 * k1, constants)
        k3 = change(state + STEP / 2 * k2, constants)
        k4 = change(state + STEP * k3, constants)
        state = state + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        found.append(state)
    return torch.stack(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    torch.manual_seed(0)
    begin = torch.tensor([10.0, 5.0])
    counts = solve(begin, TRUE, 120) * (1 + 0.03 * torch.randn(121, 2))
    logs = torch.log(torch.tensor([0.8, 0.3, 0.15, 0.5])).requires_grad_()  # of the constants, which are positive
    optimizer = torch.optim.Adam([logs], lr=0.05)
    for step in range(options.steps):
        curve = solve(begin, logs.exp(), 120)
        loss = (curve.log() - counts.log()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0 or step == options.steps - 1:
            print(f"step {step:3}  loss {loss.item():.5f}  constants {[round(c, 3) for c in logs.exp().tolist()]}")
    print(f"the true ones were {[round(c, 3) for c in TRUE.tolist()]}")
    if options.plot:
        import matplotlib.pyplot as plt

        time = torch.arange(121) * STEP
        for i, name in enumerate(("hares", "foxes")):
            plt.plot(time.numpy(), counts[:, i].numpy(), f"C{i}.", label=name)
            plt.plot(time.numpy(), curve[:, i].detach().numpy(), f"C{i}")
        plt.legend()
        plt.savefig(options.plot)


if __name__ == "__main__":
    main()
