// What unfold took apart, put together.
#pragma once
#include "tensor/tensor.h"

namespace adjoint::ops {

// Zeros of `sizes`, to whose windows along dim those of x are added: the vjp of unfold(dim, size, step).
Tensor overlap_add(const Tensor& x, Ints sizes, int64_t dim, int64_t size, int64_t step);

}  // namespace adjoint::ops
