"""Newton's method with a second derivative from the graph of the first: minimises x⁴ - 3x² + x."""

import adjoint as torch

x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
for step in range(8):
    y = x**4 - 3 * x**2 + x
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, x)
    with torch.no_grad():
        x -= slope / curvature
    print(f"{step}: x = {x.item():.12f}, slope {slope.item():.2e}")

assert abs(4 * x.item() ** 3 - 6 * x.item() + 1) < 1e-9
