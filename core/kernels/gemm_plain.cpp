// Products by plain loops, for every dtype: integers, which wrap round, and small complex matrices.
#include <complex>
#include <type_traits>

#include "kernels/gemm_detail.h"
#include "kernels/parallel.h"

namespace adjoint::gemm_detail {
namespace {

// Arithmetic type of T: integers wrap round in an unsigned type that `int` does not promote.
template <class T> struct Wide {
  using type = T;
};
template <class T>
  requires std::is_integral_v<T>
struct Wide<T> {
  using type = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
};

template <class R>
std::complex<R> times(std::complex<R> a, std::complex<R> b) {  // operator* spends most of its time on NaN
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
template <class W> W times(W a, W b) { return a * b; }

}  // namespace

template <class T>
void multiply_plain(int64_t M, int64_t N, int64_t K, T alpha, MatrixIn a, MatrixIn b, T beta, MatrixOut c) {
  using W = typename Wide<T>::type;
  constexpr int64_t kStrip = 64;
  parallel_for(M, kChunkWork / 16 / (N * K + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T* row = static_cast<const T*>(a.data) + i * a.row_stride;
      T* out = static_cast<T*>(c.data) + i * c.row_stride;
      for (int64_t j = 0; j < N; j += kStrip) {
        W sum[kStrip] = {};
        int64_t n = N - j < kStrip ? N - j : kStrip;
        for (int64_t k = 0; k < K; k++) {
          W x = W(row[k * a.col_stride]);
          const T* y = static_cast<const T*>(b.data) + k * b.row_stride + j * b.col_stride;
          if (b.col_stride == 1)
            for (int64_t q = 0; q < n; q++) sum[q] += times(x, W(y[q]));
          else
            for (int64_t q = 0; q < n; q++) sum[q] += times(x, W(y[q * b.col_stride]));
        }
        for (int64_t q = 0; q < n; q++) {
          W y = times(W(alpha), sum[q]);
          out[j + q] = T(beta == T(0) ? y : y + times(W(beta), W(out[j + q])));
        }
      }
    }
  });
}

#define ADJOINT_PLAIN(T) \
  template void multiply_plain<T>(int64_t, int64_t, int64_t, T, MatrixIn, MatrixIn, T, MatrixOut);
ADJOINT_PLAIN(uint8_t)
ADJOINT_PLAIN(int8_t)
ADJOINT_PLAIN(int16_t)
ADJOINT_PLAIN(int32_t)
ADJOINT_PLAIN(int64_t)
ADJOINT_PLAIN(std::complex<float>)
ADJOINT_PLAIN(std::complex<double>)
#undef ADJOINT_PLAIN

}  // namespace adjoint::gemm_detail
