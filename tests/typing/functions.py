"""What tools know of functions, in every namespace, and of operations with several results."""

from typing import Any

from typing_extensions import assert_type

import adjoint as torch
import adjoint.nn.functional as F
from adjoint import linalg, special

x = torch.rand(3, 4)

# Several results: named tuples, tuples, as many tensors as there are.
largest = torch.max(x, 1)
assert_type(largest, torch.return_types.max)
assert_type(largest.values, torch.Tensor)
assert_type(largest.indices, torch.Tensor)
values, indices = x.sort(dim=1, descending=True)
assert_type(values, torch.Tensor)
assert_type(indices, torch.Tensor)
assert_type(x.topk(2), torch.return_types.topk)
assert_type(torch.aminmax(x).min, torch.Tensor)
assert_type(torch.max(x), torch.Tensor)
assert_type(x.median(), torch.Tensor)
assert_type(torch.var_mean(x), tuple[torch.Tensor, torch.Tensor])
assert_type(torch.split(x, 2), tuple[torch.Tensor, ...])
assert_type(x.unbind(), tuple[torch.Tensor, ...])
assert_type(torch.meshgrid(x[0], x[1], indexing="ij"), tuple[torch.Tensor, ...])
assert_type(torch.broadcast_shapes((2, 1), (3,)), torch.Size)
assert_type(torch.atleast_2d(x), torch.Tensor)
assert_type(torch.atleast_2d(x, x), tuple[torch.Tensor, ...])
assert_type(torch.nonzero(x), torch.Tensor)
assert_type(torch.nonzero(x, as_tuple=True), tuple[torch.Tensor, ...])

# One result.
assert_type(torch.exp(x), torch.Tensor)
assert_type(torch.exp_(x), torch.Tensor)
assert_type(torch.cat([x, x], dim=1), torch.Tensor)
assert_type(torch.where(x > 0, x, 0.0), torch.Tensor)
assert_type(torch.einsum("ij,kj->ik", x, x), torch.Tensor)
assert_type(torch.add(x, x, alpha=2, out=torch.empty(3, 4)), torch.Tensor)
assert_type(linalg.vector_norm(x), torch.Tensor)
assert_type(torch.linalg.multi_dot([x, x.T]), torch.Tensor)
assert_type(special.erfcx(x), torch.Tensor)
assert_type(torch.special.xlogy(x, 2.0), torch.Tensor)
assert_type(F.relu(x), torch.Tensor)
assert_type(torch.nn.functional.softmax(x, dim=1), torch.Tensor)

# What is no tensor.
assert_type(torch.is_tensor(x), bool)
assert_type(torch.numel(x), int)
assert_type(torch.promote_types(torch.int8, torch.float32), torch.dtype)
assert_type(torch.get_default_dtype(), torch.dtype)
assert_type(torch.manual_seed(0), torch.Generator)
assert_type(torch.Generator().manual_seed(1), torch.Generator)
assert_type(torch.get_rng_state(), torch.Tensor)
assert_type(torch.is_grad_enabled(), bool)
assert_type(torch.cuda.is_available(), bool)
assert_type(torch.typename(x), str)
assert_type(torch.__version__, str)
assert_type(torch.LongTensor([1, 2]), torch.Tensor)
with torch.random.fork_rng():
    assert_type(torch.get_num_threads(), int)


def raises() -> Any:
    try:
        return linalg.matrix_power(x, -1)
    except torch.linalg.LinAlgError as e:
        return e
