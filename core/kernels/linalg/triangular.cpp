// Triangular systems: OpenBLAS, on pieces of the right sides.
#include "kernels/linalg/blocks.h"
#include "kernels/linalg/small.h"

namespace adjoint {
namespace {

template <class T> void trsm(char side, bool upper, MatrixOp op, bool unit, int64_t rows, int64_t columns,
                             Block<T> a, Block<T> b) {
  using Trsm = void(const char* side, const char* uplo, const char* trans, const char* diag, const int* m,
                    const int* n, const T* alpha, const T* a, const int* lda, T* b, const int* ldb);
  static Trsm* f = lapack<T, Trsm>("trsm");
  const int m = lapack_int(rows), n = lapack_int(columns), lda = lapack_int(a.ld), ldb = lapack_int(b.ld);
  const T one = 1;
  const char letter = op_letter<T>(op);
  f(&side, upper ? "U" : "L", &letter, unit ? "U" : "N", &m, &n, &one, a.data, &lda, b.data, &ldb);
}

}  // namespace

template <class T> void triangular_solve(char side, bool upper, MatrixOp op, bool unit, int64_t rows,
                                         int64_t columns, Block<T> a, Block<T> b) {
  const bool left = side == 'L';
  const int64_t n = left ? rows : columns, free = left ? columns : rows;
  if (n == 0 || free == 0) return;
  // Pieces large enough to be worth packing the triangle anew.
  const int64_t piece = std::max<int64_t>(64, (int64_t(1) << 19) / (n * n));
  parallel_chunks((free + piece - 1) / piece, [&](int64_t i) {
    const int64_t begin = i * piece, size = std::min(piece, free - begin);
    left ? trsm(side, upper, op, unit, n, size, a, b.at(0, begin))
         : trsm(side, upper, op, unit, size, n, a, b.at(begin, 0));
  });
}

template <class T> void solve_triangular(bool left, bool upper, MatrixOp op, bool unit,
                                         const MatrixBatch<T>& a, const MatrixBatch<T>& b) {
  const int64_t n = a.rows, m = b.rows, k = b.cols;
  if (m == 0 || k == 0) return;
  if (left && is_small<T>(n, n))
    return each_small<T>(b.count, n * n * k, [&](const auto& small, int64_t first, int64_t count) {
      small.triangular(upper, op != MatrixOp::None, unit, a[first], count, n, b[first], k);
    });
  each_matrices(b.count, n * m * k, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      triangular_solve(left ? 'L' : 'R', upper, op, unit, m, k, Block<T>{a[i], n}, Block<T>{b[i], m});
  });
}

#define ADJOINT_INSTANTIATE(T)                                                                      \
  template void triangular_solve(char, bool, MatrixOp, bool, int64_t, int64_t, Block<T>, Block<T>); \
  template void solve_triangular(bool, bool, MatrixOp, bool, const MatrixBatch<T>&, const MatrixBatch<T>&);
ADJOINT_INSTANTIATE(float)
ADJOINT_INSTANTIATE(double)
ADJOINT_INSTANTIATE(std::complex<float>)
ADJOINT_INSTANTIATE(std::complex<double>)

}  // namespace adjoint
