// Products of complex matrices: a plain loop for small ones, OpenBLAS for the rest, in tiles that depend
// on the shape only.
#include <algorithm>
#include <complex>

#include "kernels/blas.h"
#include "kernels/gemm_detail.h"
#include "kernels/parallel.h"

namespace adjoint::gemm_detail {
namespace {

using BlasGemm = void(int order, int ta, int tb, int m, int n, int k, const void* alpha, const void* a,
                      int lda, const void* b, int ldb, const void* beta, void* c, int ldc);
enum { kRowMajor = 101, kPlain = 111, kTransposed = 112 };

template <class T> BlasGemm* blas_gemm() {
  static BlasGemm* f = blas<BlasGemm>(sizeof(T) == 8 ? "cblas_cgemm" : "cblas_zgemm");
  return f;
}

// BLAS refuses rows that overlap (an expanded operand's) and counts in 32 bits.
bool fits(int64_t ld, int64_t width) { return ld >= width && ld < (int64_t(1) << 31); }

template <class T> void tile(const Product<T>& p, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  T beta = p.accumulate ? T(1) : T(0);
  blas_gemm<T>()(kRowMajor, p.a.t ? kTransposed : kPlain, p.b.t ? kTransposed : kPlain, int(rows), int(cols),
                 int(p.K), &p.alpha, p.a.at(row, 0), int(p.a.ld), p.b.at(0, col), int(p.b.ld), &beta,
                 p.c + row * p.ldc + col, int(p.ldc));
}

template <class T> Factor<T> copied(const Factor<T>& x, int64_t rows, int64_t cols, T* to) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) to[i * cols + j] = *x.at(i, j);
  }
  return {to, cols, false};
}

template <class T> void multiply_complex(const Product<T>& p) {
  constexpr double kSmall = 16 * 16 * 16;
  if (double(p.M) * double(p.N) * double(p.K) <= kSmall) {
    auto in = [](const Factor<T>& x) { return MatrixIn{x.data, x.t ? 1 : x.ld, x.t ? x.ld : 1}; };
    return multiply_plain<T>(p.M, p.N, p.K, p.alpha, in(p.a), in(p.b), p.accumulate ? T(1) : T(0),
                             {p.c, p.ldc});
  }
  bool copy_a = !fits(p.a.ld, p.a.t ? p.M : p.K), copy_b = !fits(p.b.ld, p.b.t ? p.K : p.N);
  if (copy_a || copy_b) {
    Buffer<T> room((copy_a ? p.M * p.K : 0) + (copy_b ? p.K * p.N : 0));
    Product<T> q = p;
    if (copy_a) q.a = copied(p.a, p.M, p.K, room.get());
    if (copy_b) q.b = copied(p.b, p.K, p.N, room.get() + (copy_a ? p.M * p.K : 0));
    return multiply_complex(q);
  }
  check(std::max({p.M, p.N, p.K, p.ldc}) < (int64_t(1) << 31),
        "matmul: complex matrices have at most 2^31 - 1 rows");
  bool by_rows = p.M >= p.N;
  int64_t length = by_rows ? p.M : p.N, other = by_rows ? p.N : p.M;
  int64_t size = std::max<int64_t>({32, length / 16, kChunkWork / std::max<int64_t>(1, other * p.K)});
  size = (size + 31) / 32 * 32;
  parallel_chunks((length + size - 1) / size, [&](int64_t chunk) {
    int64_t begin = chunk * size, n = std::min(size, length - begin);
    by_rows ? tile(p, begin, n, 0, p.N) : tile(p, 0, p.M, begin, n);
  });
}

}  // namespace

template <> void multiply(const Product<std::complex<float>>& p) { multiply_complex(p); }
template <> void multiply(const Product<std::complex<double>>& p) { multiply_complex(p); }

}  // namespace adjoint::gemm_detail
