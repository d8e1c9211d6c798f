"""What tools know of tensors: how they are made, their attributes, operators and methods."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type

import adjoint as torch

x = torch.zeros(2, 3, requires_grad=True)
assert_type(x, torch.Tensor)
assert_type(torch.tensor([1.0, 2.0], dtype=torch.float64), torch.Tensor)
assert_type(torch.randn((2, 3), device="cpu"), torch.Tensor)
assert_type(torch.arange(0, 5, 2), torch.Tensor)
assert_type(torch.empty_like(x), torch.Tensor)

# Attributes.
assert_type(x.shape, torch.Size)
assert_type(x.shape[0], int)
assert_type(x.shape[:1], torch.Size)
assert_type(x.shape.numel(), int)
assert_type(x.dtype, torch.dtype)
assert_type(x.device, torch.device)
assert_type(x.device.type, str)
assert_type(x.requires_grad, bool)
assert_type(x.is_leaf, bool)
assert_type(x.ndim, int)
assert_type(x.T, torch.Tensor)
assert_type(x.data, torch.Tensor)
(x * x).sum().backward()
assert_type(x.grad, torch.Tensor | Any)  # None, too, but nobody need ask
assert_type(x.grad.sum(), torch.Tensor | Any)
assert_type((x * 2).grad_fn.name(), str | Any)

# Operators.
assert_type(x + 1, torch.Tensor)
assert_type(2 / (x + 1), torch.Tensor)
assert_type(x @ x.T, torch.Tensor)
assert_type(-x, torch.Tensor)
assert_type(x > 0, torch.Tensor)
assert_type(x == x, torch.Tensor)
assert_type(1.5**x, torch.Tensor)
assert_type((x > 0) & (x < 1), torch.Tensor)
y = x.detach().clone()
y += 1
assert_type(y, torch.Tensor)

# Indexing.
assert_type(x[0], torch.Tensor)
assert_type(x[..., None, 1:], torch.Tensor)
assert_type(x[x > 0], torch.Tensor)
y[0, :2] = 3.0
assert_type(len(x), int)
assert_type(iter(x), Iterator[torch.Tensor])
for row in x:
    assert_type(row, torch.Tensor)

# Methods.
assert_type(x.sum(), torch.Tensor)
assert_type(x.sum(dim=0, keepdim=True), torch.Tensor)
assert_type(x.reshape(3, 2), torch.Tensor)
assert_type(x.reshape((3, 2)), torch.Tensor)
assert_type(x.permute(1, 0).contiguous(), torch.Tensor)
assert_type(y.add_(1), torch.Tensor)
assert_type(y.zero_(), torch.Tensor)
assert_type(x.size(), torch.Size)
assert_type(x.size(0), int)
assert_type(x.stride(), tuple[int, ...])
assert_type(x.numel(), int)
assert_type(float(x.sum()), float)
assert_type(x.type(), str)
assert_type(x.type(torch.float64), torch.Tensor)
assert_type(x.nonzero(), torch.Tensor)
assert_type(x.nonzero(as_tuple=True), tuple[torch.Tensor, ...])
assert_type(x.requires_grad_(), torch.Tensor)
assert_type(torch.ones(1, requires_grad=True).register_hook(lambda g: 2 * g), torch.utils.hooks.RemovableHandle)
assert_type(x.untyped_storage().nbytes(), int)

# Dtypes are constants, and not the types whose names they bear.
assert_type(torch.float32, torch.dtype)
assert_type(torch.float, torch.dtype)
assert_type(torch.bool, torch.dtype)
assert_type(torch.int64.itemsize, int)
assert_type(torch.contiguous_format, torch.memory_format)
assert_type(torch.strided, torch.layout)
assert_type(torch.finfo(torch.float32).eps, float)
assert_type(torch.iinfo(torch.int8).max, int)
assert_type(torch.pi, float)


class Weighted(torch.Tensor):
    """A subclass keeps its class in what works in place."""


assert_type(torch.ones(2).as_subclass(Weighted), Weighted)
assert_type(torch.ones(2).as_subclass(Weighted).mul_(2), Weighted)


# What is not there is an error. (Each of these lines would be reported as needless, were it none.)
def mistakes(t: torch.Tensor) -> Any:
    torch.zeroes(2)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = torch.sparse  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    t.summ()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = t.shapes  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = t + "1"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    torch.zeros("2")  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    torch.exp()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    t.sum(dimension=0)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    torch.linalg.eighh(t)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    torch.nn.functional.reluu(t)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    torch.return_types.maxx  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    torch.autograd.gradd  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
