// Batches of small real matrices by Jacobi's rotations, many matrices at a time.
#pragma once
#include "kernels/linalg/jacobi_table.h"
#include "kernels/linalg/lapack.h"

namespace adjoint {

// A group costs about as much as n / 4 calls of LAPACK, however few of its matrices there are.
inline bool fits_jacobi(int64_t count, int64_t m, int64_t n) {
  const int64_t longer = m > n ? m : n;
  return longer <= kJacobiMost && count > longer / 4;
}

// Vectors of small matrices have the same signs whoever computes them: that of their product with fixed weights.
template <class T> bool has_negative_sign(const T* v, int64_t n, int64_t step) {
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += jacobi_weight<T>(i) * v[i * step];
  return sum < 0;
}
template <class T> void negate(T* v, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; ++i) v[i * step] = T(0) - v[i * step];
}

// `info`: 0, kNotFinite, or kNotForJacobi for a matrix that is left as it is. Up to kJacobiMost rows and columns.
template <class T> void jacobi_eigh(MatrixBatch<T> a, bool upper, bool vectors, T* w, int32_t* info);
// U [m, k] and Vh [k, n], or both null.
template <class T>
void jacobi_svd(MatrixBatch<T> a, MatrixBatch<T> u, T* s, MatrixBatch<T> vh, int32_t* info);

}  // namespace adjoint
