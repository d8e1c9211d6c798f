// Orthogonal factors, least squares and functions of matrices, for the rules and compositions of others. All are
// differentiable.
#pragma once
#include <array>
#include <string_view>
#include "ops/linalg/products.h"

namespace adjoint::ops {

std::array<Tensor, 2> qr(const Tensor& A, std::string_view mode = "reduced");  // Q, R
Tensor householder_product(const Tensor& A, const Tensor& tau);
Tensor matrix_exp(const Tensor& A);
// Singular values up to max(atol, rtol · the largest) count as 0; rtol < 0: rounding errors alone.
Tensor pinv(const Tensor& A, double atol = 0, double rtol = -1, bool hermitian = false);
// A norm of the matrices in the last two dimensions: ord is 1, 2, inf or minus one of them.
Tensor matrix_norm(const Tensor& A, double ord);
Tensor nuclear_norm(const Tensor& A);

}  // namespace adjoint::ops
