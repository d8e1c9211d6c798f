// The doors of the matrix product: strides made fit, beta applied, dtypes told apart, batches shared out.
#include "kernels/gemm.h"

#include <complex>
#include <type_traits>

#include "kernels/copy.h"
#include "kernels/gemm_detail.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

using namespace gemm_detail;

// ---- float, double, complex ------------------------------------------------------------------------

// How to read the matrix without a copy, if it can be.
template <class T> bool as_operand(MatrixIn m, int64_t rows, int64_t cols, Factor<T>& out) {
  const T* data = static_cast<const T*>(m.data);
  if (m.col_stride == 1 || cols == 1)
    out = {data, m.row_stride, false};
  else if (m.row_stride == 1 || rows == 1)
    out = {data, m.col_stride, true};
  else
    return false;
  return true;
}

template <class T> Factor<T> copied(MatrixIn m, int64_t rows, int64_t cols, T* to) {
  const T* from = static_cast<const T*>(m.data);
  parallel_for(rows, 16384 / (cols + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      for (int64_t j = 0; j < cols; j++) to[i * cols + j] = from[i * m.row_stride + j * m.col_stride];
    }
  });
  return {to, cols, false};
}

template <class T> void scale(int64_t M, int64_t N, T beta, T* c, int64_t ldc) {
  parallel_for(M, 16384 / (N + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      for (int64_t j = 0; j < N; j++) c[i * ldc + j] = beta == T(0) ? T(0) : T(beta * c[i * ldc + j]);
    }
  });
}

template <class T>
void gemm_blas(int64_t M, int64_t N, int64_t K, T alpha, MatrixIn a, MatrixIn b, T beta, MatrixOut c) {
  T* out = static_cast<T*>(c.data);
  bool empty_sum = K == 0 || alpha == T(0);
  if (beta != T(1) && (beta != T(0) || empty_sum)) scale(M, N, beta, out, c.row_stride);
  if (empty_sum) return;
  Product<T> p{M, N, K, alpha, {}, {}, out, c.row_stride, beta != T(0)};
  bool a_fits = as_operand(a, M, K, p.a), b_fits = as_operand(b, K, N, p.b);
  if (a_fits && b_fits) return multiply(p);
  Buffer<T> room((a_fits ? 0 : M * K) + (b_fits ? 0 : K * N));
  if (!a_fits) p.a = copied<T>(a, M, K, room.get());
  if (!b_fits) p.b = copied<T>(b, K, N, room.get() + (a_fits ? 0 : M * K));
  multiply(p);
}

// Four rows by four columns take less time than the questions that the general road asks.
template <class T> bool gemm_tiny(int64_t M, int64_t N, int64_t K, const Scalar& alpha, const MatrixIn& a,
                                  const MatrixIn& b, const Scalar& beta, const MatrixOut& c) {
  if (!fits_tiny(M, N, K) || !alpha.equals(1) || !beta.equals(0)) return false;
  table<T>().tiny(M, N, K, static_cast<const T*>(a.data), a.row_stride, a.col_stride,
                  static_cast<const T*>(b.data), b.row_stride, b.col_stride, static_cast<T*>(c.data),
                  c.row_stride);
  return true;
}

// ---- 16-bit floats ---------------------------------------------------------------------------------

template <class T> void widen(MatrixIn m, int64_t rows, int64_t cols, float* to) {
  const int64_t sizes[2] = {rows, cols}, dst[2] = {cols * 4, 4},
                src[2] = {m.row_stride * 2, m.col_stride * 2};
  copy_strided(2, sizes, reinterpret_cast<char*>(to), dst, Dtype::F32, static_cast<const char*>(m.data), src,
               dtype_of<T>);
}

template <class T> void gemm_reduced(int64_t M, int64_t N, int64_t K, float alpha, MatrixIn a, MatrixIn b,
                                     float beta, MatrixOut c) {
  Buffer<float> room(M * K + K * N + M * N);
  float *wide_a = room.get(), *wide_b = wide_a + M * K, *wide_c = wide_b + K * N;
  widen<T>(a, M, K, wide_a);
  widen<T>(b, K, N, wide_b);
  if (beta != 0) widen<T>({c.data, c.row_stride, 1}, M, N, wide_c);
  gemm_blas<float>(M, N, K, alpha, {wide_a, K, 1}, {wide_b, N, 1}, beta, {wide_c, N});
  const int64_t sizes[2] = {M, N}, dst[2] = {c.row_stride * 2, 2}, src[2] = {N * 4, 4};
  copy_strided(2, sizes, static_cast<char*>(c.data), dst, dtype_of<T>, reinterpret_cast<const char*>(wide_c),
               src, Dtype::F32);
}

// Kept out of line, so that the tiny road pays for none of its registers.
[[gnu::noinline]] void gemm_any(Dtype dtype, int64_t M, int64_t N, int64_t K, const Scalar& alpha,
                                const MatrixIn& a, const MatrixIn& b, const Scalar& beta,
                                const MatrixOut& c) {
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_same_v<T, bool>) {
      fail("matmul: bool matrices have no product; convert them with .to(torch.uint8)");
    } else if constexpr (std::is_integral_v<T>) {
      multiply_plain<T>(M, N, K, alpha.to<T>(), a, b, beta.to<T>(), c);
    } else if constexpr (is_reduced(dtype_of<T>)) {
      gemm_reduced<T>(M, N, K, float(alpha.to_double()), a, b, float(beta.to_double()), c);
    } else {
      gemm_blas<T>(M, N, K, alpha.to<T>(), a, b, beta.to<T>(), c);
    }
  });
}

}  // namespace

void gemm(Dtype dtype, int64_t M, int64_t N, int64_t K, const Scalar& alpha, const MatrixIn& a,
          const MatrixIn& b, const Scalar& beta, const MatrixOut& c) {
  if (M == 0 || N == 0) return;
  if (dtype == Dtype::F32 && gemm_tiny<float>(M, N, K, alpha, a, b, beta, c)) return;
  if (dtype == Dtype::F64 && gemm_tiny<double>(M, N, K, alpha, a, b, beta, c)) return;
  gemm_any(dtype, M, N, K, alpha, a, b, beta, c);
}

void gemm_batched(Dtype dtype, int64_t batch, int64_t M, int64_t N, int64_t K, const Scalar& alpha,
                  const MatrixIn& a, int64_t a_step, const MatrixIn& b, int64_t b_step, const Scalar& beta,
                  const MatrixOut& c, int64_t c_step) {
  if (M == 0 || N == 0 || batch == 0) return;
  int64_t size = int64_t(item_size(dtype));
  auto one = [&](int64_t i) {
    auto at = [&](const void* p, int64_t step) { return static_cast<const char*>(p) + i * step * size; };
    gemm(dtype, M, N, K, alpha, {at(a.data, a_step), a.row_stride, a.col_stride},
         {at(b.data, b_step), b.row_stride, b.col_stride}, beta,
         {static_cast<char*>(c.data) + i * c_step * size, c.row_stride});
  };
  // Few or large products are shared out inside each, many small ones among the threads.
  constexpr double kLarge = 256.0 * 256 * 256;
  double work = double(M) * double(N) * double(K);
  if (batch < num_threads() || work > kLarge) {
    for (int64_t i = 0; i < batch; i++) one(i);
    return;
  }
  parallel_for(batch, int64_t(double(kChunkWork) / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) one(i);
  });
}

}  // namespace adjoint
