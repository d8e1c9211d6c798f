"""What tools know of differentiation: modes, gradients, Functions, hooks, explanations."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type

import adjoint as torch
from adjoint.autograd import Function
from adjoint.explain import Derivation, Diagnosis, Graph

x = torch.rand(3, requires_grad=True)


# Modes: contexts and decorators, which keep the signature of what they decorate.
@torch.no_grad()
def plain(t: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    return t * scale


@torch.no_grad
def bare(t: torch.Tensor) -> int:
    return len(t)


@torch.inference_mode()
def inferred(t: torch.Tensor) -> list[int]:
    return list(t.shape)


@torch.set_grad_enabled(True)
def numbers(n: int) -> Iterator[int]:
    yield from range(n)


assert_type(plain(x, scale=2.0), torch.Tensor)
assert_type(bare(x), int)
assert_type(inferred(x), list[int])
assert_type(numbers(2), Iterator[int])
with torch.no_grad(), torch.enable_grad(), torch.inference_mode(False), torch.set_grad_enabled(True):
    assert_type(x * 2, torch.Tensor)
with torch.autograd.set_detect_anomaly(False):
    pass

# Gradients.
assert_type(torch.autograd.grad((x * x).sum(), x), tuple[torch.Tensor, ...])
assert_type(torch.autograd.grad((x * x).sum(), {"x": x}), dict[str, torch.Tensor])
(g,) = torch.autograd.grad((x * x).sum(), [x], create_graph=True)
assert_type(g, torch.Tensor)
assert_type(torch.autograd.grad(g.sum(), [x], allow_unused=True), tuple[torch.Tensor | None, ...])
torch.autograd.backward([(x * x).sum()], inputs=[x])
(x * x).sum().backward(retain_graph=True)
assert_type(torch.autograd.gradcheck(lambda t: t * t, x.detach().double().requires_grad_()), bool)
node = (x * 2).grad_fn
assert_type(node.next_functions[0][1], int | Any)
edge = torch.autograd.graph.get_gradient_edge(x * 2)
assert_type(edge, torch.autograd.graph.GradientEdge)
assert_type(edge.output_nr, int)
with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
    x.exp().sum().backward()
parameter = torch.nn.Parameter(torch.zeros(2))


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, t: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(t)
        ctx.scale = scale
        return scale * t**3

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor, None]:
        (t,) = ctx.saved_tensors
        return 3 * ctx.scale * t**2 * g, None


class Split(Function):
    @staticmethod
    def forward(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return t.sin(), t.cos()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*output)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        sin, cos = ctx.saved_tensors
        return grads[0] * cos - grads[1] * sin


Cube.apply(x, 2.0).sum().backward()
Split.apply(x)[0].sum().backward()

# Explanations: the package is callable.
loss = (x * x).sum()
assert_type(torch.explain(loss, x), Derivation)
assert_type(torch.explain.explain(loss, x), Derivation)
assert_type(torch.explain(loss, x).latex(), str)
assert_type(torch.why(x), Diagnosis)
assert_type(torch.graph(loss), Graph)
assert_type(torch.graph(loss).svg(), str)
