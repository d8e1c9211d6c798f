// Singular values and eigenvalues, for the rules and compositions of others. All are differentiable.
#pragma once
#include <array>
#include <string_view>
#include "tensor/tensor.h"

namespace adjoint::ops {

std::array<Tensor, 3> svd(const Tensor& A, bool full_matrices = true);     // U, S, Vh
Tensor svdvals(const Tensor& A);                                           // descending
std::array<Tensor, 2> eigh(const Tensor& A, std::string_view uplo = "L");  // eigenvalues, eigenvectors
Tensor eigvalsh(const Tensor& A, std::string_view uplo = "L");             // ascending
std::array<Tensor, 2> eig(const Tensor& A);

}  // namespace adjoint::ops
