"""What tools know of modules: a call is its class's forward, attributes that are registered are anything."""

from typing import Any

from typing_extensions import assert_type

import adjoint as torch
from adjoint import nn


class Net(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Linear(4, width)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> tuple[torch.Tensor, float]:
        return self.rest(self.first(x)) * scale, scale


net = Net()
x = torch.rand(3, 4)

assert_type(net(x, scale=2.0), tuple[torch.Tensor, float])
assert_type(nn.Linear(4, 2)(x), torch.Tensor)
assert_type(net.first, nn.Linear)
assert_type(net.first.weight, nn.Parameter)
assert_type(net.train().eval().double().to(torch.float32), Net)
assert_type(list(net.parameters()), list[nn.Parameter])
assert_type(dict(net.named_modules()), dict[str, nn.Module])
assert_type(list(net.children()), list[nn.Module])
assert_type(net.get_submodule("first"), nn.Module)
something: Any = nn.Module().something if hasattr(nn.Module(), "something") else None

layers = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])
for layer in layers:
    x = layer(x)
blocks = list(map(nn.Linear(4, 2), [x]))
assert_type(blocks, list[torch.Tensor])
