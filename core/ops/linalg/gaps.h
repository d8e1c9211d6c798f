// What the rules of factorisations with repeated values have in common.
//
// Note [Repeated values]: the rules of svd, eigh and eig divide by the differences of values, λ_j - λ_i, and by sums of
// singular values. Where two values are equal, single vectors of theirs are not determined, and a function of the
// factors has a derivative only if it does not depend on which ones were chosen: then the numerator is 0 as well. So a
// numerator that is 0 within rounding, above a difference that is 0 within rounding, counts as 0 together with it.
// That is right for a function of the spanned subspace (a projector) or of values and vectors that does not vary inside
// the group. Anything else is divided: a function that does depend on the choice has infinite derivatives, or NaN.
// Second derivatives at repeated values are those of this rule: how the numerator of a group changes is not seen.
#pragma once
#include "ops/linalg/products.h"

namespace adjoint {

// a / b elementwise (b broadcasts), 0 where both vanish beside the largest of a_scale and b_scale in each
// matrix, within rounding for matrices of n rows.
Tensor divided_or_zero(const Tensor& a, const Tensor& b, const Tensor& a_scale, const Tensor& b_scale,
                       int64_t n);
inline int64_t rows_of(const Tensor& x) { return x->size(x->ndim - 2); }
inline int64_t cols_of(const Tensor& x) { return x->size(x->ndim - 1); }
// [..., i, j]: values_j - values_i, or the sum.
Tensor gaps(const Tensor& values);
Tensor sums(const Tensor& values);
Tensor skew(const Tensor& x);              // x - xᴴ
Tensor without_diagonal(const Tensor& x);  // of a skew x, whose diagonal is 0 anyway where it is real
inline Tensor across(const Tensor& v) { return ops::unsqueeze(v, -2); }  // [..., 1, k]: scales columns
inline Tensor down(const Tensor& v) { return ops::unsqueeze(v, -1); }
// V diag(d) W
Tensor scaled_product(const Tensor& v, const Tensor& d, const Tensor& w);
// a plus b, either of which may be missing
inline Tensor sum_where_given(const Tensor& a, const Tensor& b) { return !a ? b : !b ? a : ops::add(a, b); }
// The cotangent of a matrix without elements: it has nothing but a history, that of the factors and their cotangents.
Tensor empty_cotangent(Ints sizes, Dtype dtype, std::initializer_list<Tensor> from);
// `text` as an error unless |x| <= 0.01 + 0.01·|like| everywhere (like may be null): PyTorch's test of phases.
void check_phase(const Tensor& x, const Tensor& like, const char* text);

}  // namespace adjoint
