// Norms for the operations that rest on them.
#pragma once
#include "ops/reduce/plan.h"

namespace adjoint {

// Along dims (none given: all), computed in d.
Tensor vector_norm(const Tensor& x, double p, std::optional<Ints> dims, bool keepdim, std::optional<Dtype> d);
Tensor norm_raw(const Tensor& x, double p, Mask m, bool keepdim);
// The cotangent of x for a norm of order p; g and norm broadcast against x.
Tensor norm_rule(const Tensor& g, const Tensor& x, const Tensor& norm, double p, Mask m);
// The rule's case, for texts: orders 0, 1, 2, infinite, any other.
int norm_case(double p);

// Of vectors along dim, or the last dimension (statistics.cpp).
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps);
Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keepdim);

}  // namespace adjoint
