// The exponential of square matrices, one after the other.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> void matrix_exp(const T* a, int64_t count, int64_t n, T* y);

}  // namespace adjoint
