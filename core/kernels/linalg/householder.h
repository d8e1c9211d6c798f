// Householder's reductions for one matrix of middling size: the kernels of this processor, and scaling.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/linalg/householder_table.h"

namespace adjoint {

template <class T> const HouseholderKernels<T>& householder_kernels() {
  if constexpr (sizeof(T) == 4)
    return householder_table().f32;
  else
    return householder_table().f64;
}

// Divides by a power of 2 that brings the largest element near 1, so that squares stay in range; gives that power.
template <class T> T scale_near_one(std::vector<T>& x) {
  T largest = 0;
  for (T v : x) largest = std::max(largest, std::abs(v));
  if (largest == 0) return 1;
  const int e = std::ilogb(largest), half = -e / 2;  // 2^-e may be no number of the type
  const T first = std::ldexp(T(1), half), second = std::ldexp(T(1), -e - half);
  for (T& v : x) v = v * first * second;
  return std::ldexp(T(1), e);
}

}  // namespace adjoint
