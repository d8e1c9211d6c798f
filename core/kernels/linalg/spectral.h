// Singular values and eigenvalues of batches of column-major matrices, for float, double and their complex numbers.
// `info` gets a code a matrix: device/linalg/spectral.h, codes.h. Each matrix is one thread's, whatever their number.
#pragma once
#include <vector>

#include "kernels/linalg/codes.h"
#include "kernels/linalg/lapack.h"

namespace adjoint {

// LAPACK's work arrays for one type of element.
template <class T> struct Workspace {
  std::vector<T> work;
  std::vector<RealOf<T>> rwork;
  std::vector<int> iwork;
};

template <class T> bool triangle_finite(const T* a, int64_t n, bool upper) {
  for (int64_t j = 0; j < n; ++j)
    if (!(upper ? all_finite(a + j * n, j + 1) : all_finite(a + j * n + j, n - j))) return false;
  return true;
}

// a [m, n] is used up; u.data null: singular values alone.
template <class T>
void svd_matrices(MatrixBatch<T> a, MatrixBatch<T> u, RealOf<T>* s, MatrixBatch<T> vh, int32_t* info);
// The vectors, where they are wanted, take a's place.
template <class T>
void eigh_matrices(MatrixBatch<T> a, bool upper, bool vectors, RealOf<T>* w, int32_t* info);
// a is used up; v may be null.
template <class T>
void eig_matrices(MatrixBatch<T> a, std::complex<RealOf<T>>* w, std::complex<RealOf<T>>* v, int32_t* info);

}  // namespace adjoint
