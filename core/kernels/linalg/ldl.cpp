// Factors of symmetric and Hermitian matrices that need not be positive: LAPACK's Bunch-Kaufman.
#include <algorithm>
#include <memory>

#include "kernels/linalg/lapack.h"
#include "kernels/linalg/solve.h"

namespace adjoint {
namespace {

// Of real numbers, all of them are symmetric.
template <class T> constexpr bool is_hermitian(bool hermitian) {
  return hermitian && !std::is_floating_point_v<T>;
}

template <class T> using Trf = void(const char* uplo, const int* n, T* a, const int* lda, int* ipiv, T* work,
                                    const int* lwork, int* info);
template <class T> using Trs = void(const char* uplo, const int* n, const int* nrhs, const T* a,
                                    const int* lda, const int* ipiv, T* b, const int* ldb, int* info);

template <class T, class F> F* routine(bool hermitian, const char* end) {
  return lapack<T, F>((std::string(is_hermitian<T>(hermitian) ? "he" : "sy") + end).c_str());
}

}  // namespace

template <class T> void ldl_factor(bool hermitian, const MatrixBatch<T>& a, int32_t* pivots, int32_t* info) {
  if (a.rows == 0 || a.count == 0) return std::fill(info, info + a.count, 0);
  auto* f = routine<T, Trf<T>>(hermitian, "trf");
  const int n = lapack_int(a.rows), ask = -1;
  T best = 0;
  int asked = 0;
  f("L", &n, a.data, &n, pivots, &best, &ask, &asked);
  const int room = std::max(1, int(std::real(best)));
  each_matrices(a.count, a.rows * a.rows * a.rows, [&](int64_t begin, int64_t end) {
    const std::unique_ptr<T[]> work(new T[size_t(room)]);
    for (int64_t i = begin; i < end; ++i) {
      f("L", &n, a[i], &n, pivots + i * n, work.get(), &room, info + i);
      for (int64_t j = 0; j < a.rows; ++j) std::fill(a[i] + j * a.rows, a[i] + j * a.rows + j, T(0));
    }
  });
}

template <class T>
void ldl_solve(bool hermitian, const MatrixBatch<T>& ld, const int32_t* pivots, const MatrixBatch<T>& b) {
  if (b.rows == 0 || b.cols == 0) return;
  auto* f = routine<T, Trs<T>>(hermitian, "trs");
  const int n = lapack_int(b.rows), k = lapack_int(b.cols);
  each_matrices(b.count, b.rows * b.rows * b.cols, [&](int64_t begin, int64_t end) {
    int info = 0;
    for (int64_t i = begin; i < end; ++i) f("L", &n, &k, ld[i], &n, pivots + i * n, b[i], &n, &info);
  });
}

#define ADJOINT_INSTANTIATE(T)                                               \
  template void ldl_factor(bool, const MatrixBatch<T>&, int32_t*, int32_t*); \
  template void ldl_solve(bool, const MatrixBatch<T>&, const int32_t*, const MatrixBatch<T>&);
ADJOINT_INSTANTIATE(float)
ADJOINT_INSTANTIATE(double)
ADJOINT_INSTANTIATE(std::complex<float>)
ADJOINT_INSTANTIATE(std::complex<double>)

}  // namespace adjoint
