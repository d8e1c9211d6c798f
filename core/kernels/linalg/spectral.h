// Singular values and eigenvalues of batches of column-major matrices, for float, double and their complex numbers.
// `info` gets a code a matrix: device/linalg/spectral.h, codes.h. Each matrix is one thread's, whatever their number.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/linalg/codes.h"
#include "kernels/linalg/lapack.h"

namespace adjoint {

template <class T> struct RealPart {
  using type = T;
};
template <class T> struct RealPart<std::complex<T>> {
  using type = T;
};
template <class T> using RealOf = typename RealPart<T>::type;
template <class T> inline constexpr bool kIsComplex = !std::is_same_v<T, RealOf<T>>;

// LAPACK's work arrays for one type of element.
template <class T> struct Workspace {
  std::vector<T> work;
  std::vector<RealOf<T>> rwork;
  std::vector<int> iwork;
};

template <class T> bool all_finite(const T* x, int64_t n) {
  using R = RealOf<T>;
  const auto* p = reinterpret_cast<const R*>(x);
  int bad = 0;  // x - x is 0 unless x is not finite; in a vector, without a branch
  for (int64_t i = 0; i < n * int64_t(sizeof(T) / sizeof(R)); ++i) bad |= p[i] - p[i] != 0;
  return bad == 0;
}
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
