// Softmax, log-softmax and their vjps, a row or a tile of columns at a time while it is in the cache.
// See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/softmax_table.h"

namespace adjoint {
namespace {

template <class T> void softmax_row(const T* x, int64_t n, T* __restrict y) {
  T scale = T(1) / sum_of_powers(x, n, max_of(x, n), y);
  map_row(y, y, n, y, [=](T p, T) __attribute__((always_inline)) { return p * scale; });
}
template <class T> void log_softmax_row(const T* x, int64_t n, T* __restrict y) {
  constexpr int64_t kBlock = 1024;  // sums of so many, lest small terms vanish in large sums
  T powers[2 * kBlock], shift = max_of(x, n), sum = 0;
  for (int64_t i = 0, m; i < n; i += m) {
    m = n - i < 2 * kBlock ? n - i : kBlock;
    sum += sum_of_powers_below(x + i, m, shift, powers);
  }
  T log_sum = math::log(sum);
  map_row(x, x, n, y, [=](T v, T) __attribute__((always_inline)) { return v - shift - log_sum; });
}
template <class T> void backward_row(bool log, const T* g, const T* y, int64_t n, T* gx) {
  const T sum = log ? sum_of(g, n) : dot_of(g, y, n);
  if (log)
    map_row(g, y, n, gx, [=](T a, T b) __attribute__((always_inline)) { return a - math::exp(b) * sum; });
  else
    map_row(g, y, n, gx, [=](T a, T b) __attribute__((always_inline)) { return b * (a - sum); });
}
template <class T> void backward_rows(bool log, const T* g, const T* y, int64_t rows, int64_t n, T* gx) {
  for (int64_t r = 0; r < rows; ++r, g += n, y += n, gx += n) {
    if (n >= kLanes)
      backward_row(log, g, y, n, gx);
    else {
      Padded<T> a(g, n, 0), b(y, n, 0);
      backward_row(log, a.v, b.v, kLanes, a.v);
      copy_few<kLanes / 2>(a.v, n, gx);
    }
  }
}

// Columns: every loop over i runs across the tile. Long columns sum in blocks, lest small terms vanish in
// large sums.
constexpr int64_t kSumBlock = 64;

// total[i] += Σ_k term(k, i), k < n.
template <class T, class F> ADJOINT_FN void sum_cols(int64_t n, int64_t width, T* __restrict total, F term) {
  T part[kSoftmaxTile];
  for (int64_t k = 0; k < n;) {
    for (int64_t i = 0; i < width; ++i) part[i] = 0;
    for (int64_t end = n - k < kSumBlock ? n : k + kSumBlock; k < end; ++k) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) part[i] += term(k, i);
    }
    for (int64_t i = 0; i < width; ++i) total[i] += part[i];
  }
}
template <class T>
void softmax_cols(bool log, const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride) {
  T top[kSoftmaxTile], sum[kSoftmaxTile];
  for (int64_t i = 0; i < width; ++i) top[i] = -T(__builtin_inf()), sum[i] = 0;
  for (int64_t k = 0; k < n; ++k) {
    const T* p = x + k * stride;
    for (int64_t i = 0; i < width; ++i) top[i] = Larger{}(top[i], p[i]);
  }
  if (log)
    sum_cols(n, width, sum, [=, &top](int64_t k, int64_t i) __attribute__((always_inline)) {
      return math::exp(x[k * stride + i] - top[i]);
    });
  else
    sum_cols(n, width, sum, [=, &top](int64_t k, int64_t i) __attribute__((always_inline)) {
      return y[k * y_stride + i] = math::exp(x[k * stride + i] - top[i]);
    });
  for (int64_t i = 0; i < width; ++i) sum[i] = log ? math::log(sum[i]) : T(1) / sum[i];
  for (int64_t k = 0; k < n; ++k) {
    const T* p = x + k * stride;
    T* q = y + k * y_stride;
    if (log) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = p[i] - top[i] - sum[i];
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] *= sum[i];
    }
  }
}
// Very short rows: a tile of them, transposed, is softmax over columns. Which way a row goes depends on its
// length only, see Note [Same bits for any number of threads].
constexpr int kTransposed = 16;

template <class T>
void transposed_rows(bool log, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y) {
  T tile[kTransposed * kSoftmaxTile], result[kTransposed * kSoftmaxTile];
  for (int64_t r = 0; r < rows; r += kSoftmaxTile, x += kSoftmaxTile * row_stride, y += kSoftmaxTile * n) {
    int64_t w = rows - r < kSoftmaxTile ? rows - r : kSoftmaxTile;
    for (int64_t i = 0; i < w; ++i)
      for (int64_t k = 0; k < n; ++k) tile[k * kSoftmaxTile + i] = x[i * row_stride + k];
    softmax_cols(log, tile, n, kSoftmaxTile, w, result, kSoftmaxTile);
    for (int64_t i = 0; i < w; ++i)
      for (int64_t k = 0; k < n; ++k) y[i * n + k] = result[k * kSoftmaxTile + i];
  }
}
template <class T>
void softmax_rows(bool log, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y) {
  if (n <= kTransposed) return transposed_rows(log, x, rows, row_stride, n, y);
  const auto row = log ? log_softmax_row<T> : softmax_row<T>;
  for (int64_t r = 0; r < rows; ++r, x += row_stride, y += n) {
    if (n >= kLanes)
      row(x, n, y);
    else {
      Padded<T> a(x, n, -T(__builtin_inf()));
      T b[kLanes];
      row(a.v, kLanes, b);
      copy_few<kLanes / 2>(b, n, y);
    }
  }
}

template <class T>
void backward_cols(bool log, const T* g, const T* y, int64_t n, int64_t stride, int64_t width, T* gx) {
  T sum[kSoftmaxTile];
  for (int64_t i = 0; i < width; ++i) sum[i] = 0;
  if (log)
    sum_cols(n, width, sum,
             [=](int64_t k, int64_t i) __attribute__((always_inline)) { return g[k * stride + i]; });
  else
    sum_cols(n, width, sum, [=](int64_t k, int64_t i) __attribute__((always_inline)) {
      return g[k * stride + i] * y[k * stride + i];
    });
  for (int64_t k = 0; k < n; ++k) {
    const T *a = g + k * stride, *b = y + k * stride;
    T* q = gx + k * stride;
    if (log) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = a[i] - math::exp(b[i]) * sum[i];
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = b[i] * (a[i] - sum[i]);
    }
  }
}

template <class T> constexpr SoftmaxKernels<T> softmax_kernels() {
  return {softmax_rows<T>, backward_rows<T>, softmax_cols<T>, backward_cols<T>};
}

}  // namespace

extern const SoftmaxTable ADJOINT_ISA_NAME(softmax_table);
const SoftmaxTable ADJOINT_ISA_NAME(softmax_table) = {softmax_kernels<float>(), softmax_kernels<double>()};

}  // namespace adjoint
