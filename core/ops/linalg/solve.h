// Systems of linear equations for other operations and their rules: differentiable, through the one door.
// Matrices may be batches, which broadcast.
#pragma once
#include <tuple>
#include "device/linalg/solve.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/products.h"

namespace adjoint {

// --- without autograd ---
// A fresh column-major copy of x whose batch is broadcast to `batch`.
Tensor column_major(const Tensor& x, Ints batch);
// x itself where it is that already, for kernels that only read it.
Tensor as_column_major(const Tensor& x, Ints batch);

struct LuFactors {
  Tensor lu, pivots, info;  // pivots and info: int32
};
LuFactors lu_factors(const Tensor& a);
void check_kernel_dtype(const Tensor& x,
                        const char* kernel);  // of 32 and 64 bits; else PyTorch's error of its kernel
// Pivots that no factorisation gives would make kernels read outside.
void check_pivots(const Tensor& pivots, int64_t rows, const char* name);

namespace ops {

Tensor solve(const Tensor& a, const Tensor& b, bool left = true);  // LinAlgError where A is singular
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left = true,
                        bool unitriangular = false);
Tensor inv(const Tensor& a);                        // LinAlgError where A is singular
std::pair<Tensor, Tensor> inv_ex(const Tensor& a);  // with info instead
Tensor cholesky(const Tensor& a, bool upper = false);
Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper = false);
std::tuple<Tensor, Tensor, Tensor> lu_factor_ex(const Tensor& a);  // LU, pivots, info
Tensor lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left = true,
                bool adjoint = false);
Tensor det(const Tensor& a);
std::pair<Tensor, Tensor> slogdet(const Tensor& a);  // sign, log |det|

}  // namespace ops

}  // namespace adjoint
