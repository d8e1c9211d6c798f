// Second looks at reductions of floating and complex elements, where the quick kernels (reduce.h) over- or underflow.
// `y` and `mean` have the type that the quick kernels accumulate in: float, or double for float64 and complex128.
#pragma once
#include <cmath>
#include <limits>
#include "kernels/reduce.h"

namespace adjoint {

// Whether a sum of powers of elements of type T lost nothing to the ends of T's range.
template <class T> bool sum_is_safe(T sum) {
  constexpr T least = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon() * 2;
  return sum >= least && sum < std::numeric_limits<T>::infinity();
}

// (Σ|x|^p)^(1/p) for the results that are NaN in y; p is not 0.
void careful_norms(Dtype in, const void* x, const View3& view, double p, void* y);

// Variances, or standard deviations (root), and means, for the results that are NaN in y; n > 0. Rows with an
// element that is infinite or NaN keep what they have.
void careful_deviations(Dtype in, const void* x, const View3& view, double divisor, bool root, void* mean,
                        void* y);

// Means, for the results that are not finite in y; n > 0. Rows as above keep what they have.
void careful_means(Dtype in, const void* x, const View3& view, void* y);

}  // namespace adjoint
