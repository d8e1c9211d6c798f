// Products of matrices and vectors without autograd, for the operations of this folder.
#pragma once
#include "autograd/door.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint {

// op(a) op(b) for matrices, where op transposes as told. Fresh and contiguous.
Tensor mm_raw(const Tensor& a, const Tensor& b, bool ta = false, bool tb = false);
// The same for [batch, ., .]; equal batch sizes.
Tensor bmm_raw(const Tensor& a, const Tensor& b, bool ta = false, bool tb = false);
// y = alpha · a b + beta · y for contiguous y: [M, N], or [batch, M, N] when the operands have three
// dimensions.
void gemm_into(const Tensor& y, const Tensor& a, const Tensor& b, const Scalar& alpha, const Scalar& beta);

// a bᴴ and aᴴ b, for cotangents: recorded (through transposed views) when the backward pass is, else
// straight.
Tensor mm_right_adjoint(const Tensor& g, const Tensor& b);
Tensor mm_left_adjoint(const Tensor& a, const Tensor& g);
Tensor bmm_right_adjoint(const Tensor& g, const Tensor& b);
Tensor bmm_left_adjoint(const Tensor& a, const Tensor& g);

// conj(x) for complex x, else x itself.
inline Tensor conj_of(const Tensor& x) { return is_complex(x->dtype) ? ops::conj(x) : x; }
// x · c, or x itself for c = 1.
inline Tensor scaled(const Tensor& x, const Scalar& c) { return c.equals(1) ? x : ops::mul(x, c); }

// Refuses matrices (or batches of them) whose inner sizes differ, in PyTorch's words, and tells what would fit.
void check_inner_sizes(const Tensor& a, const Tensor& b);
void check_batch_sizes(const Tensor& a, const Tensor& b);
void check_matrix_dtype(Dtype d, int64_t work = 1);  // bool has no products, save empty ones

namespace ops {
Tensor unsafe_view(const Tensor& x,
                   Ints sizes);  // a reshape of a fresh result, which nobody can see is a view
}  // namespace ops

}  // namespace adjoint
