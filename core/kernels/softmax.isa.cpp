// Softmax, log-softmax and their vjps, a row or a tile of columns at a time while it is in the cache.
// See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/softmax_table.h"

namespace adjoint {
namespace {

constexpr int kLanes = 32;  // sums run in so many interleaved accumulators, on every instruction set

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
template <class T> struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};

// Folds term(i) for i < n, where term gives a vector (V) at i or a number (T).
template <class T, class C, class F> ADJOINT_FN T fold_lanes(int64_t n, T identity, C combine, F term) {
  using V = typename VectorOf<T>::type;
  constexpr int W = kVectorBytes / sizeof(T), K = kLanes / W > 0 ? kLanes / W : 1;
  V acc[K];
  for (V& a : acc) a = identity - V{};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < K; ++k) acc[k] = combine(acc[k], term(V{}, i + k * W));
  T t[kLanes];
  for (int k = 0; k < K; ++k) *reinterpret_cast<V*>(t + k * W) = acc[k];
  for (int l = 0; i < n; ++i, ++l) t[l] = combine(t[l], term(T{}, i));
  for (int h = kLanes / 2; h >= 1; h /= 2)
    for (int l = 0; l < h; ++l) t[l] = combine(t[l], t[l + h]);
  return t[0];
}
template <class V, class T> ADJOINT_FN V load(V, const T* p) { return *reinterpret_cast<const V*>(p); }

struct Add {
  template <class V> [[gnu::always_inline]] V operator()(V a, V b) const { return a + b; }
};
struct Larger {  // NaN wins
  template <class V> [[gnu::always_inline]] V operator()(V a, V b) const {
    return ((b > a) | (b != b)) ? b : a;
  }
};

template <class T> T max_of(const T* x, int64_t n) {
  return fold_lanes(n, -T(__builtin_inf()), Larger{},
                    [&](auto v, int64_t i) __attribute__((always_inline)) { return load(v, x + i); });
}
template <class T> T sum_of(const T* x, int64_t n) {
  return fold_lanes(n, T(0), Add{},
                    [&](auto v, int64_t i) __attribute__((always_inline)) { return load(v, x + i); });
}
template <class T> T dot_of(const T* x, const T* y, int64_t n) {
  return fold_lanes(n, T(0), Add{}, [&](auto v, int64_t i) __attribute__((always_inline)) {
    return load(v, x + i) * load(v, y + i);
  });
}
template <class T> void exp_shifted(const T* __restrict x, int64_t n, T shift, T* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] = math::exp(x[i] - shift);
}

template <class T> void softmax_row(const T* x, int64_t n, T* __restrict y) {
  exp_shifted(x, n, max_of(x, n), y);
  T scale = T(1) / sum_of(y, n);
  for (int64_t i = 0; i < n; ++i) y[i] *= scale;
}
template <class T> void log_softmax_row(const T* x, int64_t n, T* __restrict y) {
  constexpr int64_t kBuffer = 1024;
  T buffer[kBuffer], shift = max_of(x, n), sum = 0;
  for (int64_t i = 0; i < n; i += kBuffer) {
    int64_t m = n - i < kBuffer ? n - i : kBuffer;
    exp_shifted(x + i, m, shift, buffer);
    sum += sum_of(buffer, m);
  }
  T log_sum = math::log(sum);
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - shift - log_sum;
}
// Short rows are padded with -inf to whole groups of lanes, so that no loop has a tail.
constexpr int kGroup = 16, kShort = 4 * kGroup;

template <class T> void short_row(bool log, const T* x, int64_t n, T* __restrict y) {
  T value[kShort], power[kShort], acc[kGroup];
  int64_t padded = (n + kGroup - 1) / kGroup * kGroup;
  for (int64_t i = padded - kGroup; i < padded; ++i) value[i] = -T(__builtin_inf());
  for (int64_t i = 0; i < n; ++i) value[i] = x[i];
  for (int l = 0; l < kGroup; ++l) acc[l] = value[l];
  for (int64_t i = kGroup; i < padded; i += kGroup)
    for (int l = 0; l < kGroup; ++l) acc[l] = Larger{}(acc[l], value[i + l]);
  for (int h = kGroup / 2; h >= 1; h /= 2)
    for (int l = 0; l < h; ++l) acc[l] = Larger{}(acc[l], acc[l + h]);
  const T top = acc[0];
  for (int64_t i = 0; i < padded; i += kGroup)
    for (int l = 0; l < kGroup; ++l) power[i + l] = math::exp(value[i + l] - top);
  for (int l = 0; l < kGroup; ++l) acc[l] = power[l];
  for (int64_t i = kGroup; i < padded; i += kGroup)
    for (int l = 0; l < kGroup; ++l) acc[l] += power[i + l];
  for (int h = kGroup / 2; h >= 1; h /= 2)
    for (int l = 0; l < h; ++l) acc[l] += acc[l + h];
  const T scale = T(1) / acc[0], log_sum = log ? math::log(acc[0]) : T(0);
  if (log)
    for (int64_t i = 0; i < n; ++i) y[i] = value[i] - top - log_sum;
  else
    for (int64_t i = 0; i < n; ++i) y[i] = power[i] * scale;
}

template <class T>
void backward_rows(bool log, const T* g, const T* y, int64_t rows, int64_t n, T* __restrict gx) {
  for (int64_t r = 0; r < rows; ++r, g += n, y += n, gx += n) {
    if (log) {
      T sum = sum_of(g, n);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) gx[i] = g[i] - math::exp(y[i]) * sum;
    } else {
      T dot = dot_of(g, y, n);
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) gx[i] = y[i] * (g[i] - dot);
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
  if (n <= kShort)
    for (int64_t r = 0; r < rows; ++r) short_row(log, x + r * row_stride, n, y + r * n);
  else
    for (int64_t r = 0; r < rows; ++r)
      (log ? log_softmax_row<T> : softmax_row<T>)(x + r * row_stride, n, y + r * n);
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
