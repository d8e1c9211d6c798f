// Cholesky's factors: real ones by halves, as LU factors (lu.cpp), complex ones by LAPACK alone.
#include <complex>

#include "kernels/linalg/blocks.h"
#include "kernels/linalg/small.h"

namespace adjoint {
namespace {

template <class T> int potr(const char* routine, bool upper, int64_t size, Block<T> a) {
  using Potr = void(const char* uplo, const int* n, T* a, const int* lda, int* info);
  static Potr *factor = lapack<T, Potr>("potrf"), *invert = lapack<T, Potr>("potri");
  const int n = lapack_int(size), ld = lapack_int(a.ld);
  int info = 0;
  (routine[0] == 'f' ? factor : invert)(upper ? "U" : "L", &n, a.data, &ld, &info);
  return info;
}

// C -= A Aᵀ in C's lower half; some of the upper one changes, too.
template <class T> void subtract_square(int64_t n, int64_t k, Block<T> a, Block<T> c) {
  if (n <= 2 * kLeaf) return subtract_product(n, n, k, a, a, true, c);
  const int64_t top = half_of(n);
  subtract_square(top, k, a, c);
  subtract_product(n - top, top, k, a.at(top, 0), a, true, c.at(top, 0));
  subtract_square(n - top, k, a.at(top, 0), c.at(top, top));
}

template <class T> int factor_lower(int64_t n, Block<T> a) {
  if (n <= 2 * kLeaf) return potr("f", false, n, a);
  const int64_t top = half_of(n);
  if (int info = factor_lower(top, a)) return info;
  triangular_solve('R', false, MatrixOp::Transpose, false, n - top, top, a, a.at(top, 0));
  subtract_square(n - top, top, a.at(top, 0), a.at(top, top));
  const int info = factor_lower(n - top, a.at(top, top));
  return info ? info + int(top) : 0;
}

template <class T> T conjugate(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return x;
  else
    return std::conj(x);
}

// The half that is there becomes the other one's mirror image, or 0 takes its place.
template <class T> void clear_half(bool upper, int64_t n, T* a) {
  for (int64_t j = 0; j < n; ++j)
    upper ? std::fill(a + j * n + j + 1, a + (j + 1) * n, T(0)) : std::fill(a + j * n, a + j * n + j, T(0));
}
template <class T> void mirror(bool upper, int64_t n, T* a) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j + 1; i < n; ++i)
      upper ? a[i + j * n] = conjugate(a[j + i * n]) : a[j + i * n] = conjugate(a[i + j * n]);
}
template <class T> void transpose(int64_t n, T* a) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j + 1; i < n; ++i) std::swap(a[i + j * n], a[j + i * n]);
}

template <class T> int factor(bool upper, int64_t n, T* a) {
  int info = 0;
  if constexpr (std::is_floating_point_v<T>) {
    if (upper) transpose(n, a);
    info = factor_lower(n, Block<T>{a, n});
    if (upper) transpose(n, a);
  } else {
    info = potr("f", upper, n, Block<T>{a, n});
  }
  clear_half(upper, n, a);
  // LAPACK's builds differ in what they say of NaN: no minor with one is positive.
  for (int64_t j = 0; !info && j < n; ++j)
    if (a[j * (n + 1)] != a[j * (n + 1)]) info = int(j) + 1;
  return info;
}

}  // namespace

template <class T> void cholesky_factor(bool upper, const MatrixBatch<T>& a, int32_t* info) {
  const int64_t n = a.rows;
  if (n && is_small<T>(n, n))
    return each_small<T>(a.count, n * n * n, [&](const auto& small, int64_t first, int64_t count) {
      small.cholesky(upper, a[first], count, n, info + first);
    });
  each_matrices(a.count, a.rows * a.rows * a.rows, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) info[i] = a.rows ? factor(upper, a.rows, a[i]) : 0;
  });
}

template <class T> void cholesky_inverse(bool upper, const MatrixBatch<T>& a, int32_t* info) {
  each_matrices(a.count, a.rows * a.rows * a.rows, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      info[i] = a.rows ? potr("i", upper, a.rows, Block<T>{a[i], a.rows}) : 0;
      mirror(upper, a.rows, a[i]);
    }
  });
}

#define ADJOINT_INSTANTIATE(T)                                          \
  template void cholesky_factor(bool, const MatrixBatch<T>&, int32_t*); \
  template void cholesky_inverse(bool, const MatrixBatch<T>&, int32_t*);
ADJOINT_INSTANTIATE(float)
ADJOINT_INSTANTIATE(double)
ADJOINT_INSTANTIATE(std::complex<float>)
ADJOINT_INSTANTIATE(std::complex<double>)

}  // namespace adjoint
