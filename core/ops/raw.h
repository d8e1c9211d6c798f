// Copies between tensors without autograd: what forwards and vjps use on memory that nobody records.
// Meta tensors pass through: shapes only.
#pragma once
#include "tensor/tensor.h"

namespace adjoint::raw {

void copy(const Tensor& dst, const Tensor& src);  // casts and broadcasts; the two may overlap
Tensor contiguous(const Tensor& x);               // x itself when it is contiguous already
Tensor clone(const Tensor& x);                    // always fresh memory, always contiguous
Tensor cast(const Tensor& x, Dtype dtype);  // x itself when it has the type already; keeps a dense layout
void fill(const Tensor& x, const Scalar& value);
void zero(const Tensor& x);

}  // namespace adjoint::raw
