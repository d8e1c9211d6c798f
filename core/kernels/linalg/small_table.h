// The vectorised kernels for small systems: small.isa.cpp makes one table per instruction set. Real types, column-major
// matrices of at most kSmallSystem rows and columns, one after the other; the conventions of kernels/linalg/solve.h.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct SmallSystems {
  void (*lu)(T* a, int64_t count, int64_t rows, int64_t cols, int32_t* pivots, int32_t* info);
  // A X = B, or Aᵀ X = B; B has any number of columns.
  void (*lu_solve)(bool transposed, const T* lu, int64_t count, int64_t n, const int32_t* pivots, T* b,
                   int64_t cols);
  // Both in one: a becomes its factors, b the solution.
  void (*solve)(T* a, int64_t count, int64_t n, int32_t* pivots, int32_t* info, T* b, int64_t cols);
  void (*invert)(T* a, int64_t count, int64_t n, int32_t* info);
  void (*cholesky)(bool upper, T* a, int64_t count, int64_t n, int32_t* info);
  // T X = B for the triangle T that is a, or aᵀ.
  void (*triangular)(bool upper, bool transposed, bool unit, const T* a, int64_t count, int64_t n, T* b,
                     int64_t cols);
  // Matrices by rows become matrices by columns.
  void (*to_columns)(const T* x, int64_t count, int64_t rows, int64_t cols, T* y);
};
inline constexpr int64_t kSmallSystem = 16;

struct SmallTable {
  SmallSystems<float> f32;
  SmallSystems<double> f64;
};
const SmallTable& small_table();

}  // namespace adjoint
